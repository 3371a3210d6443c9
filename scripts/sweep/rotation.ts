import { sinCosOf } from "./fixed.js";

/*
 * sin, cos and tan of operands from 1 on: x = x0 + j u, u the spacing of the binade. The angles x0 and j u are turned by steps in
 * fixed point, and the oracle adds them with the addition theorems.
 */

export const ANGLES = 2 ** 12;
const SCALE = 192;
const W = BigInt(SCALE);

interface Angle {
  readonly sin: bigint;
  readonly cos: bigint;
}

/** Doubles of one angle: sin and cos, each as two heads of 26 bits and a rest. */
const DOUBLES = 6;

function turn(a: Angle, b: Angle): Angle {
  return { sin: (a.sin * b.cos + a.cos * b.sin) >> W, cos: (a.cos * b.cos - a.sin * b.sin) >> W };
}

function turns(start: Angle, step: Angle, count: number): Angle[] {
  const angles = [start];
  while (angles.length < count) angles.push(turn(angles.at(-1)!, step));
  return angles;
}

function put(target: Float64Array, at: number, value: bigint): void {
  let rest = value;
  for (let k = 0; k < 2; k++) {
    // A head of 26 bits of the fraction, so that products of heads are exact.
    const cut = W - 26n * BigInt(k + 1);
    const head = (rest + (1n << (cut - 1n))) >> cut;
    target[at + k] = Number(head) * 2 ** (-26 * (k + 1));
    rest -= head << cut;
  }
  target[at + 2] = Number(rest) * 2 ** -SCALE;
}

function pack(angles: readonly Angle[]): Float64Array {
  const packed = new Float64Array(DOUBLES * angles.length);
  angles.forEach(({ sin, cos }, i) => {
    put(packed, DOUBLES * i, sin);
    put(packed, DOUBLES * i + 3, cos);
  });
  return packed;
}

const steps = new Map<number, Float64Array>();

/** Angles 0, u, 2u, ... (ANGLES - 1) u for u = 2^e. */
export function smallAngles(e: number): Float64Array {
  let packed = steps.get(e);
  if (packed === undefined) {
    packed = pack(turns({ sin: 0n, cos: 1n << W }, sinCosOf(1n, e, SCALE), ANGLES));
    steps.clear();
    steps.set(e, packed);
  }
  return packed;
}

/** Angles of the operands `first`, first + ANGLES, ... `rows` of them, all in one binade from 1 on; bits of floats. */
export function largeAngles(first: number, rows: number): { angles: Float64Array; exponent: number } {
  const exponent = (first >>> 23) - 150;
  const m = BigInt((first & 0x7fffff) | 0x800000);
  const start = sinCosOf(m, exponent, SCALE);
  const step = sinCosOf(BigInt(ANGLES), exponent, SCALE);
  return { angles: pack(turns(start, step, rows)), exponent };
}

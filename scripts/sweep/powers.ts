import { bitLength, exp, log } from "./fixed.js";
import { nearest, parts, type Real, SIGN } from "./functions.js";

/*
 * Powers of binary32 numbers where double-double can't tell: exact where they are numbers of few bits, else in fixed point.
 */

const SCALE = 288;

/** The root of degree 2^k, if it is whole. */
function wholeRoot(m: bigint, k: number): bigint | undefined {
  const root = BigInt(Math.round(Number(m) ** (2 ** -k)));
  return root ** BigInt(2 ** k) === m ? root : undefined;
}

/**
 * |x|^y, y not 0, where it may be a midpoint of two binary32 numbers: those have at most 25 bits. As x = m 2^e and |y| = n 2^t, m and n odd,
 * the power is then one of two, or m is a power of degree 2^-t, and its root to n has at most 25 bits: n <= 15 and t >= -4.
 */
function exactPower(m: bigint, e: number, n: bigint, t: number, negative: boolean): Real | undefined {
  const root = t < 0 ? wholeRoot(m, Math.min(-t, 30)) : m;
  const exponent = e * 2 ** t * Number(negative ? -n : n);
  if (root === undefined || !Number.isInteger(exponent)) return undefined;
  if (root !== 1n && (negative || n > 15n || t > 4)) return undefined;
  return { value: root === 1n ? 1n : root ** (n << BigInt(Math.max(0, t))), scale: -exponent };
}

function oddPart({ m, e }: { m: bigint; e: number }): { m: bigint; e: number } {
  const twos = bitLength(m & -m) - 1;
  return { m: m >> BigInt(twos), e: e + twos };
}

/** Bits of x^y rounded, for finite x and y that are not 0, y whole where x is negative. */
export function powerBits(x: number, y: number): number {
  const sign = x >= SIGN && oddPart(parts(y)).e === 0 ? SIGN : 0;
  return magnitudeOfPower(x, y) + sign;
}

function magnitudeOfPower(x: number, y: number): number {
  const base = oddPart(parts(x));
  const exponent = oddPart(parts(y));
  const negative = y >= SIGN;
  const exact = exactPower(base.m, base.e, exponent.m, exponent.e, negative);
  if (exact !== undefined) {
    // Room below, so that shifts stay positive.
    const { bits, distance } = nearest({ value: exact.value << 512n, scale: exact.scale + 512 });
    return distance === 0 && (bits & 1) === 1 ? bits + 1 : bits;
  }
  const { m, e } = parts(x);
  const logarithm = log(m << BigInt(SCALE + e), SCALE);
  const product = logarithm * exponent.m;
  const scaled = exponent.e < 0 ? product >> BigInt(-exponent.e) : product << BigInt(exponent.e);
  const power = exp(negative ? -scaled : scaled, SCALE);
  return nearest({ value: power.mantissa, scale: SCALE - power.exponent }).bits;
}

/** log 2 in three parts, heads and tails of 1/n! for n <= 6 and of e^(i/64), |i| <= 23: what assembly/powers.ts computes with. */
export function powerConstants(): Float64Array {
  const s = 400;
  const number = (value: bigint): number => {
    const size = Math.max(0, bitLength(value < 0n ? -value : value) - 64);
    return Number(value >> BigInt(size)) * 2 ** (size - s);
  };
  const scaled = (x: number): bigint => BigInt(x * 2 ** 100) << BigInt(s - 100);
  const pair = (value: bigint): [number, number] => {
    const head = number(value);
    return [head, number(value - scaled(head))];
  };
  const ln2 = log(2n << BigInt(s), s);
  const first = (ln2 >> BigInt(s - 32)) << BigInt(s - 32);
  const values = [number(first), ...pair(ln2 - first)];
  let factorial = 1n;
  for (let n = 0n; n <= 6n; n++) {
    values.push(...pair((1n << BigInt(s)) / (factorial *= n || 1n)));
  }
  for (let i = -23n; i <= 23n; i++) {
    const { mantissa, exponent } = exp((i << BigInt(s)) / 64n, s);
    values.push(...pair(exponent < 0 ? mantissa >> BigInt(-exponent) : mantissa << BigInt(exponent)));
  }
  return Float64Array.from(values);
}

import { engineOf } from "../../src/audit/exec/fast/engine.js";
import { canonicalise } from "../../src/audit/exec/fast/float-kernels.js";
import { mapKernel } from "../../src/audit/exec/fast/map-kernel.js";
import type { MapFn } from "../../src/audit/graph.js";
import { internalError } from "../../src/errors.js";
import { bitsAt, plan } from "./plan.js";
import { type Real, nearest, NAN, SIGN, SWEPT, type SweptFn } from "./functions.js";
import { CHUNK, type Event, type Oracle } from "./oracle.js";
import { ANGLES, largeAngles, smallAngles } from "./rotation.js";

/** An operand whose value lies near a midpoint of two binary32 numbers, and how near, in units in the last place. */
export interface HardCase {
  readonly bits: number;
  readonly distance: number;
}

export interface Mismatch {
  readonly bits: number;
  readonly got: number;
  readonly expected: number;
}

export interface Outcome {
  readonly inputs: number;
  /** Operands within the margin in which the executor leaves binary64 for exact arithmetic. */
  readonly undecided: number;
  readonly mismatches: Mismatch[];
  readonly hard: HardCase[];
}

const ANGLE_FUNCTIONS: readonly MapFn[] = ["sin", "cos", "tan"];
const ONE = 0x3f800000;
const INFINITY = 0x7f800000;

/** Writes the results of the operands `first`, first + 1, ... into `results`. Tests plant errors here. */
export type Execute = (first: number, results: Float32Array) => void;

/** The shipped executor's kernel with what follows it, as executeFast calls them. */
export function shipped(oracle: Oracle, fn: MapFn): Execute {
  const kernel = mapKernel(fn, ["f32"], "f32", engineOf("best").kernels);
  const operands = new Float32Array(oracle.memory.buffer, oracle.operandsAt(), CHUNK);
  return (first, results) => {
    oracle.fill(first);
    kernel([operands], results, CHUNK);
    canonicalise(results);
  };
}

/** Compares `chunks` chunks of operands from the magnitude `first` on, of both signs. */
export function checkBlock(oracle: Oracle, fn: SweptFn, execute: Execute, first: number, chunks: number): Outcome {
  const f = SWEPT[fn];
  const mismatches: Mismatch[] = [];
  const hard: HardCase[] = [];
  const at = oracle.resultsAt();
  const results = new Uint32Array(oracle.memory.buffer, at, 2 * CHUNK);
  const [plus, minus] = [0, 1].map((k) => new Float32Array(oracle.memory.buffer, at + 4 * k * CHUNK, CHUNK)) as [
    Float32Array,
    Float32Array,
  ];
  const both = f.parity !== "none";

  const settle = ({ kind, place, distance }: Event, from: number): void => {
    const second = place < 0;
    // Without a parity both comparisons look at the same results.
    if (second && !both) return;
    const offset = second ? -1 - place : place;
    const bits = (from + offset + (second ? SIGN : 0)) >>> 0;
    if (kind === "hard") {
      hard.push({ bits, distance });
      return;
    }
    // A mismatch is judged again, and a possible tie for the first time, in fixed point.
    for (const sign of kind === "tie" && both ? [0, SIGN] : [second ? SIGN : 0]) {
      const operand = (from + offset + sign) >>> 0;
      const real = f.at(operand);
      const expected = bitsAt(f, operand);
      const got = results[offset + (sign === 0 ? 0 : CHUNK)]!;
      if (got !== expected) mismatches.push({ bits: operand, got, expected });
      else if (kind === "mismatch") throw internalError(`the oracle erred for ${fn} of 0x${operand.toString(16)}`);
      if (kind === "tie" && sign === 0) noteTie(operand, real);
    }
  };
  const noteTie = (bits: number, real: number | Real): void => {
    if (typeof real === "number") return;
    const { distance } = nearest(real);
    if (Math.abs(distance) < 2 ** -26) hard.push({ bits, distance });
  };

  const compare = (magnitude: number, sign: number): void => {
    const second = both ? at + 4 * CHUNK : at;
    if (ANGLE_FUNCTIONS.includes(fn) && magnitude >= ONE && magnitude < INFINITY) {
      const { angles, exponent } = largeAngles(magnitude, CHUNK / ANGLES);
      const parameters = new Float64Array(oracle.memory.buffer, oracle.parametersAt(), 6 * (ANGLES + CHUNK / ANGLES));
      parameters.set(smallAngles(exponent));
      parameters.set(angles, 6 * ANGLES);
      const which = ANGLE_FUNCTIONS.indexOf(fn);
      for (let row = 0; row < CHUNK / ANGLES; row++) {
        oracle.checkAngles(which, ANGLES + row, at, second, row * ANGLES, ANGLES, f.parity === "odd" ? SIGN : 0);
      }
    } else {
      for (const segment of plan(f, magnitude + sign, CHUNK)) {
        const place = segment.first - magnitude - sign;
        if (segment.kind === "run") {
          const flip = f.parity === "odd" && segment.bits !== NAN ? SIGN : 0;
          oracle.checkRun(at, second, place, segment.count, segment.bits, segment.step, flip);
        } else {
          new Float64Array(oracle.memory.buffer, oracle.parametersAt(), 11).set(segment.coefficients);
          oracle.checkPolynomial(at, second, place, segment.count, f.parity === "odd" ? SIGN : 0);
        }
      }
    }
    for (const event of oracle.events()) settle(event, magnitude + sign);
  };

  for (let chunk = 0; chunk < chunks; chunk++) {
    const magnitude = first + chunk * CHUNK;
    execute(magnitude, plus);
    if (both) execute(magnitude + SIGN, minus);
    compare(magnitude, 0);
    if (!both) {
      execute(magnitude + SIGN, plus);
      compare(magnitude, SIGN);
    }
  }
  // The oracle looks at one sign of a function that has a parity.
  const undecided = oracle.takeUndecided() * (both ? 2 : 1);
  return { inputs: 2 * chunks * CHUNK, undecided, mismatches, hard };
}

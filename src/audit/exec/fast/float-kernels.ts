import type { MapFn, TensorArray } from "../../graph.js";
import type { ElementaryFn } from "../reference/elementary.js";
import * as elementary from "./elementary.js";
import type { Kernels } from "./engine.js";
import type { Kernel } from "./kernel.js";
import { isDecided, pow, settle } from "./rounding.js";

/*
 * Functions of binary32 operands, over arrays. A sum, difference, product, quotient or square root of binary32 numbers rounded
 * to binary64 and then to binary32 is RN of the exact one, as 53 >= 2 * 24 + 2; storing into a Float32Array rounds.
 */

type Floats = Float32Array;

/** Where each elementary function keeps the sign of a zero operand by returning the operand. */
const KEEPS_ZERO: ReadonlySet<string> = new Set<ElementaryFn>([
  "sin",
  "tan",
  "asin",
  "atan",
  "sinh",
  "asinh",
  "atanh",
  "tanh",
  "erf",
  "expm1",
  "log1p",
]);

function elementaryKernel(fn: ElementaryFn): Kernel {
  const port = elementary[fn];
  const keepsZero = KEEPS_ZERO.has(fn);
  return ([operand], result, n) => {
    const a = operand as Floats;
    const out = result as Floats;
    for (let i = 0; i < n; i++) {
      const x = a[i]!;
      if (keepsZero && x === 0) {
        out[i] = x;
        continue;
      }
      const value = port(x);
      out[i] = isDecided(value) ? value : settle(fn, x, value);
    }
  };
}

/** A function whose value in binary64 rounds to RN when stored. */
function unary(f: (x: number) => number): Kernel {
  return ([operand], result, n) => {
    const a = operand as Floats;
    const out = result as Floats;
    for (let i = 0; i < n; i++) out[i] = f(a[i]!);
  };
}

function binary(f: (x: number, y: number) => number): Kernel {
  return ([left, right], result, n) => {
    const a = left as Floats;
    const b = right as Floats;
    const out = result as Floats;
    for (let i = 0; i < n; i++) out[i] = f(a[i]!, b[i]!);
  };
}

function predicate(f: (x: number, y: number) => boolean): Kernel {
  return (operands, out, n) => {
    const a = operands[0] as Floats;
    // A function of one operand ignores the second.
    const b = (operands[1] ?? operands[0]) as Floats;
    for (let i = 0; i < n; i++) (out as Uint8Array)[i] = f(a[i]!, b[i]!) ? 1 : 0;
  };
}

/** Half to even: adding and taking away 1.5 * 2^52 leaves no fraction. */
export function roundHalfEven(x: number): number {
  if (!(Math.abs(x) < 2 ** 32)) return x;
  const whole = x + 6755399441055744 - 6755399441055744;
  return whole === 0 ? x * 0 : whole;
}

function mod(x: number, y: number): number {
  if (!Number.isFinite(x) || Number.isNaN(y) || y === 0) return NaN;
  if (!Number.isFinite(y)) return x === 0 || x < 0 === y < 0 ? x : y;
  // The remainder of C is exact; moving it to the divisor's side takes one rounding.
  const rest = x % y;
  if (rest === 0) return y < 0 ? -0 : 0;
  return rest < 0 === y < 0 ? rest : rest + y;
}

const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);

/** RN(x*y + z) for binary32 numbers. */
export function fma(x: number, y: number, z: number): number {
  const product = x * y; // Exact.
  const sum = product + z;
  const kept = sum - product;
  const lost = product - (sum - kept) + (z - kept);
  // An exact sum, or none: infinities leave a NaN here.
  if (lost === 0 || Number.isNaN(lost)) return Math.fround(sum);
  // Round to odd: where bits were lost, the last one kept is set, so that rounding to binary32 can't meet a false tie.
  double[0] = sum;
  if ((words[0]! & 1) === 0) {
    const towardZero = lost > 0 !== sum > 0;
    if (towardZero) {
      if (words[0] === 0) words[1]! -= 1;
      words[0]! -= 1;
    } else {
      words[0]! += 1;
    }
  }
  return Math.fround(double[0]);
}

const KERNELS: Partial<Record<MapFn, Kernel>> = {
  copy: ([a], out, n) => (out as Floats).set((a as Floats).subarray(0, n)),
  neg: unary((x) => -x),
  abs: unary(Math.abs),
  sign: unary(Math.sign),
  floor: unary(Math.floor),
  ceil: unary(Math.ceil),
  round: unary(roundHalfEven),
  sqrt: unary(Math.sqrt),
  isnan: predicate((x) => Number.isNaN(x)),
  isinf: predicate((x) => Math.abs(x) === Infinity),
  pow: binary(pow),
  mod: binary(mod),
  fmod: binary((x, y) => x % y),
  eq: predicate((x, y) => x === y),
  lt: predicate((x, y) => x < y),
  le: predicate((x, y) => x <= y),
  prelu: binary((x, slope) => (x < 0 ? x * slope : x)),
  fma: ([a, b, c], out, n) => {
    for (let i = 0; i < n; i++) {
      (out as Floats)[i] = fma((a as Floats)[i]!, (b as Floats)[i]!, (c as Floats)[i]!);
    }
  },
  where: ([condition, a, b], out, n) => {
    choose(condition as Uint8Array, a as Floats, b as Floats, out as Floats, n);
  },
};

function choose(condition: Uint8Array, a: Floats, b: Floats, out: Floats, n: number): void {
  for (let i = 0; i < n; i++) out[i] = condition[i] !== 0 ? a[i]! : b[i]!;
}

/** Functions that WebAssembly computes, and their names there. */
const IN_ENGINE = {
  add: "add",
  sub: "sub",
  mul: "mul",
  div: "div",
  min: "minimum",
  max: "maximum",
} as const satisfies Partial<Record<MapFn, keyof Kernels>>;

function engineKernel(fn: keyof typeof IN_ENGINE, kernels: Kernels): Kernel {
  const run = kernels[IN_ENGINE[fn]];
  return ([a, b], out, n) => run(a!.byteOffset, b!.byteOffset, out.byteOffset, n);
}

/** The kernel of a function whose operands (but the condition of `where`) are f32; undefined where there is none. */
export function floatKernel(fn: MapFn, kernels: Kernels): Kernel | undefined {
  if (fn in IN_ENGINE) return engineKernel(fn as keyof typeof IN_ENGINE, kernels);
  return Object.hasOwn(elementary, fn) ? elementaryKernel(fn as ElementaryFn) : KERNELS[fn];
}

/** The same for f64, of which only functions exist that do not compute. */
export function doubleKernel(fn: MapFn): Kernel | undefined {
  if (fn === "min") return binary(Math.min);
  return fn === "max" ? binary(Math.max) : KERNELS[fn];
}

/** Gives every NaN of an f32 or f64 array the canonical bits. */
export function canonicalise(data: TensorArray): void {
  if (data instanceof Float64Array) {
    const words = new BigUint64Array(data.buffer, data.byteOffset, data.length);
    for (let i = 0; i < words.length; i++) if (Number.isNaN(data[i])) words[i] = 0x7ff8000000000000n;
    return;
  }
  const bits = new Uint32Array(data.buffer, data.byteOffset, data.length);
  for (let i = 0; i < bits.length; i++) if ((bits[i]! & 0x7fffffff) > 0x7f800000) bits[i] = 0x7fc00000;
}

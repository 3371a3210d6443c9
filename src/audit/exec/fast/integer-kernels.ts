import type { DType, MapFn, TensorArray } from "../../graph.js";
import type { Kernel } from "./kernel.js";

/*
 * Functions of integers of at most 32 bits, and of bools, over arrays. Values are numbers; storing into a typed array wraps.
 */

/** Typed arrays whose elements are numbers. */
export type NumberArray = Exclude<TensorArray, BigInt64Array | BigUint64Array>;

export const NARROW: ReadonlySet<DType> = new Set(["u8", "i8", "u16", "i16", "i32", "u32"]);

type Binary = (x: number, y: number) => number;

const sameSide = (x: number, y: number): boolean => x < 0 === y < 0;

const FUNCTIONS: Partial<Record<MapFn, Binary>> = {
  neg: (x) => -x,
  abs: (x) => Math.abs(x),
  sign: (x) => Math.sign(x),
  not: (x) => ~x,
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: Math.imul,
  // Quotients of numbers below 2^32 stay apart by more than binary64 rounds.
  div: (x, y) => (y === 0 ? 0 : Math.trunc(x / y)),
  mod: (x, y) => {
    if (y === 0) return 0;
    const rest = x % y;
    return rest === 0 || sameSide(rest, y) ? rest : rest + y;
  },
  fmod: (x, y) => (y === 0 ? 0 : x % y),
  min: (x, y) => Math.min(x, y),
  max: (x, y) => Math.max(x, y),
  and: (x, y) => x & y,
  or: (x, y) => x | y,
  xor: (x, y) => x ^ y,
};

const BOOL_FUNCTIONS: Partial<Record<MapFn, Binary>> = {
  not: (x) => 1 - x,
  min: (x, y) => x & y,
  max: (x, y) => x | y,
  and: (x, y) => x & y,
  or: (x, y) => x | y,
  xor: (x, y) => x ^ y,
};

const COMPARISONS: Partial<Record<MapFn, (x: number, y: number) => boolean>> = {
  eq: (x, y) => x === y,
  lt: (x, y) => x < y,
  le: (x, y) => x <= y,
};

function shifts(fn: MapFn, width: number): Binary | undefined {
  if (fn === "shl") return (x, by) => (by >= width ? 0 : x << by);
  if (fn === "shr") return (x, by) => (by >= width ? 0 : x >>> by);
  return undefined;
}

/** The kernel of a function whose operands are all of `dtype`, narrow or bool; undefined where there is none. */
export function integerKernel(fn: MapFn, dtype: DType, width: number): Kernel | undefined {
  const compare = COMPARISONS[fn];
  const f: Binary | undefined =
    compare === undefined
      ? dtype === "bool"
        ? BOOL_FUNCTIONS[fn]
        : (shifts(fn, width) ?? FUNCTIONS[fn])
      : (x, y) => (compare(x, y) ? 1 : 0);
  if (f === undefined) return undefined;
  return (operands, result, n) => {
    const a = operands[0] as NumberArray;
    // A function of one operand ignores the second.
    const b = (operands[1] ?? operands[0]) as NumberArray;
    const out = result as NumberArray;
    for (let i = 0; i < n; i++) out[i] = f(a[i]!, b[i]!);
  };
}

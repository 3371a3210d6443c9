import type { DType } from "../../graph.js";
import { bitsOf, floorDiv, toInteger, wrap } from "./integers.js";

/*
 * Functions of integers, and of bools where docs/audit.md lets them in. Operands arrive as exact integers of the result's
 * dtype, a bool as 0 or 1; what is returned is wrapped into the dtype.
 */

type IntegerFunction = (a: bigint, b: bigint, dtype: DType) => bigint;

/** base^exponent modulo 2^width, by squaring; a negative exponent gives 0 except for bases 1 and -1. */
export function powInteger(base: bigint, exponent: bigint, dtype: DType): bigint {
  if (exponent < 0n) {
    if (base === 1n) return 1n;
    return base === -1n ? (exponent % 2n === 0n ? 1n : -1n) : 0n;
  }
  let result = 1n;
  let square = wrap(base, dtype);
  for (let rest = exponent; rest !== 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = wrap(result * square, dtype);
    square = wrap(square * square, dtype);
  }
  return result;
}

const FUNCTIONS = {
  neg: (a) => -a,
  abs: (a) => (a < 0n ? -a : a),
  sign: (a) => (a === 0n ? 0n : a < 0n ? -1n : 1n),
  not: (a, _b, dtype) => (dtype === "bool" ? 1n - a : ~a),
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  // BigInt division truncates; minimum / -1 wraps back to the minimum.
  div: (a, b) => (b === 0n ? 0n : a / b),
  mod: (a, b) => (b === 0n ? 0n : a - b * floorDiv(a, b)),
  fmod: (a, b) => (b === 0n ? 0n : a % b),
  min: (a, b) => (a < b ? a : b),
  max: (a, b) => (a > b ? a : b),
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
  shl: (a, b, dtype) => (b >= BigInt(bitsOf(dtype)) ? 0n : a << b),
  shr: (a, b, dtype) => (b >= BigInt(bitsOf(dtype)) ? 0n : a >> b),
} satisfies Record<string, IntegerFunction>;

export type IntegerFn = keyof typeof FUNCTIONS;

export function isIntegerFn(fn: string): fn is IntegerFn {
  return Object.hasOwn(FUNCTIONS, fn);
}

/** Element bits of a function of one or two elements of `dtype`; `b` of a function of one is not read. */
export function integerFunction(fn: IntegerFn, dtype: DType, a: bigint, b: bigint): bigint {
  const f: IntegerFunction = FUNCTIONS[fn];
  return wrap(f(toInteger(a, dtype), toInteger(b, dtype), dtype), dtype);
}

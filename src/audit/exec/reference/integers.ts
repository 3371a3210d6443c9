import { DTYPE_BYTES, type DType } from "../../graph.js";

/*
 * Element bits of integer dtypes and bool as exact integers. A bool counts as 0 or 1, whatever its byte.
 */

function isSigned(dtype: DType): boolean {
  return dtype.startsWith("i");
}

export function bitsOf(dtype: DType): number {
  return 8 * DTYPE_BYTES[dtype];
}

/** The integer that the low bits of `bits` stand for. */
export function toInteger(bits: bigint, dtype: DType): bigint {
  if (dtype === "bool") return BigInt.asUintN(8, bits) === 0n ? 0n : 1n;
  return isSigned(dtype) ? BigInt.asIntN(bitsOf(dtype), bits) : BigInt.asUintN(bitsOf(dtype), bits);
}

/** Element bits of `value`, wrapped into the dtype. */
export function wrap(value: bigint, dtype: DType): bigint {
  return BigInt.asUintN(bitsOf(dtype), value);
}

/** Element bits of `value`, clamped into the dtype's range. */
export function saturate(value: bigint, dtype: DType): bigint {
  const width = BigInt(bitsOf(dtype));
  const max = isSigned(dtype) ? (1n << (width - 1n)) - 1n : (1n << width) - 1n;
  const min = isSigned(dtype) ? -(1n << (width - 1n)) : 0n;
  return wrap(value < min ? min : value > max ? max : value, dtype);
}

/** Quotient rounded toward minus infinity; `divisor` is not 0. */
export function floorDiv(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  return quotient * divisor !== dividend && dividend < 0n !== divisor < 0n ? quotient - 1n : quotient;
}

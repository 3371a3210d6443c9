import { allocate, type ElementArray } from "../../onnx/element.js";
import { type DType, DTYPE_BYTES } from "../graph.js";
import { isFloating } from "../signatures.js";

/** Canonical NaN (docs/audit.md, 1). */
export const NAN_BITS = 0x7fc00000n;
const NAN_BITS_64 = 0x7ff8000000000000n;
export const NEGATIVE_INFINITY_BITS = 0xff800000n;

const scratch = new DataView(new ArrayBuffer(8));

/**
 * Element bits of a value, as immediates and fills hold them. Numbers for f32 are rounded to it, so callers pass what is
 * already an f32; integers wrap.
 */
export function bitsOf(dtype: DType, value: number | bigint): bigint {
  if (dtype === "f32") {
    const number = Number(value);
    if (Number.isNaN(number)) return NAN_BITS;
    scratch.setFloat32(0, number);
    return BigInt(scratch.getUint32(0));
  }
  if (dtype === "f64") {
    const number = Number(value);
    if (Number.isNaN(number)) return NAN_BITS_64;
    scratch.setFloat64(0, number);
    return scratch.getBigUint64(0);
  }
  if (dtype === "bool") return value ? 1n : 0n;
  return BigInt.asUintN(8 * DTYPE_BYTES[dtype], BigInt(value));
}

/** The value that element bits stand for: a bigint for 64-bit integers, else a number. */
export function valueOf(dtype: DType, bits: bigint): number | bigint {
  switch (dtype) {
    case "f32":
      scratch.setUint32(0, Number(bits));
      return scratch.getFloat32(0);
    case "f64":
      scratch.setBigUint64(0, bits);
      return scratch.getFloat64(0);
    case "i64":
      return BigInt.asIntN(64, bits);
    case "u64":
      return bits;
    case "i8":
    case "i16":
    case "i32":
      return Number(BigInt.asIntN(8 * DTYPE_BYTES[dtype], bits));
    default:
      return Number(bits);
  }
}

/** Smallest and largest element of an ordered dtype, infinities for floating-point numbers. */
export function boundsOf(dtype: DType): { low: number | bigint; high: number | bigint } {
  if (isFloating(dtype)) return { low: -Infinity, high: Infinity };
  if (dtype === "bool") return { low: 0, high: 1 };
  const bits = BigInt(8 * DTYPE_BYTES[dtype]);
  const signed = dtype.startsWith("i");
  const low = signed ? -(1n << (bits - 1n)) : 0n;
  const high = signed ? (1n << (bits - 1n)) - 1n : (1n << bits) - 1n;
  return bits === 64n ? { low, high } : { low: Number(low), high: Number(high) };
}

/** A constant's data from numbers; for f32 these are rounded to nearest. */
export function dataOf(dtype: DType, values: readonly (number | bigint)[]): ElementArray {
  const data = allocate(dtype, values.length);
  const wide = dtype === "i64" || dtype === "u64";
  values.forEach((value, i) => (data[i] = wide ? BigInt(value) : Number(value)));
  return data;
}

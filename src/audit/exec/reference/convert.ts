import type { DType } from "../../graph.js";
import { canonical, decode, infinity, NAN, roundDyadic, roundSigned } from "./binary32.js";
import { canonicalDouble, decodeDouble, roundDouble, specialDouble } from "./binary64.js";
import { ALGEBRAIC } from "./algebraic.js";
import { ARITHMETIC } from "./arithmetic.js";
import { saturate, toInteger, wrap } from "./integers.js";

/*
 * Conversions between dtypes: cast, quantize, dequantize (docs/audit.md, section 4).
 */

/** Beyond every integer dtype, so that an infinity saturates like any large number. */
const HUGE = 1n << 192n;

/** The integer part of a finite number. */
function truncate(x: { readonly negative: boolean; readonly mantissa: bigint; readonly exponent: number }): bigint {
  // BigInt shifts round toward minus infinity, so the sign comes last.
  const magnitude = x.exponent < 0 ? x.mantissa >> BigInt(-x.exponent) : x.mantissa << BigInt(x.exponent);
  return x.negative ? -magnitude : magnitude;
}

/** Canonical bits: any NaN as the one NaN, any true as 1. */
export function copy(bits: bigint, dtype: DType): bigint {
  if (dtype === "f32") return canonical(bits);
  return dtype === "f64" ? canonicalDouble(bits) : wrap(toInteger(bits, dtype), dtype);
}

export function cast(bits: bigint, from: DType, to: DType): bigint {
  if (from === to) return copy(bits, from);
  if (from !== "f32" && from !== "f64") {
    const value = toInteger(bits, from);
    if (to === "f32") return roundSigned(value, 0);
    if (to === "f64") return roundDouble(value < 0n, value < 0n ? -value : value, 0);
    return to === "bool" ? (value === 0n ? 0n : 1n) : wrap(value, to);
  }
  const x = from === "f32" ? decode(bits) : decodeDouble(bits);
  if (to === "f64") {
    if (x.kind === "finite") return roundDouble(x.negative, x.mantissa, x.exponent);
    return specialDouble(x.kind, x.kind === "inf" && x.negative);
  }
  if (to === "f32") {
    if (x.kind === "finite") return roundDyadic(x.negative, x.mantissa, x.exponent);
    return x.kind === "nan" ? NAN : infinity(x.negative);
  }
  if (to === "bool") return x.kind === "finite" && x.mantissa === 0n ? 0n : 1n;
  if (x.kind === "nan") return 0n;
  return saturate(x.kind === "inf" ? (x.negative ? -HUGE : HUGE) : truncate(x), to);
}

export function quantize(x: bigint, scale: bigint, zeroPoint: bigint, to: DType): bigint {
  const z = toInteger(zeroPoint, to);
  const q = decode(ALGEBRAIC.round(ARITHMETIC.div(x, scale)));
  if (q.kind === "nan") return wrap(z, to);
  return saturate(z + (q.kind === "inf" ? (q.negative ? -HUGE : HUGE) : truncate(q)), to);
}

export function dequantize(q: bigint, scale: bigint, zeroPoint: bigint, from: DType): bigint {
  return ARITHMETIC.mul(roundSigned(toInteger(q, from) - toInteger(zeroPoint, from), 0), scale);
}

import type { DType } from "../../graph.js";
import { canonical, decode, roundSigned, type Finite } from "./binary32.js";
import { ALGEBRAIC } from "./algebraic.js";
import { ARITHMETIC } from "./arithmetic.js";
import { saturate, toInteger, wrap } from "./integers.js";

/*
 * Conversions between dtypes: cast, quantize, dequantize (docs/audit.md, section 4).
 */

/** Beyond every integer dtype, so that an infinity saturates like any large number. */
const HUGE = 1n << 192n;

/** The integer part of a finite number. */
function truncate(x: Finite): bigint {
  // BigInt shifts round toward minus infinity, so the sign comes last.
  const magnitude = x.exponent < 0 ? x.mantissa >> BigInt(-x.exponent) : x.mantissa << BigInt(x.exponent);
  return x.negative ? -magnitude : magnitude;
}

/** Canonical bits: any NaN as the one NaN, any true as 1. */
export function copy(bits: bigint, dtype: DType): bigint {
  return dtype === "f32" ? canonical(bits) : wrap(toInteger(bits, dtype), dtype);
}

export function cast(bits: bigint, from: DType, to: DType): bigint {
  if (from !== "f32") {
    const value = toInteger(bits, from);
    if (to === "f32") return roundSigned(value, 0);
    return to === "bool" ? (value === 0n ? 0n : 1n) : wrap(value, to);
  }
  if (to === "f32") return canonical(bits);
  const x = decode(bits);
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

import type { DType } from "../audit/graph.js";

/** What the contract decides about one output element (docs/protocol.md, verdict table). */
export type Verdict = "right" | "wrong" | "void";

const EXPONENT = 0xffn;
const MANTISSA = 0x7fffffn;

const exponentOf = (bits: bigint): bigint => (bits >> 23n) & EXPONENT;
const isFinite32 = (bits: bigint): boolean => exponentOf(bits) !== EXPONENT;
const isNaN32 = (bits: bigint): boolean => !isFinite32(bits) && (bits & MANTISSA) !== 0n;

/** A finite binary32 as an integer multiple of 2^-149, exact. */
function scaled(bits: bigint): bigint {
  const exponent = exponentOf(bits);
  const magnitude = exponent === 0n ? bits & MANTISSA : ((bits & MANTISSA) | 0x800000n) << (exponent - 1n);
  return bits >> 31n === 1n ? -magnitude : magnitude;
}

const abs = (x: bigint): bigint => (x < 0n ? -x : x);

/** Published tolerance of an output: binary32 bits, finite and non-negative. */
export interface Tolerance {
  readonly atol: bigint;
  readonly rtol: bigint;
}

/**
 * Judges a claimed output element against the audit result, as exact rationals: right when
 * `|claimed - audit| <= atol + rtol * |audit|`. All values are element bits.
 */
export function verdict(dtype: DType, audit: bigint, claimed: bigint, tolerance: Tolerance): Verdict {
  if (dtype !== "f32") return audit === claimed ? "right" : "wrong";
  if (isNaN32(audit)) return "void";
  if (!isFinite32(audit)) return audit === claimed ? "right" : "void";
  if (!isFinite32(claimed)) return "wrong";
  const a = scaled(audit);
  // Both sides in units of 2^-298.
  const deviation = abs(scaled(claimed) - a) << 149n;
  const allowed = (scaled(tolerance.atol) << 149n) + scaled(tolerance.rtol) * abs(a);
  return deviation <= allowed ? "right" : "wrong";
}

/** `|claimed - audit| / (atol + rtol |audit|)` in float64, for reports; infinite where either is not finite and they differ. */
export function ratioToTolerance(audit: number, claimed: number, atol: number, rtol: number): number {
  if (Object.is(audit, claimed)) return 0;
  const deviation = Math.abs(claimed - audit);
  const allowed = atol + rtol * Math.abs(audit);
  if (deviation === 0) return 0;
  return Number.isNaN(deviation) ? Infinity : deviation / allowed;
}

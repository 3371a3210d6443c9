import { bitLength } from "./fixed.js";
import { nearest, parts, type Real, SIGN, type Swept } from "./functions.js";

/*
 * What is expected over a range of consecutive operands: a constant, or a polynomial through values that fixed point gave, or,
 * around zeros and singularities, single values.
 */

/** Operands [first, first + count) all give `bits`, or, with a step of 1, `bits`, bits + 1, ... */
interface Run {
  readonly kind: "run";
  readonly first: number;
  readonly count: number;
  readonly bits: number;
  readonly step: 0 | 1;
}

/**
 * Operands [first, first + count): the value at first + count/2 + t is sum of c_k t^k, where c_0 to c_2 come as a head of few bits,
 * whose product with t^k is exact, and a tail.
 */
interface Polynomial {
  readonly kind: "polynomial";
  readonly first: number;
  readonly count: number;
  /** c0 head and tail, c1 head and tail, c2 head and tail, c3 .. c7. */
  readonly coefficients: Float64Array;
}

export type Segment = Run | Polynomial;

const LARGEST = 2 ** 16;
/** Ranges that small are not worth a polynomial. */
const SMALLEST = 32;
const DEGREE = 7;
/** A polynomial is taken where it errs by less than this at points between its nodes, relative to the smallest value. */
const ACCEPTED = 2 ** -70;

/** Chebyshev's nodes, over [-1, 1]. */
const NODES = Array.from({ length: DEGREE + 1 }, (_, k) => Math.cos((Math.PI * (2 * k + 1)) / (2 * DEGREE + 2)));
/** Where the error of the polynomial peaks. */
const CHECKS = [1, 3, DEGREE + 1].map((k) => Math.cos((Math.PI * k) / (DEGREE + 1)));

/** Segments of the operands [first, first + count), all of one sign, in order. */
export function plan(f: Swept, first: number, count: number): Segment[] {
  if (count === 1) return [{ kind: "run", first, count, bits: bitsAt(f, first), step: 0 }];
  const constant = constantOver(f, first, count);
  if (constant !== undefined) return [{ kind: "run", first, count, bits: constant, step: 0 }];
  if (isIdentity(f, first, count)) return [{ kind: "run", first, count, bits: first, step: 1 }];
  if (count > SMALLEST && count <= LARGEST) {
    const polynomial = interpolate(f, first, count);
    if (polynomial !== undefined) return [polynomial];
  }
  const half = count > SMALLEST ? count / 2 : 1;
  const segments: Segment[] = [];
  for (let at = first; at < first + count; at += half) segments.push(...plan(f, at, half));
  return segments;
}

export function bitsAt(f: Swept, bits: number): number {
  const value = f.at(bits);
  return typeof value === "number" ? value : nearest(value).bits;
}

/** The bits that all operands give, where that is sure: special values on both ends, or a monotone function with equal ends. */
function constantOver(f: Swept, first: number, count: number): number | undefined {
  const magnitude = first & 0x7fffffff;
  // Zero and infinity stand for themselves.
  if (magnitude === 0 || magnitude === 0x7f800000) return undefined;
  const isNaN = magnitude > 0x7f800000;
  if (!isNaN && !f.monotone) return undefined;
  const from = bitsAt(f, first);
  return from === bitsAt(f, first + count - 1) ? from : undefined;
}

/**
 * Whether all operands give themselves: f(x)/x is monotone on either side of 0, for all functions here that have a zero there, so that
 * it is enough that it differs from 1 by less than a quarter of a unit at the end that is farther from 0.
 */
function isIdentity(f: Swept, first: number, count: number): boolean {
  const last = (first + count - 1) >>> 0;
  const magnitude = last & 0x7fffffff;
  if (magnitude >= 0x3a000000 || (first & 0x7fffffff) === 0 || f.at(last & SIGN) !== (last & SIGN) >>> 0) return false;
  const value = f.at(last);
  if (typeof value === "number" || nearest(value).bits !== last) return false;
  const { m, e } = parts(last);
  const x = m << BigInt(e + value.scale);
  return magnitudeOf(magnitudeOf(value.value) - x) << 26n < x;
}

const magnitudeOf = (x: bigint): bigint => (x < 0n ? -x : x);

function interpolate(f: Swept, first: number, count: number): Polynomial | undefined {
  // One binade, so that operands are evenly spaced: subnormals and the first normal binade share their spacing.
  if (first >>> 23 !== (first + count - 1) >>> 23) return undefined;
  const middle = count / 2;
  const place = (node: number): number => Math.round(node * (middle - 1)) + middle;
  const values: Real[] = [];
  const at = (offset: number): Real | undefined => {
    const value = f.at(first + offset);
    return typeof value === "number" ? undefined : value;
  };
  const offsets = NODES.map(place);
  const checks = CHECKS.map(place);
  for (const offset of [...offsets, ...checks, 0, count - 1]) {
    const value = at(offset);
    if (value === undefined) return undefined;
    values.push(value);
  }
  // One scale, 64 bits finer than the finest.
  const scale = Math.max(...values.map((value) => value.scale)) + 64;
  const fixed = values.map((value) => value.value << BigInt(scale - value.scale));
  const ends = fixed.slice(-2).map(magnitudeOf);
  if (fixed.some((value) => value === 0n) || fixed.some((value) => value > 0n !== fixed[0]! > 0n)) return undefined;
  const least = ends[0]! < ends[1]! ? ends[0]! : ends[1]!;

  const coefficients = monomials(
    offsets.map((offset) => offset - middle),
    fixed.slice(0, offsets.length),
  );
  const allowed = Number(least) * ACCEPTED;
  for (const [i, offset] of checks.entries()) {
    const t = BigInt(offset - middle);
    let value = 0n;
    for (let k = DEGREE; k >= 0; k--) value = value * t + coefficients[k]!;
    const error = (value >> SPARE) - fixed[offsets.length + i]!;
    if (Math.abs(Number(error)) > allowed) return undefined;
  }
  return { kind: "polynomial", first, count, coefficients: asDoubles(coefficients, scale + Number(SPARE), count) };
}

/** Bits below the values' own that coefficients keep: they are multiplied by up to the seventh power of half a segment. */
const SPARE = 160n;

/** Coefficients, by Newton's divided differences, of the polynomial through (nodes, values). */
function monomials(nodes: readonly number[], values: readonly bigint[]): bigint[] {
  const differences = values.map((value) => value << SPARE);
  for (let k = 1; k < nodes.length; k++) {
    for (let i = nodes.length - 1; i >= k; i--) {
      differences[i] = (differences[i]! - differences[i - 1]!) / BigInt(nodes[i]! - nodes[i - k]!);
    }
  }
  let polynomial: bigint[] = [];
  for (let i = nodes.length - 1; i >= 0; i--) {
    // polynomial * (t - nodes[i]) + differences[i]
    const shifted = [0n, ...polynomial];
    polynomial.forEach((c, k) => {
      shifted[k]! -= c * BigInt(nodes[i]!);
    });
    shifted[0]! += differences[i]!;
    polynomial = shifted;
  }
  return polynomial;
}

/** Cuts `value` to its first `bits` bits; what is left is the tail. */
function head(value: bigint, bits: number): bigint {
  const cut = BigInt(Math.max(0, bitLength(magnitudeOf(value)) - bits));
  return (value >> cut) << cut;
}

function toDouble(value: bigint, scale: number): number {
  // Number() rounds once; the scale is applied in two exact steps, as 2^-scale alone may be out of range.
  const size = bitLength(magnitudeOf(value));
  const cut = Math.max(0, size - 64);
  return Number(value >> BigInt(cut)) * 2 ** (cut - Math.floor(scale / 2)) * 2 ** (Math.floor(scale / 2) - scale);
}

function asDoubles(coefficients: readonly bigint[], scale: number, count: number): Float64Array {
  const places = Math.log2(count) - 1;
  const result = new Float64Array(DEGREE + 4);
  coefficients.forEach((c, k) => {
    if (k > 2) {
      result[k + 3] = toDouble(c, scale);
      return;
    }
    const first = head(c, 53 - k * places);
    result[2 * k] = toDouble(first, scale);
    result[2 * k + 1] = toDouble(c - first, scale);
  });
  return result;
}

/*
 * AssemblyScript: compares what an executor gave for consecutive operands with what is expected, in double-double. `at` and the
 * counts are numbers of elements; `a` holds the results for +x and `b` those for -x, `flip` what the bits for -x differ by;
 * without a second sign the caller names the same array twice.
 */

import { exact } from "./exact";

/** Midpoints this near, in units of 2^-29 of the last place, are looked at closely. */
const CLOSE: i64 = 512;

/** Events: kind, place, then the distance from a midpoint in units in the last place. Places are negative for `b`. */
const MISMATCH: f64 = 1;
const HARD: f64 = 2;
const TIE: f64 = 3;

/** A near midpoint worth a record, in units in the last place. */
const HARD_BELOW: f64 = 1.0 / f64(1 << 26);
/** So near that the oracle's own error could matter: the caller decides exactly. */
const TIE_BELOW: f64 = 1.0 / f64(1 << 17) / f64(1 << 17);
/** The margin in which the shipped executor does not trust binary64. */
const MARGIN: f64 = 1.0 / 35184372088832.0;

const EVENTS: i32 = 1 << 14;
/** Operands of one sign that are compared at a time, and how many of them share a row of angles. */
const CHUNK: i32 = 1 << 16;
const ANGLES: i32 = 1 << 12;
const events = heap.alloc(24 * EVENTS);
let eventCount: i32 = 0;
let undecidedCount: i32 = 0;
let lostCount: i32 = 0;

export function eventsAt(): usize {
  return events;
}
export function takeEvents(): i32 {
  const n = eventCount;
  eventCount = 0;
  return n;
}
export function takeUndecided(): i32 {
  const n = undecidedCount;
  undecidedCount = 0;
  return n;
}
/** Events for which there was no room: any makes the block void. */
export function lost(): i32 {
  return lostCount;
}

/** Results for +x, then those for -x. */
const results = heap.alloc(8 * CHUNK);
export function resultsAt(): usize {
  return results;
}
const operands = heap.alloc(4 * CHUNK);
export function operandsAt(): usize {
  return operands;
}
const parameters = heap.alloc(48 * (ANGLES + CHUNK / ANGLES));
export function parametersAt(): usize {
  return parameters;
}

function event(kind: f64, place: i32, distance: f64): void {
  if (eventCount >= EVENTS) {
    lostCount++;
    return;
  }
  const p = events + 24 * eventCount++;
  store<f64>(p, kind);
  store<f64>(p, f64(place), 8);
  store<f64>(p, distance, 16);
}

function check(a: usize, b: usize, place: i32, expected: u32, flip: u32): void {
  if (load<u32>(a + 4 * place) != expected) event(MISMATCH, place, 0);
  if (load<u32>(b + 4 * place) != (expected ^ flip)) event(MISMATCH, -1 - place, 0);
}

/** Every operand is expected to give `expected`, or `expected` + 1, + 2, ... */
export function checkRun(a: usize, b: usize, at: i32, count: i32, expected: u32, step: u32, flip: u32): void {
  const end = at + count;
  let i = at;
  let wanted = i32x4.add(i32x4.splat(expected), i32x4.mul(i32x4(0, 1, 2, 3), i32x4.splat(step)));
  const four = i32x4.splat(4 * step);
  const flips = i32x4.splat(flip);
  for (; i + 4 <= end; i += 4) {
    const same = v128.and(
      i32x4.eq(v128.load(a + 4 * i), wanted),
      i32x4.eq(v128.load(b + 4 * i), v128.xor(wanted, flips)),
    );
    if (!i32x4.all_true(same)) {
      for (let k = i; k < i + 4; k++) check(a, b, k, expected + step * (k - at), flip);
    }
    wanted = i32x4.add(wanted, four);
  }
  for (; i < end; i++) check(a, b, i, expected + step * (i - at), flip);
}

/** Operands first, first + 1, ... of 1 or 2 bytes for the executor. */
export function fillNarrow(first: u32, bytes: i32, count: i32): void {
  for (let i = 0; i < count; i++) {
    if (bytes == 1) store<u8>(operands + i, first + i);
    else store<u16>(operands + 2 * i, first + i);
  }
}

/** Operands first, first + 1, ... of 4 bytes for the executor. */
export function fill(first: u32): void {
  let next = i32x4.add(i32x4.splat(first), i32x4(0, 1, 2, 3));
  for (let i = 0; i < CHUNK; i += 4) {
    v128.store(operands + 4 * i, next);
    next = i32x4.add(next, i32x4.splat(4));
  }
}

/** The value hi + lo may lie near a midpoint: what it rounds to, after a note of how near. */
function closely(hi: f64, lo: f64, place: i32): u32 {
  const rounded = f32(hi);
  if (f64(f32(hi - hi * MARGIN)) != f64(f32(hi + hi * MARGIN))) undecidedCount++;
  // The unit in the last place of the binade, or of the subnormals; the midpoint is half of it from a neighbour.
  const bits = reinterpret<u64>(abs(hi));
  const exponent = max(i64(bits >> 52) - 1023, -126);
  const unit = reinterpret<f64>(u64(exponent - 23 + 1023) << 52);
  const below = floor(abs(hi) / unit) * unit;
  const off = abs(hi) - below - unit / 2;
  const distance = (hi < 0 ? off - lo : off + lo) / unit;
  const size = abs(distance);
  if (size < TIE_BELOW) {
    event(TIE, place, distance);
    return 0xffffffff;
  }
  if (size < HARD_BELOW) event(HARD, place, distance);
  const magnitude = f32(distance < 0 ? below : below + unit);
  return reinterpret<u32>(hi < 0 ? -magnitude : magnitude);
}

/** The bits that hi + lo rounds to; 0xffffffff where the caller has to decide. */
function round(hi: f64, lo: f64, place: i32): u32 {
  const bits = reinterpret<u64>(hi);
  // Below 2^-126 the place of rounding is another.
  if ((bits & 0x7fffffffffffffff) >= 0x3810000000000000) {
    const off = i64(bits & 0x1fffffff) - 0x10000000;
    if (off > CLOSE || off < -CLOSE) return reinterpret<u32>(f32(hi));
    return closely(hi, lo, place);
  }
  const scaled = abs(hi) * reinterpret<f64>(u64(149 + 1023) << 52);
  const rest = abs(scaled - floor(scaled) - 0.5);
  if (rest > f64(CLOSE) / 536870912.0) return reinterpret<u32>(f32(hi));
  return closely(hi, lo, place);
}

function compare(a: usize, b: usize, place: i32, hi: f64, lo: f64, flip: u32): void {
  const expected = round(hi, lo, place);
  if (expected != 0xffffffff) check(a, b, place, expected, flip);
}

/** Coefficients as in plan.ts, at `parameters`. */
export function checkPolynomial(a: usize, b: usize, at: i32, count: i32, flip: u32): void {
  const p = parameters;
  const c0 = load<f64>(p);
  const d0 = load<f64>(p, 8);
  const c1 = load<f64>(p, 16);
  const d1 = load<f64>(p, 24);
  const c2 = load<f64>(p, 32);
  const d2 = load<f64>(p, 40);
  const c3 = load<f64>(p, 48);
  const c4 = load<f64>(p, 56);
  const c5 = load<f64>(p, 64);
  const c6 = load<f64>(p, 72);
  const c7 = load<f64>(p, 80);
  let t = f64(-(count >> 1));
  for (let i = at; i < at + count; i++) {
    const z = t * t;
    const p1 = t * c1;
    const p2 = z * c2;
    const s1 = c0 + p1;
    const k1 = s1 - c0;
    const e1 = c0 - (s1 - k1) + (p1 - k1);
    const s2 = s1 + p2;
    const k2 = s2 - s1;
    const e2 = s1 - (s2 - k2) + (p2 - k2);
    const tail = z * t * (c3 + t * c4 + z * (c5 + t * c6 + z * c7)) + (d0 + t * d1 + z * d2);
    const rest = e1 + e2 + tail;
    const hi = s2 + rest;
    compare(a, b, i, hi, rest - (hi - s2), flip);
    t += 1;
  }
}

/**
 * sin (0), cos (1) or tan (2) of sums of two angles: one is `row` of the angles at `parameters`, the others are those from the
 * start on, one for each place. An angle is its sin and cos, each as two heads of 26 bits and a rest.
 */
export function checkAngles(which: i32, row: i32, a: usize, b: usize, at: i32, count: i32, flip: u32): void {
  const p = parameters + 48 * row;
  const s0 = load<f64>(p);
  const s1 = load<f64>(p, 8);
  const s2 = load<f64>(p, 16);
  const c0 = load<f64>(p, 24);
  const c1 = load<f64>(p, 32);
  const c2 = load<f64>(p, 40);
  let q = parameters;
  for (let i = at; i < at + count; i++) {
    const u0 = load<f64>(q);
    const u1 = load<f64>(q, 8);
    const u2 = load<f64>(q, 16);
    const v0 = load<f64>(q, 24);
    const v1 = load<f64>(q, 32);
    const v2 = load<f64>(q, 40);
    q += 48;
    let sinHi: f64 = 0;
    let sinLo: f64 = 0;
    let cosHi: f64 = 0;
    let cosLo: f64 = 0;
    if (which != 1) {
      const x = s0 * v0;
      const y = c0 * u0;
      const sum = x + y;
      const k = sum - x;
      const e = x - (sum - k) + (y - k);
      const small =
        s0 * v1 + s1 * v0 + (c0 * u1 + c1 * u0) + (s1 * v1 + c1 * u1 + (s0 * v2 + s2 * v0 + (c0 * u2 + c2 * u0)));
      const rest = e + small;
      sinHi = sum + rest;
      sinLo = rest - (sinHi - sum);
    }
    if (which != 0) {
      const x = c0 * v0;
      const y = -(s0 * u0);
      const sum = x + y;
      const k = sum - x;
      const e = x - (sum - k) + (y - k);
      const small =
        c0 * v1 + c1 * v0 - (s0 * u1 + s1 * u0) + (c1 * v1 - s1 * u1 + (c0 * v2 + c2 * v0 - (s0 * u2 + s2 * u0)));
      const rest = e + small;
      cosHi = sum + rest;
      cosLo = rest - (cosHi - sum);
    }
    if (which == 0) {
      angle(a, b, i, sinHi, sinLo, abs(sinHi), flip);
    } else if (which == 1) {
      angle(a, b, i, cosHi, cosLo, abs(cosHi), flip);
    } else {
      const quotient = sinHi / cosHi;
      // The remainder by Dekker's product of two binary64 numbers.
      const n0 = upper(quotient);
      const n1 = quotient - n0;
      const d0 = upper(cosHi);
      const d1 = cosHi - d0;
      const product = quotient * cosHi;
      const error = n0 * d0 - product + n0 * d1 + n1 * d0 + n1 * d1;
      const rest = (sinHi - product - error + sinLo - quotient * cosLo) / cosHi;
      const hi = quotient + rest;
      angle(a, b, i, hi, rest - (hi - quotient), min(abs(sinHi), abs(cosHi)), flip);
    }
  }
}

function upper(x: f64): f64 {
  return reinterpret<f64>(reinterpret<u64>(x) & 0xfffffffff8000000);
}

/** So close to a zero or pole the sum of products has lost too many bits: the caller decides. */
function angle(a: usize, b: usize, place: i32, hi: f64, lo: f64, least: f64, flip: u32): void {
  if (least < 1.0 / 65536.0) event(TIE, place, 0);
  else compare(a, b, place, hi, lo, flip);
}

/**
 * Function `fn` of exact.ts, of the operands `first`, first + 1, ...; results of 2^size bytes.
 */
export function checkExact(fn: i32, from: i32, to: i32, size: i32, first: u32, count: i32): void {
  const bits = 8 << size;
  for (let i = 0; i < count; i++) {
    const expected = exact(fn, from, to, bits, first + i);
    const p = results + (i << size);
    let got: u64 = 0;
    switch (size) {
      case 0:
        got = load<u8>(p);
        break;
      case 1:
        got = load<u16>(p);
        break;
      case 2:
        got = load<u32>(p);
        break;
      default:
        got = load<u64>(p);
    }
    if (got != expected) event(MISMATCH, i, 0);
  }
}

/** What function `fn` of exact.ts gives. */
export function exactBits(fn: i32, from: i32, to: i32, size: i32, x: u32): u64 {
  return exact(fn, from, to, 8 << size, x);
}

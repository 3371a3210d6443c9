/*
 * AssemblyScript: powers of binary32 numbers in double-double, by e^(y log x): a table and seven terms for the one, a step of Newton's
 * for the other.
 */

const NAN: u32 = 0x7fc00000;
const INFINITY: u32 = 0x7f800000;
const SIGN: u32 = 0x80000000;
const ONE: u32 = 0x3f800000;

/** What `power` gives where only exact arithmetic can tell; no canonical float. */
export const UNDECIDED: u32 = 0xffffffff;
/** So near to a midpoint, in units in the last place, that double-double can't tell on which side the power lies. */
const DOUBT: f64 = 1.0 / f64((<u64>1) << 40);

/** log 2 in three parts of which the first has 32 bits; heads and tails of 1/n! for n <= 6; heads and tails of e^(i/64), |i| <= 23. */
const STEPS = 23;
const constants = heap.alloc(8 * (3 + 14 + 2 * (2 * STEPS + 1)));
export function constantsAt(): usize {
  return constants;
}
const factorials = constants + 24;
const table = constants + 136;

// The value of the last operation is hi + lo.
let hi: f64 = 0;
let lo: f64 = 0;

function sum(a: f64, b: f64): void {
  hi = a + b;
  const k = hi - a;
  lo = a - (hi - k) + (b - k);
}

function product(a: f64, b: f64): void {
  hi = a * b;
  const a0 = reinterpret<f64>(reinterpret<u64>(a) & 0xfffffffff8000000);
  const a1 = a - a0;
  const b0 = reinterpret<f64>(reinterpret<u64>(b) & 0xfffffffff8000000);
  const b1 = b - b0;
  lo = a0 * b0 - hi + a0 * b1 + a1 * b0 + a1 * b1;
}

/** (hi + lo) * (a + b). */
function times(a: f64, b: f64): void {
  const h = hi;
  const l = lo;
  product(h, a);
  const rest = lo + (h * b + l * a);
  sum(hi, rest);
}

/** hi + lo + a + b. */
function plus(a: f64, b: f64): void {
  const l = lo;
  sum(hi, a);
  const rest = lo + (l + b);
  sum(hi, rest);
}

/** hi + lo becomes e^(hi + lo) without its factor 2^k; returns k. */
function exponential(): i32 {
  const k = nearest<f64>(hi * 1.4426950408889634);
  plus(-k * load<f64>(constants), 0);
  const h = hi;
  const l = lo;
  product(k, -load<f64>(constants, 8));
  plus(h, l - k * load<f64>(constants, 16));
  const i = nearest<f64>(hi * 64);
  plus(-i / 64, 0);
  const r = hi;
  const s = lo;
  // From r^7 / 7! on one binary64 number is enough: r < 2^-7.
  hi = (1 + (r / 8) * (1 + (r / 9) * (1 + (r / 10) * (1 + (r / 11) * (1 + r / 12))))) / 5040;
  lo = 0;
  for (let n = 6; n >= 0; n--) {
    times(r, s);
    plus(load<f64>(factorials + 16 * n), load<f64>(factorials + 16 * n, 8));
  }
  const e = table + 16 * (i32(i) + STEPS);
  times(load<f64>(e), load<f64>(e, 8));
  return i32(k);
}

/** log x for a positive binary32 number. */
function logarithm(x: f64): void {
  const bits = reinterpret<u64>(x);
  let e = f64(i32(bits >> 52) - 1023);
  let m = reinterpret<f64>((bits & 0xfffffffffffff) | 0x3ff0000000000000);
  if (m > 1.4) {
    m /= 2;
    e += 1;
  }
  const guess = Math.log(m);
  hi = -guess;
  lo = 0;
  const k = exponential();
  times(m * reinterpret<f64>(u64(1023 + k) << 52), 0);
  // m e^-guess = 1 + c: log m = guess + c - c^2/2 + ...
  plus(-1, 0);
  const c = hi;
  plus((-c * c) / 2, 0);
  plus(guess, 0);
  const h = hi;
  const l = lo;
  product(e, load<f64>(constants, 8));
  plus(e * load<f64>(constants, 16), 0);
  plus(e * load<f64>(constants), 0);
  plus(h, l);
}

/** hi + lo > 0, times 2^k, to binary32. */
function rounded(k: i32): u32 {
  const scale = reinterpret<f64>(u64(1023 + k) << 52);
  const h = hi * scale;
  const l = lo * scale;
  const exponent = max(i64(reinterpret<u64>(h) >> 52) - 1023, -126);
  const unit = reinterpret<f64>(u64(exponent - 23 + 1023) << 52);
  const below = floor(h / unit) * unit;
  const distance = (h - below - unit / 2 + l) / unit;
  if (abs(distance) < DOUBT) return UNDECIDED;
  return reinterpret<u32>(f32(distance < 0 ? below : below + unit));
}

/** Bits of x^y, special values as in IEEE 754; `UNDECIDED` next to a midpoint. */
export function power(x: u32, y: u32): u32 {
  const base = x & ~SIGN;
  const exponent = y & ~SIGN;
  if (exponent == 0 || x == ONE) return ONE;
  if (base > INFINITY || exponent > INFINITY) return NAN;
  const falls = y >> 31 == 1;
  if (exponent == INFINITY) return base == ONE ? ONE : base > ONE != falls ? INFINITY : 0;
  const g = f64(reinterpret<f32>(y));
  const whole = g == trunc(g);
  const odd = whole && abs(g) < 16777216 && (i64(g) & 1) == 1;
  const sign: u32 = odd ? x & SIGN : 0;
  if (base == 0 || base == INFINITY) return sign | (falls == (base == 0) ? INFINITY : 0);
  if (x >> 31 == 1 && !whole) return NAN;
  if (base == ONE) return sign | ONE;
  logarithm(f64(reinterpret<f32>(base)));
  times(g, 0);
  // log 2^128 = 88.7 and log 2^-150 = -103.97.
  if (hi > 89) return sign | INFINITY;
  if (hi < -105) return sign;
  const k = exponential();
  const bits = rounded(k);
  return bits == UNDECIDED ? bits : sign | bits;
}

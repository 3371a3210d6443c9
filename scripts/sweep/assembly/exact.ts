/*
 * AssemblyScript: functions of one operand of at most 32 bits whose value needs no series, from bits to bits with integers alone.
 */

const NAN: u32 = 0x7fc00000;
const INFINITY: u32 = 0x7f800000;
const SIGN: u32 = 0x80000000;
const ONE: u32 = 0x3f800000;

/** Codes of functions and dtypes, as in src/audit/graph.ts. */
const COPY = 1;
const NEG = 2;
const ABS = 3;
const SIGN_OF = 4;
const FLOOR = 5;
const CEIL = 6;
const ROUND = 7;
const SQRT = 8;
const NOT = 27;
const IS_NAN = 28;
const IS_INF = 29;
const F32 = 1;
const I8 = 3;
const I16 = 5;
const I32 = 6;
const I64 = 7;
const BOOL = 9;
const F64 = 11;

/** An integer below 2^24 as a float. */
function ofInteger(n: u32): u32 {
  if (n == 0) return 0;
  const length = 32 - clz<u32>(n);
  return ((126 + length) << 23) + ((n << (24 - length)) & 0x7fffff);
}

/** Toward zero, then one more where `which` says so. */
function integral(which: i32, x: u32): u32 {
  const magnitude = x & ~SIGN;
  const sign = x & SIGN;
  const field = i32(magnitude >> 23);
  if (field >= 150) return x;
  let whole: u32 = 0;
  // Twice the fraction against one: 0 none, 1 below a half, 2 a half, 3 above.
  let rest: i32 = magnitude == 0 ? 0 : 1;
  if (field >= 126) {
    const m = (magnitude & 0x7fffff) | 0x800000;
    const places = 150 - field;
    whole = places == 24 ? 0 : m >> places;
    const fraction = m & ((1 << places) - 1);
    const half: u32 = 1 << (places - 1);
    rest = fraction == 0 ? 0 : fraction < half ? 1 : fraction == half ? 2 : 3;
  }
  let up = false;
  if (which == FLOOR) up = sign != 0 && rest != 0;
  else if (which == CEIL) up = sign == 0 && rest != 0;
  else up = rest == 3 || (rest == 2 && (whole & 1) == 1);
  return sign | ofInteger(up ? whole + 1 : whole);
}

function squareRoot(x: u32): u32 {
  if ((x & ~SIGN) == 0) return x;
  if (x >> 31) return NAN;
  if (x == INFINITY) return x;
  let m = u64(x & 0x7fffff);
  let field = i32(x >> 23);
  if (field == 0) {
    const shift = i32(clz<u64>(m)) - 40;
    m <<= shift;
    field = 1 - shift;
  } else {
    m |= 0x800000;
  }
  // x = radicand 2^(field - 173 - shift), an even exponent, and the root has 24 bits.
  const shift = (field & 1) ^ 1;
  const radicand = m << (23 + shift);
  let root = u64(Math.sqrt(f64(radicand)));
  while (root * root > radicand) root--;
  while ((root + 1) * (root + 1) <= radicand) root++;
  // (root + 1/2)^2 is root^2 + root + 1/4: no whole number.
  if (radicand > root * root + root) root++;
  return (u32(150 + ((field - 173 - shift) >> 1)) << 23) + u32(root - 0x800000);
}

function isSigned(dtype: i32): bool {
  return dtype == I8 || dtype == I16 || dtype == I32 || dtype == I64;
}

/** Toward zero, clamped, NaN to 0; as two's complement of `bits` bits. */
function toInteger(x: u32, bits: i32, signed: bool): u64 {
  const magnitude = x & ~SIGN;
  const negative = x >> 31 == 1;
  if (magnitude > INFINITY) return 0;
  const mask: u64 = ~(<u64>0) >> (64 - bits);
  const most: u64 = negative ? (signed ? (mask >> 1) + 1 : 0) : signed ? mask >> 1 : mask;
  const field = i32(magnitude >> 23);
  let whole: u64 = 0;
  if (field >= 191) {
    // 2^64 and more are beyond every limit.
    whole = most;
  } else if (field >= 127) {
    const m = u64((magnitude & 0x7fffff) | 0x800000);
    whole = min(field >= 150 ? m << (field - 150) : m >> (150 - field), most);
  }
  return (negative ? ~whole + 1 : whole) & mask;
}

/** The same number in binary64. */
function widened(x: u32): u64 {
  const magnitude = x & ~SIGN;
  if (magnitude > INFINITY) return 0x7ff8000000000000;
  const sign = u64(x & SIGN) << 32;
  const field = magnitude >> 23;
  if (field == 255) return sign | ((<u64>0x7ff) << 52);
  if (field > 0) return sign | ((u64(field) + 896) << 52) | (u64(magnitude & 0x7fffff) << 29);
  if (magnitude == 0) return sign;
  const length = 32 - clz<u32>(magnitude);
  return sign | ((u64(873 + length) << 52) + ((u64(magnitude) << (53 - length)) & 0xfffffffffffff));
}

/** A whole number in binary32, half to even: a carry runs into the exponent. */
function rounded(n: i64): u64 {
  const sign: u32 = n < 0 ? SIGN : 0;
  const m = u64(n < 0 ? -n : n);
  if (m < 0x1000000) return sign | ofInteger(u32(m));
  const places = 40 - i32(clz<u64>(m));
  const kept = u32(m >> places);
  const rest = m - (u64(kept) << places);
  const half: u64 = (<u64>1) << (places - 1);
  const up: u32 = rest > half || (rest == half && (kept & 1) == 1) ? 1 : 0;
  return sign | (((150 + places) << 23) + (kept - 0x800000) + up);
}

/** A whole number below 2^53 in binary64. */
function double(n: i64): u64 {
  if (n == 0) return 0;
  const m = u64(n < 0 ? -n : n);
  const length = 64 - i32(clz<u64>(m));
  return (n < 0 ? (<u64>1) << 63 : 0) | ((u64(1022 + length) << 52) + ((m << (53 - length)) & 0xfffffffffffff));
}

/** Of a number of at most 32 bits, which wraps. */
function ofWhole(fn: i32, from: i32, to: i32, bits: i32, x: u32): u64 {
  const n: i64 = from == I8 ? i64(i8(x)) : from == I16 ? i64(i16(x)) : from == I32 ? i64(i32(x)) : i64(x);
  const mask: u64 = ~(<u64>0) >> (64 - bits);
  switch (fn) {
    case COPY:
      return u64(x);
    case NEG:
      return u64(-n) & mask;
    case ABS:
      return u64(n < 0 ? -n : n) & mask;
    case SIGN_OF:
      return u64(n > 0 ? 1 : n < 0 ? -1 : 0) & mask;
    case NOT:
      return from == BOOL ? u64(1 - n) : u64(~n) & mask;
    default:
      if (to == BOOL) return n == 0 ? 0 : 1;
      if (to == F32) return rounded(n);
      return to == F64 ? double(n) : u64(n) & mask;
  }
}

function ofFloat(fn: i32, to: i32, bits: i32, x: u32): u64 {
  const magnitude = x & ~SIGN;
  const isNaN = magnitude > INFINITY;
  if (fn == IS_NAN) return isNaN ? 1 : 0;
  if (fn == IS_INF) return magnitude == INFINITY ? 1 : 0;
  if (to == BOOL) return magnitude == 0 ? 0 : 1;
  if (to == F64) return widened(x);
  if (to != F32) return toInteger(x, bits, isSigned(to));
  if (isNaN) return NAN;
  switch (fn) {
    case NEG:
      return x ^ SIGN;
    case ABS:
      return magnitude;
    case SIGN_OF:
      return magnitude == 0 ? x : (x & SIGN) | ONE;
    case FLOOR:
    case CEIL:
    case ROUND:
      return integral(fn, x);
    case SQRT:
      return squareRoot(x);
    default:
      return x;
  }
}

/** Bits of a value, in the low bits; `bits` is the width of dtype `to`. */
export function exact(fn: i32, from: i32, to: i32, bits: i32, x: u32): u64 {
  return from == F32 ? ofFloat(fn, to, bits, x) : ofWhole(fn, from, to, bits, x);
}

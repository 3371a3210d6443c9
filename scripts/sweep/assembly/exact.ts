/*
 * AssemblyScript: functions of one binary32 operand whose value needs no series, from bits to bits with integers alone.
 */

const NAN: u32 = 0x7fc00000;
const INFINITY: u32 = 0x7f800000;
const SIGN: u32 = 0x80000000;
const ONE: u32 = 0x3f800000;

/** Numbers of functions, as in scripts/sweep/exact.ts. */
const COPY = 0;
const NEG = 1;
const ABS = 2;
const SIGN_OF = 3;
const FLOOR = 4;
const CEIL = 5;
const ROUND = 6;
const SQRT = 7;
const IS_NAN = 8;
const IS_INF = 9;
const CAST_BOOL = 10;
const CAST_U8 = 11;
const CAST_I8 = 12;
const CAST_U16 = 13;
const CAST_I16 = 14;
const CAST_U32 = 15;
const CAST_I32 = 16;

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

/** f32 to an integer of `bits` bits: toward zero, clamped, NaN to 0; as two's complement. */
function toInteger(x: u32, bits: i32, signed: bool): u32 {
  const magnitude = x & ~SIGN;
  const negative = x >> 31 == 1;
  if (magnitude > INFINITY) return 0;
  const most: u64 = (<u64>1) << (signed ? bits - 1 : bits);
  const limit: u64 = negative ? (signed ? most : 0) : most - 1;
  const field = i32(magnitude >> 23);
  let whole: u64 = 0;
  if (field >= 127) {
    const m = u64((magnitude & 0x7fffff) | 0x800000);
    // 2^32 and more are beyond every limit.
    whole = field >= 159 ? (<u64>1) << 32 : field >= 150 ? m << (field - 150) : m >> (150 - field);
  }
  if (whole > limit) whole = limit;
  const mask: u64 = ((<u64>1) << bits) - 1;
  return u32((negative ? ~whole + 1 : whole) & mask);
}

/** Bits of a value, in the low bits. */
export function exact(which: i32, x: u32): u32 {
  const magnitude = x & ~SIGN;
  const isNaN = magnitude > INFINITY;
  switch (which) {
    case IS_NAN:
      return isNaN ? 1 : 0;
    case IS_INF:
      return magnitude == INFINITY ? 1 : 0;
    case CAST_BOOL:
      return magnitude == 0 ? 0 : 1;
    case CAST_U8:
      return toInteger(x, 8, false);
    case CAST_I8:
      return toInteger(x, 8, true);
    case CAST_U16:
      return toInteger(x, 16, false);
    case CAST_I16:
      return toInteger(x, 16, true);
    case CAST_U32:
      return toInteger(x, 32, false);
    case CAST_I32:
      return toInteger(x, 32, true);
    default:
      if (isNaN) return NAN;
  }
  switch (which) {
    case COPY:
      return x;
    case NEG:
      return x ^ SIGN;
    case ABS:
      return magnitude;
    case SIGN_OF:
      return magnitude == 0 ? x : (x & SIGN) | ONE;
    case SQRT:
      return squareRoot(x);
    default:
      return integral(which, x);
  }
}

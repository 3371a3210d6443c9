/*
 * The exact sum of products of binary32 numbers: a fixed-point number in digits of 32 bits, each held in 64 bits with room for
 * carries. One sum at a time.
 */

/** Exponent of the first digit's unit: a product is a multiple of 2^-298, and its last place as a binary64 number lies 52 bits lower. */
const UNIT: i32 = -352;
/** 352 + 256 bits of products, 31 of carries from 2^31 terms, 53 of the last piece. */
const DIGITS: i32 = 24;
const digits: usize = memory.data(192, 16);
const LAST: usize = digits + 8 * (<usize>DIGITS - 1);

let onlyNegativeZeros: bool = true;

export function clear(): void {
  memory.fill(digits, 0, 8 * DIGITS);
  onlyNegativeZeros = true;
}

/** Adds a finite product of two binary32 numbers, or one such number. */
export function accumulate(value: f64): void {
  const bits = reinterpret<u64>(value);
  onlyNegativeZeros = onlyNegativeZeros && bits == 0x8000000000000000;
  const exponent = (<i32>(bits >> 52)) & 2047;
  if (exponent == 0) return; // A zero.
  const mantissa = (bits & 0xfffffffffffff) | 0x10000000000000;
  const position = exponent - 1075 - UNIT;
  const shift = <u64>(position & 31);
  const low = <i64>((mantissa << shift) & 0xffffffff);
  const rest = mantissa >> (32 - shift);
  const middle = <i64>(rest & 0xffffffff);
  const high = <i64>(rest >> 32);
  // All ones for a negative number: x ^ sign - sign is -x then.
  const sign = (<i64>bits) >> 63;
  const at = digits + ((position >> 5) << 3);
  store<i64>(at, load<i64>(at) + (low ^ sign) - sign);
  store<i64>(at, load<i64>(at, 8) + (middle ^ sign) - sign, 8);
  store<i64>(at, load<i64>(at, 16) + (high ^ sign) - sign, 16);
}

/** RN(sum / divisor), for a divisor from 1 to 2^31 - 1. */
export function rounded(divisor: u32): f32 {
  carry();
  const isNegative = load<i64>(LAST) < 0;
  if (isNegative) {
    for (let at = digits; at <= LAST; at += 8) store<i64>(at, -load<i64>(at));
    carry();
  }
  const magnitude = roundDigits(divisor == 1 ? 0 : divide(divisor));
  if (magnitude >= 0) return isNegative ? -magnitude : magnitude;
  return onlyNegativeZeros ? -0.0 : 0.0;
}

/** Brings every digit but the last into [0, 2^32). */
function carry(): void {
  for (let at = digits; at < LAST; at += 8) {
    const digit = load<i64>(at);
    store<i64>(at, digit & 0xffffffff);
    store<i64>(at, load<i64>(at, 8) + (digit >> 32), 8);
  }
}

/** Divides the digits; returns the remainder. */
function divide(divisor: u64): u64 {
  let rest: u64 = 0;
  for (let at = LAST; at >= digits; at -= 8) {
    const part = (rest << 32) | load<u64>(at);
    store<u64>(at, part / divisor);
    rest = part % divisor;
  }
  return rest;
}

/** RN of the non-negative number in the digits, plus a part below their unit if `cut` is not 0; -1 if it is zero. */
function roundDigits(cut: u64): f32 {
  let top = LAST;
  while (top > digits && load<u64>(top) == 0) top -= 8;
  const first = load<u64>(top);
  if (first == 0) return cut == 0 ? -1 : 0;
  // 64 bits from the first one that is set; an odd bit below them stands for the rest, so that rounding meets no false tie.
  const second: u64 = top >= digits + 8 ? load<u64>(top - 8) : 0;
  const third: u64 = top >= digits + 16 ? load<u64>(top - 16) : 0;
  const head = (first << 32) | second;
  const zeros = clz(head);
  const bits = (head << zeros) | (((third << 32) >> (64 - zeros)) & (zeros == 0 ? 0 : ~(<u64>0)));
  let isSticky = cut != 0 || third << (32 + zeros) != 0;
  for (let at = digits; at + 24 <= top; at += 8) isSticky = isSticky || load<u64>(at) != 0;
  const kept = (bits >> 11) | ((bits & 2047) != 0 || isSticky ? 1 : 0);
  const digit = <i32>((top - digits) >> 3);
  const exponent = 32 * (digit - 1) + UNIT - <i32>zeros + 11;
  // Exact: 53 bits, and far from the ends of binary64.
  return <f32>reinterpret<f64>(reinterpret<u64>(<f64>kept) + ((<u64>exponent) << 52));
}

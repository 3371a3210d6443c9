/*
 * AssemblyScript: functions of two operands, and fma, at random ones. A sum, product or quotient in binary64 that is rounded again is
 * RN of the exact one, as 53 >= 2 * 24 + 2, where the executor uses binary32 instructions; remainders are divided out in integers.
 */

import { constantsAt, power, UNDECIDED } from "./powers";
import { whole } from "./wholes";

export { constantsAt };

const NAN: u32 = 0x7fc00000;
const INFINITY: u32 = 0x7f800000;
const SIGN: u32 = 0x80000000;
/** Pairs at a time. */
const CHUNK: i32 = 1 << 16;

/** Codes of functions and dtypes, as in src/audit/graph.ts. */
const ADD = 32;
const SUB = 33;
const MUL = 34;
const DIV = 35;
const MIN = 36;
const MAX = 37;
const POW = 38;
const MOD = 39;
const FMOD = 40;
const EQ = 46;
const LT = 47;
const LE = 48;
const FMA = 55;
const F32 = 1;

const left = heap.alloc(4 * CHUNK);
const right = heap.alloc(4 * CHUNK);
const third = heap.alloc(4 * CHUNK);
const results = heap.alloc(4 * CHUNK);
export function leftAt(): usize {
  return left;
}
export function rightAt(): usize {
  return right;
}
export function thirdAt(): usize {
  return third;
}
export function resultsAt(): usize {
  return results;
}

let state: u64 = 0;
export function seed(value: u32): void {
  state = value;
}

/** splitmix64. */
function next(): u64 {
  state += 0x9e3779b97f4a7c15;
  let z = state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

/** Zeros, ends of the ranges, 1, infinity, NaN: and what lies up to two units around them. */
function special(random: u32): u32 {
  let base: u32 = 0;
  switch (random & 7) {
    case 0:
      base = 2;
      break;
    case 1:
      base = 0x00800000;
      break;
    case 2:
      base = 0x3f800000;
      break;
    case 3:
      base = 0x4b800000;
      break;
    case 4:
      base = 0x7f7ffffe;
      break;
    case 5:
      base = 0x7fc00000;
      break;
    case 6:
      base = 0x00400000;
      break;
    default:
      return (random & SIGN) | 0;
  }
  return (random & SIGN) | (base + ((random >> 3) & 3) - 2);
}

/** Any bits; near exponents; few bits, whose sums and products meet ties; neighbours; specials; subnormals. */
function fillFloats(): void {
  for (let i = 0; i < CHUNK; i++) {
    const random = next();
    const more = next();
    let x = u32(random);
    let y = u32(random >> 32);
    switch (u32(more & 7)) {
      case 0:
        x = special(x);
        break;
      case 1:
        y = special(y);
        break;
      case 2:
        y = (y & ~(<u32>0x7f800000)) | (((((x >> 23) & 255) + (u32(more >> 3) & 31) - 16) & 255) << 23);
        break;
      case 3:
        x &= 0xfff00000;
        y &= 0xfffff000;
        break;
      case 4:
        y = (x ^ (y & SIGN)) + (u32(more >> 3) & 7) - 4;
        break;
      case 5:
        x &= 0x80ffffff;
        break;
    }
    store<u32>(left + 4 * i, x);
    store<u32>(right + 4 * i, y);
  }
}

/** Bases and exponents whose power is mostly in range; whole exponents and roots; a base near 1; any bits. */
function fillPowers(): void {
  for (let i = 0; i < CHUNK; i++) {
    const random = next();
    const more = next();
    let x = u32(random);
    let y = u32(random >> 32);
    // From -152 to 130.
    const target = (f64(more >> 32) / 4294967296) * 282 - 152;
    const kind = u32(more & 7);
    if (kind == 0) {
      x = special(x);
    } else if (kind == 1) {
      y = special(y);
    } else if (kind == 2) {
      // Small numbers and their powers: exact ones and ties.
      x = reinterpret<u32>(f32((x & 0xfff) + 1) * f32(y >> 31 ? 0.125 : 1)) | (x & SIGN);
      y = reinterpret<u32>(f32((y & 15) + 1) * f32(y & 16 ? 0.25 : 1));
    } else if (kind < 7) {
      if (kind < 5) x &= ~SIGN;
      if (kind == 3) x = 0x3f800000 + (i32(x) >> 14);
      const log = Math.log2(f64(reinterpret<f32>(x & ~SIGN)));
      let exponent = target / log;
      if (kind > 4) exponent = nearest<f64>(exponent);
      y = reinterpret<u32>(f32(exponent));
    }
    store<u32>(left + 4 * i, x);
    store<u32>(right + 4 * i, y);
  }
}

/** Like products and what cancels them, wholly or nearly; far smaller and far larger ones; any bits. */
function fillThird(): void {
  for (let i = 0; i < CHUNK; i++) {
    const random = next();
    const kind = u32(random & 3);
    let z = u32(random >> 32);
    const product = reinterpret<u32>(load<f32>(left + 4 * i) * load<f32>(right + 4 * i));
    if (kind == 0) z = (product ^ SIGN) + (z & 7) - 4;
    else if (kind == 1) z = (z & 0x807fffff) | (((product & INFINITY) + (((z >> 23) & 63) - 32) * 0x800000) % INFINITY);
    else if (kind == 2) z &= 0xfff00000;
    store<u32>(third + 4 * i, z);
  }
}

/** Any bits; few; near ends and zero; near each other. All pairs of bytes. */
function fillWholes(bytes: i32, most: u32): void {
  for (let i = 0; i < CHUNK; i++) {
    let x: u32 = i;
    let y: u32 = i >> 8;
    if (bytes > 1) {
      const random = next();
      const more = u32(next());
      x = u32(random);
      y = u32(random >> 32);
      const end: u32 = (1 << (8 * bytes - 1)) + ((more >> 8) & 3) - 2;
      if ((more & 7) == 0) x = end;
      else if ((more & 7) == 1) y = end;
      else if ((more & 7) == 2) y = (y & 63) - 16;
      else if ((more & 7) == 3) x = y + (x & 3) - 1;
      else if ((more & 7) == 4) x >>= y & 31;
      else if ((more & 7) == 5) y >>= x & 31;
    }
    x &= most;
    y &= most;
    if (bytes == 1) {
      store<u8>(left + i, x);
      store<u8>(right + i, y);
    } else if (bytes == 2) {
      store<u16>(left + 2 * i, x);
      store<u16>(right + 2 * i, y);
    } else {
      store<u32>(left + 4 * i, x);
      store<u32>(right + 4 * i, y);
    }
  }
}

/** Operands of a function; `most` is the largest bits of an integer of `bytes`. */
export function fill(fn: i32, dtype: i32, bytes: i32, most: u32): void {
  if (dtype != F32) {
    fillWholes(bytes, most);
  } else if (fn == POW) {
    fillPowers();
  } else {
    fillFloats();
    if (fn == FMA) fillThird();
  }
}

/** x - y trunc(x / y) for finite x and y, y not 0, by long division of their significands. */
function remainder(x: u32, y: u32): u32 {
  const a = x & ~SIGN;
  const b = y & ~SIGN;
  let ea = i32(max<u32>(a >> 23, 1));
  const eb = i32(max<u32>(b >> 23, 1));
  let r = u64(a >> 23 == 0 ? a : (a & 0x7fffff) | 0x800000);
  const d = u64(b >> 23 == 0 ? b : (b & 0x7fffff) | 0x800000);
  let e = ea;
  if (ea >= eb) {
    while (e > eb) {
      const step = min(e - eb, 38);
      r = (r << step) % d;
      e -= step;
    }
    r %= d;
  }
  if (r == 0) return x & SIGN;
  // r 2^(e - 150), r below 2^24: brought back to the form of a float.
  while (r < 0x800000 && e > 1) {
    r <<= 1;
    e--;
  }
  return (x & SIGN) | (r < 0x800000 ? u32(r) : (u32(e) << 23) | (u32(r) & 0x7fffff));
}

/** RN(f g + h): the sum of the exact product and h leaves a rest, which matters only where it lies on a midpoint. */
function fma(f: f64, g: f64, h: f64): f32 {
  const product = f * g;
  const sum = product + h;
  const exponent = max(i64((reinterpret<u64>(sum) >> 52) & 0x7ff) - 1023, -126);
  if (exponent > 127 || sum == 0) return f32(sum);
  const k = sum - product;
  const rest = product - (sum - k) + (h - k);
  const unit = reinterpret<f64>(u64(exponent - 23 + 1023) << 52);
  const size = abs(sum);
  const below = floor(size / unit) * unit;
  if (rest == 0 || size - below != unit / 2) return f32(sum);
  const magnitude = rest > 0 == sum > 0 ? below + unit : below;
  return f32(sum < 0 ? -magnitude : magnitude);
}

function pair(which: i32, x: u32, y: u32, z: u32): u32 {
  if (which == POW) return power(x, y);
  const f = reinterpret<f32>(x);
  const g = reinterpret<f32>(y);
  let value: f32 = 0;
  switch (which) {
    case ADD:
      value = f32(f64(f) + f64(g));
      break;
    case SUB:
      value = f32(f64(f) - f64(g));
      break;
    case MUL:
      value = f32(f64(f) * f64(g));
      break;
    case DIV:
      value = f32(f64(f) / f64(g));
      break;
    case MIN:
      value = min(f, g);
      break;
    case MAX:
      value = max(f, g);
      break;
    case EQ:
      return f == g ? 1 : 0;
    case LT:
      return f < g ? 1 : 0;
    case LE:
      return f <= g ? 1 : 0;
    case FMA:
      value = fma(f64(f), f64(g), f64(reinterpret<f32>(z)));
      break;
    case MOD:
    case FMOD: {
      const a = x & ~SIGN;
      const b = y & ~SIGN;
      if (a >= INFINITY || b > INFINITY || b == 0) return NAN;
      const agree = (x ^ y) >> 31 == 0;
      if (b == INFINITY) return which == FMOD || a == 0 || agree ? x : y;
      const rest = remainder(x, y);
      if (which == FMOD) return rest;
      if ((rest & ~SIGN) == 0) return y & SIGN;
      if (agree) return rest;
      value = f32(f64(reinterpret<f32>(rest)) + f64(g));
      break;
    }
    default:
      value = f < 0 ? f32(f64(f) * f64(g)) : f;
  }
  return value != value ? NAN : reinterpret<u32>(value);
}

function at(p: usize, bytes: i32, i: i32): u32 {
  return bytes == 1 ? u32(load<u8>(p + i)) : bytes == 2 ? u32(load<u16>(p + 2 * i)) : load<u32>(p + 4 * i);
}

/**
 * The first place from `start` on where the results, of `width` bytes, differ from `which`, -1 if there is none. Places that have to be
 * decided elsewhere count as such.
 */
export function firstDifference(which: i32, dtype: i32, bytes: i32, width: i32, start: i32, end: i32): i32 {
  for (let i = start; i < end; i++) {
    const x = at(left, bytes, i);
    const y = at(right, bytes, i);
    const expected = dtype == F32 ? pair(which, x, y, load<u32>(third + 4 * i)) : whole(which, dtype, bytes, x, y);
    if (at(results, width, i) != expected) return i;
  }
  return -1;
}

/** Whether only exact arithmetic can tell the power at this place. */
export function isUndecided(place: i32): bool {
  return power(load<u32>(left + 4 * place), load<u32>(right + 4 * place)) == UNDECIDED;
}

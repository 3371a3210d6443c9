/*
 * AssemblyScript: functions of two binary32 operands at random pairs. A sum, product or quotient in binary64 that is rounded again is
 * RN of the exact one, as 53 >= 2 * 24 + 2, where the executor uses binary32 instructions; remainders are divided out in integers.
 */

const NAN: u32 = 0x7fc00000;
const INFINITY: u32 = 0x7f800000;
const SIGN: u32 = 0x80000000;
/** Pairs at a time. */
const CHUNK: i32 = 1 << 16;

/** Numbers of functions, as in scripts/sweep/pairs.ts. */
const ADD = 0;
const SUB = 1;
const MUL = 2;
const DIV = 3;
const MIN = 4;
const MAX = 5;
const MOD = 6;
const FMOD = 7;

const left = heap.alloc(4 * CHUNK);
const right = heap.alloc(4 * CHUNK);
const results = heap.alloc(4 * CHUNK);
export function leftAt(): usize {
  return left;
}
export function rightAt(): usize {
  return right;
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
export function fill(): void {
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

function pair(which: i32, x: u32, y: u32): u32 {
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

/** The first place where the results differ from `which`, -1 if there is none. */
export function firstDifference(which: i32): i32 {
  for (let i = 0; i < CHUNK; i++) {
    if (load<u32>(results + 4 * i) != pair(which, load<u32>(left + 4 * i), load<u32>(right + 4 * i))) return i;
  }
  return -1;
}

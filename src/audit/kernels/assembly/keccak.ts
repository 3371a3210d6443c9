/*
 * keccak256 of two messages at a time, one in each lane of 128-bit registers (FIPS 202 with the padding of the original Keccak).
 */

/** Bytes that the permutation absorbs at a time. */
const RATE: usize = 136;

/** Round constants of iota. */
// prettier-ignore
const CONSTANTS: usize = memory.data<u64>([
  0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000, 0x000000000000808b, 0x0000000080000001,
  0x8000000080008081, 0x8000000000008009, 0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
  0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003, 0x8000000000008002, 0x8000000000000080,
  0x000000000000800a, 0x800000008000000a, 0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
]);

/** 25 words of each of two messages. */
const STATE: usize = memory.data(25 * 16, 16);
/** The last, padded block of each of two messages. */
const TAIL: usize = memory.data(2 * 136, 16);
/** The digest of a second message that does not exist. */
const NOWHERE: usize = memory.data(32, 16);

/** Room for what is hashed, and for the digests of at most 1,024 messages. */
const INPUT: usize = memory.data(65536, 16);
const OUTPUT: usize = memory.data(32768, 16);

export function input(): usize {
  return INPUT;
}

export function output(): usize {
  return OUTPUT;
}

function rotate(x: v128, n: i32): v128 {
  return v128.or(i64x2.shl(x, n), i64x2.shr_u(x, 64 - n));
}

function xor5(a: v128, b: v128, c: v128, d: v128, e: v128): v128 {
  return v128.xor(v128.xor(v128.xor(a, b), v128.xor(c, d)), e);
}

/** a ^ (~b & c) */
function chi(a: v128, b: v128, c: v128): v128 {
  return v128.xor(a, v128.andnot(c, b));
}

function both(p: usize, q: usize, i: usize): v128 {
  return v128.load64_lane(q + 8 * i, v128.load64_zero(p + 8 * i), 1);
}

/** Absorbs `blocks` whole blocks at `p` and `q` into the state. */
function absorb(p: usize, q: usize, blocks: usize): void {
  let a00 = v128.load(STATE, 0),
    a01 = v128.load(STATE, 16),
    a02 = v128.load(STATE, 32),
    a03 = v128.load(STATE, 48),
    a04 = v128.load(STATE, 64);
  let a05 = v128.load(STATE, 80),
    a06 = v128.load(STATE, 96),
    a07 = v128.load(STATE, 112),
    a08 = v128.load(STATE, 128),
    a09 = v128.load(STATE, 144);
  let a10 = v128.load(STATE, 160),
    a11 = v128.load(STATE, 176),
    a12 = v128.load(STATE, 192),
    a13 = v128.load(STATE, 208),
    a14 = v128.load(STATE, 224);
  let a15 = v128.load(STATE, 240),
    a16 = v128.load(STATE, 256),
    a17 = v128.load(STATE, 272),
    a18 = v128.load(STATE, 288),
    a19 = v128.load(STATE, 304);
  let a20 = v128.load(STATE, 320),
    a21 = v128.load(STATE, 336),
    a22 = v128.load(STATE, 352),
    a23 = v128.load(STATE, 368),
    a24 = v128.load(STATE, 384);
  for (let block: usize = 0; block < blocks; block++) {
    a00 = v128.xor(a00, both(p, q, 0));
    a01 = v128.xor(a01, both(p, q, 1));
    a02 = v128.xor(a02, both(p, q, 2));
    a03 = v128.xor(a03, both(p, q, 3));
    a04 = v128.xor(a04, both(p, q, 4));
    a05 = v128.xor(a05, both(p, q, 5));
    a06 = v128.xor(a06, both(p, q, 6));
    a07 = v128.xor(a07, both(p, q, 7));
    a08 = v128.xor(a08, both(p, q, 8));
    a09 = v128.xor(a09, both(p, q, 9));
    a10 = v128.xor(a10, both(p, q, 10));
    a11 = v128.xor(a11, both(p, q, 11));
    a12 = v128.xor(a12, both(p, q, 12));
    a13 = v128.xor(a13, both(p, q, 13));
    a14 = v128.xor(a14, both(p, q, 14));
    a15 = v128.xor(a15, both(p, q, 15));
    a16 = v128.xor(a16, both(p, q, 16));
    p += RATE;
    q += RATE;
    for (let round: usize = 0; round < 24 * 8; round += 8) {
      const c0 = xor5(a00, a05, a10, a15, a20),
        c1 = xor5(a01, a06, a11, a16, a21),
        c2 = xor5(a02, a07, a12, a17, a22);
      const c3 = xor5(a03, a08, a13, a18, a23),
        c4 = xor5(a04, a09, a14, a19, a24);
      const d0 = v128.xor(c4, rotate(c1, 1)),
        d1 = v128.xor(c0, rotate(c2, 1)),
        d2 = v128.xor(c1, rotate(c3, 1));
      const d3 = v128.xor(c2, rotate(c4, 1)),
        d4 = v128.xor(c3, rotate(c0, 1));
      const b00 = v128.xor(a00, d0),
        b01 = rotate(v128.xor(a06, d1), 44),
        b02 = rotate(v128.xor(a12, d2), 43);
      const b03 = rotate(v128.xor(a18, d3), 21),
        b04 = rotate(v128.xor(a24, d4), 14);
      const b05 = rotate(v128.xor(a03, d3), 28),
        b06 = rotate(v128.xor(a09, d4), 20),
        b07 = rotate(v128.xor(a10, d0), 3);
      const b08 = rotate(v128.xor(a16, d1), 45),
        b09 = rotate(v128.xor(a22, d2), 61);
      const b10 = rotate(v128.xor(a01, d1), 1),
        b11 = rotate(v128.xor(a07, d2), 6),
        b12 = rotate(v128.xor(a13, d3), 25);
      const b13 = rotate(v128.xor(a19, d4), 8),
        b14 = rotate(v128.xor(a20, d0), 18);
      const b15 = rotate(v128.xor(a04, d4), 27),
        b16 = rotate(v128.xor(a05, d0), 36),
        b17 = rotate(v128.xor(a11, d1), 10);
      const b18 = rotate(v128.xor(a17, d2), 15),
        b19 = rotate(v128.xor(a23, d3), 56);
      const b20 = rotate(v128.xor(a02, d2), 62),
        b21 = rotate(v128.xor(a08, d3), 55),
        b22 = rotate(v128.xor(a14, d4), 39);
      const b23 = rotate(v128.xor(a15, d0), 41),
        b24 = rotate(v128.xor(a21, d1), 2);
      a00 = v128.xor(chi(b00, b01, b02), v128.load_splat<u64>(CONSTANTS + round));
      a01 = chi(b01, b02, b03);
      a02 = chi(b02, b03, b04);
      a03 = chi(b03, b04, b00);
      a04 = chi(b04, b00, b01);
      a05 = chi(b05, b06, b07);
      a06 = chi(b06, b07, b08);
      a07 = chi(b07, b08, b09);
      a08 = chi(b08, b09, b05);
      a09 = chi(b09, b05, b06);
      a10 = chi(b10, b11, b12);
      a11 = chi(b11, b12, b13);
      a12 = chi(b12, b13, b14);
      a13 = chi(b13, b14, b10);
      a14 = chi(b14, b10, b11);
      a15 = chi(b15, b16, b17);
      a16 = chi(b16, b17, b18);
      a17 = chi(b17, b18, b19);
      a18 = chi(b18, b19, b15);
      a19 = chi(b19, b15, b16);
      a20 = chi(b20, b21, b22);
      a21 = chi(b21, b22, b23);
      a22 = chi(b22, b23, b24);
      a23 = chi(b23, b24, b20);
      a24 = chi(b24, b20, b21);
    }
  }
  v128.store(STATE, a00, 0);
  v128.store(STATE, a01, 16);
  v128.store(STATE, a02, 32);
  v128.store(STATE, a03, 48);
  v128.store(STATE, a04, 64);
  v128.store(STATE, a05, 80);
  v128.store(STATE, a06, 96);
  v128.store(STATE, a07, 112);
  v128.store(STATE, a08, 128);
  v128.store(STATE, a09, 144);
  v128.store(STATE, a10, 160);
  v128.store(STATE, a11, 176);
  v128.store(STATE, a12, 192);
  v128.store(STATE, a13, 208);
  v128.store(STATE, a14, 224);
  v128.store(STATE, a15, 240);
  v128.store(STATE, a16, 256);
  v128.store(STATE, a17, 272);
  v128.store(STATE, a18, 288);
  v128.store(STATE, a19, 304);
  v128.store(STATE, a20, 320);
  v128.store(STATE, a21, 336);
  v128.store(STATE, a22, 352);
  v128.store(STATE, a23, 368);
  v128.store(STATE, a24, 384);
}

/** Forgets what was absorbed. */
export function start(): void {
  memory.fill(STATE, 0, 25 * 16);
}

/** Absorbs whole blocks of one long message, which lie in the input. */
export function absorbInput(blocks: usize): void {
  absorb(INPUT, INPUT, blocks);
}

/** Absorbs the last `rest` bytes (fewer than a block) of two messages and writes their digests. */
function finish(p: usize, q: usize, rest: usize, first: usize, second: usize): void {
  memory.fill(TAIL, 0, 2 * RATE);
  memory.copy(TAIL, p, rest);
  memory.copy(TAIL + RATE, q, rest);
  store<u8>(TAIL + rest, 1);
  store<u8>(TAIL + RATE + rest, 1);
  store<u8>(TAIL + RATE - 1, load<u8>(TAIL + RATE - 1) | 0x80);
  store<u8>(TAIL + 2 * RATE - 1, load<u8>(TAIL + 2 * RATE - 1) | 0x80);
  absorb(TAIL, TAIL + RATE, 1);
  for (let word: usize = 0; word < 4; word++) {
    store<u64>(first + 8 * word, load<u64>(STATE + 16 * word));
    store<u64>(second + 8 * word, load<u64>(STATE + 16 * word + 8));
  }
}

/** Absorbs the last `size` bytes of one long message, which lie in the input, and writes its digest. */
export function finishInput(size: usize): void {
  const blocks = size / RATE;
  const whole = blocks * RATE;
  absorb(INPUT, INPUT, blocks);
  finish(INPUT + whole, INPUT + whole, size - whole, OUTPUT, NOWHERE);
}

/** Writes the digests of `count` messages of `size` bytes each, which lie one after the other in the input. */
export function hashEach(count: usize, size: usize): void {
  const blocks = size / RATE;
  const whole = blocks * RATE;
  for (let i: usize = 0; i < count; i += 2) {
    const p = INPUT + i * size;
    const paired = i + 1 < count;
    const q = paired ? p + size : p;
    const to = OUTPUT + 32 * i;
    start();
    absorb(p, q, blocks);
    finish(p + whole, q + whole, size - whole, to, paired ? to + 32 : NOWHERE);
  }
}

/*
 * Committed form of elements as a little-endian host holds them (docs/audit.md, 1 and 2), in place, 16 bytes at a time.
 */

/** Elements of 2, 4 or 8 bytes become big-endian. */
export function swap(bytes: usize, width: usize): void {
  const end = INPUT + bytes;
  if (width === 2) for (let p = INPUT; p < end; p += 16) v128.store(p, swap2(v128.load(p)));
  if (width === 4) for (let p = INPUT; p < end; p += 16) v128.store(p, swap4(v128.load(p)));
  if (width === 8) for (let p = INPUT; p < end; p += 16) v128.store(p, swap8(v128.load(p)));
}

/** Every binary32 NaN becomes 0x7fc00000, then all elements big-endian. */
export function swapFloats(bytes: usize): void {
  const end = INPUT + bytes;
  for (let p = INPUT; p < end; p += 16) {
    const x = v128.load(p);
    v128.store(p, swap4(v128.bitselect(i32x4.splat(0x7fc00000), x, f32x4.ne(x, x))));
  }
}

/** Every binary64 NaN becomes 0x7ff8000000000000, then all elements big-endian. */
export function swapDoubles(bytes: usize): void {
  const end = INPUT + bytes;
  for (let p = INPUT; p < end; p += 16) {
    const x = v128.load(p);
    v128.store(p, swap8(v128.bitselect(i64x2.splat(0x7ff8000000000000), x, f64x2.ne(x, x))));
  }
}

/** Every byte that is not 0 becomes 1. */
export function normaliseBools(bytes: usize): void {
  const end = INPUT + bytes;
  for (let p = INPUT; p < end; p += 16) {
    v128.store(p, v128.and(i8x16.ne(v128.load(p), i8x16.splat(0)), i8x16.splat(1)));
  }
}

function swap2(x: v128): v128 {
  return v128.shuffle<u8>(x, x, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14);
}

function swap4(x: v128): v128 {
  return v128.shuffle<u8>(x, x, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
}

function swap8(x: v128): v128 {
  return v128.shuffle<u8>(x, x, 7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8);
}

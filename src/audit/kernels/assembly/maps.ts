/*
 * Scalar functions of binary32 numbers over arrays, four at a time. WebAssembly's own operations round as the audit machine asks
 * (to nearest, ties to even), let NaN through `min` and `max`, and put -0 below +0 there.
 *
 * `a`, `b` and `out` are addresses, `n` a number of elements. An operand moves by `aStep` or `bStep` bytes for every four results:
 * 16, or 0 where the same four numbers serve all. Up to three numbers behind the last one are read and written.
 */

export function add(a: usize, aStep: usize, b: usize, bStep: usize, out: usize, n: i32): void {
  for (const end = out + (n << 2); out < end; out += 16, a += aStep, b += bStep) {
    v128.store(out, f32x4.add(v128.load(a), v128.load(b)));
  }
}

export function sub(a: usize, aStep: usize, b: usize, bStep: usize, out: usize, n: i32): void {
  for (const end = out + (n << 2); out < end; out += 16, a += aStep, b += bStep) {
    v128.store(out, f32x4.sub(v128.load(a), v128.load(b)));
  }
}

export function mul(a: usize, aStep: usize, b: usize, bStep: usize, out: usize, n: i32): void {
  for (const end = out + (n << 2); out < end; out += 16, a += aStep, b += bStep) {
    v128.store(out, f32x4.mul(v128.load(a), v128.load(b)));
  }
}

export function div(a: usize, aStep: usize, b: usize, bStep: usize, out: usize, n: i32): void {
  for (const end = out + (n << 2); out < end; out += 16, a += aStep, b += bStep) {
    v128.store(out, f32x4.div(v128.load(a), v128.load(b)));
  }
}

export function min(a: usize, aStep: usize, b: usize, bStep: usize, out: usize, n: i32): void {
  for (const end = out + (n << 2); out < end; out += 16, a += aStep, b += bStep) {
    v128.store(out, f32x4.min(v128.load(a), v128.load(b)));
  }
}

export function max(a: usize, aStep: usize, b: usize, bStep: usize, out: usize, n: i32): void {
  for (const end = out + (n << 2); out < end; out += 16, a += aStep, b += bStep) {
    v128.store(out, f32x4.max(v128.load(a), v128.load(b)));
  }
}

/** Gives every NaN of an array the canonical bits. */
export function canonicalise(at: usize, n: i32): void {
  const canonical = i32x4.splat(0x7fc00000);
  for (const end = at + (n << 2); at < end; at += 16) {
    const x = v128.load(at);
    const isNumber = f32x4.eq(x, x);
    if (!i32x4.all_true(isNumber)) v128.store(at, v128.bitselect(x, canonical, isNumber));
  }
}

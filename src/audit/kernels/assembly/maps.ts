/*
 * Scalar functions of binary32 numbers over arrays, four at a time. WebAssembly's own operations round as the audit machine asks
 * (to nearest, ties to even), let NaN through `min` and `max`, and put -0 below +0 there.
 *
 * `a`, `b` and `out` are addresses, `n` a number of elements.
 */

export function add(a: usize, b: usize, out: usize, n: i32): void {
  for (; n >= 4; n -= 4, a += 16, b += 16, out += 16) v128.store(out, f32x4.add(v128.load(a), v128.load(b)));
  for (; n > 0; n--, a += 4, b += 4, out += 4) store<f32>(out, load<f32>(a) + load<f32>(b));
}

export function sub(a: usize, b: usize, out: usize, n: i32): void {
  for (; n >= 4; n -= 4, a += 16, b += 16, out += 16) v128.store(out, f32x4.sub(v128.load(a), v128.load(b)));
  for (; n > 0; n--, a += 4, b += 4, out += 4) store<f32>(out, load<f32>(a) - load<f32>(b));
}

export function mul(a: usize, b: usize, out: usize, n: i32): void {
  for (; n >= 4; n -= 4, a += 16, b += 16, out += 16) v128.store(out, f32x4.mul(v128.load(a), v128.load(b)));
  for (; n > 0; n--, a += 4, b += 4, out += 4) store<f32>(out, load<f32>(a) * load<f32>(b));
}

export function div(a: usize, b: usize, out: usize, n: i32): void {
  for (; n >= 4; n -= 4, a += 16, b += 16, out += 16) v128.store(out, f32x4.div(v128.load(a), v128.load(b)));
  for (; n > 0; n--, a += 4, b += 4, out += 4) store<f32>(out, load<f32>(a) / load<f32>(b));
}

export function minimum(a: usize, b: usize, out: usize, n: i32): void {
  for (; n >= 4; n -= 4, a += 16, b += 16, out += 16) v128.store(out, f32x4.min(v128.load(a), v128.load(b)));
  for (; n > 0; n--, a += 4, b += 4, out += 4) store<f32>(out, min(load<f32>(a), load<f32>(b)));
}

export function maximum(a: usize, b: usize, out: usize, n: i32): void {
  for (; n >= 4; n -= 4, a += 16, b += 16, out += 16) v128.store(out, f32x4.max(v128.load(a), v128.load(b)));
  for (; n > 0; n--, a += 4, b += 4, out += 4) store<f32>(out, max(load<f32>(a), load<f32>(b)));
}

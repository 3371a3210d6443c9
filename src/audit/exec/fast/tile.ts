/*
 * Sums of products in binary64, in blocks of 64 terms so that the rounding error of a long sum stays small: no sum here passes
 * through more than `summationDepth` additions. Every sum starts at -0, the neutral element: it stays -0 only if all terms are.
 */

const BLOCK = 64;

/** Bound on the additions that any term of a sum of `count` passes through, with one more for a bias. */
export function summationDepth(count: number): number {
  return Math.min(count, BLOCK) + Math.ceil(count / BLOCK);
}

/** A matrix in an array: element (i, k) at `i * row + k * step`. */
export interface Matrix {
  readonly data: Float64Array;
  readonly row: number;
  readonly step: number;
}

/** Rows `i .. i+3` of `a` times rows `j`, `j+1` of `b`, row by row into `out` from 2i on. */
export function tile4x2(a: Matrix, i: number, b: Matrix, j: number, count: number, out: Float64Array): void {
  const x = a.data;
  const y = b.data;
  const xStep = a.step;
  const yStep = b.step;
  const x1 = a.row;
  const x2 = 2 * x1;
  const x3 = 3 * x1;
  const y1 = b.row;
  let p = i * x1;
  let q = j * y1;
  const o = 2 * i;
  out.fill(-0, o, o + 8);
  for (let k = 0; k < count;) {
    const end = Math.min(count, k + BLOCK);
    let s00 = -0;
    let s01 = -0;
    let s10 = -0;
    let s11 = -0;
    let s20 = -0;
    let s21 = -0;
    let s30 = -0;
    let s31 = -0;
    for (; k < end; k++) {
      const u = y[q]!;
      const v = y[q + y1]!;
      const r0 = x[p]!;
      s00 += r0 * u;
      s01 += r0 * v;
      const r1 = x[p + x1]!;
      s10 += r1 * u;
      s11 += r1 * v;
      const r2 = x[p + x2]!;
      s20 += r2 * u;
      s21 += r2 * v;
      const r3 = x[p + x3]!;
      s30 += r3 * u;
      s31 += r3 * v;
      p += xStep;
      q += yStep;
    }
    out[o]! += s00;
    out[o + 1]! += s01;
    out[o + 2]! += s10;
    out[o + 3]! += s11;
    out[o + 4]! += s20;
    out[o + 5]! += s21;
    out[o + 6]! += s30;
    out[o + 7]! += s31;
  }
}

/** Rows `i .. i+3` of `a` times row `j` of `b`, into `out` from i on. */
export function tile4x1(a: Matrix, i: number, b: Matrix, j: number, count: number, out: Float64Array): void {
  const x = a.data;
  const y = b.data;
  const xStep = a.step;
  const yStep = b.step;
  const x1 = a.row;
  const x2 = 2 * x1;
  const x3 = 3 * x1;
  let p = i * x1;
  let q = j * b.row;
  out.fill(-0, i, i + 4);
  for (let k = 0; k < count;) {
    const end = Math.min(count, k + BLOCK);
    let s0 = -0;
    let s1 = -0;
    let s2 = -0;
    let s3 = -0;
    for (; k < end; k++) {
      const u = y[q]!;
      s0 += x[p]! * u;
      s1 += x[p + x1]! * u;
      s2 += x[p + x2]! * u;
      s3 += x[p + x3]! * u;
      p += xStep;
      q += yStep;
    }
    out[i]! += s0;
    out[i + 1]! += s1;
    out[i + 2]! += s2;
    out[i + 3]! += s3;
  }
}

/** Row `i` of `a` times row `j` of `b`. */
export function tile1x1(a: Matrix, i: number, b: Matrix, j: number, count: number): number {
  const x = a.data;
  const y = b.data;
  let p = i * a.row;
  let q = j * b.row;
  let total = -0;
  for (let k = 0; k < count;) {
    const end = Math.min(count, k + BLOCK);
    let sum = -0;
    for (; k < end; k++) {
      sum += x[p]! * y[q]!;
      p += a.step;
      q += b.step;
    }
    total += sum;
  }
  return total;
}

import { multiplyAdd } from "./arithmetic";
import { BLOCK_ROWS, exactly, round } from "./round";

/*
 * Sums of products of binary32 numbers, in binary64: of `rows` windows with `lanes` columns of numbers.
 *
 * Windows lie in an image of binary64 numbers: term k of row r at `image + load(rowAt + 4r) + load(offsets + 4k)`, all in bytes.
 * Sums go to `sums`, row after row, `lanes` numbers each. The caller pads: `rowAt` to a whole number of sixes with rows to compute
 * and forget, lanes to a whole number of fours (of eights for windows of their own), the image by 64 bytes.
 *
 * Every sum is formed in blocks of 64 terms, so that no term passes through more than 64 + ceil(terms / 64) additions, and starts
 * at -0, the neutral element: it stays -0 only if all terms are. A product of two binary32 numbers is exact in binary64, so
 * fusing it with an addition leaves out a rounding that changes nothing.
 */

const BLOCK: i32 = 64;

/** Six rows times four lanes, whose numbers lie in a panel: four to a term. As many sums as the registers of x64 hold. */
function tile(image: usize, rowAt: usize, offsets: usize, terms: i32, panel: usize, sums: usize, step: usize): void {
  const row0 = image + load<u32>(rowAt);
  const row1 = image + load<u32>(rowAt, 4);
  const row2 = image + load<u32>(rowAt, 8);
  const row3 = image + load<u32>(rowAt, 12);
  const row4 = image + load<u32>(rowAt, 16);
  const row5 = image + load<u32>(rowAt, 20);
  const zero = f64x2.splat(-0.0);
  let isFirst = true;
  for (let left = terms; left > 0; left -= BLOCK) {
    const end = offsets + ((<usize>min(left, BLOCK)) << 2);
    let a0 = zero;
    let a1 = zero;
    let b0 = zero;
    let b1 = zero;
    let c0 = zero;
    let c1 = zero;
    let d0 = zero;
    let d1 = zero;
    let e0 = zero;
    let e1 = zero;
    let f0 = zero;
    let f1 = zero;
    for (; offsets < end; offsets += 4, panel += 32) {
      const offset = load<u32>(offsets);
      const y0 = v128.load(panel);
      const y1 = v128.load(panel, 16);
      let x = v128.load64_splat(row0 + offset);
      a0 = multiplyAdd(x, y0, a0);
      a1 = multiplyAdd(x, y1, a1);
      x = v128.load64_splat(row1 + offset);
      b0 = multiplyAdd(x, y0, b0);
      b1 = multiplyAdd(x, y1, b1);
      x = v128.load64_splat(row2 + offset);
      c0 = multiplyAdd(x, y0, c0);
      c1 = multiplyAdd(x, y1, c1);
      x = v128.load64_splat(row3 + offset);
      d0 = multiplyAdd(x, y0, d0);
      d1 = multiplyAdd(x, y1, d1);
      x = v128.load64_splat(row4 + offset);
      e0 = multiplyAdd(x, y0, e0);
      e1 = multiplyAdd(x, y1, e1);
      x = v128.load64_splat(row5 + offset);
      f0 = multiplyAdd(x, y0, f0);
      f1 = multiplyAdd(x, y1, f1);
    }
    let at = sums;
    put(at, a0, a1, isFirst);
    at += step;
    put(at, b0, b1, isFirst);
    at += step;
    put(at, c0, c1, isFirst);
    at += step;
    put(at, d0, d1, isFirst);
    at += step;
    put(at, e0, e1, isFirst);
    at += step;
    put(at, f0, f1, isFirst);
    isFirst = false;
  }
}

/** Adds four sums to those of the blocks before. */
function put(at: usize, low: v128, high: v128, isFirst: bool): void {
  if (!isFirst) {
    low = f64x2.add(low, v128.load(at));
    high = f64x2.add(high, v128.load(at, 16));
  }
  v128.store(at, low);
  v128.store(at, high, 16);
}

/** Every row times every lane: `panels` holds the numbers of four lanes after those of the four before. */
export function products(
  image: usize,
  rowAt: usize,
  rows: i32,
  offsets: usize,
  terms: i32,
  panels: usize,
  lanes: i32,
  sums: usize,
): void {
  const step = (<usize>lanes) << 3;
  const panelSize = (<usize>terms) << 5;
  for (let lane = 0; lane < lanes; lane += 4, panels += panelSize, sums += 32) {
    for (let row = 0, to = sums; row < rows; row += 6, to += 6 * step) {
      tile(image, rowAt + ((<usize>row) << 2), offsets, terms, panels, to, step);
    }
  }
}

/** The same where each lane has windows of its own, one number further on in the image: `numbers` holds all lanes' to a term. */
export function windows(
  image: usize,
  rowAt: usize,
  rows: i32,
  offsets: usize,
  terms: i32,
  numbers: usize,
  termStep: usize,
  lanes: i32,
  sums: usize,
): void {
  const zero = f64x2.splat(-0.0);
  for (const rowsEnd = rowAt + ((<usize>rows) << 2); rowAt < rowsEnd; rowAt += 4) {
    let x = image + load<u32>(rowAt);
    let y = numbers;
    for (let lane = 0; lane < lanes; lane += 8, x += 64, y += 64, sums += 64) {
      let isFirst = true;
      let at = offsets;
      let factors = y;
      for (let left = terms; left > 0; left -= BLOCK) {
        let a = zero;
        let b = zero;
        let c = zero;
        let d = zero;
        for (const end = at + ((<usize>min(left, BLOCK)) << 2); at < end; at += 4, factors += termStep) {
          const p = x + load<u32>(at);
          a = multiplyAdd(v128.load(p), v128.load(factors), a);
          b = multiplyAdd(v128.load(p, 16), v128.load(factors, 16), b);
          c = multiplyAdd(v128.load(p, 32), v128.load(factors, 32), c);
          d = multiplyAdd(v128.load(p, 48), v128.load(factors, 48), d);
        }
        if (isFirst) {
          isFirst = false;
        } else {
          a = f64x2.add(a, v128.load(sums));
          b = f64x2.add(b, v128.load(sums, 16));
          c = f64x2.add(c, v128.load(sums, 32));
          d = f64x2.add(d, v128.load(sums, 48));
        }
        v128.store(sums, a);
        v128.store(sums, b, 16);
        v128.store(sums, c, 32);
        v128.store(sums, d, 48);
      }
    }
  }
}

/** `products`, rounded to binary32: see `round`. */
export function roundedProducts(
  image: usize,
  rowAt: usize,
  rows: i32,
  offsets: usize,
  terms: i32,
  panels: usize,
  lanes: i32,
  sums: usize,
  used: i32,
  bias: usize,
  biasAt: usize,
  radius: usize,
  divisor: u32,
  out: usize,
  rowOut: usize,
  laneOut: usize,
): void {
  exactly(image, offsets, terms, 0, panels, (<usize>terms) << 5, 32, divisor);
  for (; rows > 0; rows -= BLOCK_ROWS, rowAt += 4 * BLOCK_ROWS, rowOut += 4 * BLOCK_ROWS) {
    const some = min(rows, BLOCK_ROWS);
    products(image, rowAt, some, offsets, terms, panels, lanes, sums);
    round(sums, rowAt, some, lanes, used, bias, biasAt, radius, divisor, out, rowOut, laneOut);
  }
}

/** `windows`, rounded to binary32: see `round`. */
export function roundedWindows(
  image: usize,
  rowAt: usize,
  rows: i32,
  offsets: usize,
  terms: i32,
  numbers: usize,
  termStep: usize,
  lanes: i32,
  sums: usize,
  used: i32,
  bias: usize,
  biasAt: usize,
  radius: usize,
  divisor: u32,
  out: usize,
  rowOut: usize,
  laneOut: usize,
): void {
  exactly(image, offsets, terms, 8, numbers, 32, termStep, divisor);
  for (; rows > 0; rows -= BLOCK_ROWS, rowAt += 4 * BLOCK_ROWS, rowOut += 4 * BLOCK_ROWS) {
    const some = min(rows, BLOCK_ROWS);
    windows(image, rowAt, some, offsets, terms, numbers, termStep, lanes, sums);
    round(sums, rowAt, some, lanes, used, bias, biasAt, radius, divisor, out, rowOut, laneOut);
  }
}

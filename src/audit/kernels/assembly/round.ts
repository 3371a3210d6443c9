import { narrow } from "./arithmetic";
import { accumulate, clear, rounded } from "./exact";

/*
 * The rounding test. The exact sum lies within `radius` of its binary64 approximation s: where RN32(s - radius) and RN32(s + radius)
 * are the same bits, they are the answer, as rounding is monotone; the sign of a zero counts. Where they differ, the exact
 * accumulator decides. A sum that is no finite number (a term was a NaN or an infinity) is its own answer, if it was formed term by term.
 */

/** Rows of sums that are formed and rounded at a time. */
export const BLOCK_ROWS: i32 = 36;

let image: usize = 0;
let offsets: usize = 0;
let terms: i32 = 0;
let laneStep: usize = 0;
let numbers: usize = 0;
let groupSize: usize = 0;
let termStep: usize = 0;
let divisor: u32 = 1;
let isDerived: bool = false;

let undecided: u32 = 0;

/** How many sums the accumulator had to decide since the last call. */
export function takeUndecided(): u32 {
  const count = undecided;
  undecided = 0;
  return count;
}

/** Sets where the terms of undecided sums are to be found: lanes in groups of four, `groupSize` bytes apart. */
export function exactly(
  _image: usize,
  _offsets: usize,
  _terms: i32,
  _laneStep: usize,
  _numbers: usize,
  _groupSize: usize,
  _termStep: usize,
  _divisor: u32,
): void {
  image = _image;
  offsets = _offsets;
  terms = _terms;
  laneStep = _laneStep;
  numbers = _numbers;
  groupSize = _groupSize;
  termStep = _termStep;
  divisor = _divisor;
  isDerived = false;
}

/** The same for sums that were not formed term by term: neither the sign of a zero nor what is no finite number is their own. */
export function derived(_image: usize, _offsets: usize, _terms: i32, _panels: usize, _divisor: u32): void {
  exactly(_image, _offsets, _terms, 0, _panels, (<usize>_terms) << 5, 32, _divisor);
  isDerived = true;
}

/** Whether all products are zeros, as where a window sees nothing: binary64 errs in no such sum, nor in its sign. */
function areZeros(x: usize, y: usize, end: usize): bool {
  for (let at = offsets; at < end; at += 4, y += termStep) {
    if (load<f64>(x + load<u32>(at)) * load<f64>(y) != 0) return false;
  }
  return true;
}

/** A window's sum term by term, with the bias, over the divisor. */
function plainSum(x: usize, y: usize, end: usize, bias: f64): f64 {
  let sum = -0.0;
  for (let at = offsets; at < end; at += 4, y += termStep) sum += load<f64>(x + load<u32>(at)) * load<f64>(y);
  return (sum + bias) / <f64>divisor;
}

/** The sum of a window that the test could not round; `sum` is its approximation. */
function undecidedSum(row: usize, lane: usize, bias: f64, sum: f64): f32 {
  const x = image + row + lane * laneStep;
  let y = numbers + (lane >> 2) * groupSize + ((lane & 3) << 3);
  const end = offsets + ((<usize>terms) << 2);
  if (isDerived) sum = plainSum(x, y, end, bias);
  if (!(Math.abs(sum) < Infinity)) return <f32>sum;
  if (sum == 0 && areZeros(x, y, end)) return <f32>sum;
  undecided++;
  clear();
  accumulate(bias);
  for (let at = offsets; at < end; at += 4, y += termStep) accumulate(load<f64>(x + load<u32>(at)) * load<f64>(y));
  return rounded(divisor);
}

/**
 * Rounds rows of sums, `lanes` each, of which the first `used` have a place in the result: that of lane l in row r is at
 * `out + load(rowOut + 4r) + load(laneOut + 4l)`, or follows lane l - 1 where `laneOut` is 0.
 *
 * `bias` and `radius` hold a binary64 number for each lane; a bias that differs by row lies like the result at `biasAt`, and `bias`
 * is not read.
 */
export function round(
  sums: usize,
  rowAt: usize,
  rows: i32,
  lanes: i32,
  used: i32,
  bias: usize,
  biasAt: usize,
  radius: usize,
  divisor: u32,
  out: usize,
  rowOut: usize,
  laneOut: usize,
): void {
  const divisors = f64x2.splat(<f64>divisor);
  for (let r = 0; r < rows; r++, rowAt += 4, rowOut += 4) {
    const place = load<u32>(rowOut);
    for (let lane: usize = 0; lane < <usize>lanes; lane += 4, sums += 32) {
      let low = v128.load(sums);
      let high = v128.load(sums, 16);
      if (biasAt != 0) {
        low = f64x2.replace_lane(low, 0, f64x2.extract_lane(low, 0) + biasOf(biasAt, place, laneOut, lane, used));
        low = f64x2.replace_lane(low, 1, f64x2.extract_lane(low, 1) + biasOf(biasAt, place, laneOut, lane + 1, used));
        high = f64x2.replace_lane(
          high,
          0,
          f64x2.extract_lane(high, 0) + biasOf(biasAt, place, laneOut, lane + 2, used),
        );
        high = f64x2.replace_lane(
          high,
          1,
          f64x2.extract_lane(high, 1) + biasOf(biasAt, place, laneOut, lane + 3, used),
        );
      } else {
        low = f64x2.add(low, v128.load(bias + (lane << 3)));
        high = f64x2.add(high, v128.load(bias + (lane << 3), 16));
      }
      if (divisor != 1) {
        low = f64x2.div(low, divisors);
        high = f64x2.div(high, divisors);
      }
      const lowRadius = v128.load(radius + (lane << 3));
      const highRadius = v128.load(radius + (lane << 3), 16);
      const below = narrow(f64x2.sub(low, lowRadius), f64x2.sub(high, highRadius));
      const above = narrow(f64x2.add(low, lowRadius), f64x2.add(high, highRadius));
      let same = i32x4.eq(below, above);
      if (isDerived) same = v128.and(same, f32x4.lt(f32x4.abs(below), f32x4.splat(Infinity)));
      if (laneOut == 0 && lane + 4 <= <usize>used) {
        const to = out + place + (lane << 2);
        v128.store(to, below);
        if (i32x4.all_true(same)) continue;
      }
      const mask = i32x4.bitmask(same);
      const end = min(<usize>used, lane + 4);
      for (let l = lane; l < end; l++) {
        const to = out + placeOf(place, laneOut, l);
        const i = l - lane;
        if ((mask >> (<i32>i)) & 1) {
          store<f32>(to, floatOf(below, i));
          continue;
        }
        const value = i == 0 || i == 1 ? doubleOf(low, i) : doubleOf(high, i - 2);
        const laneBias = biasAt == 0 ? load<f64>(bias + (l << 3)) : biasOf(biasAt, place, laneOut, l, used);
        store<f32>(to, undecidedSum(load<u32>(rowAt), l, laneBias, value));
      }
    }
  }
}

function placeOf(place: usize, laneOut: usize, lane: usize): usize {
  return place + (laneOut == 0 ? lane << 2 : load<u32>(laneOut + (lane << 2)));
}

/** The bias at a place of the result; nothing in lanes that have none. */
function biasOf(biasAt: usize, place: usize, laneOut: usize, lane: usize, used: i32): f64 {
  return lane < <usize>used ? <f64>load<f32>(biasAt + placeOf(place, laneOut, lane)) : -0.0;
}

function floatOf(x: v128, lane: usize): f32 {
  if (lane == 0) return f32x4.extract_lane(x, 0);
  if (lane == 1) return f32x4.extract_lane(x, 1);
  return lane == 2 ? f32x4.extract_lane(x, 2) : f32x4.extract_lane(x, 3);
}

function doubleOf(x: v128, lane: usize): f64 {
  return lane == 0 ? f64x2.extract_lane(x, 0) : f64x2.extract_lane(x, 1);
}

/**
 * Rounded sums of rows of terms that lie one after another: of products of two rows of binary32 numbers, `count` rows. A row of
 * `a` follows the last one; the rows of `b` are `bStep` bytes apart, biases `biasStep`. Each has its own radius: `factor` times
 * the sum of its absolute products.
 */
export function roundedRows(
  a: usize,
  b: usize,
  bStep: usize,
  terms: i32,
  count: i32,
  bias: usize,
  biasStep: usize,
  factor: f64,
  divisor: u32,
  out: usize,
): void {
  for (
    const end = out + ((<usize>count) << 2);
    out < end;
    out += 4, a += (<usize>terms) << 2, b += bStep, bias += biasStep
  ) {
    store<f32>(out, roundedRow(a, b, terms, <f64>load<f32>(bias), factor, divisor));
  }
}

/** Groups of four terms whose sums are formed before they are added up. */
const BLOCK: i32 = 64;

function roundedRow(a: usize, b: usize, terms: i32, bias: f64, factor: f64, divisor: u32): f32 {
  const zero = f64x2.splat(-0.0);
  let sums = zero;
  let bounds = f64x2.splat(0);
  let at: usize = 0;
  const whole = (<usize>(terms & -4)) << 2;
  while (at < whole) {
    let low = zero;
    let high = zero;
    for (const end = min(at + 16 * BLOCK, whole); at < end; at += 16) {
      const x = v128.load(a + at);
      const y = v128.load(b + at);
      const first = f64x2.mul(f64x2.promote_low_f32x4(x), f64x2.promote_low_f32x4(y));
      const second = f64x2.mul(
        f64x2.promote_low_f32x4(v128.shuffle<i32>(x, x, 2, 3, 2, 3)),
        f64x2.promote_low_f32x4(v128.shuffle<i32>(y, y, 2, 3, 2, 3)),
      );
      low = f64x2.add(low, first);
      high = f64x2.add(high, second);
      bounds = f64x2.add(bounds, f64x2.add(f64x2.abs(first), f64x2.abs(second)));
    }
    sums = f64x2.add(sums, f64x2.add(low, high));
  }
  let sum = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
  let bound = f64x2.extract_lane(bounds, 0) + f64x2.extract_lane(bounds, 1);
  for (; at < (<usize>terms) << 2; at += 4) {
    const product = <f64>load<f32>(a + at) * <f64>load<f32>(b + at);
    sum += product;
    bound += Math.abs(product);
  }
  sum = (sum + bias) / <f64>divisor;
  if (!(Math.abs(sum) < Infinity)) return <f32>sum;
  const radius = (factor * (bound + Math.abs(bias))) / <f64>divisor;
  // Nothing but zeros.
  if (radius == 0) return <f32>sum;
  const below = <f32>(sum - radius);
  if (reinterpret<u32>(below) == reinterpret<u32>(<f32>(sum + radius))) return below;
  undecided++;
  clear();
  accumulate(bias);
  for (at = 0; at < (<usize>terms) << 2; at += 4) accumulate(<f64>load<f32>(a + at) * <f64>load<f32>(b + at));
  return rounded(divisor);
}

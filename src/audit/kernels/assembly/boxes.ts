import { widenHigh, widenLow } from "./arithmetic";

/*
 * Copies of boxes of memory into images. A loop is three 32-bit numbers: its count, and how many bytes it moves in the source and
 * in the target. Loops lie one after another, the innermost last.
 */

const LOOP: usize = 12;

let largest: f32 = 0;

/** The largest finite magnitude that `widenBox` copied since the last call. */
export function takeLargest(): f32 {
  const magnitude = largest;
  largest = 0;
  return magnitude;
}

/** Copies binary32 numbers into a binary64 image. */
export function widenBox(from: usize, to: usize, loops: usize, depth: i32): void {
  const sourceStep = load<i32>(loops, 4);
  const targetStep = load<i32>(loops, 8);
  let count = load<i32>(loops);
  if (depth > 1) {
    for (; count > 0; count--, from += sourceStep, to += targetStep) widenBox(from, to, loops + LOOP, depth - 1);
    return;
  }
  if (sourceStep == 4 && targetStep == 8) {
    const infinity = f32x4.splat(Infinity);
    let most = f32x4.splat(0);
    for (; count >= 4; count -= 4, from += 16, to += 32) {
      const x = v128.load(from);
      v128.store(to, widenLow(x));
      v128.store(to, widenHigh(x), 16);
      const magnitude = f32x4.abs(x);
      // A comparison with a NaN is false.
      most = f32x4.max(most, v128.and(magnitude, f32x4.lt(magnitude, infinity)));
    }
    most = f32x4.max(most, v128.shuffle<i32>(most, most, 2, 3, 0, 1));
    largest = max(largest, max(f32x4.extract_lane(most, 0), f32x4.extract_lane(most, 1)));
  }
  for (; count > 0; count--, from += sourceStep, to += targetStep) {
    const x = load<f32>(from);
    store<f64>(to, <f64>x);
    const magnitude = abs(x);
    if (magnitude < Infinity && magnitude > largest) largest = magnitude;
  }
}

/** Copies binary32 numbers into an image of binary32 numbers. */
export function copyBox(from: usize, to: usize, loops: usize, depth: i32): void {
  const sourceStep = load<i32>(loops, 4);
  const targetStep = load<i32>(loops, 8);
  let count = load<i32>(loops);
  if (depth > 1) {
    for (; count > 0; count--, from += sourceStep, to += targetStep) copyBox(from, to, loops + LOOP, depth - 1);
  } else if (sourceStep == 4 && targetStep == 4) {
    memory.copy(to, from, (<usize>count) << 2);
  } else {
    for (; count > 0; count--, from += sourceStep, to += targetStep) store<u32>(to, load<u32>(from));
  }
}

/**
 * The maximum (or minimum) over windows of binary32 numbers, `lanes` of them next to each other in the image and in the result;
 * places as for `round`. WebAssembly lets NaN through, and puts -0 below +0.
 */
export function extrema(
  image: usize,
  rowAt: usize,
  rows: i32,
  offsets: usize,
  terms: i32,
  isMax: bool,
  lanes: i32,
  out: usize,
  rowOut: usize,
): void {
  const end = offsets + ((<usize>terms) << 2);
  for (; rows > 0; rows--, rowAt += 4, rowOut += 4) {
    let from = image + load<u32>(rowAt);
    let to = out + load<u32>(rowOut);
    let left = lanes;
    for (; left >= 4; left -= 4, from += 16, to += 16) {
      let best = v128.load(from + load<u32>(offsets));
      if (isMax) for (let at = offsets + 4; at < end; at += 4) best = f32x4.max(best, v128.load(from + load<u32>(at)));
      else for (let at = offsets + 4; at < end; at += 4) best = f32x4.min(best, v128.load(from + load<u32>(at)));
      v128.store(to, best);
    }
    for (; left > 0; left--, from += 4, to += 4) {
      let best = load<f32>(from + load<u32>(offsets));
      for (let at = offsets + 4; at < end; at += 4) {
        const x = load<f32>(from + load<u32>(at));
        best = isMax ? max(best, x) : min(best, x);
      }
      store<f32>(to, best);
    }
  }
}

import { products } from "./products";
import { derived, round } from "./round";

/*
 * Sums over windows of 3 x 3 neighbours at every place of a grid, times lanes of numbers, by Winograd's minimal filtering F(2x2, 3x3):
 * four sums that lie together take 16 products for each channel instead of 36 (Lavin and Gray, "Fast Algorithms for Convolutional
 * Neural Networks", 2016, section 4.1): Y = A' ((G g G') * (B' d B)) A, for a tile d of 4 x 4 numbers of the image.
 *
 * A sum depends on the numbers of its own window only: what is no finite number elsewhere in the tile leaves it alone.
 */

/** Tiles of a row that are formed at a time: whole sixes, whose planes stay in a second-level cache. */
const TILES: i32 = 30;

/** G g G' of the numbers in panels, four lanes to a term: into 16 panels, one after another. `termAt`: terms by channel, row, column. */
export function transformNumbers(
  panels: usize,
  terms: i32,
  termAt: usize,
  channels: i32,
  lanes: i32,
  out: usize,
): void {
  const plane = (<usize>channels * lanes) << 3;
  for (let lane = 0; lane < lanes; lane += 4, panels += (<usize>terms) << 5) {
    for (let c = 0, at = termAt; c < channels; c++, at += 36, out += 32) {
      transformFilter(panels, at, out, plane);
      transformFilter(panels + 16, at, out + 16, plane);
    }
  }
}

/** Of two lanes: the rows of g first, then its columns. */
function transformFilter(panel: usize, at: usize, out: usize, plane: usize): void {
  const a0 = number(panel, at);
  const a1 = number(panel, at + 4);
  const a2 = number(panel, at + 8);
  const b0 = number(panel, at + 12);
  const b1 = number(panel, at + 16);
  const b2 = number(panel, at + 20);
  const c0 = number(panel, at + 24);
  const c1 = number(panel, at + 28);
  const c2 = number(panel, at + 32);
  filterRow(a0, a1, a2, out, plane);
  filterRow(half(a0, b0, c0), half(a1, b1, c1), half(a2, b2, c2), out + 4 * plane, plane);
  filterRow(halfLess(a0, b0, c0), halfLess(a1, b1, c1), halfLess(a2, b2, c2), out + 8 * plane, plane);
  filterRow(c0, c1, c2, out + 12 * plane, plane);
}

function filterRow(x0: v128, x1: v128, x2: v128, out: usize, plane: usize): void {
  v128.store(out, x0);
  v128.store(out + plane, half(x0, x1, x2));
  v128.store(out + 2 * plane, halfLess(x0, x1, x2));
  v128.store(out + 3 * plane, x2);
}

function number(panel: usize, at: usize): v128 {
  return v128.load(panel + ((<usize>load<u32>(at)) << 5));
}

/** (x0 + x2 + x1) / 2; halving is exact. */
function half(x0: v128, x1: v128, x2: v128): v128 {
  return f64x2.mul(f64x2.add(f64x2.add(x0, x2), x1), f64x2.splat(0.5));
}

function halfLess(x0: v128, x1: v128, x2: v128): v128 {
  return f64x2.mul(f64x2.sub(f64x2.add(x0, x2), x1), f64x2.splat(0.5));
}

/** B' d B of tiles side by side: into 16 planes of all channels of a tile after those of another. Channels lie side by side. */
function transformWindows(
  image: usize,
  rowStep: usize,
  columnStep: usize,
  channels: i32,
  tiles: i32,
  out: usize,
  plane: usize,
): void {
  const size = (<usize>channels) << 3;
  for (let tile = 0; tile < tiles; tile++, image += 2 * columnStep, out += size) {
    // What an odd number of channels writes behind the last is the next tile's, or nobody's.
    for (let c: usize = 0; c < size; c += 16) transformTile(image + c, rowStep, columnStep, out + c, plane);
  }
}

/** Of two channels: the columns of each row first, then the rows. */
function transformTile(from: usize, rowStep: usize, columnStep: usize, to: usize, plane: usize): void {
  let x0 = v128.load(from);
  let x1 = v128.load(from + columnStep);
  let x2 = v128.load(from + 2 * columnStep);
  let x3 = v128.load(from + 3 * columnStep);
  const p0 = f64x2.sub(x0, x2);
  const p1 = f64x2.add(x1, x2);
  const p2 = f64x2.sub(x2, x1);
  const p3 = f64x2.sub(x1, x3);
  from += rowStep;
  x0 = v128.load(from);
  x1 = v128.load(from + columnStep);
  x2 = v128.load(from + 2 * columnStep);
  x3 = v128.load(from + 3 * columnStep);
  const q0 = f64x2.sub(x0, x2);
  const q1 = f64x2.add(x1, x2);
  const q2 = f64x2.sub(x2, x1);
  const q3 = f64x2.sub(x1, x3);
  from += rowStep;
  x0 = v128.load(from);
  x1 = v128.load(from + columnStep);
  x2 = v128.load(from + 2 * columnStep);
  x3 = v128.load(from + 3 * columnStep);
  const r0 = f64x2.sub(x0, x2);
  const r1 = f64x2.add(x1, x2);
  const r2 = f64x2.sub(x2, x1);
  const r3 = f64x2.sub(x1, x3);
  from += rowStep;
  x0 = v128.load(from);
  x1 = v128.load(from + columnStep);
  x2 = v128.load(from + 2 * columnStep);
  x3 = v128.load(from + 3 * columnStep);
  const s0 = f64x2.sub(x0, x2);
  const s1 = f64x2.add(x1, x2);
  const s2 = f64x2.sub(x2, x1);
  const s3 = f64x2.sub(x1, x3);
  v128.store(to, f64x2.sub(p0, r0));
  v128.store(to + plane, f64x2.sub(p1, r1));
  v128.store(to + 2 * plane, f64x2.sub(p2, r2));
  v128.store(to + 3 * plane, f64x2.sub(p3, r3));
  to += 4 * plane;
  v128.store(to, f64x2.add(q0, r0));
  v128.store(to + plane, f64x2.add(q1, r1));
  v128.store(to + 2 * plane, f64x2.add(q2, r2));
  v128.store(to + 3 * plane, f64x2.add(q3, r3));
  to += 4 * plane;
  v128.store(to, f64x2.sub(r0, q0));
  v128.store(to + plane, f64x2.sub(r1, q1));
  v128.store(to + 2 * plane, f64x2.sub(r2, q2));
  v128.store(to + 3 * plane, f64x2.sub(r3, q3));
  to += 4 * plane;
  v128.store(to, f64x2.sub(q0, s0));
  v128.store(to + plane, f64x2.sub(q1, s1));
  v128.store(to + 2 * plane, f64x2.sub(q2, s2));
  v128.store(to + 3 * plane, f64x2.sub(q3, s3));
}

/** A' M A of tiles side by side: into two rows of sums, `rowStep` bytes apart, two sums of all lanes to a tile. */
function transformSums(from: usize, plane: usize, tiles: i32, lanes: i32, to: usize, rowStep: usize): void {
  const step = (<usize>lanes) << 3;
  for (let tile = 0; tile < tiles; tile++, to += step) {
    for (const end = to + step; to < end; from += 16, to += 16) {
      let at = from;
      let m1 = v128.load(at + 4 * plane);
      let m2 = v128.load(at + 8 * plane);
      const upper0 = f64x2.add(v128.load(at), f64x2.add(m1, m2));
      const lower0 = f64x2.sub(f64x2.sub(m1, m2), v128.load(at + 12 * plane));
      at += plane;
      m1 = v128.load(at + 4 * plane);
      m2 = v128.load(at + 8 * plane);
      const upper1 = f64x2.add(v128.load(at), f64x2.add(m1, m2));
      const lower1 = f64x2.sub(f64x2.sub(m1, m2), v128.load(at + 12 * plane));
      at += plane;
      m1 = v128.load(at + 4 * plane);
      m2 = v128.load(at + 8 * plane);
      const upper2 = f64x2.add(v128.load(at), f64x2.add(m1, m2));
      const lower2 = f64x2.sub(f64x2.sub(m1, m2), v128.load(at + 12 * plane));
      at += plane;
      m1 = v128.load(at + 4 * plane);
      m2 = v128.load(at + 8 * plane);
      const upper3 = f64x2.add(v128.load(at), f64x2.add(m1, m2));
      const lower3 = f64x2.sub(f64x2.sub(m1, m2), v128.load(at + 12 * plane));
      v128.store(to, f64x2.add(upper0, f64x2.add(upper1, upper2)));
      v128.store(to + step, f64x2.sub(f64x2.sub(upper1, upper2), upper3));
      v128.store(to + rowStep, f64x2.add(lower0, f64x2.add(lower1, lower2)));
      v128.store(to + rowStep + step, f64x2.sub(f64x2.sub(lower1, lower2), lower3));
    }
  }
}

/**
 * Sums of all windows of a grid of `height` x `width` places (2 or more), rounded to binary32: see `round`. Windows lie in the image as
 * in `products`: that of row i and column j starts at `image + i * rowStep + j * columnStep`, its neighbours are as far from one another, and
 * channels lie side by side. `numbers` are those of `transformNumbers`; `panels`, `offsets` and `terms` tell where the terms of undecided
 * sums are.
 *
 * `tileAt` and `tileOffsets` are the tables of `products` for 30 tiles, one after another. Scratch takes 16 planes of 30 x `channels` + 2 numbers, 16 of
 * 30 x `lanes`, and 120 x `lanes` more.
 */
export function roundedNeighbours(
  image: usize,
  rowAt: usize,
  height: i32,
  width: i32,
  rowStep: usize,
  columnStep: usize,
  channels: i32,
  numbers: usize,
  lanes: i32,
  tileAt: usize,
  tileOffsets: usize,
  scratch: usize,
  offsets: usize,
  terms: i32,
  panels: usize,
  used: i32,
  bias: usize,
  biasAt: usize,
  radius: usize,
  divisor: u32,
  out: usize,
  rowOut: usize,
  laneOut: usize,
): void {
  derived(image, offsets, terms, panels, divisor);
  const tilePlane = 8 * TILES * <usize>channels + 16;
  const sumPlane = 8 * TILES * <usize>lanes;
  const numberPlane = (<usize>channels * lanes) << 3;
  const tileSums = scratch + 16 * tilePlane;
  const sums = tileSums + 16 * sumPlane;
  for (let row = 0; row < height; row += 2) {
    // The last two of an odd number of rows overlap the ones before, and so do columns.
    const top = min(row, height - 2);
    for (let column = 0; column < width;) {
      const places = min(width - column, 2 * TILES) & -2;
      const tiles = places >> 1;
      const from = image + top * rowStep + column * columnStep;
      transformWindows(from, rowStep, columnStep, channels, tiles, scratch, tilePlane);
      for (let i: usize = 0; i < 16; i++) {
        const tile = scratch + i * tilePlane;
        products(tile, tileAt, tiles, tileOffsets, channels, numbers + i * numberPlane, lanes, tileSums + i * sumPlane);
      }
      transformSums(tileSums, sumPlane, tiles, lanes, sums, 2 * sumPlane);
      const first = (<usize>top * width + column) << 2;
      const second = first + ((<usize>width) << 2);
      round(sums, rowAt + first, places, lanes, used, bias, biasAt, radius, divisor, out, rowOut + first, laneOut);
      round(
        sums + 2 * sumPlane,
        rowAt + second,
        places,
        lanes,
        used,
        bias,
        biasAt,
        radius,
        divisor,
        out,
        rowOut + second,
        laneOut,
      );
      column += places;
      if (column == width - 1) column--;
    }
  }
}

import { numelOf } from "../../bytes.js";
import { extentsOf } from "../../view.js";
import type { Operand, ReduceNode, View } from "../../graph.js";
import { layOutImage, type ImageLayout } from "./image.js";
import { isInArena } from "./memory.js";
import { runLength } from "./pack.js";

/**
 * How the sums of a node are formed: for each index of the `batch` dimensions, windows (one for each index of `rows`) times lanes of
 * numbers. Dimensions are given by number.
 */
export interface Split {
  readonly kind: "products" | "windows";
  readonly windows: View;
  readonly numbers: Operand;
  readonly rows: readonly number[];
  readonly lanes: readonly number[];
  readonly batch: readonly number[];
  /** Where the windows lie in an image of their tensor; else they are packed one by one. */
  readonly image: ImageLayout | undefined;
}

export function isView(operand: Operand): operand is View {
  return "guards" in operand;
}

/** Whether what an operand reads depends on the index in dimension d. */
export function movesAlong(operand: Operand, d: number): boolean {
  return isView(operand) && [operand, ...operand.guards].some(({ coef }) => coef[d] !== 0);
}

/*
 * Costs in binary64 multiply-adds of a tile, roughly as measured: of packing a number, of a term of an own window, of a term of a
 * row (read where it lies, or packed first), and of the calls for a batch.
 */
const PACKED = 10;
const OWN = 2;
const ROW_TERM = 4;
const PACKED_ROW_TERM = 20;
const BATCH = 10_000;

/**
 * The cheapest way to form the sums of a node with two operands; undefined where row by row is.
 *
 * @param kinds those that may be used
 */
export function chooseSplit(
  node: ReduceNode,
  [a, b]: readonly [Operand, Operand],
  kinds: readonly Split["kind"][],
): Split | undefined {
  const terms = numelOf(node.red);
  const sums = numelOf(node.out);
  const areRows = [a, b].every((operand) => isRow(operand, node, terms));
  let best: Split | undefined;
  let least = sums * terms * (areRows ? ROW_TERM : PACKED_ROW_TERM);
  for (const [x, y] of [
    [a, b],
    [b, a],
  ] as const) {
    if (!isView(x)) continue;
    for (const kind of kinds) {
      const split = kind === "products" ? productSplit(node, x, y) : windowSplit(node, x, y);
      if (split === undefined) continue;
      const cost = costOf(split, node, terms);
      if (cost >= least) continue;
      least = cost;
      best = split;
    }
  }
  return best;
}

/** Whether the terms of each sum lie one after another. */
function isRow(operand: Operand, node: ReduceNode, terms: number): boolean {
  if (!isView(operand)) return true;
  const reduced = node.red.map((_, d) => node.out.length + d);
  return runLength(operand, reduced, node.red) === terms && operand.guards.length === 0;
}

function dimsOf(node: ReduceNode): number[] {
  return node.out.flatMap((extent, d) => (extent === 1 ? [] : [d]));
}

function productSplit(node: ReduceNode, windows: View, numbers: Operand): Split {
  const dims = dimsOf(node);
  const rows = dims.filter((d) => !movesAlong(numbers, d));
  const lanes = dims.filter((d) => movesAlong(numbers, d) && !movesAlong(windows, d));
  const batch = dims.filter((d) => movesAlong(numbers, d) && movesAlong(windows, d));
  return { kind: "products", windows, numbers, rows, lanes, batch, image: imageOf(node, windows, rows, undefined) };
}

function windowSplit(node: ReduceNode, windows: View, numbers: Operand): Split | undefined {
  const dims = dimsOf(node);
  const lane = dims.pop();
  if (lane === undefined || !movesAlong(windows, lane)) return undefined;
  const rows = dims.filter((d) => !movesAlong(numbers, d));
  const batch = dims.filter((d) => movesAlong(numbers, d));
  const image = imageOf(node, windows, [...rows, lane], lane);
  if (image?.coef[lane] !== 1) return undefined;
  return { kind: "windows", windows, numbers, rows, lanes: [lane], batch, image };
}

function imageOf(
  node: ReduceNode,
  windows: View,
  own: readonly number[],
  inner: number | undefined,
): ImageLayout | undefined {
  if (windows.dtype !== "f32" || !isInArena(windows.source)) return undefined;
  const reduced = node.red.map((_, d) => node.out.length + d);
  return layOutImage(windows, extentsOf(node), [...own, ...reduced], inner);
}

function costOf({ kind, rows, lanes, batch, image }: Split, node: ReduceNode, terms: number): number {
  const count = (dims: readonly number[]): number => numelOf(dims.map((d) => node.out[d]!));
  const upTo = (n: number, unit: number): number => Math.ceil(n / unit) * unit;
  const arithmetic =
    kind === "products"
      ? upTo(count(rows), 6) * upTo(count(lanes), 4) * terms
      : count(rows) * upTo(count(lanes), 8) * terms * OWN;
  const packing = PACKED * count(lanes) * terms + (image === undefined ? PACKED * count(rows) * terms : image.numel);
  return count(batch) * (arithmetic + packing + BATCH);
}

import type { Operand, ReduceNode } from "../../graph.js";
import { type Boxes, cutIntoBoxes } from "./boxes.js";
import type { Memory } from "./memory.js";
import { packer, runLength } from "./pack.js";
import type { Product } from "./product.js";
import type { Matrix } from "./tile.js";

/** One operand's boxes of rows (or columns), packed for the tiles. */
export interface Side {
  readonly boxes: Boxes;
  readonly matrix: Matrix;
  /** Result positions of the box's rows, relative to its first. */
  readonly offsets: Int32Array;
  /** Per row of the packed box: largest magnitude and sum of magnitudes. */
  readonly largest: Float64Array;
  readonly total: Float64Array;
  pack(batch: readonly number[], index: readonly number[]): void;
  /** Result position of a box's first row. */
  origin(index: readonly number[]): number;
}

export interface Space {
  readonly node: ReduceNode;
  readonly product: Product;
  readonly terms: number;
  /** Step of the row-major result along each output dimension. */
  readonly strides: readonly number[];
  readonly memory: Memory;
}

/**
 * Prepares to pack the rows (or columns) of an operand, in boxes of about `budget` numbers but at least `least` rows.
 */
export function createSide(
  space: Space,
  operand: Operand,
  dims: readonly number[],
  budget: number,
  least: number,
): Side {
  const { node, product, terms, strides, memory } = space;
  const extents = [...node.out, ...node.red];
  const boxes = cutIntoBoxes(
    dims.map((d) => extents[d]!),
    Math.max(least, Math.floor(budget / terms)),
  );
  const own = boxes.dims.map((d) => dims[d]!);
  const fixedDims = [...product.batch, ...own.slice(0, boxes.fixed)];
  const walked = own.slice(boxes.fixed);
  const rowsFirst = [...walked, ...product.reduced];
  const termsFirst = [...product.reduced, ...walked];
  const extentsOf = (order: readonly number[]): number[] => {
    const boxExtents = boxes.extents.slice(boxes.fixed);
    const reducedExtents = product.reduced.map((d) => extents[d]!);
    return order === rowsFirst ? [...boxExtents, ...reducedExtents] : [...reducedExtents, ...boxExtents];
  };
  // Long runs are cheap to pack, and either order serves the tiles; terms first only where it gains much.
  const length = (order: readonly number[]): number =>
    "guards" in operand ? runLength(operand, order, extentsOf(order)) : 1;
  const order = length(termsFirst) >= 4 * length(rowsFirst) ? termsFirst : rowsFirst;
  const rows = boxes.size;
  const data = new Float64Array(rows * terms);
  const matrix = order === rowsFirst ? { data, row: terms, step: 1 } : { data, row: 1, step: rows };
  const pack = packer(
    operand,
    {
      dims: [...fixedDims, ...order],
      extents: [...fixedDims.map((d) => extents[d]!), ...extentsOf(order)],
      fixed: fixedDims.length,
      size: rows * terms,
    },
    memory,
  );
  const largest = new Float64Array(rows);
  const total = new Float64Array(rows);
  return {
    boxes,
    matrix,
    largest,
    total,
    offsets: offsetsOf(
      boxes.extents.slice(boxes.fixed),
      walked.map((d) => strides[d]!),
    ),
    pack: (batch, index) => {
      pack([...batch, ...index], data);
      measure(matrix, rows, terms, largest, total);
    },
    origin: (index) => index.reduce((sum, at, i) => sum + at * strides[own[i]!]!, 0),
  };
}

/** Positions of all indices of a row-major space under other strides. */
function offsetsOf(extents: readonly number[], strides: readonly number[]): Int32Array {
  let offsets = Int32Array.of(0);
  extents.forEach((extent, d) => {
    const next = new Int32Array(offsets.length * extent);
    offsets.forEach((offset, i) => {
      for (let at = 0; at < extent; at++) next[i * extent + at] = offset + at * strides[d]!;
    });
    offsets = next;
  });
  return offsets;
}

/** Largest and summed magnitudes of rows. NaN is left out: it shows in every sum that it enters. */
function measure(
  { data, row, step }: Matrix,
  rows: number,
  terms: number,
  largest: Float64Array,
  total: Float64Array,
): void {
  for (let i = 0; i < rows; i++) {
    let max = 0;
    let sum = 0;
    for (let k = 0, at = i * row; k < terms; k++, at += step) {
      const magnitude = Math.abs(data[at]!);
      sum += magnitude;
      if (magnitude > max) max = magnitude;
    }
    largest[i] = max;
    total[i] = sum;
  }
}

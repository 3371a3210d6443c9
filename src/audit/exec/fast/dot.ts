import { newArray, numelOf } from "../../bytes.js";
import { type Operand, type ReduceNode, resultSize, type TensorArray } from "../../graph.js";
import type { Boxes } from "./boxes.js";
import { cutIntoBoxes } from "./boxes.js";
import { isSure, radiusFactor, settleSum } from "./decide.js";
import type { NumberArray } from "./integer-kernels.js";
import type { Memory } from "./memory.js";
import { packer, runLength } from "./pack.js";
import { type Matrix, tile1x1, tile4x1, tile4x2 } from "./tile.js";

/** binary64 numbers packed at a time: rows stay in a first-level cache, columns in a second-level one. */
const ROW_BUDGET = 2 ** 14;
const COLUMN_BUDGET = 2 ** 17;

/** How a dot node falls into matrix products: dimensions along which one operand moves, or both, by number. */
export interface Product {
  /** Operand that moves along `rows`, and the one that moves along `columns`. */
  readonly left: Operand;
  readonly right: Operand;
  readonly rows: readonly number[];
  readonly columns: readonly number[];
  readonly batch: readonly number[];
  readonly reduced: readonly number[];
}

function movesAlong(operand: Operand, d: number): boolean {
  return "guards" in operand && [operand, ...operand.guards].some(({ coef }) => coef[d] !== 0);
}

/** Puts each dimension where it belongs; there are at least as many rows as columns. */
export function asProduct(node: ReduceNode): Product {
  const [left, right] = node.operands as readonly [Operand, Operand];
  const rows: number[] = [];
  const columns: number[] = [];
  const batch: number[] = [];
  node.out.forEach((extent, d) => {
    if (extent === 1) return;
    if (!movesAlong(right, d)) rows.push(d);
    else if (!movesAlong(left, d)) columns.push(d);
    else batch.push(d);
  });
  const reduced = node.red.flatMap((extent, d) => (extent === 1 ? [] : [node.out.length + d]));
  const size = (dims: readonly number[]): number => numelOf(dims.map((d) => node.out[d]!));
  return size(rows) >= size(columns)
    ? { left, right, rows, columns, batch, reduced }
    : { left: right, right: left, rows: columns, columns: rows, batch, reduced };
}

/** One operand's boxes of rows (or columns), packed for the tiles. */
interface Side {
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

interface Space {
  readonly node: ReduceNode;
  readonly product: Product;
  readonly terms: number;
  /** Step of the row-major result along each output dimension. */
  readonly strides: readonly number[];
  readonly memory: Memory;
}

function side(space: Space, operand: Operand, dims: readonly number[], budget: number, least: number): Side {
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

/** NaN is left out: it shows in every sum that it enters. */
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

/** Rows of the matrix product below this are better done one element at a time. */
const LEAST_TILED = 16;

/** Whether the product has enough rows and columns for tiles to pay. */
export function isTiled({ rows, columns }: Product, node: ReduceNode): boolean {
  return numelOf([...rows, ...columns].map((d) => node.out[d]!)) >= LEAST_TILED;
}

/**
 * A dot node as matrix products.
 *
 * @param bias biases by result position, or one for all, or none; exact numbers
 * @param isFloat whether sums are rounded to binary32; else they are integers that binary64 holds exactly
 */
export function dotProducts(
  node: ReduceNode,
  product: Product,
  memory: Memory,
  bias: TensorArray | undefined,
  isFloat: boolean,
): TensorArray {
  const terms = numelOf(node.red);
  const strides = node.out.map((_, d) => numelOf(node.out.slice(d + 1)));
  const space: Space = { node, product, terms, strides, memory };
  const left = side(space, product.left, product.rows, ROW_BUDGET, 4);
  const right = side(space, product.right, product.columns, COLUMN_BUDGET, 2);
  const result = newArray(node.dtype, resultSize(node));
  const store = isFloat
    ? floatStore(left, right, terms, result as Float32Array, bias as Float32Array | undefined)
    : integerStore(result, bias);

  const batchBoxes = cutIntoBoxes(
    product.batch.map((d) => node.out[d]!),
    1,
  );
  batchBoxes.forEach((batch) => {
    const batchOrigin = batch.reduce((sum, at, i) => sum + at * strides[product.batch[i]!]!, 0);
    right.boxes.forEach((columnIndex) => {
      right.pack(batch, columnIndex);
      const columnOrigin = batchOrigin + right.origin(columnIndex);
      left.boxes.forEach((rowIndex) => {
        left.pack(batch, rowIndex);
        multiply(left, right, terms, columnOrigin + left.origin(rowIndex), store);
      });
    });
  });
  return result;
}

/** Takes the binary64 sum of row `i` and column `j`, for the result at a position. */
type Store = (i: number, j: number, sum: number, position: number) => void;

const tile = new Float64Array(8);

function multiply(left: Side, right: Side, terms: number, origin: number, store: Store): void {
  const rows = left.offsets.length;
  const columns = right.offsets.length;
  const put = (i: number, j: number, sum: number): void => {
    store(i, j, sum, origin + left.offsets[i]! + right.offsets[j]!);
  };
  if (rows < 4) {
    for (let j = 0; j < columns; j++) {
      for (let i = 0; i < rows; i++) put(i, j, tile1x1(left.matrix, i, right.matrix, j, terms));
    }
    return;
  }
  // The last tile of a row or column overlaps the one before it where the size is not a whole number of tiles.
  for (let wanted = 0; wanted < columns; wanted += 2) {
    const j = columns > 1 ? Math.min(wanted, columns - 2) : 0;
    for (let at = 0; at < rows; at += 4) {
      const i = Math.min(at, rows - 4);
      if (columns === 1) {
        tile4x1(left.matrix, i, right.matrix, 0, terms, tile);
        for (let r = 0; r < 4; r++) put(i + r, 0, tile[r]!);
      } else {
        tile4x2(left.matrix, i, right.matrix, j, terms, tile);
        for (let r = 0; r < 4; r++) {
          put(i + r, j, tile[2 * r]!);
          put(i + r, j + 1, tile[2 * r + 1]!);
        }
      }
    }
  }
}

function floatStore(
  left: Side,
  right: Side,
  terms: number,
  result: Float32Array,
  bias: Float32Array | undefined,
): Store {
  const factor = radiusFactor(terms);
  const one = bias?.length === 1;
  return (i, j, sum, position) => {
    const products = Math.min(left.largest[i]! * right.total[j]!, left.total[i]! * right.largest[j]!);
    const offset = bias?.[one ? 0 : position];
    const value = offset === undefined ? sum : sum + offset;
    const radius = factor * (offset === undefined ? products : products + Math.abs(offset));
    result[position] = isSure(value, radius) ? value : settle(i, j, value, offset);
  };

  function settle(i: number, j: number, value: number, offset: number | undefined): number {
    const [a, b] = [left.matrix, right.matrix];
    const products = { a: a.data, a0: i * a.row, aStep: a.step, b: b.data, b0: j * b.row, bStep: b.step, count: terms };
    return settleSum(value, products, offset);
  }
}

function integerStore(result: TensorArray, bias: TensorArray | undefined): Store {
  const one = bias?.length === 1;
  if (result instanceof BigInt64Array || result instanceof BigUint64Array) {
    return (_i, _j, sum, position) => {
      result[position] = BigInt(sum) + ((bias as BigInt64Array | undefined)?.[one ? 0 : position] ?? 0n);
    };
  }
  return (_i, _j, sum, position) => {
    result[position] = sum + ((bias as NumberArray | undefined)?.[one ? 0 : position] ?? 0);
  };
}

import { newArray, numelOf } from "../../bytes.js";
import { type ReduceNode, resultSize, type TensorArray } from "../../graph.js";
import { cutIntoBoxes } from "./boxes.js";
import { isSure, radiusFactor, settleSum } from "./decide.js";
import type { Products } from "./exact-sum.js";
import type { Memory } from "./memory.js";
import type { Product } from "./product.js";
import { createSide, type Side, type Space } from "./side.js";
import { tile1x1, tile4x1, tile4x2 } from "./tile.js";

/** binary64 numbers packed at a time: rows stay in a first-level cache, columns in a second-level one. */
const ROW_BUDGET = 2 ** 14;
const COLUMN_BUDGET = 2 ** 17;

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
  const left = createSide(space, product.left, product.rows, ROW_BUDGET, 4);
  const right = createSide(space, product.right, product.columns, COLUMN_BUDGET, 2);
  const result = newArray(node.dtype, resultSize(node));
  const job = { left, right, terms, result, bias };
  const finish = isFloat ? floatFinish(job) : integerFinish(job);
  const sums = new Float64Array(2 * left.offsets.length);

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
        multiply(left, right, terms, sums, columnOrigin + left.origin(rowIndex), finish);
      });
    });
  });
  return result;
}

/** What a product works on. */
interface Job {
  readonly left: Side;
  readonly right: Side;
  readonly terms: number;
  readonly result: TensorArray;
  readonly bias: TensorArray | undefined;
}

/** One column (or two, interleaved) of binary64 sums: row i at `sums[at + i * step]`. */
interface Column {
  readonly sums: Float64Array;
  readonly at: number;
  readonly step: number;
  /** Its number in the packed box. */
  readonly j: number;
}

/** Rounds a column of sums into the result; row i belongs at `origin` plus the row's and the column's offset. */
type Finish = (column: Column, origin: number) => void;

/** Multiplies the packed boxes; the last tile overlaps the one before it where the size is not a whole number of tiles. */
function multiply(left: Side, right: Side, terms: number, sums: Float64Array, origin: number, finish: Finish): void {
  const rows = left.offsets.length;
  const columns = right.offsets.length;
  if (rows < 4) {
    for (let j = 0; j < columns; j++) {
      for (let i = 0; i < rows; i++) sums[i] = tile1x1(left.matrix, i, right.matrix, j, terms);
      finish({ sums, at: 0, step: 1, j }, origin);
    }
  } else if (columns === 1) {
    for (let i = 0; i < rows; i += 4) tile4x1(left.matrix, Math.min(i, rows - 4), right.matrix, 0, terms, sums);
    finish({ sums, at: 0, step: 1, j: 0 }, origin);
  } else {
    for (let wanted = 0; wanted < columns; wanted += 2) {
      const j = Math.min(wanted, columns - 2);
      for (let i = 0; i < rows; i += 4) tile4x2(left.matrix, Math.min(i, rows - 4), right.matrix, j, terms, sums);
      finish({ sums, at: 0, step: 2, j }, origin);
      finish({ sums, at: 1, step: 2, j: j + 1 }, origin);
    }
  }
}

function floatFinish({ left, right, terms, result, bias }: Job): Finish {
  const out = result as Float32Array;
  const offsets = bias as Float32Array | undefined;
  const factor = radiusFactor(terms);
  const one = offsets?.length === 1;
  return ({ sums, at, step, j }, origin) => {
    const start = origin + right.offsets[j]!;
    const largest = right.largest[j]!;
    const total = right.total[j]!;
    for (let i = 0, from = at; i < left.offsets.length; i++, from += step) {
      const position = start + left.offsets[i]!;
      let value = sums[from]!;
      let bound = Math.min(left.largest[i]! * total, left.total[i]! * largest);
      let offset: number | undefined;
      if (offsets !== undefined) {
        offset = offsets[one ? 0 : position]!;
        value += offset;
        bound += Math.abs(offset);
      }
      out[position] = isSure(value, factor * bound)
        ? value
        : settleSum(value, productsOf(left, i, right, j, terms), offset);
    }
  };
}

function productsOf({ matrix: a }: Side, i: number, { matrix: b }: Side, j: number, count: number): Products {
  return { a: a.data, a0: i * a.row, aStep: a.step, b: b.data, b0: j * b.row, bStep: b.step, count };
}

function integerFinish({ left, right, result, bias }: Job): Finish {
  const one = bias?.length === 1;
  const isWide = result instanceof BigInt64Array || result instanceof BigUint64Array;
  return ({ sums, at, step, j }, origin) => {
    const start = origin + right.offsets[j]!;
    for (let i = 0; i < left.offsets.length; i++) {
      const position = start + left.offsets[i]!;
      const sum = sums[at + i * step]!;
      const offset = bias?.[one ? 0 : position] ?? 0;
      if (isWide) result[position] = BigInt(sum) + BigInt(offset);
      else result[position] = sum + Number(offset);
    }
  };
}

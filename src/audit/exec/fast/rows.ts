import { newArray, numelOf } from "../../bytes.js";
import { type Operand, type ReduceNode, resultSize, type TensorArray } from "../../graph.js";
import { blockReader } from "./blocks.js";
import { type Boxes, cutIntoBoxes } from "./boxes.js";
import { isSure, radiusFactor, settleSum } from "./decide.js";
import type { NumberArray } from "./integer-kernels.js";
import type { Memory } from "./memory.js";

/** Elements read at a time. */
const BUDGET = 2 ** 14;

type BigArray = BigInt64Array | BigUint64Array;

/** Reads the terms of some results at a time: those of result `first + r` at `r * terms` of each array. */
type RowVisitor = (lists: readonly TensorArray[], first: number, rows: number) => void;

/** Visits the terms of all results, in boxes; `out` are the extents of the results to visit. */
function forEachRows(
  node: ReduceNode,
  out: readonly number[],
  operands: readonly Operand[],
  memory: Memory,
  visit: RowVisitor,
): void {
  const terms = numelOf(node.red);
  const boxes = cutIntoBoxes(out, Math.max(1, Math.floor(BUDGET / terms)));
  const reduced = node.red.map((_, d) => node.out.length + d);
  const walk: Omit<Boxes, "forEach"> = {
    dims: [...boxes.dims, ...reduced],
    extents: [...boxes.extents, ...node.red],
    fixed: boxes.fixed,
    size: boxes.size * terms,
  };
  const readers = operands.map((operand) => blockReader(operand, walk, memory));
  boxes.forEach((index, first) => {
    visit(
      readers.map((read) => read(index)),
      first,
      boxes.size,
    );
  });
}

/** f32 `sum` and `mean`, and `dot` of few products at a time. */
export function floatSums(node: ReduceNode, memory: Memory, bias: Float32Array | undefined): TensorArray {
  const result = newArray("f32", resultSize(node)) as Float32Array;
  const terms = numelOf(node.red);
  const factor = radiusFactor(terms);
  const divisor = node.fn === "mean" ? terms : 1;
  const ones = node.fn === "dot" ? undefined : Float32Array.of(1);
  forEachRows(node, node.out, node.operands.slice(0, 2), memory, (lists, first, rows) => {
    const a = lists[0] as Float32Array;
    const b = ones ?? (lists[1] as Float32Array);
    const bStep = ones === undefined ? 1 : 0;
    for (let r = 0; r < rows; r++) {
      const offset = bias?.[bias.length === 1 ? 0 : first + r];
      const start = r * terms;
      let total = -0;
      let bound = 0;
      for (let k = 0; k < terms;) {
        const end = Math.min(terms, k + 64);
        let sum = -0;
        for (; k < end; k++) {
          const product = a[start + k]! * b[(start + k) * bStep]!;
          sum += product;
          bound += Math.abs(product);
        }
        total += sum;
      }
      if (offset !== undefined) {
        total += offset;
        bound += Math.abs(offset);
      }
      // The quotient's own rounding is one more of the spare roundings in the factor.
      const value = total / divisor;
      const products = { a, a0: start, aStep: 1, b, b0: start * bStep, bStep, count: terms };
      result[first + r] = isSure(value, (factor * bound) / divisor)
        ? value
        : settleSum(value, products, offset, divisor);
    }
  });
  return result;
}

/** Sums of integers of any width, wrapping. */
export function integerSums(node: ReduceNode, memory: Memory, bias: TensorArray | undefined): TensorArray {
  const result = newArray(node.dtype, resultSize(node));
  const isWide = result instanceof BigInt64Array || result instanceof BigUint64Array;
  const terms = numelOf(node.red);
  forEachRows(node, node.out, node.operands.slice(0, 2), memory, (lists, first, rows) => {
    const [a, b] = lists as readonly [NumberArray | BigArray, (NumberArray | BigArray)?];
    for (let r = 0; r < rows; r++) {
      let total = BigInt(bias?.[bias.length === 1 ? 0 : first + r] ?? 0);
      for (let k = r * terms; k < (r + 1) * terms; k++) total += BigInt(a[k]!) * (b === undefined ? 1n : BigInt(b[k]!));
      if (isWide) result[first + r] = total;
      else result[first + r] = Number(BigInt.asIntN(32, total));
    }
  });
  return result;
}

/** `max` and `min` over any dtype. */
export function extrema(node: ReduceNode, memory: Memory): TensorArray {
  const result = newArray(node.dtype, resultSize(node));
  const terms = numelOf(node.red);
  const pick = node.dtype === "f32" ? floatExtremum : node.fn === "max" ? largest : smallest;
  const better = node.fn === "max" ? Math.max : Math.min;
  forEachRows(node, node.out, node.operands, memory, ([list], first, rows) => {
    for (let r = 0; r < rows; r++) {
      (result as NumberArray)[first + r] = pick(list as NumberArray, r * terms, (r + 1) * terms, better);
    }
  });
  return result;
}

/** Math.max and Math.min give NaN if any operand is, and put -0 below +0. */
function floatExtremum(list: NumberArray, from: number, to: number, better: (x: number, y: number) => number): number {
  let best = list[from]!;
  for (let k = from + 1; k < to; k++) best = better(best, list[k]!);
  return best;
}

function largest(list: NumberArray, from: number, to: number): number {
  let best = list[from]!;
  for (let k = from + 1; k < to; k++) if (list[k]! > best) best = list[k]!;
  return best;
}

function smallest(list: NumberArray, from: number, to: number): number {
  let best = list[from]!;
  for (let k = from + 1; k < to; k++) if (list[k]! < best) best = list[k]!;
  return best;
}

/** `argmax`, `argmin` and their `last` forms. */
export function positions(node: ReduceNode, memory: Memory): TensorArray {
  const result = newArray("i64", resultSize(node)) as BigInt64Array;
  const terms = numelOf(node.red);
  const sign = node.fn.startsWith("argmin") ? -1 : 1;
  const last = node.fn.endsWith("last");
  forEachRows(node, node.out, node.operands, memory, ([values], first, rows) => {
    const list = values as NumberArray;
    for (let r = 0; r < rows; r++) {
      const start = r * terms;
      let best = 0;
      for (let k = 1; k < terms; k++) {
        const toBest = order(list[start + k]!, list[start + best]!, sign);
        if (toBest > 0 || (last && toBest === 0)) best = k;
      }
      result[first + r] = BigInt(best);
    }
  });
  return result;
}

/** `argkth`: the trailing result dimensions number the ranks of one list. */
export function ranks(node: ReduceNode, memory: Memory): TensorArray {
  const result = newArray("i64", resultSize(node)) as BigInt64Array;
  const terms = numelOf(node.red);
  const { kRank, largest: down } = node.argkth!;
  const lists = node.out.slice(0, node.out.length - kRank);
  const ranked = numelOf(node.out.slice(lists.length));
  forEachRows(node, lists, node.operands, memory, ([values], first, rows) => {
    const list = values as NumberArray;
    for (let r = 0; r < rows; r++) {
      const start = r * terms;
      const sorted = Array.from({ length: terms }, (_, k) => k).sort((i, j) => {
        const ascending = ascend(list[start + i]!, list[start + j]!);
        return down ? -ascending : ascending;
      });
      for (let k = 0; k < ranked; k++) result[(first + r) * ranked + k] = BigInt(sorted[k]!);
    }
  });
  return result;
}

/** -1, 0 or 1 as x comes before, with or after y; a NaN is above everything. Integers of 64 bits too. */
function ascend(x: number, y: number): number {
  if (x < y) return -1;
  if (x > y) return 1;
  return x === y ? 0 : Number(Number.isNaN(x)) - Number(Number.isNaN(y));
}

/** Positive if x beats y as the extremum in the direction of `sign`; a NaN beats all others. */
function order(x: number, y: number, sign: number): number {
  if (x < y) return -sign;
  if (x > y) return sign;
  return x === y ? 0 : Number(Number.isNaN(x)) - Number(Number.isNaN(y));
}

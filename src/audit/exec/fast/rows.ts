import { numelOf } from "../../bytes.js";
import type { Operand, ReduceNode, TensorArray } from "../../graph.js";
import { extentsOf } from "../../view.js";
import { biasReader } from "./bias.js";
import { blockReader, type BlockReader } from "./blocks.js";
import { type Boxes, cutIntoBoxes } from "./boxes.js";
import type { NumberArray } from "./integer-kernels.js";
import type { Memory } from "./memory.js";
import { radiusFactor } from "./radius.js";
import { movesAlong } from "./split.js";
import { reducedDims } from "./windows.js";

/** Elements read at a time. */
const BUDGET = 2 ** 14;

type BigArray = BigInt64Array | BigUint64Array;

/** Reads the terms of some results at a time: those of result `first + r` at `r * terms` of each array. */
type RowVisitor = (lists: readonly TensorArray[], first: number, rows: number) => void;

/** Prepares a walk over the terms of all results, in boxes; `out` are the extents of the results to visit. */
function rowWalk(
  node: ReduceNode,
  out: readonly number[],
  operands: readonly Operand[],
  memory: Memory,
): (visit: RowVisitor) => void {
  const terms = numelOf(node.red);
  const boxes = cutIntoBoxes(out, Math.max(1, Math.floor(BUDGET / terms)));
  const walk: Omit<Boxes, "forEach"> = {
    dims: [...boxes.dims, ...reducedDims(node)],
    extents: [...boxes.extents, ...node.red],
    fixed: boxes.fixed,
    size: boxes.size * terms,
  };
  const readers = operands.map((operand) => blockReader(operand, walk, memory));
  return (visit) => {
    for (const reader of readers) reader.start();
    boxes.forEach((index, first) => {
      visit(
        readers.map((reader) => reader.read(index)),
        first,
        boxes.size,
      );
    });
  };
}

/** Prepares f32 sums of products, row by row, over `divisor`. */
export function floatRows(
  node: ReduceNode,
  [left, right]: readonly [Operand, Operand],
  bias: Operand | undefined,
  divisor: number,
  result: Float32Array,
  memory: Memory,
): () => void {
  const terms = numelOf(node.red);
  const factor = radiusFactor(terms);
  const { kernels, arena } = memory;
  const isOne = (operand: Operand): boolean => node.out.every((extent, d) => extent === 1 || !movesAlong(operand, d));
  // An operand that is the same in all rows is read once.
  const [a, b] = isOne(left) && !isOne(right) ? [right, left] : [left, right];
  const one = isOne(b) ? rowReader(node, b, memory) : undefined;
  const walk = rowWalk(node, node.out, one === undefined ? [a, b] : [a], memory);
  const biases = bias === undefined ? undefined : biasReader(node, bias, memory);
  const none = arena.array("f32", 1);
  return () => {
    biases?.start();
    one?.start();
    none[0] = -0;
    const offsets = biases?.read([]) ?? none;
    const shared = one?.read([]);
    walk(([terms0, terms1], first, rows) => {
      const y = shared ?? terms1!;
      const yStep = shared === undefined ? 4 * terms : 0;
      const biasStep = biases === undefined ? 0 : 4;
      const biasAt = offsets.byteOffset + biasStep * first;
      const to = result.byteOffset + 4 * first;
      kernels.roundedRows(terms0!.byteOffset, y.byteOffset, yStep, terms, rows, biasAt, biasStep, factor, divisor, to);
    });
  };
}

function rowReader(node: ReduceNode, operand: Operand, memory: Memory): BlockReader {
  const dims = reducedDims(node);
  const extents = extentsOf(node);
  const walk = { dims, extents: dims.map((d) => extents[d]!), fixed: 0, size: numelOf(node.red) };
  return blockReader(operand, walk, memory);
}

/** Prepares sums of integers of any width, wrapping. */
export function integerRows(
  node: ReduceNode,
  bias: Operand | undefined,
  result: TensorArray,
  memory: Memory,
): () => void {
  const isWide = result instanceof BigInt64Array || result instanceof BigUint64Array;
  const terms = numelOf(node.red);
  const walk = rowWalk(node, node.out, node.operands.slice(0, 2), memory);
  const biases = bias === undefined ? undefined : biasReader(node, bias, memory);
  return () => {
    biases?.start();
    const offsets = biases?.read([]);
    walk((lists, first, rows) => {
      const [a, b] = lists as readonly [NumberArray | BigArray, (NumberArray | BigArray)?];
      for (let r = 0; r < rows; r++) {
        let total = BigInt(offsets?.[first + r] ?? 0);
        for (let k = r * terms; k < (r + 1) * terms; k++)
          total += BigInt(a[k]!) * (b === undefined ? 1n : BigInt(b[k]!));
        if (isWide) result[first + r] = total;
        else result[first + r] = Number(BigInt.asIntN(32, total));
      }
    });
  };
}

/** Prepares `max` and `min` over any dtype, list by list. */
export function extremaOfRows(node: ReduceNode, result: TensorArray, memory: Memory): () => void {
  const terms = numelOf(node.red);
  const pick = node.dtype === "f32" ? floatExtremum : node.fn === "max" ? largest : smallest;
  const better = node.fn === "max" ? Math.max : Math.min;
  const walk = rowWalk(node, node.out, node.operands, memory);
  return () => {
    walk(([list], first, rows) => {
      for (let r = 0; r < rows; r++) {
        (result as NumberArray)[first + r] = pick(list as NumberArray, r * terms, (r + 1) * terms, better);
      }
    });
  };
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

/** Prepares `argmax`, `argmin` and their `last` forms. */
export function positions(node: ReduceNode, target: TensorArray, memory: Memory): () => void {
  const result = target as BigInt64Array;
  const terms = numelOf(node.red);
  const sign = node.fn.startsWith("argmin") ? -1 : 1;
  const last = node.fn.endsWith("last");
  const walk = rowWalk(node, node.out, node.operands, memory);
  return () => {
    walk(([values], first, rows) => {
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
  };
}

/** Prepares `argkth`: the trailing result dimensions number the ranks of one list. */
export function ranks(node: ReduceNode, target: TensorArray, memory: Memory): () => void {
  const result = target as BigInt64Array;
  const terms = numelOf(node.red);
  const { kRank, largest: down } = node.argkth!;
  const lists = node.out.slice(0, node.out.length - kRank);
  const ranked = numelOf(node.out.slice(lists.length));
  const walk = rowWalk(node, lists, node.operands, memory);
  return () => {
    walk(([values], first, rows) => {
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
  };
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

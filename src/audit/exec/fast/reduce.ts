import { numelOf } from "../../bytes.js";
import type { Immediate, Operand, ReduceNode, TensorArray } from "../../graph.js";
import { extentsOf } from "../../view.js";
import { floatProducts, integerProducts } from "./dot.js";
import { createImage, layOutImage } from "./image.js";
import { NARROW } from "./integer-kernels.js";
import { isInArena, type Memory } from "./memory.js";
import { elementOffsets } from "./numbers.js";
import { largestMagnitude } from "./pack.js";
import { extremaOfRows, floatRows, integerRows, positions, ranks } from "./rows.js";
import { chooseSplit, isView } from "./split.js";
import { createTable, reducedDims, resultSteps } from "./windows.js";

/** Prepares the results of a reduction before its epilogue. */
export function reduceInto(node: ReduceNode, result: TensorArray, memory: Memory): () => void {
  switch (node.fn) {
    case "dot":
    case "sum":
    case "mean":
      return node.dtype === "f32" ? floatSums(node, result as Float32Array, memory) : integerSums(node, result, memory);
    case "max":
    case "min":
      return extremaOfWindows(node, result, memory) ?? extremaOfRows(node, result, memory);
    case "argmax":
    case "argmaxlast":
    case "argmin":
    case "argminlast":
      return positions(node, result, memory);
    case "argkth":
      return ranks(node, result, memory);
  }
}

/** 1 as an operand: a sum is one of products with it. */
const ONE: Immediate = { source: { kind: "immediate" }, dtype: "f32", value: 0x3f800000n };

function floatSums(node: ReduceNode, result: Float32Array, memory: Memory): () => void {
  const [left, right = ONE, bias] = node.operands as readonly [Operand, Operand?, Operand?];
  const divisor = node.fn === "mean" ? numelOf(node.red) : 1;
  const split = chooseSplit(node, [left, right], ["products", "windows"]);
  return split === undefined
    ? floatRows(node, [left, right], bias, divisor, result, memory)
    : floatProducts(node, split, bias, divisor, result, memory);
}

function integerSums(node: ReduceNode, result: TensorArray, memory: Memory): () => void {
  const [left, right, bias] = node.operands as readonly [Operand, Operand?, Operand?];
  const rows = (): (() => void) => integerRows(node, bias, result, memory);
  if (right === undefined || !NARROW.has(left.dtype) || !NARROW.has(right.dtype)) return rows();
  const split = chooseSplit(node, [left, right], ["products"]);
  if (split === undefined) return rows();
  const fast = integerProducts(node, split, bias, result, memory);
  const exact = rows();
  return () => {
    // Whether no partial sum, nor that with a bias of 32 bits, leaves the integers that binary64 holds exactly.
    const bound = largestMagnitude(left, memory) * largestMagnitude(right, memory) * numelOf(node.red);
    if (bound < 2 ** 52) fast();
    else exact();
  };
}

/** Pooling where the last dimension of the result is a run of the operand's; undefined elsewhere. */
function extremaOfWindows(node: ReduceNode, result: TensorArray, memory: Memory): (() => void) | undefined {
  const [operand] = node.operands as readonly [Operand];
  if (node.dtype !== "f32" || !isView(operand) || !isInArena(operand.source)) return undefined;
  const dims = node.out.flatMap((extent, d) => (extent === 1 ? [] : [d]));
  const lane = dims.pop();
  if (lane === undefined || node.out[lane]! < 4) return undefined;
  const extents = extentsOf(node);
  const layout = layOutImage(operand, extents, [...dims, lane, ...reducedDims(node)], lane);
  if (layout?.coef[lane] !== 1) return undefined;
  const image = createImage([layout], memory, 4);
  const inBytes = layout.coef.map((step) => 4 * step);
  const tables = [
    createTable(elementOffsets(inBytes, dims, extents), memory),
    createTable(elementOffsets(inBytes, reducedDims(node), extents), memory),
    createTable(elementOffsets(resultSteps(node), dims, extents), memory),
  ] as const;
  const [rowAt, offsets, rowOut] = tables;
  const rows = numelOf(dims.map((d) => extents[d]!));
  const isMax = node.fn === "max" ? 1 : 0;
  const terms = numelOf(node.red);
  return () => {
    image.write(0, 0);
    for (const table of tables) table.write();
    const windows = [image.address, rowAt.address, rows, offsets.address, terms] as const;
    memory.kernels.extrema(...windows, isMax, node.out[lane]!, result.byteOffset, rowOut.address);
  };
}

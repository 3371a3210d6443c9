import { numelOf } from "../../bytes.js";
import { type Operand, type ReduceNode, resultSize, type TensorArray } from "../../graph.js";
import { blockReader, filled } from "./blocks.js";
import { dotProducts } from "./dot.js";
import { NARROW } from "./integer-kernels.js";
import type { Memory } from "./memory.js";
import { largestMagnitude } from "./pack.js";
import { asProduct, isTiled } from "./product.js";
import { extrema, floatSums, integerSums, positions, ranks } from "./rows.js";

/** Results of a reduction before its epilogue. */
export function reduceNode(node: ReduceNode, memory: Memory): TensorArray {
  switch (node.fn) {
    case "dot":
      return dot(node, memory);
    case "sum":
      return node.dtype === "f32" ? floatSums(node, memory, undefined) : integerSums(node, memory, undefined);
    case "mean":
      return floatSums(node, memory, undefined);
    case "max":
    case "min":
      return extrema(node, memory);
    case "argmax":
    case "argmaxlast":
    case "argmin":
    case "argminlast":
      return positions(node, memory);
    case "argkth":
      return ranks(node, memory);
  }
}

function dot(node: ReduceNode, memory: Memory): TensorArray {
  const bias = node.operands[2] === undefined ? undefined : readBias(node, node.operands[2], memory);
  const product = asProduct(node);
  const isFloat = node.dtype === "f32";
  if (isTiled(product, node) && (isFloat || fitsDouble(node, memory))) {
    return dotProducts(node, product, memory, bias, isFloat);
  }
  return isFloat ? floatSums(node, memory, bias as Float32Array | undefined) : integerSums(node, memory, bias);
}

/** Biases by result position, or the one bias of all results. */
function readBias(node: ReduceNode, bias: Operand, memory: Memory): TensorArray {
  if (!("guards" in bias)) return filled(bias.dtype, 1, bias.value);
  const dims = node.out.map((_, d) => d);
  return blockReader(bias, { dims, extents: node.out, fixed: 0, size: resultSize(node) }, memory)([]);
}

/** Whether no partial sum of products, nor that with a bias of 32 bits, leaves the integers that binary64 holds exactly. */
function fitsDouble(node: ReduceNode, memory: Memory): boolean {
  const [a, b] = node.operands as readonly [Operand, Operand];
  if (!NARROW.has(a.dtype) || !NARROW.has(b.dtype)) return false;
  return largestMagnitude(a, memory) * largestMagnitude(b, memory) * numelOf(node.red) < 2 ** 52;
}

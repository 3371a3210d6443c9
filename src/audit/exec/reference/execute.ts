import { newArray } from "../../bytes.js";
import {
  type AuditGraph,
  type AuditNode,
  type GatherNode,
  type Operand,
  type ReduceNode,
  resultDType,
  resultSize,
  type Tensor,
  type View,
} from "../../graph.js";
import { addressAt, unravel } from "../../view.js";
import { pickedOperand } from "../../wellformed.js";
import { readElement, writeElement } from "../elements.js";
import { illFormedUse } from "../errors.js";
import { checkRun } from "../inputs.js";
import { toInteger } from "./integers.js";
import { reduce } from "./reduce.js";
import { scalar } from "./scalar.js";

/** Reads operands: all tensors that nodes may name. */
interface Memory {
  readonly input: readonly Tensor[];
  readonly weight: readonly Tensor[];
  readonly node: readonly Tensor[];
}

/**
 * Runs a graph on the reference executor, the definition in running form: every element by itself, on exact integers.
 *
 * @param inputs the unbound inputs, in graph order
 * @returns the results of all nodes, in order
 * @throws TouchstoneError `NODE_ILL_FORMED` or `INPUT_MISMATCH`
 */
export function executeReference(graph: AuditGraph, inputs: readonly Tensor[]): Tensor[] {
  checkRun(graph, inputs);
  const trace: Tensor[] = [];
  const memory: Memory = { input: inputs, weight: graph.weights, node: trace };
  for (const node of graph.nodes) {
    const dtype = resultDType(node);
    const data = newArray(dtype, resultSize(node));
    for (let element = 0; element < data.length; element++) {
      writeElement(data, dtype, element, evaluate(node, memory, element));
    }
    trace.push({ dtype, shape: node.out, data });
  }
  return trace;
}

/**
 * Bits of one element of one node's result, from a trace that may be anybody's.
 *
 * @param trace results of (at least) all nodes before `nodeIndex`
 * @throws TouchstoneError `NODE_ILL_FORMED` or `INPUT_MISMATCH`
 */
export function evaluateElement(
  graph: AuditGraph,
  trace: readonly Tensor[],
  inputs: readonly Tensor[],
  nodeIndex: number,
  element: number,
): bigint {
  checkRun(graph, inputs);
  const node = graph.nodes[nodeIndex];
  if (node === undefined) throw illFormedUse(`there is no node ${nodeIndex} in a graph of ${graph.nodes.length}`);
  if (element < 0 || element >= resultSize(node)) throw illFormedUse(`node ${nodeIndex} has no element ${element}`);
  return evaluate(node, { input: inputs, weight: graph.weights, node: trace }, element);
}

/** Bits of one element of a node's result; the graph is well-formed. */
function evaluate(node: AuditNode, memory: Memory, element: number): bigint {
  const x = unravel(element, node.out);
  let value = own(node, memory, x);
  let dtype = node.dtype;
  for (const step of node.steps) {
    const bits = step.operands.map((operand) => read(operand, memory, x));
    const dtypes = step.operands.map((operand) => operand.dtype);
    bits.splice(step.chain, 0, value);
    dtypes.splice(step.chain, 0, dtype);
    value = scalar(step.fn, dtypes, step.dtype, bits);
    dtype = step.dtype;
  }
  return value;
}

/** The value before the steps. */
function own(node: AuditNode, memory: Memory, x: readonly number[]): bigint {
  if (node.kind === "reduce") return reduced(node, memory, x);
  if (node.kind === "gather") return gathered(node, memory, x);
  const operands = node.fn === "pick" ? [node.operands[pickedOperand(node, x)]!] : node.operands;
  return scalar(
    node.fn,
    operands.map(({ dtype }) => dtype),
    node.dtype,
    operands.map((operand) => read(operand, memory, x)),
  );
}

/** What an operand reads at an index; dimensions that the index lacks are at zero. */
function read(operand: Operand, memory: Memory, x: readonly number[]): bigint {
  if (!("guards" in operand)) return operand.value;
  const address = addressAt(operand, x);
  return address === undefined ? operand.fill : load(operand, memory, address);
}

function load({ source, dtype }: View, memory: Memory, address: number): bigint {
  return readElement(memory[source.kind][source.index]!.data, dtype, address);
}

function reduced(node: ReduceNode, memory: Memory, x: readonly number[]): bigint {
  const [first, second, bias] = node.operands as readonly [Operand, Operand?, Operand?];
  const terms = node.red.reduce((n, extent) => n * extent, 1);
  const list = (operand: Operand): bigint[] =>
    Array.from({ length: terms }, (_, k) => read(operand, memory, [...x, ...unravel(k, node.red)]));
  return reduce(
    node.fn,
    node.operands.map(({ dtype }) => dtype),
    node.dtype,
    {
      lists: second === undefined ? [list(first)] : [list(first), list(second)],
      ...(bias === undefined ? {} : { bias: read(bias, memory, x) }),
      ...(node.argkth === undefined ? {} : { rank: rankAt(node, node.argkth.kRank, x), largest: node.argkth.largest }),
    },
  );
}

/** Row-major number of the trailing `kRank` coordinates. */
function rankAt(node: ReduceNode, kRank: number, x: readonly number[]): number {
  let rank = 0;
  for (let d = x.length - kRank; d < x.length; d++) rank = rank * node.out[d]! + x[d]!;
  return rank;
}

function gathered(node: GatherNode, memory: Memory, x: readonly number[]): bigint {
  const [table, ...indices] = node.operands;
  if (!table || !("guards" in table)) throw illFormedUse("what a gather reads is no tensor");
  let address = BigInt(addressAt(table, x)!);
  indices.forEach((operand, i) => {
    const { stride, extent } = node.indices[i]!;
    const last = BigInt(extent) - 1n;
    const given = toInteger(read(operand, memory, x), operand.dtype);
    const counted = given < 0n ? given + BigInt(extent) : given;
    address += BigInt(stride) * (counted < 0n ? 0n : counted > last ? last : counted);
  });
  return scalar("copy", [node.dtype], node.dtype, [load(table, memory, Number(address))]);
}

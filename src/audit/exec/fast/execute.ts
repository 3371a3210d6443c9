import { newArray } from "../../bytes.js";
import {
  type AuditGraph,
  type AuditNode,
  resultDType,
  resultSize,
  type Tensor,
  type TensorArray,
} from "../../graph.js";
import { isFloating } from "../../signatures.js";
import { checkRun } from "../inputs.js";
import { cutIntoBoxes } from "./boxes.js";
import { canonicalise } from "./float-kernels.js";
import { epilogue, gatherProducer, mapProducer, type Producer } from "./map.js";
import { createMemory, type Memory } from "./memory.js";
import { reduceNode } from "./reduce.js";

/** Elements that a map, gather or epilogue handles at a time: a few arrays of them stay in a first-level cache. */
const BOX = 4096;

export interface FastOptions {
  /** Called with every node's result as soon as it is known. */
  readonly onNode?: (node: number, result: Tensor) => void;
}

/**
 * Runs a graph in binary64 where that decides, and exactly where it does not: the same bits as the reference executor.
 *
 * @param inputs the unbound inputs, in graph order
 * @returns the results of all nodes, in order
 * @throws TouchstoneError `NODE_ILL_FORMED` or `INPUT_MISMATCH`
 */
export function executeFast(graph: AuditGraph, inputs: readonly Tensor[], options: FastOptions = {}): Tensor[] {
  checkRun(graph, inputs);
  const memory = createMemory(graph, inputs);
  return graph.nodes.map((node, i) => {
    const result = runNode(node, memory);
    memory.store(i, result.data);
    options.onNode?.(i, result);
    return result;
  });
}

/**
 * Runs a graph for its outputs alone; a result is let go as soon as no later node reads it.
 *
 * @returns the outputs, in graph order, in the shapes of the output list
 * @throws TouchstoneError `NODE_ILL_FORMED` or `INPUT_MISMATCH`
 */
export function answer(graph: AuditGraph, inputs: readonly Tensor[], options: FastOptions = {}): Tensor[] {
  checkRun(graph, inputs);
  const memory = createMemory(graph, inputs);
  const lastReader = lastReaders(graph);
  const outputs = new Map<number, Tensor>();
  const wanted = new Set(graph.outputs.map(({ node }) => node));
  graph.nodes.forEach((node, i) => {
    const result = runNode(node, memory);
    if (wanted.has(i)) outputs.set(i, result);
    options.onNode?.(i, result);
    memory.store(i, result.data);
    for (const read of lastReader.get(i) ?? []) memory.drop(read);
  });
  return graph.outputs.map(({ node, shape }) => ({ ...outputs.get(node)!, shape }));
}

/** By node: the nodes whose results it is the last to read; its own, if nobody reads it. */
function lastReaders(graph: AuditGraph): Map<number, number[]> {
  const last = graph.nodes.map((_, i) => i);
  graph.nodes.forEach((node, i) => {
    for (const operand of [...node.operands, ...node.steps.flatMap((step) => step.operands)]) {
      if (operand.source.kind === "node") last[operand.source.index] = i;
    }
  });
  const byReader = new Map<number, number[]>();
  last.forEach((reader, node) => byReader.set(reader, [...(byReader.get(reader) ?? []), node]));
  return byReader;
}

function runNode(node: AuditNode, memory: Memory): Tensor {
  const dtype = resultDType(node);
  const data = node.kind === "reduce" && node.steps.length === 0 ? reduceNode(node, memory) : runBoxes(node, memory);
  if (isFloating(dtype)) canonicalise(data);
  return { dtype, shape: node.out, data };
}

function runBoxes(node: AuditNode, memory: Memory): TensorArray {
  const boxes = cutIntoBoxes(node.out, BOX);
  const result = newArray(resultDType(node), resultSize(node));
  const produce = producer(node, memory);
  if (node.steps.length === 0) {
    boxes.forEach((index, first) => produce(index, first, result.subarray(first, first + boxes.size)));
    return result;
  }
  const finish = epilogue(node, boxes, memory);
  const scratch = newArray(node.dtype, boxes.size);
  boxes.forEach((index, first) => {
    finish(produce(index, first, scratch), index, result.subarray(first, first + boxes.size));
  });
  return result;

  function producer(of: AuditNode, from: Memory): Producer {
    if (of.kind === "map") return mapProducer(of, boxes, from);
    if (of.kind === "gather") return gatherProducer(of, boxes, from);
    const values = reduceNode(of, from);
    return (_index, first) => values.subarray(first, first + boxes.size);
  }
}

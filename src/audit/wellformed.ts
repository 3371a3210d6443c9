import { TouchstoneError } from "../errors.js";
import { numelOf } from "./bytes.js";
import {
  type AuditGraph,
  type AuditNode,
  type DType,
  DTYPE_BYTES,
  type Operand,
  resultDType,
  resultSize,
  type View,
} from "./graph.js";
import { depthOf } from "./merkle.js";
import { gatherTakes, mapTakes, reduceTakes } from "./signatures.js";
import { leafCount } from "./tree.js";
import { addressAt, addressBounds, createRuns, extentsOf, unravel } from "./view.js";

/** Tensors, reductions and index spaces of a graph stay below these (docs/audit.md, 3). */
const MAX_NUMEL = 2 ** 31 - 1;
const MAX_RANK = 16;
/** Largest operand count: operands are numbered by one byte, and 255 means "none". */
const MAX_OPERANDS = 255;

/** Elements that a static check looks at one by one where bounds alone do not settle it. */
const MAX_ENUMERATED = 2 ** 25;

/** Element type and size of a tensor. */
export interface TensorInfo {
  readonly dtype: DType;
  readonly numel: number;
}

/** What a node may read. */
export interface NodeContext {
  /** The node's own position. */
  readonly index: number;
  readonly inputs: readonly TensorInfo[];
  readonly weights: readonly TensorInfo[];
  /** Results of the nodes before it, at least. */
  readonly nodes: readonly TensorInfo[];
  /** Nodes in the whole graph. */
  readonly nodeCount: number;
  /** Registered `L`. */
  readonly depth: number;
}

/** Demands that reach a leaf of a tensor of this size in a trace of `nodeCount` tensors: a term of `L` (docs/audit.md, 5). */
export function demandDepth(tensor: TensorInfo, nodeCount: number): number {
  const list = nodeCount > 2048 ? Math.ceil(depthOf(nodeCount) / 8) : 0;
  return list + Math.ceil(depthOf(leafCount(tensor.numel, tensor.dtype)) / 8) + 1;
}

/** Result tensor of a node. */
export function resultInfo(node: AuditNode): TensorInfo {
  return { dtype: resultDType(node), numel: resultSize(node) };
}

/** Why a node is ill-formed (docs/audit.md, 3), whatever element is asked for; undefined if it is not. */
export function illFormed(node: AuditNode, context: NodeContext): string | undefined {
  return brokenRule(node, context) ?? badAddress(node);
}

/** As `illFormed`, but without looking at the addresses that the node reads: what the Arbiter judges before it opens anything. */
export function brokenRule(node: AuditNode, context: NodeContext): string | undefined {
  return (
    badSpace(node) ??
    badFunctions(node) ??
    allOperands(node)
      .map((operand) => badOperand(operand, context))
      .find((reason) => reason !== undefined) ??
    (demandDepth(resultInfo(node), context.nodeCount) > context.depth
      ? `its result needs demands deeper than ${context.depth}`
      : undefined)
  );
}

/**
 * Checks every node of a graph.
 *
 * @throws TouchstoneError `NODE_ILL_FORMED` that names the first bad node.
 */
export function assertWellFormed(graph: AuditGraph, depth: number): void {
  const nodes = graph.nodes.map(resultInfo);
  const inputs = graph.inputs.map(({ dtype, shape }) => ({ dtype, numel: numelOf(shape) }));
  const weights = graph.weights.map(({ dtype, data }) => ({ dtype, numel: data.length }));
  graph.nodes.forEach((node, index) => {
    const reason = illFormed(node, { index, inputs, weights, nodes, nodeCount: nodes.length, depth });
    if (reason === undefined) return;
    throw new TouchstoneError("NODE_ILL_FORMED", `node ${index} (${node.label || node.fn}): ${reason}`, {
      next: "This is a fault of the compiler or of whoever published the graph: do not register or accuse with it.",
    });
  });
}

/** All operands in the order that evidence numbers them: the node's, then those of the steps. */
export function allOperands(node: AuditNode): readonly Operand[] {
  return [...node.operands, ...node.steps.flatMap((step) => step.operands)];
}

function badSpace(node: AuditNode): string | undefined {
  const extents = extentsOf(node);
  if (extents.length > MAX_RANK) return `its index space has rank ${extents.length}`;
  if (extents.some((extent) => extent < 1)) return "it has a zero extent";
  if (resultSize(node) > MAX_NUMEL) return "its result has 2^31 elements or more";
  if (node.kind === "reduce" && numelOf(node.red) > MAX_NUMEL) return "it reduces over 2^31 elements or more";
  if (allOperands(node).length > MAX_OPERANDS) return `it has more than ${MAX_OPERANDS} operands`;
  return undefined;
}

function badFunctions(node: AuditNode): string | undefined {
  const dtypes = node.operands.map(({ dtype }) => dtype);
  const bad = `${node.fn} does not take (${dtypes.join(", ")}) to ${node.dtype}`;
  if (node.kind === "map" && !mapTakes(node.fn, dtypes, node.dtype)) return bad;
  if (node.kind === "reduce" && !reduceTakes(node.fn, dtypes, node.dtype)) return bad;
  if (node.kind === "gather" && !gatherTakes(dtypes, node.dtype)) return bad;
  let running = node.dtype;
  for (const step of node.steps) {
    if (step.chain > step.operands.length) return `a step inserts its chain at position ${step.chain}`;
    const taken = step.operands.map(({ dtype }) => dtype);
    taken.splice(step.chain, 0, running);
    if (!mapTakes(step.fn, taken, step.dtype)) return `${step.fn} does not take (${taken.join(", ")}) to ${step.dtype}`;
    running = step.dtype;
  }
  const last = node.operands.at(-1)!;
  if (node.fn === "pick" && "guards" in last && last.guards.length > 0) return "the last operand of pick has a guard";
  if (node.kind === "gather") return badGather(node.operands[0]!, node.indices, node.operands.length - 1);
  if (node.kind === "reduce") return badRank(node);
  return undefined;
}

function badGather(
  data: Operand,
  indices: readonly { readonly stride: number; readonly extent: number }[],
  indexOperands: number,
): string | undefined {
  if (!("guards" in data) || data.guards.length > 0) return "what a gather reads has guards or is no tensor";
  if (indices.length !== indexOperands) return `${indexOperands} index operands with ${indices.length} attributes`;
  if (indices.some(({ extent }) => extent < 1)) return "an indexed axis is empty";
  return undefined;
}

function badRank(node: AuditNode & { kind: "reduce" }): string | undefined {
  if ((node.fn === "argkth") !== (node.argkth !== undefined))
    return "rank attributes and function do not belong together";
  if (node.argkth === undefined) return undefined;
  const { kRank } = node.argkth;
  if (kRank > node.out.length) return `${kRank} output extents cannot enumerate ranks`;
  const from = node.out.length - kRank;
  if (numelOf(node.out.slice(from)) > numelOf(node.red)) return "it asks for more ranks than there are terms";
  const operand = node.operands[0]!;
  if (!("guards" in operand)) return undefined;
  const moves = [operand, ...operand.guards].some(({ coef }) => coef.slice(from, node.out.length).some((c) => c !== 0));
  return moves ? "what it ranks depends on the rank" : undefined;
}

function badOperand(operand: Operand, context: NodeContext): string | undefined {
  const bits = BigInt(8 * DTYPE_BYTES[operand.dtype]);
  if (!("guards" in operand)) {
    if (operand.value >> bits !== 0n) return "an immediate has more bits than its dtype";
    return operand.dtype === "bool" && operand.value > 1n ? "a bool immediate above 1" : undefined;
  }
  const { source, numel, dtype, guards } = operand;
  if (guards.some(({ divisor, extent }) => divisor < 1 || extent < 1)) return "a guard has a zero divisor or extent";
  if (guards.length > 0 && operand.fill >> bits !== 0n) return "a fill has more bits than its dtype";
  if (numel < 1 || numel > MAX_NUMEL) return `it reads a tensor of ${numel} elements`;
  if (source.kind === "node" && source.index >= context.index) return `it reads node ${source.index}`;
  const lists = { input: context.inputs, weight: context.weights, node: context.nodes };
  const read = lists[source.kind][source.index];
  if (read === undefined) return `it reads ${source.kind} ${source.index}, which does not exist`;
  if (read.numel !== numel || read.dtype !== dtype) {
    return `it reads ${source.kind} ${source.index} as ${numel} of ${dtype}, which is ${read.numel} of ${read.dtype}`;
  }
  return undefined;
}

function badAddress(node: AuditNode): string | undefined {
  const outside = node.operands.findIndex((operand, i) => "guards" in operand && !readsInside(node, i, operand));
  if (outside >= 0) return `operand ${outside} reads outside its tensor`;
  const atOutput = node.steps.flatMap((step) => step.operands);
  if (atOutput.some((operand) => "guards" in operand && !inside(operand, node.out))) {
    return "an epilogue operand reads outside its tensor";
  }
  return undefined;
}

function readsInside(node: AuditNode, operandNumber: number, view: View): boolean {
  if (node.kind === "gather" && operandNumber === 0) {
    const bounds = addressBounds(view, node.out)!;
    const reach = node.indices.map(({ stride, extent }) => stride * (extent - 1));
    const min = reach.reduce((sum, r) => sum + Math.min(0, r), bounds.min);
    const max = reach.reduce((sum, r) => sum + Math.max(0, r), bounds.max);
    return min >= 0 && max < view.numel;
  }
  if (node.fn === "pick") return pickedInside(node, operandNumber, view);
  const isBias = node.fn === "dot" && operandNumber === 2;
  return inside(view, isBias ? node.out : extentsOf(node));
}

function boundedInside(view: View, extents: readonly number[]): boolean {
  const bounds = addressBounds(view, extents);
  return bounds === undefined || (bounds.min >= 0 && bounds.max < view.numel);
}

/** Whether every address that a view reads in `extents` lies inside its tensor; by bounds, else run by run. */
function inside(view: View, extents: readonly number[]): boolean {
  if (boundedInside(view, extents)) return true;
  if (numelOf(extents) > MAX_ENUMERATED) return false;
  let all = true;
  createRuns(
    view,
    extents,
    0,
  )([], (_term, _step, count, address, stride) => {
    const end = address + stride * (count - 1);
    if (Math.min(address, end) < 0 || Math.max(address, end) >= view.numel) all = false;
  });
  return all;
}

/** Like `inside`, where the operand only counts at outputs that pick it. */
function pickedInside(node: AuditNode, operandNumber: number, view: View): boolean {
  if (boundedInside(view, node.out)) return true;
  const size = resultSize(node);
  if (size > MAX_ENUMERATED) return false;
  for (let element = 0; element < size; element++) {
    const x = unravel(element, node.out);
    const address = addressAt(view, x);
    if (address === undefined || (address >= 0 && address < view.numel)) continue;
    if (pickedOperand(node, x) === operandNumber) return false;
  }
  return true;
}

/** Which operand of a `pick` node is read at output index `x`: the first whose guards all pass. */
export function pickedOperand(node: AuditNode, x: readonly number[]): number {
  return node.operands.findIndex((operand) => !("guards" in operand) || addressAt(operand, x) !== undefined);
}

import type { ElementArray, ElementType } from "../../onnx/element.js";
import type { DType, MapFn, ReduceFn } from "../graph.js";
import type { CostNode, CostOperand } from "./cost.js";

/*
 * Nodes while a graph is being built: operands hold the memory they read instead of its number, and any field may still be
 * rewritten by a later pass.
 */

/**
 * Tensor memory that views read. Constants may have element types that exist at compile time only (f16, ...);
 * whatever reaches a node is one of the audit graph's.
 */
export type Memory =
  | {
      readonly kind: "input";
      readonly dtype: DType;
      readonly numel: number;
      readonly index: number;
      readonly name: string;
    }
  | { readonly kind: "const"; readonly dtype: ElementType; readonly numel: number; readonly data: ElementArray }
  | { readonly kind: "node"; readonly dtype: DType; readonly numel: number; readonly node: RawNode };

export type ConstMemory = Extract<Memory, { kind: "const" }>;

export interface RawGuard {
  base: number;
  divisor: number;
  extent: number;
  stride: number;
  coef: number[];
}

export interface RawView {
  memory: Memory;
  base: number;
  /** One per dimension: outputs, then reductions. */
  coef: number[];
  guards: RawGuard[];
  fill: bigint;
}

export interface RawImmediate {
  memory: undefined;
  dtype: DType;
  value: bigint;
}

export type RawOperand = RawView | RawImmediate;

export interface RawStep {
  fn: Exclude<MapFn, "pick">;
  dtype: DType;
  chain: number;
  operands: RawOperand[];
}

export type NodeFn =
  | { kind: "map"; fn: MapFn }
  | { kind: "reduce"; fn: ReduceFn; argkth?: { kRank: number; largest: boolean } }
  | { kind: "gather"; fn: "gather"; indices: readonly { stride: number; extent: number }[] };

export interface RawNode {
  what: NodeFn;
  dtype: DType;
  out: number[];
  red: number[];
  operands: RawOperand[];
  steps: RawStep[];
  label: string;
  /** Whether the lowering uses a discontinuous function where the whole is continuous. */
  continuous: boolean;
}

export function isView(operand: RawOperand): operand is RawView {
  return operand.memory !== undefined;
}

/** dtype of what a node commits. */
export function rawDType(node: RawNode): DType {
  return node.steps.at(-1)?.dtype ?? node.dtype;
}

function costOperand(operand: RawOperand): CostOperand {
  if (!isView(operand)) return { dtype: operand.dtype, view: undefined, weight: false };
  const { memory, base, coef, guards } = operand;
  return {
    dtype: memory.dtype as DType,
    view: { numel: memory.numel, base, coef, guards },
    weight: memory.kind === "const",
  };
}

/** The node as the cost model sees it. */
export function costNode(node: RawNode): CostNode {
  return {
    kind: node.what.kind,
    fn: node.what.fn,
    attrBytes: node.what.kind === "gather" ? 8 * node.what.indices.length : node.what.fn === "argkth" ? 2 : 0,
    dtype: node.dtype,
    out: node.out,
    red: node.red,
    operands: node.operands.map(costOperand),
    steps: node.steps.map((step) => ({ fn: step.fn, operands: step.operands.map(costOperand) })),
  };
}

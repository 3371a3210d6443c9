import type { GraphProto } from "../../onnx/gen/onnx_pb.js";
import type { Builder } from "../compile/builder.js";
import { CompileError, inconsistent } from "../compile/errors.js";
import type { ConstMemory, Memory, RawNode } from "../compile/raw.js";
import { isConstant, isWhole, shapeOf, type Value } from "../compile/value.js";
import type { DType } from "../graph.js";
import { isFloating } from "../signatures.js";
import { type Attributes, toInteger } from "./attributes.js";

/** One ONNX node that is being lowered. */
export interface Op {
  readonly builder: Builder;
  /** Operator name without its domain. */
  readonly operator: string;
  /** Version of the operator's domain. */
  readonly opset: number;
  readonly attributes: Attributes;
  /** Inputs in order; undefined where an optional one is left out. */
  readonly inputs: readonly (Value | undefined)[];
  /** Names of the outputs, empty where one is not used. */
  readonly outputs: readonly string[];
  /** Lowers a subgraph in the scope of this node, its inputs given by position. */
  subgraph(graph: GraphProto, inputs: readonly Value[]): Value[];
}

/** Lowers one ONNX node to values, one per output; trailing unused outputs may be left out. */
export type Lower = (op: Op) => Value | readonly (Value | undefined)[];

/** An entry of the operator table: opset versions `since` to before `until` of `domain` ("" is ai.onnx). */
export interface OpLowering {
  readonly domain: string;
  readonly operator: string;
  readonly since: number;
  readonly until?: number;
  readonly lower: Lower;
}

/** Table entries for operators that one function each lowers at every version. */
export function operators(lowerings: Readonly<Record<string, Lower>>, domain = ""): OpLowering[] {
  return Object.entries(lowerings).map(([operator, lower]) => ({ domain, operator, since: 1, lower }));
}

/** Input `i`, which the operator requires. */
export function required(op: Op, i: number): Value {
  const value = op.inputs[i];
  if (!value) throw inconsistent(`Input ${i} is missing`);
  return value;
}

/** The shape of a tensor that must have `rank` dimensions. */
export function shapeOfRank(value: Value, rank: 2): [number, number];
export function shapeOfRank(value: Value, rank: 3): [number, number, number];
export function shapeOfRank(value: Value, rank: 4): [number, number, number, number];
export function shapeOfRank(value: Value, rank: number): number[] {
  const shape = shapeOf(value);
  if (shape.length !== rank) throw inconsistent(`A tensor of ${rank} dimensions is wanted, not [${shape.join()}]`);
  return shape;
}

/** Batch, channels and spatial extents of a tensor [n, c, ...]. */
export function channelShape(value: Value): [batch: number, channels: number, ...spatial: number[]] {
  const shape = shapeOf(value);
  if (shape.length < 2) throw inconsistent(`A tensor with channels is wanted, not [${shape.join()}]`);
  return shape as [number, number, ...number[]];
}

/** Entries that a table made at compile time may have. */
const MAX_ENTRIES = 2 ** 24;

/** A list of `count` entries, where attributes decide the count. */
export function sequence<T>(count: number, entry: (i: number) => T, most = MAX_ENTRIES): T[] {
  if (!Number.isInteger(count) || count < 0) throw inconsistent(`A list of ${count} entries`);
  if (count > most) throw new CompileError("COMPILE_LIMIT", `A table of ${count} entries`);
  return Array.from({ length: count }, (_, i) => entry(i));
}

/** The constant 0, 1, 2, ... */
export function iota(builder: Builder, dtype: DType, count: number, shape: readonly number[] = [count]): Value {
  return builder.vector(
    dtype,
    sequence(count, (i) => i),
    shape,
  );
}

/** A non-negative axis number, from one that may count from the end. */
export function axisOf(axis: number, rank: number): number {
  const counted = axis < 0 ? axis + rank : axis;
  if (counted < 0 || counted >= rank) throw inconsistent(`Axis ${axis} of a tensor with ${rank} dimensions`);
  return counted;
}

/** The elements of a constant in row-major order, or the error that tells what would make it constant. */
export function constantOf(op: Op, value: Value): ConstMemory {
  if (!isConstant(value)) throw notConstant(value);
  return isWhole(value) ? value.memory : op.builder.flatten(value);
}

/** Integers that fix a shape or an attribute; they must be known at compile time. */
export function integersOf(op: Op, value: Value): number[] {
  return Array.from(constantOf(op, value).data as ArrayLike<number | bigint>, toInteger);
}

/** The integers of optional input `i`, undefined where it is left out. */
export function optionalIntegers(op: Op, i: number): number[] | undefined {
  const value = op.inputs[i];
  return value && integersOf(op, value);
}

/** One number that fixes an attribute, such as an axis or a scale. */
export function numberOf(op: Op, value: Value): number {
  const { data } = constantOf(op, value);
  if (data.length !== 1) throw inconsistent(`A scalar is wanted, not ${data.length} elements`);
  return Number(data[0]!);
}

function notConstant(value: Value): CompileError {
  const { memory } = value;
  const inputs = memory.kind === "input" ? [memory.name] : integerInputs(memory);
  if (inputs.length === 0) {
    const shape = `of shape [${shapeOf(value).join()}]`;
    return new CompileError("COMPILE_DYNAMIC", `A shape or attribute depends on a computed tensor ${shape}`);
  }
  const names = inputs.map((name) => `"${name}"`).join();
  return new CompileError("COMPILE_BIND", `A shape or attribute depends on input ${names}`, { inputs });
}

/** Names of the integer graph inputs upstream of a computed value, which may fix it. */
function integerInputs(memory: Memory): string[] {
  const names = new Set<string>();
  const seen = new Set<RawNode>();
  const stack: Memory[] = [memory];
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    if (at.kind === "input" && !isFloating(at.dtype)) names.add(at.name);
    if (at.kind !== "node" || seen.has(at.node)) continue;
    seen.add(at.node);
    for (const operand of at.node.operands) if (operand.memory) stack.push(operand.memory);
  }
  return [...names].sort();
}

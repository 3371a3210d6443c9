import { create } from "@bufbuild/protobuf";
import {
  type AttributeProto,
  AttributeProtoSchema,
  type FunctionProto,
  type GraphProto,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
} from "../../onnx/gen/onnx_pb.js";
import type { OnnxTensor } from "../../onnx/element.js";
import { OnnxError } from "../../onnx/errors.js";
import { readTensor, type TensorSource } from "../../onnx/tensor.js";
import { shortened } from "../../errors.js";
import { createAttributes } from "../lower/attributes.js";
import type { Op } from "../lower/op.js";
import { findLowering } from "../lower/table.js";
import { WORK } from "./budget.js";
import type { Builder } from "./builder.js";
import { CompileError, inconsistent, type Place, refuse } from "./errors.js";
import { createScope, type Scope } from "./scope.js";
import { constant, rankOf, requireRank, type Value } from "./value.js";

/** Versions of ai.onnx that are compiled. */
export const OPSETS = { min: 7, max: 26 };

/** ONNX nodes that are lowered at most, those of unrolled loops and inlined functions counted each time. */
const MAX_NODES = 200_000;
/** Nesting of functions and subgraphs. */
const MAX_DEPTH = 64;

/** What lowering needs to know of the model around a graph. */
export interface Walk {
  readonly builder: Builder;
  readonly functions: ReadonlyMap<string, FunctionProto>;
  readonly source: TensorSource;
  /** Tensors of the file that were read: the body of a loop is walked many times. */
  readonly constants: Map<TensorProto, OnnxTensor>;
  /** ONNX nodes lowered, by operator. */
  readonly operators: Map<string, number>;
  count: number;
}

interface Frame {
  readonly walk: Walk;
  readonly opsets: ReadonlyMap<string, number>;
  readonly depth: number;
}

/** "" and "ai.onnx" are the same domain. */
export function domainOf(domain: string): string {
  return domain === "ai.onnx" ? "" : domain;
}

export function functionKey(domain: string, name: string, overload: string): string {
  return `${domainOf(domain)}:${name}:${overload}`;
}

export function opsetsOf(imports: readonly { domain: string; version: bigint }[]): Map<string, number> {
  return new Map(imports.map(({ domain, version }) => [domainOf(domain), Number(version)]));
}

/** Lowers the nodes of a graph into `scope`, its initializers first. */
export function walkGraph(walk: Walk, graph: GraphProto, scope: Scope, opsets: ReadonlyMap<string, number>): void {
  walkBody({ walk, opsets, depth: 0 }, graph, scope);
}

function walkBody(frame: Frame, graph: GraphProto, scope: Scope): void {
  if (graph.sparseInitializer.length > 0) throw refuse("Sparse initializers have no lowering");
  // The body of a loop is walked many times, nodes in it or not.
  const names = graph.input.length + graph.output.length;
  frame.walk.builder.budget.spend({ work: WORK.weight * graph.initializer.length + WORK.tableEntry * names });
  for (const proto of graph.initializer) {
    const tensor = readOnce(frame.walk, proto);
    scope.set(proto.name, constant(tensor.dtype, tensor.shape, tensor.data));
  }
  for (const node of graph.node) walkNode(frame, node, scope);
}

function readOnce({ constants, source, builder }: Walk, proto: TensorProto): OnnxTensor {
  const known = constants.get(proto);
  if (known) return known;
  const tensor = readTensor(proto, source);
  builder.budget.spend({ work: tensor.data.length * WORK.moved, bytes: tensor.data.byteLength });
  constants.set(proto, tensor);
  return tensor;
}

/** What a node lists: inputs, outputs, attributes, and the numbers and texts in these, which a lowering reads. */
function listed({ attribute, input, output }: NodeProto): number {
  return attribute.reduce(
    (n, { ints, floats, strings }) => n + 1 + ints.length + floats.length + strings.length,
    input.length + output.length,
  );
}

function walkNode(frame: Frame, node: NodeProto, scope: Scope): void {
  const { walk } = frame;
  const domain = domainOf(node.domain);
  const operator = domain === "" ? node.opType : `${domain}.${node.opType}`;
  const opset = frame.opsets.get(domain) ?? 0;
  const place: Place = { node: shortened(node.name || (node.output[0] ?? "")), operator: shortened(operator), opset };
  try {
    if (++walk.count > MAX_NODES) throw new CompileError("COMPILE_LIMIT", `More than ${MAX_NODES} nodes`);
    walk.builder.budget.spend({ work: WORK.onnxNode + WORK.tableEntry * listed(node) });
    const inputs = node.input.map((name) => (name === "" ? undefined : scope.get(name)));
    const body = walk.functions.get(functionKey(domain, node.opType, node.overload));
    const results = body
      ? callFunction(frame, body, node, inputs)
      : lowerNode(frame, node, { inputs, place, scope, domain });
    if (!body) walk.operators.set(operator, (walk.operators.get(operator) ?? 0) + 1);
    node.output.forEach((name, i) => {
      if (name === "") return;
      const value = results[i];
      if (!value) throw refuse(`Output ${i} is not supported`);
      requireRank(rankOf(value));
      walk.builder.budget.spend({ work: WORK.guard * value.guards.length * value.axes.flat().length });
      scope.set(name, value);
    });
  } catch (error) {
    if (error instanceof CompileError) throw error.at(place);
    // A lowering indexes what the operator's specification promises; a hostile node keeps no promise.
    if (error instanceof TypeError || error instanceof RangeError) {
      throw new CompileError("COMPILE_MALFORMED", `It does not fit its operator: ${error.message}`, {
        place,
        cause: error,
      });
    }
    if (error instanceof OnnxError) throw new CompileError("COMPILE_MALFORMED", error.message, { place, cause: error });
    throw error;
  }
}

function lowerNode(
  frame: Frame,
  node: NodeProto,
  at: { inputs: readonly (Value | undefined)[]; place: Place; scope: Scope; domain: string },
): readonly (Value | undefined)[] {
  const { walk } = frame;
  const { opset } = at.place;
  if (at.domain === "" && (opset < OPSETS.min || opset > OPSETS.max)) {
    throw refuse(`Opset ${opset} is not supported, only ${OPSETS.min} to ${OPSETS.max}`);
  }
  const lower = findLowering(at.domain, node.opType, opset);
  if (!lower) throw refuse("This operator has no lowering");
  const { builder } = walk;
  const outer = builder.label;
  builder.label = `${at.place.node} (${node.opType})`;
  const op: Op = {
    builder,
    operator: node.opType,
    opset,
    attributes: createAttributes(node.attribute, (proto) => readOnce(walk, proto)),
    inputs: at.inputs,
    outputs: node.output,
    subgraph: (graph, inputs) => runSubgraph(frame, graph, inputs, at.scope),
  };
  const results = lower(op);
  builder.label = outer;
  return Array.isArray(results) ? (results as readonly (Value | undefined)[]) : [results as Value];
}

function deeper(frame: Frame): Frame {
  if (frame.depth >= MAX_DEPTH)
    throw new CompileError("COMPILE_LIMIT", `Functions or subgraphs nest over ${MAX_DEPTH} deep`);
  return { ...frame, depth: frame.depth + 1 };
}

function runSubgraph(frame: Frame, graph: GraphProto, inputs: readonly Value[], outer: Scope): Value[] {
  const scope = createScope(outer);
  if (graph.input.length > inputs.length) throw inconsistent(`A subgraph wants ${graph.input.length} inputs`);
  graph.input.forEach((info, i) => scope.set(info.name, inputs[i]!));
  walkBody(deeper(frame), graph, scope);
  return graph.output.map((info) => scope.get(info.name));
}

/** Inlines a function of the model: its body sees its own inputs and the attributes of the calling node only. */
function callFunction(
  frame: Frame,
  body: FunctionProto,
  node: NodeProto,
  inputs: readonly (Value | undefined)[],
): (Value | undefined)[] {
  const scope = createScope();
  const names = body.input.length + body.output.length + body.attributeProto.length + body.opsetImport.length;
  frame.walk.builder.budget.spend({ work: WORK.tableEntry * names });
  body.input.forEach((name, i) => {
    const value = inputs[i];
    if (value) scope.set(name, value);
  });
  const given = new Map([...body.attributeProto, ...node.attribute].map((attribute) => [attribute.name, attribute]));
  const inner: Frame = { ...deeper(frame), opsets: opsetsOf(body.opsetImport) };
  const optional = new Set(body.input.filter((_, i) => !inputs[i]));
  for (const step of body.node) walkNode(inner, bindAttributes(step, given, optional), scope);
  return body.output.map((name) => scope.get(name));
}

/** The node with references to the function's attributes and omitted inputs resolved. */
function bindAttributes(
  node: NodeProto,
  given: ReadonlyMap<string, AttributeProto>,
  omitted: ReadonlySet<string>,
): NodeProto {
  const { opType, domain, overload, name, output } = node;
  const attribute = node.attribute.flatMap((proto) => {
    if (proto.refAttrName === "") return [proto];
    const value = given.get(proto.refAttrName);
    if (!value) return [];
    // What it holds stays shared: it is read once.
    return [create(AttributeProtoSchema, { ...value, name: proto.name })];
  });
  const input = node.input.map((source) => (omitted.has(source) ? "" : source));
  return create(NodeProtoSchema, { opType, domain, overload, name, output, attribute, input });
}

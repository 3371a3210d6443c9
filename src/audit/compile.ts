import { codeName, elementType } from "../onnx/element.js";
import type { ExternalData } from "../onnx/external.js";
import type { ModelProto, ValueInfoProto } from "../onnx/gen/onnx_pb.js";
import { readModel } from "../onnx/model.js";
import { boundsOf, bitsOf } from "./compile/bits.js";
import { createBudget } from "./compile/budget.js";
import { createBuilder } from "./compile/builder.js";
import { MAX_NUMEL } from "./compile/node-table.js";
import { isAuditType } from "./compile/types.js";
import { CompileError, inconsistent } from "./compile/errors.js";
import { finish } from "./compile/finish.js";
import { type CompileReport, createReport } from "./compile/report.js";
import { createScope } from "./compile/scope.js";
import { constant, plain, product, requireRank } from "./compile/value.js";
import { functionKey, opsetsOf, type Walk, walkGraph } from "./compile/walk.js";
import type { AuditGraph, InputSpec, Tensor } from "./graph.js";
import { isFloating } from "./signatures.js";

export interface CompileOptions {
  /** Shapes of graph inputs, by name; needed where the file leaves extents open. */
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
  /** Values of graph inputs that fix shapes or attributes; they become part of the model. */
  readonly bound?: Readonly<Record<string, Tensor>>;
  /** Files with external data, by their location. */
  readonly externalData?: ExternalData;
}

/**
 * Lowers an ONNX model to its audit graph. Pure and deterministic: the same bytes and options give the same graph everywhere.
 *
 * @throws OnnxError where the file cannot be read.
 * @throws CompileError where the model cannot be lowered, with the node, its operator and opset, and the reason.
 */
export function compile(model: Uint8Array, options: CompileOptions = {}): { graph: AuditGraph; report: CompileReport } {
  const proto = readModel(model);
  const opsets = opsetsOf(proto.opsetImport);
  const budget = createBudget();
  const builder = createBuilder(budget);
  const walk: Walk = {
    builder,
    functions: new Map(proto.functions.map((body) => [functionKey(body.domain, body.name, body.overload), body])),
    source: { externalData: options.externalData },
    constants: new Map(),
    operators: new Map(),
    count: 0,
  };
  const scope = createScope();
  const inputs: InputSpec[] = [];
  const bound: { name: string; tensor: Tensor }[] = [];
  const graph = proto.graph!;
  for (const info of freeInputs(proto)) {
    const value = options.bound?.[info.name];
    const { dtype, shape } = inputType(info, options, value);
    if (value) {
      if (value.dtype !== dtype) throw inconsistent(`Input "${info.name}" is ${dtype}, its bound value ${value.dtype}`);
      bound.push({ name: info.name, tensor: value });
      scope.set(info.name, constant(value.dtype, value.shape, value.data));
    } else {
      const { low, high } = boundsOf(dtype);
      const index = inputs.length;
      inputs.push({ name: info.name, dtype, shape, lo: bitsOf(dtype, low), hi: bitsOf(dtype, high) });
      scope.set(info.name, plain({ kind: "input", dtype, numel: product(shape), index, name: info.name }, shape));
    }
  }
  checkNames(options, new Set([...inputs, ...bound].map(({ name }) => name)));
  walkGraph(walk, graph, scope, opsets);
  const outputs = graph.output.map(({ name }) => ({ name, value: scope.get(name) }));
  const finished = finish({ builder, inputs, outputs, bound });
  return {
    graph: finished.graph,
    report: createReport(finished.graph, { ...finished, caveats: builder.caveats, operators: walk.operators, budget }),
  };
}

/** Graph inputs without initializers: older files list weights as inputs too. */
function freeInputs(proto: ModelProto): ValueInfoProto[] {
  const given = new Set(proto.graph!.initializer.map(({ name }) => name));
  return proto.graph!.input.filter(({ name }) => !given.has(name));
}

function inputType(
  info: ValueInfoProto,
  options: CompileOptions,
  value: Tensor | undefined,
): { dtype: InputSpec["dtype"]; shape: number[] } {
  const type = info.type?.value;
  if (type?.case !== "tensorType") {
    throw new CompileError("COMPILE_DTYPE", `Input "${info.name}" is a ${type?.case ?? "value of unknown type"}`);
  }
  const dtype = elementType(type.value.elemType);
  if (dtype === undefined || !isAuditType(dtype)) {
    throw new CompileError(
      "COMPILE_DTYPE",
      `Input "${info.name}" has elements of type ${codeName(type.value.elemType)}`,
    );
  }
  const stated = type.value.shape?.dim.map(({ value: dim }) =>
    dim.case === "dimValue" && dim.value >= 0n ? Number(dim.value) : undefined,
  );
  const shape = value?.shape ?? options.shapes?.[info.name] ?? stated;
  if (!shape || shape.some((extent) => extent === undefined)) {
    const known = stated ? `[${stated.map((extent) => extent ?? "?").join()}]` : "unknown";
    throw new CompileError("COMPILE_SHAPE", `Input "${info.name}" has an open shape: ${known}`, {
      inputs: [info.name],
    });
  }
  const fixed = shape as readonly number[];
  requireRank(fixed.length);
  const fits = !stated || (stated.length === fixed.length && stated.every((s, i) => s === undefined || s === fixed[i]));
  if (!fits) throw inconsistent(`Input "${info.name}" cannot have shape [${fixed.join()}]`);
  if (!value && fixed.some((extent) => !Number.isInteger(extent) || extent < 1)) {
    // Only a list of axes or the like makes sense without elements.
    const code = isFloating(dtype) ? "COMPILE_EMPTY" : "COMPILE_BIND";
    throw new CompileError(code, `Input "${info.name}" has no elements`, { inputs: [info.name] });
  }
  if (product(fixed) > MAX_NUMEL) throw new CompileError("COMPILE_LIMIT", `Input "${info.name}" has too many elements`);
  return { dtype, shape: [...fixed] };
}

/** A misspelt name would silently compile another model. */
function checkNames(options: CompileOptions, names: ReadonlySet<string>): void {
  for (const name of [...Object.keys(options.shapes ?? {}), ...Object.keys(options.bound ?? {})]) {
    if (!names.has(name)) throw inconsistent(`The model has no input "${name}"`);
  }
}

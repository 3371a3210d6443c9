import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { compile } from "../../src/audit/compile.js";
import { CompileError } from "../../src/audit/compile/errors.js";
import type { CompileReport } from "../../src/audit/compile/report.js";
import type { AuditGraph, Tensor } from "../../src/audit/graph.js";
import { readModel, readTensorProto } from "../../src/onnx/model.js";
import { readTensor } from "../../src/onnx/tensor.js";

/** One model with the inputs and expected outputs of one data set. */
export interface OnnxCase {
  readonly dir: string;
  readonly model: Uint8Array;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
}

/** Reads `dir/model.onnx` and its data set number `set`. */
export function readCase(dir: string, set = 0): OnnxCase {
  const data = join(dir, `test_data_set_${set}`);
  const tensors = (prefix: string): Tensor[] => {
    const found: Tensor[] = [];
    for (let i = 0; existsSync(join(data, `${prefix}_${i}.pb`)); i++) {
      found.push(readTensor(readTensorProto(readFileSync(join(data, `${prefix}_${i}.pb`)))) as Tensor);
    }
    return found;
  };
  return { dir, model: readFileSync(join(dir, "model.onnx")), inputs: tensors("input"), outputs: tensors("output") };
}

/** A compiled case, with the inputs that its graph leaves free. */
export interface CompiledCase {
  readonly graph: AuditGraph;
  readonly report: CompileReport;
  readonly inputs: readonly Tensor[];
}

/** Compiles with the data set's shapes, binding inputs whose values the compiler asks for. */
export function compileCase({ dir, model, inputs }: OnnxCase): CompiledCase {
  const graph = readModel(model).graph!;
  const weights = new Set(graph.initializer.map(({ name }) => name));
  const names = graph.input.map(({ name }) => name).filter((name) => !weights.has(name));
  const given = new Map(names.map((name, i) => [name, inputs[i]]));
  const shapes: Record<string, readonly number[]> = {};
  for (const [name, tensor] of given) if (tensor) shapes[name] = tensor.shape;
  const bound: Record<string, Tensor> = {};
  for (;;) {
    try {
      const externalData = (location: string): Uint8Array => readFileSync(join(dir, location));
      const compiled = compile(model, { shapes, bound, externalData });
      return { ...compiled, inputs: compiled.graph.inputs.map(({ name }) => given.get(name)!) };
    } catch (error) {
      if (!(error instanceof CompileError) || error.code !== "COMPILE_BIND") throw error;
      const wanted = error.inputs.filter((name) => !(name in bound) && given.get(name));
      if (wanted.length === 0) throw error;
      for (const name of wanted) bound[name] = given.get(name)!;
    }
  }
}

/** Tolerance of the ONNX node tests. */
const RTOL = 1e-3;
const ATOL = 1e-7;

/** The first difference beyond the tolerance of ONNX's own tests, undefined where there is none. */
export function difference(actual: Tensor, expected: Tensor): string | undefined {
  const shape = expected.shape.join();
  if (actual.dtype !== expected.dtype || actual.shape.join() !== shape) {
    return `${actual.dtype}[${actual.shape.join()}] instead of ${expected.dtype}[${shape}]`;
  }
  for (let i = 0; i < expected.data.length; i++) {
    const [a, b] = [Number(actual.data[i]), Number(expected.data[i])];
    if (Object.is(a, b) || a === b || Math.abs(a - b) <= ATOL + RTOL * Math.abs(b)) continue;
    return `element ${i} is ${a} instead of ${b}`;
  }
  return undefined;
}

/** Outputs of a trace, with the shapes that the graph states. */
export function outputsOf(graph: AuditGraph, trace: readonly Tensor[]): Tensor[] {
  return graph.outputs.map(({ node, shape }) => ({ ...trace[node]!, shape }));
}

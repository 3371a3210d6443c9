import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

import { compile } from "../audit/compile.js";
import { CompileError } from "../audit/compile/errors.js";
import type { CompileReport } from "../audit/compile/report.js";
import { DTYPE_CODE, type AuditGraph, type DType, type Tensor } from "../audit/graph.js";
import { TouchstoneError } from "../errors.js";
import { externalDataIn } from "../models/external-data.js";
import type { ModelProto } from "../onnx/gen/onnx_pb.js";
import { readModel, readTensorProto } from "../onnx/model.js";
import { readTensor } from "../onnx/tensor.js";

/** One data set of one model folder: an ONNX file and `test_data_set_k/{input_i,output_i}.pb`. */
export interface Case {
  readonly name: string;
  readonly folder: string;
  /** The ONNX file: `model.onnx`, or the only one in the folder. */
  readonly file: string;
  /** The data set's folder; undefined where the model has none. */
  readonly set: string | undefined;
}

/** Finds all cases directly under a folder, in order of their names. */
export function listCases(root: string): Case[] {
  if (!existsSync(root) || !statSync(root).isDirectory()) {
    throw new TouchstoneError("FOLDER_MISSING", `${root} is no folder.`, {
      next: "Name a folder of tests: one folder for each, with model.onnx and test_data_set_0.",
    });
  }
  return readdirSync(root)
    .sort()
    .flatMap((entry): Case[] => {
      const folder = join(root, entry);
      const names = statSync(folder).isDirectory() ? readdirSync(folder) : [];
      const models = names.filter((name) => name.endsWith(".onnx"));
      const file = models.find((name) => name === "model.onnx") ?? models[0];
      if (file === undefined) return [];
      const sets = names.filter((name) => /^test_data_set_\d+$/.test(name));
      sets.sort((a, b) => Number(a.slice(14)) - Number(b.slice(14)));
      if (sets.length === 0) return [{ name: entry, folder, file, set: undefined }];
      return sets.map((set) => ({ name: sets.length === 1 ? entry : `${entry}/${set}`, folder, file, set }));
    });
}

function readTensors({ folder, set }: Case, prefix: "input" | "output"): Tensor[] {
  const tensors: Tensor[] = [];
  if (set === undefined) return tensors;
  for (let i = 0; ; i++) {
    const path = join(folder, set, `${prefix}_${i}.pb`);
    if (!existsSync(path)) return tensors;
    const { dtype, shape, data } = readTensor(readTensorProto(new Uint8Array(readFileSync(path))));
    if (!(dtype in DTYPE_CODE)) {
      throw new TouchstoneError(
        "TENSOR_TYPE",
        `${prefix} ${i} holds ${dtype} elements, which the audit machine refuses.`,
      );
    }
    tensors.push({ dtype: dtype as DType, shape, data: data });
  }
}

export interface LoadedCase {
  readonly model: Uint8Array;
  readonly proto: ModelProto;
  /** Names of the free graph inputs, in order, with the values of the data set where it has them. */
  readonly inputs: readonly { readonly name: string; readonly tensor: Tensor | undefined }[];
  readonly outputNames: readonly string[];
  readonly expected: readonly Tensor[];
}

export function loadCase(each: Case): LoadedCase {
  const model = new Uint8Array(readFileSync(join(each.folder, each.file)));
  const proto = readModel(model);
  const weights = new Set(proto.graph?.initializer.map(({ name }) => name));
  const names = (proto.graph?.input ?? []).map(({ name }) => name).filter((name) => !weights.has(name));
  const tensors = readTensors(each, "input");
  return {
    model,
    proto,
    inputs: names.map((name, i) => ({ name, tensor: tensors[i] })),
    outputNames: (proto.graph?.output ?? []).map(({ name }) => name),
    expected: readTensors(each, "output"),
  };
}

export interface CompiledCase {
  readonly graph: AuditGraph;
  readonly report: CompileReport;
  /** Values of the graph's unbound inputs. */
  readonly inputs: readonly Tensor[];
}

/** Compiles with the shapes of the data set, binding the inputs that the compiler says fix shapes or attributes. */
export function compileCase({ folder }: Case, { model, inputs }: LoadedCase): CompiledCase {
  const given = new Map(inputs.map(({ name, tensor }) => [name, tensor]));
  const shapes: Record<string, readonly number[]> = {};
  for (const { name, tensor } of inputs) if (tensor) shapes[name] = tensor.shape;
  const bound: Record<string, Tensor> = {};
  for (;;) {
    try {
      const { graph, report } = compile(model, { shapes, bound, externalData: externalDataIn(folder) });
      return {
        graph,
        report,
        inputs: graph.inputs.map(({ name }) => given.get(name)).filter((tensor) => tensor !== undefined),
      };
    } catch (thrown) {
      if (!(thrown instanceof CompileError) || thrown.code !== "COMPILE_BIND") throw thrown;
      let found = false;
      for (const name of thrown.inputs) {
        const tensor = given.get(name);
        if (tensor === undefined || name in bound) continue;
        bound[name] = tensor;
        found = true;
      }
      if (!found) throw thrown;
    }
  }
}

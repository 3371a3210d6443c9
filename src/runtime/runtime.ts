import type { Tensor as OrtTensor } from "onnxruntime-node";

import type { DType, Tensor, TensorArray } from "../audit/graph.js";
import { TouchstoneError } from "../errors.js";

/** A loaded model that answers; one per (model, settings). */
export interface Runtime {
  /** Short description of engine and settings, for logs and tables. */
  readonly label: string;
  /** Answers one request. Inputs and outputs are in the model's own order, without bound inputs. */
  run(inputs: readonly Tensor[]): Promise<Tensor[]>;
  release(): Promise<void>;
}

/** What a runtime must know of a model to feed it. */
export interface RuntimeModel {
  readonly bytes: Uint8Array;
  /** The file itself, where the model keeps weights in files beside it; loaded instead of `bytes`. */
  readonly path?: string;
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** Inputs whose values belong to the model. */
  readonly bound: readonly { readonly name: string; readonly tensor: Tensor }[];
  /** Why some inputs would end the process of a native session, where the compiler found such a node. */
  readonly hazard?: string;
}

export type OptimisationLevel = "disabled" | "basic" | "extended" | "all";

const ORT_TYPE: Readonly<Record<DType, OrtTensor.Type>> = {
  f32: "float32",
  u8: "uint8",
  i8: "int8",
  u16: "uint16",
  i16: "int16",
  i32: "int32",
  i64: "int64",
  bool: "bool",
  f64: "float64",
  u32: "uint32",
  u64: "uint64",
};

const DTYPE_OF_ORT = new Map<string, DType>(Object.entries(ORT_TYPE).map(([dtype, type]) => [type, dtype as DType]));

interface TensorConstructor {
  new (type: OrtTensor.Type, data: OrtTensor.DataType, dims: readonly number[]): OrtTensor;
}

/** Names the inputs for one run; `Tensor` is the engine's own tensor class. */
export function feedsOf(
  engine: { readonly Tensor: TensorConstructor },
  model: RuntimeModel,
  inputs: readonly Tensor[],
): Record<string, OrtTensor> {
  if (inputs.length !== model.inputNames.length) {
    throw new TouchstoneError(
      "INPUT_COUNT",
      `The model takes ${model.inputNames.length} inputs, got ${inputs.length}.`,
    );
  }
  const feeds: Record<string, OrtTensor> = {};
  const put = (name: string, tensor: Tensor): void => {
    feeds[name] = new engine.Tensor(ORT_TYPE[tensor.dtype], tensor.data, tensor.shape);
  };
  for (const { name, tensor } of model.bound) put(name, tensor);
  inputs.forEach((tensor, i) => put(model.inputNames[i] ?? "", tensor));
  return feeds;
}

/** Reads the outputs of one run in the model's order. */
export function resultsOf(model: RuntimeModel, results: Readonly<Record<string, OrtTensor>>): Tensor[] {
  return model.outputNames.map((name) => {
    const tensor = results[name];
    const dtype = tensor && DTYPE_OF_ORT.get(tensor.type);
    if (!tensor || !dtype) {
      throw new TouchstoneError(
        "OUTPUT_TYPE",
        `Output "${name}" is ${tensor ? `of type ${tensor.type}` : "missing"}; the suite cannot commit to it.`,
      );
    }
    return { dtype, shape: [...tensor.dims], data: tensor.data as TensorArray };
  });
}

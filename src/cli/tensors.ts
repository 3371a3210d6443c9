import { readFileSync } from "node:fs";

import type { Tensor } from "../audit/graph.js";
import { DTYPE_CODE, type DType } from "../audit/graph.js";
import { TouchstoneError, messageOf } from "../errors.js";
import { readTensorProto } from "../onnx/model.js";
import { readTensor } from "../onnx/tensor.js";

/** @throws TouchstoneError `FILE_UNREADABLE` */
export function readFile(path: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (cause) {
    throw new TouchstoneError("FILE_UNREADABLE", `Cannot read ${path}: ${messageOf(cause)}`, { cause });
  }
}

/** Reads an ONNX `TensorProto` file, as test data sets hold them. */
export function readTensorFile(path: string): Tensor {
  const { dtype, shape, data } = readTensor(readTensorProto(readFile(path)));
  if (!(dtype in DTYPE_CODE)) {
    throw new TouchstoneError("TENSOR_TYPE", `${path} holds ${dtype} elements, which no model input takes.`);
  }
  return { dtype: dtype as DType, shape, data: data };
}

/** Reads one sample of a repeatable option: a file for each model input, separated by commas. */
export const readSample = (paths: string, previous: Tensor[][]): Tensor[][] => [
  ...previous,
  paths.split(",").map(readTensorFile),
];

import { create } from "@bufbuild/protobuf";

import { TouchstoneError } from "../../errors.js";
import {
  type AttributeProto,
  AttributeProtoSchema,
  NodeProtoSchema,
  type ModelProto,
  type NodeProto,
} from "../../onnx/gen/onnx_pb.js";
import { readModel, writeModel } from "../../onnx/model.js";
import { readTensor, writeTensor } from "../../onnx/tensor.js";

/*
 * Cheaper or older versions of a model, as a dishonest operator might serve them. Calibration measures how far they are
 * from the real one; the demo and the simulator commit the frauds. This file holds what all of them need.
 */

/** Tensors with fewer floats than this, or with one axis, are scales and biases rather than weights. */
const SMALLEST_WEIGHT = 16;

/** A float weight of a model. */
export interface Weight {
  /** Position among the initializers. */
  readonly index: number;
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

export function weightsOf(model: ModelProto): Weight[] {
  return (model.graph?.initializer ?? []).flatMap((proto, index) => {
    const { dtype, data, shape } = readTensor(proto);
    if (dtype !== "f32" || data.length < SMALLEST_WEIGHT || shape.length < 2) return [];
    return [{ index, name: proto.name, values: data as Float32Array, shape }];
  });
}

/**
 * The model with every weight tensor replaced by `change(values)`. `only` limits it to some.
 * @throws TouchstoneError `VARIANT_IMPOSSIBLE` where there are none.
 */
export function withWeights(
  bytes: Uint8Array,
  change: (values: Float32Array) => Float32Array,
  only: (values: Float32Array, largest: number) => boolean = () => true,
): Uint8Array {
  const model = readModel(bytes);
  const weights = weightsOf(model);
  if (weights.length === 0) throw new TouchstoneError("VARIANT_IMPOSSIBLE", "The model has no float weights.");
  const largest = Math.max(...weights.map(({ values }) => values.length));
  weights.forEach(({ index, name, values, shape }) => {
    if (!only(values, largest) || model.graph === undefined) return;
    model.graph.initializer[index] = writeTensor({ dtype: "f32", shape: [...shape], data: change(values) }, name);
  });
  return writeModel(model);
}

/** Initializers that are no graph inputs need this version of the file format. */
const PLAIN_INITIALIZERS = 4n;

/** Lets the model have initializers that its graph inputs do not list. */
export function allowInitializers(model: ModelProto): void {
  if (model.irVersion < PLAIN_INITIALIZERS) model.irVersion = PLAIN_INITIALIZERS;
}

export const node = (opType: string, input: string[], output: string[], attribute: AttributeProto[] = []): NodeProto =>
  create(NodeProtoSchema, { opType, input, output, name: output[0] ?? "", attribute });

export const intAttribute = (name: string, value: bigint): AttributeProto =>
  create(AttributeProtoSchema, { name, type: 2, i: value });

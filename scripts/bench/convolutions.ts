import { create } from "@bufbuild/protobuf";

import {
  AttributeProtoSchema,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  ValueInfoProtoSchema,
  type NodeProto,
} from "../../src/onnx/gen/onnx_pb.js";
import { writeModel } from "../../src/onnx/model.js";
import { writeTensor } from "../../src/onnx/tensor.js";
import { createRandom } from "../../src/calibrate/inputs.js";

/** Pixels along a side, and channels inside. */
const [SIDE, CHANNELS] = [24, 64];

/** What a made model takes: 2,304 bytes, so that its time is not that of hashing. */
export const SHAPE = [1, 1, SIDE, SIDE] as const;

function node(opType: string, input: string[], output: string, pads = false): NodeProto {
  const ints = [1n, 1n, 1n, 1n];
  const attribute = pads ? [create(AttributeProtoSchema, { name: "pads", type: 7, ints })] : [];
  return create(NodeProtoSchema, { opType, input, output: [output], attribute });
}

/** A model of so many 3x3 convolutions with 64 channels, whose weights are drawn: how long a run takes is all that it is for. */
export function convolutions(layers: number): Uint8Array {
  const random = createRandom(layers);
  const weights = [];
  const nodes: NodeProto[] = [];
  for (let i = 0; i < layers; i++) {
    const shape = [CHANNELS, i === 0 ? 1 : CHANNELS, 3, 3];
    const data = Float32Array.from(
      { length: shape.reduce((n, extent) => n * extent, 1) },
      () => 0.1 * (random() - 0.5),
    );
    weights.push(writeTensor({ dtype: "f32", shape, data }, `w${i}`));
    nodes.push(node("Conv", [`x${i}`, `w${i}`], `c${i}`, true), node("Relu", [`c${i}`], `x${i + 1}`));
  }
  nodes.push(node("GlobalAveragePool", [`x${layers}`], "y"));
  const dim = SHAPE.map((extent) =>
    create(TensorShapeProto_DimensionSchema, { value: { case: "dimValue", value: BigInt(extent) } }),
  );
  const value = create(TypeProto_TensorSchema, { elemType: 1, shape: create(TensorShapeProtoSchema, { dim }) });
  const type = create(TypeProtoSchema, { value: { case: "tensorType", value } });
  return writeModel(
    create(ModelProtoSchema, {
      irVersion: 8n,
      opsetImport: [create(OperatorSetIdProtoSchema, { version: 17n })],
      graph: create(GraphProtoSchema, {
        name: "convolutions",
        input: [create(ValueInfoProtoSchema, { name: "x0", type })],
        output: [create(ValueInfoProtoSchema, { name: "y" })],
        node: nodes,
        initializer: weights,
      }),
    }),
  );
}

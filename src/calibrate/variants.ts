import { create } from "@bufbuild/protobuf";

import { TouchstoneError } from "../errors.js";
import {
  AttributeProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  type ModelProto,
  type NodeProto,
  type TensorProto,
} from "../onnx/gen/onnx_pb.js";
import { readModel, writeModel } from "../onnx/model.js";
import { readTensor, writeTensor } from "../onnx/tensor.js";

/*
 * Cheaper or older versions of a model, as a dishonest operator might serve them. Calibration measures how far they are
 * from the real one; the demo and the simulator commit the frauds.
 */

/** Weights with fewer floats than this are scales and shapes rather than weights. */
const SMALLEST_WEIGHT = 16;

function weightsOf(
  model: ModelProto,
): { index: number; proto: TensorProto; values: Float32Array; shape: readonly number[] }[] {
  return (model.graph?.initializer ?? []).flatMap((proto, index) => {
    const { dtype, data, shape } = readTensor(proto);
    if (dtype !== "f32" || data.length < SMALLEST_WEIGHT) return [];
    return [{ index, proto, values: data as Float32Array, shape }];
  });
}

/** The model with every weight tensor replaced by `change(values)`. `only` limits it to some, by position among the weights. */
function withWeights(
  bytes: Uint8Array,
  change: (values: Float32Array) => Float32Array,
  only: (values: Float32Array, largest: number) => boolean = () => true,
): Uint8Array {
  const model = readModel(bytes);
  const weights = weightsOf(model);
  const largest = Math.max(...weights.map(({ values }) => values.length));
  weights.forEach(({ index, proto, values, shape }) => {
    if (!only(values, largest) || model.graph === undefined) return;
    model.graph.initializer[index] = writeTensor({ dtype: "f32", shape: [...shape], data: change(values) }, proto.name);
  });
  return writeModel(model);
}

/** Rounds to `bits` explicit mantissa bits, to nearest, ties to even. */
function roundMantissa(values: Float32Array, bits: number): Float32Array {
  const out = values.slice();
  const words = new Uint32Array(out.buffer);
  const drop = 23 - bits;
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? 0;
    const half = (1 << (drop - 1)) - 1 + ((word >>> drop) & 1);
    words[i] = ((word + half) >>> drop) << drop;
  }
  return out;
}

/** Symmetric integer grid of `levels` steps either way. */
function toGrid(values: Float32Array, levels: number): Float32Array {
  const largest = values.reduce((m, x) => Math.max(m, Math.abs(x)), 0);
  const scale = largest / levels || 1;
  return values.map((x) => Math.round(x / scale) * scale);
}

function prune(values: Float32Array, share: number): Float32Array {
  const magnitudes = values.map(Math.abs).sort();
  const threshold = magnitudes[Math.floor(share * magnitudes.length)] ?? 0;
  return values.map((x) => (Math.abs(x) < threshold ? 0 : x));
}

export const bf16 = (bytes: Uint8Array): Uint8Array => withWeights(bytes, (w) => roundMantissa(w, 7));
/** binary16 has TF32's mantissa; weights of trained models stay inside its exponent range. */
export const fp16 = (bytes: Uint8Array): Uint8Array => withWeights(bytes, (w) => roundMantissa(w, 10));
export const pruned = (bytes: Uint8Array): Uint8Array => withWeights(bytes, (w) => prune(w, 0.05));
/** An older version of the model: its largest layer was quantised, with 8 bits. */
export const stale = (bytes: Uint8Array): Uint8Array =>
  withWeights(
    bytes,
    (w) => toGrid(w, 127),
    (w, largest) => w.length === largest,
  );

const QUANTISED_OPSET = 13n;

const node = (opType: string, input: string[], output: string[]): NodeProto =>
  create(NodeProtoSchema, { opType, input, output, name: output[0] ?? "" });

/** Integer nodes in place of one float convolution or matrix product: dynamic uint8 activations, uint8 weights. */
function quantisedNodes(original: NodeProto, weight: string, integerOp: string): NodeProto[] {
  const [x = "", , bias] = original.input;
  const [y = ""] = original.output;
  const t = (suffix: string): string => `${y}/${suffix}`;
  const product = node(integerOp, [t("xq"), `${weight}/q`, t("xz"), `${weight}/z`], [t("i32")]);
  product.attribute.push(...original.attribute);
  const cast = node("Cast", [t("i32")], [t("f32")]);
  cast.attribute.push(create(AttributeProtoSchema, { name: "to", type: 2, i: 1n }));
  return [
    node("DynamicQuantizeLinear", [x], [t("xq"), t("xs"), t("xz")]),
    product,
    cast,
    node("Mul", [t("xs"), `${weight}/s`], [t("scale")]),
    node("Mul", [t("f32"), t("scale")], [bias === undefined ? y : t("scaled")]),
    ...(bias === undefined ? [] : [node("Add", [t("scaled"), bias], [y])]),
  ];
}

/**
 * The int8 version that runtimes make by dynamic quantisation: convolutions and matrix products with constant weights
 * on 8-bit integers.
 * @throws TouchstoneError `VARIANT_IMPOSSIBLE` where nothing can be quantised.
 */
export function int8(bytes: Uint8Array): Uint8Array {
  const model = readModel(bytes);
  const { graph } = model;
  const weights = new Map(weightsOf(model).map((weight) => [weight.proto.name, weight]));
  const used = new Set<string>();
  const nodes = (graph?.node ?? []).flatMap((original) => {
    const weight = original.input[1] ?? "";
    const integerOp = { Conv: "ConvInteger", MatMul: "MatMulInteger" }[original.opType];
    const plain = integerOp !== undefined && original.input[2] === undefined && weights.has(weight);
    if (!plain) return [original];
    used.add(weight);
    return quantisedNodes(original, weight, integerOp);
  });
  if (graph === undefined || used.size === 0) {
    throw new TouchstoneError("VARIANT_IMPOSSIBLE", "The model has no convolution or matrix product to quantise.");
  }
  for (const name of used) {
    const weight = weights.get(name);
    if (weight === undefined) continue;
    const scale = weight.values.reduce((m, x) => Math.max(m, Math.abs(x)), 0) / 127 || 1;
    const quantised = Uint8Array.from(weight.values, (x) => Math.round(x / scale) + 128);
    graph.initializer.push(
      writeTensor({ dtype: "u8", shape: [...weight.shape], data: quantised }, `${name}/q`),
      writeTensor({ dtype: "u8", shape: [], data: Uint8Array.of(128) }, `${name}/z`),
      writeTensor({ dtype: "f32", shape: [], data: Float32Array.of(scale) }, `${name}/s`),
    );
  }
  graph.node = nodes;
  model.irVersion = model.irVersion < 7n ? 7n : model.irVersion;
  model.opsetImport = [create(OperatorSetIdProtoSchema, { domain: "", version: QUANTISED_OPSET })];
  return writeModel(model);
}

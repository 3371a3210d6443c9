import { TouchstoneError } from "../../errors.js";
import type { GraphProto, ModelProto, NodeProto } from "../../onnx/gen/onnx_pb.js";
import { readModel, writeModel } from "../../onnx/model.js";
import { readTensor, writeTensor } from "../../onnx/tensor.js";
import { allowInitializers, intAttribute, node, type Weight, weightsOf } from "./weights.js";

/** DynamicQuantizeLinear needs it. */
const QUANTISED_OPSET = 11n;
/** From here on, the bounds of slices are inputs. */
const SLICE_INPUTS_OPSET = 10n;

interface Matrix {
  readonly values: Float32Array;
  readonly shape: readonly number[];
}

function transposed({ values, shape }: Matrix): Matrix {
  const [rows = 0, columns = 0] = shape;
  const out = new Float32Array(values.length);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) out[c * rows + r] = values[r * columns + c]!;
  return { values: out, shape: [columns, rows] };
}

function attributeOf({ attribute }: NodeProto, name: string, fallback: number): number {
  const found = attribute.find((each) => each.name === name);
  if (found === undefined) return fallback;
  return found.type === 2 ? Number(found.i) : found.f;
}

/** The weight as the integer operator takes it; undefined where there is no such operator. */
function integerWeight(original: NodeProto, weight: Weight): Matrix | undefined {
  if (original.opType === "Conv" || original.opType === "MatMul") return weight;
  if (original.opType !== "Gemm") return undefined;
  const [alpha, beta] = [attributeOf(original, "alpha", 1), attributeOf(original, "beta", 1)];
  if (alpha !== 1 || beta !== 1 || attributeOf(original, "transA", 0) !== 0) return undefined;
  return attributeOf(original, "transB", 0) === 0 ? weight : transposed(weight);
}

/** Name of a product's bias, shaped so that it broadcasts; a convolution's is copied for that, if it is a constant. */
function broadcastBias(graph: GraphProto, { opType, input, output }: NodeProto, rank: number): string | undefined {
  const bias = input[2];
  if (bias === undefined || bias === "" || opType !== "Conv") return bias;
  const proto = graph.initializer.find(({ name }) => name === bias);
  if (proto === undefined) return undefined;
  const { dtype, data, shape } = readTensor(proto);
  const name = `${output[0] ?? ""}/bias`;
  const extents = [...shape, ...new Array<number>(rank - 2).fill(1)];
  graph.initializer.push(writeTensor({ dtype, data, shape: extents }, name));
  return name;
}

/** Integer nodes in place of one float product with a constant weight: dynamic uint8 activations, uint8 weights. */
function quantised(graph: GraphProto, original: NodeProto, weight: Weight): NodeProto[] | undefined {
  const matrix = integerWeight(original, weight);
  const bias = broadcastBias(graph, original, weight.shape.length);
  if (matrix === undefined || ((original.input[2] ?? "") !== "" && bias === undefined)) return undefined;
  const [x = ""] = original.input;
  const [y = ""] = original.output;
  const t = (suffix: string): string => `${y}/${suffix}`;
  const scale = matrix.values.reduce((m, v) => Math.max(m, Math.abs(v)), 0) / 127 || 1;
  const bytes = Uint8Array.from(matrix.values, (v) => Math.round(v / scale) + 128);
  graph.initializer.push(
    writeTensor({ dtype: "u8", shape: [...matrix.shape], data: bytes }, t("w")),
    writeTensor({ dtype: "u8", shape: [], data: Uint8Array.of(128) }, t("wz")),
    writeTensor({ dtype: "f32", shape: [], data: Float32Array.of(scale) }, t("ws")),
  );
  const isConv = original.opType === "Conv";
  const inputs = [t("x"), t("w"), t("xz"), t("wz")];
  return [
    node("DynamicQuantizeLinear", [x], [t("x"), t("xs"), t("xz")]),
    isConv ? node("ConvInteger", inputs, [t("i32")], original.attribute) : node("MatMulInteger", inputs, [t("i32")]),
    node("Cast", [t("i32")], [t("f32")], [intAttribute("to", 1n)]),
    node("Mul", [t("xs"), t("ws")], [t("scale")]),
    node("Mul", [t("f32"), t("scale")], [bias ? t("scaled") : y]),
    ...(bias ? [node("Add", [t("scaled"), bias], [y])] : []),
  ];
}

/** Raises the model to the opset that the integer operators need. */
function modernise(model: ModelProto, graph: GraphProto): void {
  const opset = model.opsetImport.find(({ domain }) => domain === "");
  if (opset === undefined || opset.version >= QUANTISED_OPSET) return;
  const slices = opset.version < SLICE_INPUTS_OPSET ? graph.node.filter(({ opType }) => opType === "Slice") : [];
  for (const slice of slices) {
    for (const name of ["starts", "ends", "axes"]) {
      const bounds = slice.attribute.find((each) => each.name === name)?.ints;
      if (bounds === undefined) continue;
      const constant = `${slice.output[0] ?? ""}/${name}`;
      const data = BigInt64Array.from(bounds);
      graph.initializer.push(writeTensor({ dtype: "i64", shape: [data.length], data }, constant));
      slice.input.push(constant);
    }
    slice.attribute = [];
  }
  opset.version = QUANTISED_OPSET;
}

/**
 * The int8 version that runtimes make by dynamic quantisation: convolutions and matrix products with constant weights
 * on 8-bit integers.
 * @throws TouchstoneError `VARIANT_IMPOSSIBLE` where nothing can be quantised.
 */
export function int8(bytes: Uint8Array): Uint8Array {
  const model = readModel(bytes);
  const { graph } = model;
  const weights = new Map(weightsOf(model).map((weight) => [weight.name, weight]));
  let count = 0;
  const nodes = (graph?.node ?? []).flatMap((original) => {
    const weight = weights.get(original.input[1] ?? "");
    const made = graph && weight && original.domain === "" ? quantised(graph, original, weight) : undefined;
    if (made !== undefined) count++;
    return made ?? [original];
  });
  if (graph === undefined || count === 0) {
    throw new TouchstoneError("VARIANT_IMPOSSIBLE", "The model has no convolution or matrix product to quantise.");
  }
  graph.node = nodes;
  allowInitializers(model);
  modernise(model, graph);
  return writeModel(model);
}

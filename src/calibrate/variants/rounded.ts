import { TouchstoneError } from "../../errors.js";
import type { GraphProto, NodeProto } from "../../onnx/gen/onnx_pb.js";
import { readModel, writeModel } from "../../onnx/model.js";
import { writeTensor } from "../../onnx/tensor.js";
import { allowInitializers, intAttribute, node } from "./weights.js";

/*
 * Versions of a model on hardware that multiplies narrower numbers. Tensor cores round the two operands of a product and
 * add up in binary32: so both operands of every convolution and matrix product are rounded, and nothing else. Versions
 * that also store activations in the narrow type are further from the real model.
 */

/** Operators that multiply their first two inputs. */
const PRODUCTS = new Set(["Conv", "ConvTranspose", "Gemm", "MatMul", "Einsum"]);

/** Nodes that round `input` to `output`; `t` names what lies between, `constant` makes scalar initializers. */
type Rounding = (at: {
  readonly input: string;
  readonly output: string;
  readonly t: (suffix: string) => string;
  readonly constant: (value: number) => string;
}) => NodeProto[];

/**
 * Rounds binary32 to `bits` significant bits, to nearest, in binary32 arithmetic (Veltkamp's splitting, Dekker 1971): runtimes have no
 * operator for it. Valid below 2^(103 + bits).
 */
const toSignificant =
  (bits: number): Rounding =>
  ({ input, output, t, constant }) => [
    node("Mul", [input, constant(2 ** (24 - bits) + 1)], [t("scaled")]),
    node("Sub", [t("scaled"), input], [t("rest")]),
    node("Sub", [t("scaled"), t("rest")], [output]),
  ];

const FLOAT = 1n;
const FLOAT16 = 10n;

const toHalf: Rounding = ({ input, output, t }) => [
  node("Cast", [input], [t("half")], [intAttribute("to", FLOAT16)]),
  node("Cast", [t("half")], [output], [intAttribute("to", FLOAT)]),
];

function roundProducts(graph: GraphProto, rounding: Rounding): number {
  const constants = new Set<string>();
  const rounded = new Set<string>();
  const constant = (value: number): string => {
    const name = `rounded/${value}`;
    if (!constants.has(name)) {
      graph.initializer.push(writeTensor({ dtype: "f32", shape: [], data: Float32Array.of(value) }, name));
    }
    constants.add(name);
    return name;
  };
  let products = 0;
  graph.node = graph.node.flatMap((original) => {
    if (original.domain !== "" || !PRODUCTS.has(original.opType)) return [original];
    products++;
    const before: NodeProto[] = [];
    original.input.slice(0, 2).forEach((input, i) => {
      const output = `${input}/rounded`;
      if (!rounded.has(input)) before.push(...rounding({ input, output, t: (s) => `${input}/${s}`, constant }));
      rounded.add(input);
      original.input[i] = output;
    });
    return [...before, original];
  });
  return products;
}

const withRounding =
  (rounding: Rounding) =>
  (bytes: Uint8Array): Uint8Array => {
    const model = readModel(bytes);
    allowInitializers(model);
    if (model.graph === undefined || roundProducts(model.graph, rounding) === 0) {
      throw new TouchstoneError("VARIANT_IMPOSSIBLE", "The model has no float convolution or matrix product to round.");
    }
    return writeModel(model);
  };

/** Binary16 operands: 11 significant bits, and binary16's range. @throws TouchstoneError `VARIANT_IMPOSSIBLE` */
export const fp16 = withRounding(toHalf);
/** 8 significant bits. @throws TouchstoneError `VARIANT_IMPOSSIBLE` */
export const bf16 = withRounding(toSignificant(8));
/** 11 significant bits and binary32's range. @throws TouchstoneError `VARIANT_IMPOSSIBLE` */
export const tf32 = withRounding(toSignificant(11));

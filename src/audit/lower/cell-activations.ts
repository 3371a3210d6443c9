import { refuse } from "../compile/errors.js";
import type { Value } from "../compile/value.js";
import { elu, hardSigmoid, relu, softplus } from "./activation.js";
import { map } from "./broadcast.js";
import type { Op } from "./op.js";

/** Activations of recurrent cells by their ONNX names, which ignore case; alpha and beta have defaults per function. */
type CellActivation = (op: Op, x: Value, alpha: number | undefined, beta: number | undefined) => Value;

const f32 = (op: Op, value: number): Value => op.builder.scalar("f32", value);

const ACTIVATIONS: Readonly<Record<string, CellActivation>> = {
  affine: (op, x, alpha = 1, beta = 0) => map(op.builder, "fma", [x, f32(op, alpha), f32(op, beta)]),
  elu: (op, x, alpha = 1) => elu(op.builder, x, { alpha }),
  hardsigmoid: (op, x, alpha = 0.2, beta = 0.5) => hardSigmoid(op.builder, x, alpha, beta),
  leakyrelu: (op, x, alpha = 0.01) => map(op.builder, "prelu", [x, f32(op, alpha)]),
  relu: (op, x) => relu(op.builder, x),
  scaledtanh: (op, x, alpha = 1, beta = 1) => {
    const inner = map(op.builder, "tanh", [map(op.builder, "mul", [x, f32(op, beta)])]);
    return map(op.builder, "mul", [inner, f32(op, alpha)]);
  },
  sigmoid: (op, x) => map(op.builder, "sigmoid", [x]),
  softplus: (op, x) => softplus(op.builder, x),
  softsign: (op, x) => {
    const size = map(op.builder, "add", [map(op.builder, "abs", [x]), f32(op, 1)]);
    return map(op.builder, "div", [x, size]);
  },
  tanh: (op, x) => map(op.builder, "tanh", [x]),
};

/** Functions that take their parameters from `activation_alpha` and `activation_beta`, in the order of `activations`. */
const WITH_ALPHA = new Set(["affine", "elu", "hardsigmoid", "leakyrelu", "scaledtanh", "thresholdedrelu"]);
const WITH_BETA = new Set(["affine", "hardsigmoid", "scaledtanh"]);

/** The activations of all directions, `defaults.length` for each; inputs are clipped first where the operator says so. */
export function cellActivations(op: Op, defaults: readonly string[], directions: number): ((x: Value) => Value)[] {
  const { attributes, builder } = op;
  const names = attributes.strings("activations") ?? Array.from({ length: directions }, () => defaults).flat();
  const alphas = [...(attributes.floats("activation_alpha") ?? [])];
  const betas = [...(attributes.floats("activation_beta") ?? [])];
  const clip = attributes.float("clip");
  return names.map((name) => {
    const key = name.toLowerCase();
    const activation = ACTIVATIONS[key];
    if (!activation) throw refuse(`Activation "${name}" of a recurrent cell has no lowering`);
    const alpha = WITH_ALPHA.has(key) ? alphas.shift() : undefined;
    const beta = WITH_BETA.has(key) ? betas.shift() : undefined;
    return (x) => {
      if (clip === undefined) return activation(op, x, alpha, beta);
      const low = map(builder, "max", [x, f32(op, -clip)]);
      return activation(op, map(builder, "min", [low, f32(op, clip)]), alpha, beta);
    };
  });
}

import { inconsistent, refuse } from "../compile/errors.js";
import { rankOf, type Value } from "../compile/value.js";
import { map } from "./broadcast.js";
import { gatherAxis } from "./gather.js";
import { dot } from "./matmul.js";
import { bestLabel, features, integerLabels, postTransform } from "./ml-common.js";
import { type Op, operators, required } from "./op.js";
import { reduce } from "./reduce.js";

/** x [n, f] times coefficients [targets, f], plus intercepts. */
function linear(op: Op, targets: number): Value {
  const { builder, attributes } = op;
  const coefficients = attributes.floats("coefficients") ?? [];
  if (coefficients.length % targets !== 0) throw inconsistent("Coefficients do not divide among the targets");
  const weights = builder.vector("f32", coefficients, [targets, coefficients.length / targets]);
  const intercepts = attributes.floats("intercepts");
  return dot(
    builder,
    {
      a: features(op, required(op, 0)),
      aLabels: ["n", "k"],
      b: weights,
      bLabels: ["m", "k"],
      bias: intercepts && intercepts.length > 0 ? builder.vector("f32", intercepts) : undefined,
      biasLabels: ["m"],
    },
    { out: ["n", "m"], red: ["k"] },
  );
}

function linearClassifier(op: Op): Value[] {
  const labels = integerLabels(op, "classlabels_ints");
  const targets = op.attributes.floats("intercepts")?.length ?? labels.length;
  if (targets === 1) throw refuse("A linear classifier with one score for two classes has no lowering");
  const scores = linear(op, targets);
  return [bestLabel(op, scores, labels), postTransform(op, scores)];
}

function normalizer(op: Op): Value {
  const { builder } = op;
  const x = features(op, required(op, 0));
  const axes = [rankOf(x) - 1];
  const sizes = (): Value => map(builder, "abs", [x]);
  const norm = op.attributes.string("norm", "MAX");
  const length = (): Value => {
    if (norm === "L1") return reduce(builder, "sum", sizes(), { axes, keep: true });
    if (norm === "L2") return map(builder, "sqrt", [reduce(builder, "dot", x, { axes, keep: true, by: x })]);
    if (norm === "MAX") return reduce(builder, "max", x, { axes, keep: true });
    throw inconsistent(`Normalizer with norm "${norm}"`);
  };
  return map(builder, "div", [x, length()]);
}

function scaler(op: Op): Value {
  const { builder, attributes } = op;
  const vector = (name: string, otherwise: number): Value =>
    builder.vector("f32", attributes.floats(name) ?? [otherwise]);
  const x = features(op, required(op, 0));
  return map(builder, "mul", [map(builder, "sub", [x, vector("offset", 0)]), vector("scale", 1)]);
}

function binarizer(op: Op): Value {
  const { builder } = op;
  const threshold = builder.scalar("f32", op.attributes.float("threshold", 0));
  const above = map(builder, "lt", [threshold, features(op, required(op, 0))], { dtype: "bool" });
  return map(builder, "cast", [above], { dtype: "f32" });
}

export const linearModels = operators(
  {
    ArrayFeatureExtractor: (op) =>
      gatherAxis(op.builder, required(op, 0), rankOf(required(op, 0)) - 1, required(op, 1)),
    Binarizer: binarizer,
    LinearClassifier: linearClassifier,
    LinearRegressor: (op) => postTransform(op, linear(op, op.attributes.int("targets", 1))),
    Normalizer: normalizer,
    Scaler: scaler,
  },
  "ai.onnx.ml",
);

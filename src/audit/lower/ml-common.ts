import { refuse } from "../compile/errors.js";
import { rankOf, type Value } from "../compile/value.js";
import { typeOf } from "./arithmetic.js";
import { map } from "./broadcast.js";
import { gatherAxis } from "./gather.js";
import type { Op } from "./op.js";
import { reduce } from "./reduce.js";
import { softmax } from "./softmax.js";

/** Scores after an ai.onnx.ml `post_transform`. */
export function postTransform(op: Op, scores: Value, otherwise = "NONE"): Value {
  const transform = op.attributes.string("post_transform", otherwise);
  switch (transform) {
    case "NONE":
      return scores;
    case "LOGISTIC":
      return map(op.builder, "sigmoid", [scores]);
    case "SOFTMAX":
      return softmax(op.builder, scores, [rankOf(scores) - 1]);
    default:
      throw refuse(`post_transform "${transform}" has no lowering`);
  }
}

/** The integer labels of the best scores of [n, classes]. */
export function bestLabel(op: Op, scores: Value, labels: readonly number[]): Value {
  const best = reduce(op.builder, "argmax", scores, { axes: [1], keep: false, dtype: "i64" });
  return gatherAxis(op.builder, op.builder.vector("i64", labels), 0, best);
}

/** Integer class labels; strings have no place in a tensor of the audit graph. */
export function integerLabels(op: Op, name: string): number[] {
  const labels = op.attributes.ints(name);
  if (!labels || labels.length === 0) throw refuse("String labels have no lowering");
  return labels;
}

/** Numeric features as f32. */
export function features(op: Op, x: Value): Value {
  const { dtype } = x.memory;
  return typeOf(x) === "f32" ? x : map(op.builder, "cast", [x], { dtype: dtype === "f32" ? dtype : "f32" });
}

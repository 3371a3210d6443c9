import type { Builder } from "../compile/builder.js";
import { rankOf, type Value } from "../compile/value.js";
import { map } from "./broadcast.js";
import { axisOf, type Op, operators, required } from "./op.js";
import { reduce } from "./reduce.js";

/** x - max over `axes`, the form in which no exponential overflows. */
function centred(builder: Builder, x: Value, axes: readonly number[]): Value {
  return map(builder, "sub", [x, reduce(builder, "max", x, { axes, keep: true })]);
}

/** exp(x - max) / sum over `axes`. */
export function softmax(builder: Builder, x: Value, axes: readonly number[]): Value {
  const powers = map(builder, "exp", [centred(builder, x, axes)]);
  return map(builder, "div", [powers, reduce(builder, "sum", powers, { axes, keep: true })]);
}

function logSoftmax(builder: Builder, x: Value, axes: readonly number[]): Value {
  const shifted = centred(builder, x, axes);
  const sum = reduce(builder, "sum", map(builder, "exp", [shifted]), { axes, keep: true });
  return map(builder, "sub", [shifted, map(builder, "log", [sum])]);
}

/** Up to opset 12 all axes from `axis` on are normalised together. */
function axesOf(op: Op, x: Value): number[] {
  const rank = rankOf(x);
  if (op.opset >= 13) return [axisOf(op.attributes.int("axis", -1), rank)];
  const first = axisOf(op.attributes.int("axis", 1), rank);
  return Array.from({ length: rank - first }, (_, i) => first + i);
}

export const softmaxes = operators({
  LogSoftmax: (op) => logSoftmax(op.builder, required(op, 0), axesOf(op, required(op, 0))),
  Softmax: (op) => softmax(op.builder, required(op, 0), axesOf(op, required(op, 0))),
});

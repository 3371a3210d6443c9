import type { Builder } from "../compile/builder.js";
import { refuse } from "../compile/errors.js";
import { shapeOf, type Value } from "../compile/value.js";
import { expand } from "../compile/view-ops.js";
import { typeOf } from "./arithmetic.js";
import { map } from "./broadcast.js";
import { constantOf, type Lower, type Op, operators, required } from "./op.js";

/*
 * Activations, one rounding per function. Piecewise ones are written with max and min, which are continuous, instead of
 * comparisons: the two pieces are exact and one of them is zero, so the sum rounds nothing away.
 */

const f32 = (builder: Builder, value: number): Value => builder.scalar("f32", value);

const unary =
  (fn: "tanh" | "sigmoid"): Lower =>
  (op) =>
    map(op.builder, fn, [required(op, 0)]);

export function relu(builder: Builder, x: Value): Value {
  return map(builder, "max", [x, builder.scalar(typeOf(x), 0)]);
}

/** max(0, min(1, alpha * x + beta)) */
export function hardSigmoid(builder: Builder, x: Value, alpha: number, beta: number): Value {
  const line = map(builder, "fma", [x, f32(builder, alpha), f32(builder, beta)]);
  return map(builder, "min", [map(builder, "max", [line, f32(builder, 0)]), f32(builder, 1)]);
}

/** scale * (max(x, 0) + alpha * (exp(min(x, 0) / divisor) - 1)) */
export function elu(builder: Builder, x: Value, { alpha = 1, divisor = 1, scale = 1 }): Value {
  const zero = f32(builder, 0);
  let low = map(builder, "min", [x, zero]);
  if (divisor !== 1) low = map(builder, "div", [low, f32(builder, divisor)]);
  const curve = map(builder, "expm1", [low]);
  const high = map(builder, "max", [x, zero]);
  const sum =
    alpha === 1 ? map(builder, "add", [curve, high]) : map(builder, "fma", [curve, f32(builder, alpha), high]);
  return scale === 1 ? sum : map(builder, "mul", [sum, f32(builder, scale)]);
}

/** log(1 + e^x) = max(x, 0) + log1p(e^-|x|), which neither overflows nor cancels. */
export function softplus(builder: Builder, x: Value): Value {
  const tail = map(builder, "log1p", [map(builder, "exp", [map(builder, "neg", [map(builder, "abs", [x])])])]);
  return map(builder, "add", [tail, map(builder, "max", [x, f32(builder, 0)])]);
}

function clip(op: Op): Value {
  const x = required(op, 0);
  const dtype = typeOf(x);
  const bound = (i: number, name: string): Value | undefined => {
    if (op.opset >= 11) return op.inputs[i];
    const value = op.attributes.float(name);
    return value === undefined ? undefined : op.builder.scalar(dtype, value);
  };
  const low = bound(1, "min");
  const high = bound(2, "max");
  // ONNX: where low > high every element becomes high.
  const raised = low ? map(op.builder, "max", [x, low]) : x;
  return high ? map(op.builder, "min", [raised, high]) : raised;
}

function gelu(op: Op): Value {
  const { builder } = op;
  const x = required(op, 0);
  let inner: Value;
  if (op.attributes.string("approximate", "none") === "tanh") {
    const cube = map(builder, "mul", [map(builder, "mul", [x, x]), x]);
    const sum = map(builder, "fma", [cube, f32(builder, 0.044715), x]);
    inner = map(builder, "tanh", [map(builder, "mul", [sum, f32(builder, Math.sqrt(2 / Math.PI))])]);
  } else {
    inner = map(builder, "erf", [map(builder, "mul", [x, f32(builder, Math.SQRT1_2)])]);
  }
  const half = map(builder, "mul", [x, f32(builder, 0.5)]);
  return map(builder, "mul", [map(builder, "add", [inner, f32(builder, 1)]), half]);
}

function softsign(op: Op): Value {
  const x = required(op, 0);
  return map(op.builder, "div", [x, map(op.builder, "add", [map(op.builder, "abs", [x]), f32(op.builder, 1)])]);
}

function thresholdedRelu(op: Op): Value {
  const { builder } = op;
  const x = required(op, 0);
  const above = map(builder, "lt", [f32(builder, op.attributes.float("alpha", 1)), x], { dtype: "bool" });
  return map(builder, "where", [above, x, f32(builder, 0)]);
}

function shrink(op: Op): Value {
  const { builder, attributes } = op;
  const x = required(op, 0);
  const lambda = attributes.float("lambd", 0.5);
  const bias = f32(builder, attributes.float("bias", 0));
  const zero = f32(builder, 0);
  const below = map(builder, "lt", [x, f32(builder, -lambda)], { dtype: "bool" });
  const above = map(builder, "lt", [f32(builder, lambda), x], { dtype: "bool" });
  const high = map(builder, "where", [above, map(builder, "sub", [x, bias]), zero]);
  return map(builder, "where", [below, map(builder, "add", [x, bias]), high]);
}

function mish(op: Op): Value {
  const x = required(op, 0);
  return map(op.builder, "mul", [map(op.builder, "tanh", [softplus(op.builder, x)]), x]);
}

function swish(op: Op): Value {
  const { builder } = op;
  const x = required(op, 0);
  const alpha = op.attributes.float("alpha", 1);
  const scaled = alpha === 1 ? x : map(builder, "mul", [x, f32(builder, alpha)]);
  return map(builder, "mul", [map(builder, "sigmoid", [scaled]), x]);
}

function hardSwish(op: Op): Value {
  const x = required(op, 0);
  return map(op.builder, "mul", [hardSigmoid(op.builder, x, 1 / 6, 0.5), x]);
}

/** Inference passes its input through; a ratio above zero in training is random. */
function dropout(op: Op): readonly Value[] {
  const { builder } = op;
  const x = required(op, 0);
  const training = op.inputs[2];
  if (training && Number(constantOf(op, training).data[0]) !== 0) {
    const ratio = op.inputs[1] ? Number(constantOf(op, op.inputs[1]).data[0]) : 0.5;
    if (ratio !== 0) throw refuse("Dropout with a ratio above zero in training is random");
  }
  return [x, expand(builder.scalar("bool", 1), shapeOf(x))];
}

export const activations = operators({
  Celu: (op) => {
    const alpha = op.attributes.float("alpha", 1);
    return elu(op.builder, required(op, 0), { alpha, divisor: alpha });
  },
  Clip: clip,
  Dropout: dropout,
  Elu: (op) => elu(op.builder, required(op, 0), { alpha: op.attributes.float("alpha", 1) }),
  Gelu: gelu,
  HardSigmoid: (op) =>
    hardSigmoid(op.builder, required(op, 0), op.attributes.float("alpha", 0.2), op.attributes.float("beta", 0.5)),
  HardSwish: hardSwish,
  LeakyRelu: (op) => map(op.builder, "prelu", [required(op, 0), f32(op.builder, op.attributes.float("alpha", 0.01))]),
  Mish: mish,
  PRelu: (op) => map(op.builder, "prelu", [required(op, 0), required(op, 1)]),
  Relu: (op) => relu(op.builder, required(op, 0)),
  Selu: (op) => {
    const alpha = op.attributes.float("alpha", 1.67326319217681884765625);
    return elu(op.builder, required(op, 0), { alpha, scale: op.attributes.float("gamma", 1.05070102214813232421875) });
  },
  Shrink: shrink,
  Sigmoid: unary("sigmoid"),
  Softplus: (op) => softplus(op.builder, required(op, 0)),
  Softsign: softsign,
  Swish: swish,
  Tanh: unary("tanh"),
  ThresholdedRelu: thresholdedRelu,
});

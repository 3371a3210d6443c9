import { refuse } from "../compile/errors.js";
import { isConstant, product, rankOf, shapeOf, type Value } from "../compile/value.js";
import { substitute } from "../compile/view-ops.js";
import { map } from "./broadcast.js";
import { axisOf, channelShape, type Op, operators, required } from "./op.js";
import { reduce } from "./reduce.js";
import { reshapeTo } from "./shape.js";

/*
 * Normalisations, with the variance in two passes: mean, centred values, mean of their squares. The one-pass form E[x^2] -
 * mean^2 loses all digits where the mean is large.
 */

const f32 = (op: Op, value: number): Value => op.builder.scalar("f32", value);

interface Normalised {
  readonly mean: Value;
  readonly variance: Value;
  readonly deviation: Value;
  /** (x - mean) / deviation */
  readonly result: Value;
}

/** Normalises over `axes`, which the statistics keep with extent 1. */
export function normaliseOver(op: Op, x: Value, axes: readonly number[], epsilon: number): Normalised {
  const { builder } = op;
  const count = product(axes.map((axis) => shapeOf(x)[axis]!));
  const mean = reduce(builder, "mean", x, { axes, keep: true });
  const centred = map(builder, "sub", [x, mean]);
  const squares = reduce(builder, "dot", centred, { axes, keep: true, by: centred });
  const variance = map(builder, "div", [squares, f32(op, count)]);
  const deviation = map(builder, "sqrt", [map(builder, "add", [variance, f32(op, epsilon)])]);
  return { mean, variance, deviation, result: map(builder, "div", [centred, deviation]) };
}

/** x * scale + bias, rounded once. */
function affine(op: Op, x: Value, scale: Value, bias: Value | undefined): Value {
  return bias ? map(op.builder, "fma", [x, scale, bias]) : map(op.builder, "mul", [x, scale]);
}

/** One number per channel, shaped to broadcast over x [n, c, ...]. */
function perChannel(op: Op, value: Value, rank: number): Value {
  return reshapeTo(op, value, [shapeOf(value)[0] ?? 1, ...new Array<number>(Math.max(0, rank - 2)).fill(1)]);
}

function trailing(op: Op, rank: number): number[] {
  const first = axisOf(op.attributes.int("axis", -1), rank);
  return Array.from({ length: rank - first }, (_, i) => first + i);
}

function layerNormalization(op: Op): Value[] {
  const x = required(op, 0);
  const norm = normaliseOver(op, x, trailing(op, rankOf(x)), op.attributes.float("epsilon", 1e-5));
  const result = affine(op, norm.result, required(op, 1), op.inputs[2]);
  const inverse = (): Value => map(op.builder, "div", [f32(op, 1), norm.deviation]);
  return [result, norm.mean, ...(op.outputs[2] ? [inverse()] : [])];
}

function rmsNormalization(op: Op): Value {
  const { builder } = op;
  const x = required(op, 0);
  const axes = trailing(op, rankOf(x));
  const count = product(axes.map((axis) => shapeOf(x)[axis]!));
  const squares = reduce(builder, "dot", x, { axes, keep: true, by: x });
  const mean = map(builder, "div", [squares, f32(op, count)]);
  const root = map(builder, "sqrt", [map(builder, "add", [mean, f32(op, op.attributes.float("epsilon", 1e-5))])]);
  return map(builder, "mul", [map(builder, "div", [x, root]), required(op, 1)]);
}

function instanceNormalization(op: Op): Value {
  const x = required(op, 0);
  const rank = rankOf(x);
  const axes = x.axes.map((_, axis) => axis).slice(2);
  const { result } = normaliseOver(op, x, axes, op.attributes.float("epsilon", 1e-5));
  return affine(op, result, perChannel(op, required(op, 1), rank), perChannel(op, required(op, 2), rank));
}

function groupNormalization(op: Op): Value {
  const x = required(op, 0);
  const shape = shapeOf(x);
  const groups = op.attributes.int("num_groups", 1);
  const [batch, channels, ...spatial] = channelShape(x);
  const grouped = reshapeTo(op, x, [batch, groups, channels / groups, ...spatial]);
  const axes = grouped.axes.map((_, axis) => axis).slice(2);
  const { result } = normaliseOver(op, grouped, axes, op.attributes.float("epsilon", 1e-5));
  const scaled = (value: Value): Value => {
    // Up to opset 20 there is one scale and bias per group, then one per channel.
    if (op.opset >= 21) return perChannel(op, value, shape.length);
    return reshapeTo(op, value, [groups, ...new Array<number>(rankOf(grouped) - 2).fill(1)]);
  };
  const [scale, bias] = [scaled(required(op, 1)), scaled(required(op, 2))];
  if (op.opset >= 21) return affine(op, reshapeTo(op, result, shape), scale, bias);
  return reshapeTo(op, affine(op, result, scale, bias), shape);
}

function batchNormalization(op: Op): Value[] {
  const { builder, attributes } = op;
  const x = required(op, 0);
  const rank = rankOf(x);
  const epsilon = attributes.float("epsilon", 1e-5);
  const [scale, bias, mean, variance] = [1, 2, 3, 4].map((i) => required(op, i)) as [Value, Value, Value, Value];
  const channel = (value: Value): Value => perChannel(op, value, rank);
  if (attributes.int("training_mode", 0) !== 0) {
    const axes = x.axes.map((_, axis) => axis).filter((axis) => axis !== 1);
    const norm = normaliseOver(op, x, axes, epsilon);
    const momentum = attributes.float("momentum", 0.9);
    const channels = shapeOf(scale);
    const running = (old: Value, now: Value): Value => {
      const fresh = map(builder, "mul", [reshapeTo(op, now, channels), f32(op, 1 - momentum)]);
      return map(builder, "fma", [old, f32(op, momentum), fresh]);
    };
    return [
      affine(op, norm.result, channel(scale), channel(bias)),
      running(mean, norm.mean),
      running(variance, norm.variance),
    ];
  }
  if (op.opset < 9 && attributes.int("spatial", 1) === 0) throw refuse("BatchNormalization with spatial = 0");
  const deviation = map(builder, "sqrt", [map(builder, "add", [variance, f32(op, epsilon)])]);
  const factor = map(builder, "div", [scale, deviation]);
  if ([scale, bias, mean, variance].every(isConstant)) {
    // One multiply-add per element; the folded constants are rounded in this order.
    const offset = map(builder, "fma", [map(builder, "neg", [mean]), factor, bias]);
    return [map(builder, "fma", [x, channel(factor), channel(offset)])];
  }
  return [map(builder, "fma", [map(builder, "sub", [x, channel(mean)]), channel(factor), channel(bias)])];
}

/** Divides by a power of the sum of squares over neighbouring channels. */
function localResponse(op: Op): Value {
  const { builder, attributes } = op;
  const x = required(op, 0);
  const size = attributes.int("size", 1);
  const windows = builder.view(x, (v) =>
    substitute(v, 1, {
      base: 0 - Math.floor((size - 1) / 2),
      axes: [
        { extent: shapeOf(x)[1]!, coef: 1 },
        { extent: size, coef: 1 },
      ],
      fill: 0n,
    }),
  );
  const squares = reduce(builder, "dot", windows, { axes: [2], keep: false, by: windows });
  const alpha = Math.fround(attributes.float("alpha", 1e-4)) / size;
  const base = map(builder, "fma", [squares, f32(op, alpha), f32(op, attributes.float("bias", 1))]);
  return map(builder, "div", [x, map(builder, "pow", [base, f32(op, attributes.float("beta", 0.75))])]);
}

function lpNormalization(op: Op): Value {
  const { builder } = op;
  const x = required(op, 0);
  const axes = [axisOf(op.attributes.int("axis", -1), rankOf(x))];
  const norm =
    op.attributes.int("p", 2) === 1
      ? reduce(builder, "sum", map(builder, "abs", [x]), { axes, keep: true })
      : map(builder, "sqrt", [reduce(builder, "dot", x, { axes, keep: true, by: x })]);
  // ONNX gives zeros where all elements are zero; no other norm is below the smallest f32.
  return map(builder, "div", [x, map(builder, "max", [norm, f32(op, TINY)])]);
}

/** The smallest positive f32. */
const TINY = 1.401298464324817e-45;

function meanVariance(op: Op): Value {
  const x = required(op, 0);
  const axes = (op.attributes.ints("axes") ?? [0, 2, 3]).map((axis) => axisOf(axis, rankOf(x)));
  return normaliseOver(op, x, axes, 1e-9).result;
}

export const normalisations = operators({
  BatchNormalization: batchNormalization,
  GroupNormalization: groupNormalization,
  InstanceNormalization: instanceNormalization,
  LRN: localResponse,
  LayerNormalization: layerNormalization,
  LpNormalization: lpNormalization,
  MeanVarianceNormalization: meanVariance,
  RMSNormalization: rmsNormalization,
});

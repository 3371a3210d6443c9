import { inconsistent, refuse } from "../compile/errors.js";
import { rankOf, shapeOf, type Value } from "../compile/value.js";
import { map } from "./broadcast.js";
import { gatherAxis } from "./gather.js";
import { dot } from "./matmul.js";
import { axisOf, constantOf, type Op, operators, optionalIntegers, required } from "./op.js";
import { type AxisResize, axisTaps, type Taps } from "./resize-weights.js";

interface Plan {
  readonly scales: readonly number[];
  readonly sizes: readonly number[];
}

function floatsOf(op: Op, i: number): number[] | undefined {
  const value = op.inputs[i];
  if (!value) return undefined;
  const numbers = Array.from(constantOf(op, value).data as ArrayLike<number | bigint>, Number);
  return numbers.length > 0 ? numbers : undefined;
}

/** Scale and size of every axis, from scales or sizes (ONNX Resize 10 to 19, Upsample 7 and 9). */
function planOf(op: Op, shape: readonly number[], axes: readonly number[]): Plan {
  const scales = shape.map(() => 1);
  const sizes = [...shape];
  const given =
    op.operator === "Upsample" && op.opset < 9 ? op.attributes.floats("scales") : floatsOf(op, op.opset < 11 ? 1 : 2);
  const wanted = op.opset < 11 ? undefined : optionalIntegers(op, 3);
  for (const list of [given, wanted]) {
    if (list && list.length > 0 && list.length !== axes.length) throw inconsistent("Resize wants one number per axis");
  }
  if (wanted && wanted.length > 0) {
    axes.forEach((axis, i) => (scales[axis] = Math.fround(wanted[i]! / shape[axis]!)));
    axes.forEach((axis, i) => (sizes[axis] = wanted[i]!));
    const policy = op.attributes.string("keep_aspect_ratio_policy", "stretch");
    if (policy !== "stretch") {
      const all = axes.map((axis) => scales[axis]!);
      const scale = policy === "not_larger" ? Math.min(...all) : Math.max(...all);
      for (const axis of axes) {
        scales[axis] = scale;
        sizes[axis] = Math.round(Math.fround(scale * shape[axis]!));
      }
    }
  } else if (given) {
    axes.forEach((axis, i) => {
      scales[axis] = given[i]!;
      sizes[axis] = Math.floor(Math.fround(Math.fround(given[i]!) * shape[axis]!));
    });
  } else {
    throw inconsistent("Resize without scales and sizes");
  }
  return { scales, sizes };
}

function resize(op: Op): Value {
  const { attributes } = op;
  const x = required(op, 0);
  const shape = shapeOf(x);
  const axes = (attributes.ints("axes") ?? shape.map((_, axis) => axis)).map((axis) => axisOf(axis, shape.length));
  const { scales, sizes } = planOf(op, shape, axes);
  const modern = op.opset >= 11;
  const transformation = modern ? attributes.string("coordinate_transformation_mode", "half_pixel") : "asymmetric";
  const crop = transformation === "tf_crop_and_resize";
  const roi = crop ? floatsOf(op, 1) : undefined;
  if (crop && roi?.length !== 2 * axes.length) throw inconsistent("Resize of a region without roi");
  const antialias = attributes.int("antialias", 0) !== 0;
  if (antialias && crop) throw refuse("Resize of a region with antialias has no lowering");
  let result = x;
  shape.forEach((input, axis) => {
    const at = axes.indexOf(axis);
    const region: [number, number] = roi && at >= 0 ? [roi[at]!, roi[at + axes.length]!] : [0, 1];
    const output = sizes[axis]!;
    const still = scales[axis] === 1 && output === input && region[0] === 0 && region[1] === 1;
    if (still) return;
    const mode = attributes.string("mode", "nearest").replace(/^bi|^tri/, "");
    if (!["nearest", "linear", "cubic"].includes(mode)) throw refuse(`Resize mode "${mode}" has no lowering`);
    const taps = axisTaps({
      mode,
      transformation,
      nearest: modern ? attributes.string("nearest_mode", "round_prefer_floor") : "simple",
      input,
      output,
      scale: scales[axis]!,
      roi: region,
      cubicA: Math.fround(attributes.float("cubic_coeff_a", -0.75)),
      excludeOutside: attributes.int("exclude_outside", 0) !== 0,
      antialias,
    } satisfies AxisResize);
    result = applyTaps(op, result, axis, taps);
    const outside = taps.map((tap) => (tap.outside ? 1 : 0));
    if (outside.includes(1)) {
      const after = new Array<number>(rankOf(x) - 1 - axis).fill(1);
      const mask = op.builder.vector("bool", outside, [output, ...after]);
      const value = op.builder.scalar("f32", attributes.float("extrapolation_value", 0));
      result = map(op.builder, "where", [mask, value, result]);
    }
  });
  return result;
}

/** Axes up to this long are multiplied with the whole matrix of weights; longer ones gather their taps first. */
const DENSE = 64;

/** One gather for single taps, else a dot product with constant weights. */
function applyTaps(op: Op, x: Value, axis: number, taps: readonly Taps[]): Value {
  const { builder } = op;
  const input = shapeOf(x)[axis]!;
  const output = taps.length;
  const most = taps.reduce((n, { positions }) => Math.max(n, positions.length), 0);
  const single = taps.every(({ weights }) => weights.length === 1 && weights[0] === 1);
  if (single)
    return gatherAxis(
      builder,
      x,
      axis,
      builder.vector(
        "i64",
        taps.map(({ positions }) => positions[0]!),
      ),
    );
  const labels = x.axes.map((_, i) => i);
  if (input <= DENSE || most * 4 > input) {
    const weights = new Array<number>(output * input).fill(0);
    taps.forEach((tap, o) => tap.positions.forEach((at, i) => (weights[o * input + at] = tap.weights[i]!)));
    const matrix = builder.vector("f32", weights, [output, input]);
    const aLabels = labels.map((i) => (i === axis ? "k" : i));
    return dot(builder, { a: x, aLabels, b: matrix, bLabels: [axis, "k"] }, { out: labels, red: ["k"] });
  }
  const positions = taps.flatMap((tap) =>
    Array.from({ length: most }, (_, i) => tap.positions[i] ?? tap.positions[0]!),
  );
  const weights = taps.flatMap((tap) => Array.from({ length: most }, (_, i) => tap.weights[i] ?? 0));
  const gathered = gatherAxis(builder, x, axis, builder.vector("i64", positions, [output, most]));
  const aLabels = [...labels.slice(0, axis + 1), "k", ...labels.slice(axis + 1)];
  const matrix = builder.vector("f32", weights, [output, most]);
  return dot(builder, { a: gathered, aLabels, b: matrix, bLabels: [axis, "k"] }, { out: labels, red: ["k"] });
}

export const resizing = operators({ Resize: resize, Upsample: resize });

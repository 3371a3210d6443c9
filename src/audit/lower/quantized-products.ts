import { constantBits } from "../compile/types.js";
import { isConstant, rankOf, shapeOf, sizeOf, type Value } from "../compile/value.js";
import { cast } from "./arithmetic.js";
import { map } from "./broadcast.js";
import { convolve } from "./conv.js";
import { matmul } from "./matmul.js";
import { type Op, operators, required } from "./op.js";
import { quantize } from "./quantize.js";
import { reduce } from "./reduce.js";
import { reshapeTo } from "./shape.js";

/*
 * Products of quantised tensors: exact int32 sums of (a - a zero point) * (b - b zero point), then one rounded scale. The
 * steps after the sum are those of ONNX Runtime, so results agree to the bit.
 */

/** x - zero as int32. */
function centred(op: Op, x: Value, zero: Value | undefined): Value {
  const wide = cast(op, x, "i32");
  if (!zero || constantBits(zero) === 0n) return wide;
  return map(op.builder, "sub", [wide, cast(op, zero, "i32")]);
}

/** A scalar where there is one element, else the value with `after` more axes, to broadcast from the left. */
function leading(op: Op, value: Value, after: number): Value {
  if (sizeOf(value) === 1) return reshapeTo(op, value, []);
  return reshapeTo(op, value, [...shapeOf(value), ...new Array<number>(after).fill(1)]);
}

/** Zero points of the rows of a matrix product's first operand. */
function rowPoint(op: Op, zero: Value | undefined): Value | undefined {
  if (!zero) return undefined;
  return rankOf(zero) === 1 ? leading(op, zero, 1) : leading(op, zero, 0);
}

function matmulInteger(op: Op): Value {
  const a = centred(op, required(op, 0), rowPoint(op, op.inputs[2]));
  const b = centred(op, required(op, 1), op.inputs[3] && leading(op, op.inputs[3], 0));
  return matmul(op.builder, a, b, "i32");
}

/** The sum as f32, times (a scale * b scale) / y scale, rounded and shifted by the zero point. */
function requantize(op: Op, sum: Value, scales: { a: Value; b: Value; y: Value }, zero: Value): Value {
  const { builder } = op;
  const factor = map(builder, "div", [map(builder, "mul", [scales.a, scales.b]), scales.y]);
  const scaled = map(builder, "mul", [cast(op, sum, "f32"), factor]);
  return quantize(op, scaled, builder.scalar("f32", 1), zero);
}

/** Inputs of QLinearMatMul and QLinearConv: values, scale and zero point of both operands, then scale and zero of the result. */
function quantizedInputs(op: Op): { a: Quantized; b: Quantized; y: Omit<Quantized, "values"> } {
  const at = (first: number): Quantized => ({
    values: required(op, first),
    scale: required(op, first + 1),
    zero: required(op, first + 2),
  });
  return { a: at(0), b: at(3), y: { scale: required(op, 6), zero: required(op, 7) } };
}

interface Quantized {
  readonly values: Value;
  readonly scale: Value;
  readonly zero: Value;
}

function qlinearMatmul(op: Op): Value {
  const { a, b, y } = quantizedInputs(op);
  const sum = matmul(
    op.builder,
    centred(op, a.values, rowPoint(op, a.zero)),
    centred(op, b.values, leading(op, b.zero, 0)),
    "i32",
  );
  const scales = { a: rowPoint(op, a.scale)!, b: leading(op, b.scale, 0), y: leading(op, y.scale, 0) };
  return requantize(op, sum, scales, leading(op, y.zero, 0));
}

/** x [n, c, ...] as int32 sums with w, both relative to their zero points. */
function integerConvolution(
  op: Op,
  parts: { x: Value; xZero: Value | undefined; w: Value; wZero: Value | undefined; bias?: Value | undefined },
): Value {
  const { builder } = op;
  const { x, xZero, w, wZero, bias } = parts;
  const weights = centred(op, w, wZero && leading(op, wZero, rankOf(w) - 1));
  const point = xZero && reshapeTo(op, xZero, []);
  const bits = point ? constantBits(point) : 0n;
  if (bits === undefined || !isConstant(weights)) {
    return convolve(op, { x: centred(op, x, point), w: weights, bias, dtype: "i32" });
  }
  // sum((x - z) * w) = sum(x * w) - z * sum(w), with padding that reads z: no pass over x is needed.
  if (bits === 0n || !point) return convolve(op, { x, w: weights, bias, dtype: "i32" });
  const axes = weights.axes.map((_, axis) => axis).slice(1);
  const sums = reduce(builder, "sum", weights, { axes, keep: false, dtype: "i32" });
  const shift = map(builder, "neg", [map(builder, "mul", [sums, cast(op, point, "i32")])]);
  const offset = bias ? map(builder, "add", [bias, shift]) : shift;
  return convolve(op, { x, w: weights, bias: offset, fill: bits, dtype: "i32" });
}

function convInteger(op: Op): Value {
  return integerConvolution(op, { x: required(op, 0), w: required(op, 1), xZero: op.inputs[2], wZero: op.inputs[3] });
}

function qlinearConv(op: Op): Value {
  const { a: x, b: w, y } = quantizedInputs(op);
  const sum = integerConvolution(op, { x: x.values, xZero: x.zero, w: w.values, wZero: w.zero, bias: op.inputs[8] });
  const scales = {
    a: leading(op, x.scale, 0),
    b: leading(op, w.scale, rankOf(w.values) - 2),
    y: leading(op, y.scale, 0),
  };
  return requantize(op, sum, scales, leading(op, y.zero, 0));
}

export const quantizedProducts = operators({
  ConvInteger: convInteger,
  MatMulInteger: matmulInteger,
  QLinearConv: qlinearConv,
  QLinearMatMul: qlinearMatmul,
});

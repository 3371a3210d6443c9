import { elementType } from "../../onnx/element.js";
import { CompileError, inconsistent } from "../compile/errors.js";
import { rankOf, shapeOf, sizeOf, type Value } from "../compile/value.js";
import { repeat, slice } from "../compile/view-ops.js";
import type { DType } from "../graph.js";
import { cast, typeOf } from "./arithmetic.js";
import { map } from "./broadcast.js";
import { convert } from "./constant.js";
import { axisOf, type Op, operators, required } from "./op.js";
import { reduce } from "./reduce.js";
import { reshapeTo } from "./shape.js";

/**
 * A scale or zero point shaped to broadcast over `x`: one for all, one per index of `axis`, or one per block of
 * `block_size` elements along it.
 */
function broadcastParameter(op: Op, value: Value, x: Value): Value {
  if (sizeOf(value) === 1 && rankOf(value) <= 1) return reshapeTo(op, value, []);
  const rank = rankOf(x);
  const axis = axisOf(op.attributes.int("axis", 1), rank);
  const block = op.attributes.int("block_size", 0);
  if (block === 0) {
    return reshapeTo(op, value, [shapeOf(value)[0]!, ...new Array<number>(rank - 1 - axis).fill(1)]);
  }
  const spread = repeat(value, axis, { inner: block });
  const extent = shapeOf(x)[axis]!;
  if (shapeOf(spread)[axis] === extent) return spread;
  return op.builder.view(spread, (v) => slice(v, axis, { start: 0, count: extent }));
}

/** Types held one a byte at compile time are their own values in the wider type. */
function widened(op: Op, value: Value): Value {
  const { dtype } = value.memory;
  if (dtype === "u4") return convert(op, value, "u8");
  return dtype === "i4" ? convert(op, value, "i8") : value;
}

/** Saturating round(x / scale) + zero point. */
export function quantize(op: Pick<Op, "builder">, x: Value, scale: Value, zero: Value): Value {
  return map(op.builder, "quantize", [x, scale, zero], { dtype: typeOf(zero) });
}

/** (q - zero point) * scale */
export function dequantize(op: Pick<Op, "builder">, q: Value, scale: Value, zero: Value | undefined): Value {
  const point = zero ?? op.builder.scalar(typeOf(q), 0);
  return map(op.builder, "dequantize", [q, scale, point], { dtype: "f32" });
}

function quantizeLinear(op: Op): Value {
  const x = required(op, 0);
  const code = op.attributes.int("output_dtype", 0);
  const stated = code === 0 ? undefined : elementType(code);
  const dtype = op.inputs[2]?.memory.dtype ?? stated ?? "u8";
  if (!["u8", "i8", "u16", "i16"].includes(dtype) || (code !== 0 && stated !== dtype)) {
    throw new CompileError("COMPILE_DTYPE", `Quantisation to ${stated ?? `data type ${code}`}`);
  }
  const zero = op.inputs[2] ? broadcastParameter(op, op.inputs[2], x) : op.builder.scalar(dtype as DType, 0);
  return quantize(op, cast(op, x, "f32"), broadcastParameter(op, required(op, 1), x), zero);
}

function dequantizeLinear(op: Op): Value {
  const x = widened(op, required(op, 0));
  const zero = op.inputs[2] && broadcastParameter(op, widened(op, op.inputs[2]), x);
  return dequantize(op, x, broadcastParameter(op, required(op, 1), x), zero);
}

/** Scale and zero point from the range of the input, which always includes zero. */
function dynamicQuantize(op: Op): Value[] {
  const { builder } = op;
  const x = required(op, 0);
  const axes = x.axes.map((_, axis) => axis);
  const zero = builder.scalar("f32", 0);
  const high = map(builder, "max", [reduce(builder, "max", x, { axes, keep: false }), zero]);
  const low = map(builder, "min", [reduce(builder, "min", x, { axes, keep: false }), zero]);
  const scale = map(builder, "div", [map(builder, "sub", [high, low]), builder.scalar("f32", 255)]);
  const point = quantize(op, map(builder, "neg", [low]), scale, builder.scalar("u8", 0));
  return [quantize(op, x, scale, point), scale, point];
}

/** An elementwise function between dequantised inputs and a quantised output (com.microsoft QLinearAdd and its kin). */
function quantizedBinary(fn: "add" | "mul") {
  return (op: Op): Value => {
    const scalar = (i: number): Value => {
      const value = required(op, i);
      if (sizeOf(value) !== 1) throw inconsistent("A scale or zero point that is no scalar");
      return reshapeTo(op, value, []);
    };
    const point = (i: number): Value | undefined => op.inputs[i] && scalar(i);
    const a = dequantize(op, required(op, 0), scalar(1), point(2));
    const b = dequantize(op, required(op, 3), scalar(4), point(5));
    const zero = point(7) ?? op.builder.scalar(typeOf(required(op, 0)), 0);
    return quantize(op, map(op.builder, fn, [a, b]), scalar(6), zero);
  };
}

export const quantisation = [
  ...operators({
    DequantizeLinear: dequantizeLinear,
    DynamicQuantizeLinear: dynamicQuantize,
    QuantizeLinear: quantizeLinear,
  }),
  ...operators({ DequantizeLinear: dequantizeLinear, QuantizeLinear: quantizeLinear }, "com.microsoft"),
  ...operators({ QLinearAdd: quantizedBinary("add"), QLinearMul: quantizedBinary("mul") }, "com.microsoft"),
];

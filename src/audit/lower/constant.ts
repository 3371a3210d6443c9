import { allocate, type ElementType, elementType, type OnnxTensor } from "../../onnx/element.js";
import { WORK } from "../compile/budget.js";
import { bitsOf, dataOf } from "../compile/bits.js";
import { isAuditType } from "../compile/types.js";
import { CompileError, inconsistent } from "../compile/errors.js";
import { constant, isConstant, product, shapeOf, type Value } from "../compile/value.js";
import { expand } from "../compile/view-ops.js";
import type { DType } from "../graph.js";
import { cast } from "./arithmetic.js";
import { constantOf, integersOf, numberOf, type Op, operators, required, sequence, shapeOfRank } from "./op.js";

function fromTensor(tensor: OnnxTensor): Value {
  return constant(tensor.dtype, tensor.shape, tensor.data);
}

function constantNode(op: Op): Value {
  const { attributes, builder } = op;
  const tensor = attributes.tensor("value");
  if (tensor) return fromTensor(tensor);
  const float = attributes.float("value_float");
  if (float !== undefined) return builder.scalar("f32", float);
  const floats = attributes.floats("value_floats");
  if (floats) return builder.vector("f32", floats);
  const int = attributes.int("value_int");
  if (int !== undefined) return builder.scalar("i64", int);
  const ints = attributes.ints("value_ints");
  if (ints) return builder.vector("i64", ints);
  throw new CompileError("COMPILE_DTYPE", "A constant that is sparse or of strings");
}

function constantOfShape(op: Op): Value {
  const shape = integersOf(op, required(op, 0));
  const value = op.attributes.tensor("value") ?? { dtype: "f32" as const, shape: [1], data: new Float32Array(1) };
  if (value.data.length !== 1) throw inconsistent("ConstantOfShape wants one value");
  return expand(constant(value.dtype, [], value.data), shape);
}

function shapeNode(op: Op): Value {
  const shape = shapeOf(required(op, 0));
  const clamp = (at: number): number => Math.max(0, Math.min(shape.length, at < 0 ? at + shape.length : at));
  const start = clamp(op.attributes.int("start", 0));
  const end = clamp(op.attributes.int("end", shape.length));
  return op.builder.vector("i64", shape.slice(start, Math.max(start, end)));
}

function range(op: Op): Value {
  const [start, limit, delta] = [0, 1, 2].map((i) => required(op, i)) as [Value, Value, Value];
  const { dtype } = start.memory;
  const [from, to, step] = [numberOf(op, start), numberOf(op, limit), numberOf(op, delta)];
  if (step === 0) throw inconsistent("A range with step 0");
  const count = Math.max(0, Math.ceil((to - from) / step));
  const values = sequence(count, (i) => from + i * step);
  if (!isAuditType(dtype)) {
    const data = allocate(dtype, count);
    values.forEach((value, i) => (data[i] = value));
    return constant(dtype, [count], data);
  }
  return op.builder.vector(dtype, values);
}

function eyeLike(op: Op): Value {
  const x = required(op, 0);
  const [rows, columns] = shapeOfRank(x, 2);
  const code = op.attributes.int("dtype");
  const dtype = code === undefined ? x.memory.dtype : elementType(code);
  if (!dtype || !isAuditType(dtype)) throw new CompileError("COMPILE_DTYPE", "EyeLike of a type without a lowering");
  const k = op.attributes.int("k", 0);
  const values = sequence(rows * columns, (i) => (Math.floor(i / columns) + k === i % columns ? 1 : 0));
  return op.builder.vector(dtype, values, [rows, columns]);
}

/** The dtype of a Cast's `to`, named in the error where it has no lowering. */
function castTarget(op: Op): ElementType {
  const target = elementType(op.attributes.int("to", 0));
  if (!target) throw new CompileError("COMPILE_DTYPE", `A cast to data type ${op.attributes.int("to", 0)}`);
  return target;
}

/**
 * Converts a value to another element type. Types that exist at compile time only (f16, 4-bit integers) are converted where
 * the value is constant; widened halves and small integers keep their values.
 */
export function convert(op: Op, value: Value, to: ElementType): Value {
  const { dtype } = value.memory;
  if (dtype === to) return value;
  if (isAuditType(dtype) && isAuditType(to)) return cast(op, value, to);
  if (!isConstant(value) || to === "f16" || to === "bf16") {
    throw new CompileError("COMPILE_DTYPE", `A cast from ${dtype} to ${to} of a computed tensor, or to half precision`);
  }
  const { data } = constantOf(op, value);
  const shape = shapeOf(value);
  op.builder.budget.spend({ work: data.length * WORK.tableEntry, bytes: 8 * data.length });
  if (to === "f64") return constant(to, shape, Float64Array.from(data as ArrayLike<number | bigint>, Number));
  const target = to as DType;
  // A half is held as the f32 of the same value.
  if (to === "f32") return constant(to, shape, data instanceof Float32Array ? data : Float32Array.from(data, Number));
  if (to === "bool")
    return constant(
      to,
      shape,
      Uint8Array.from(data as ArrayLike<number>, (x) => Number(x !== 0)),
    );
  // As a cast from f32: toward zero, saturating, NaN to 0.
  const cut = Array.from(data as ArrayLike<number>, (x) => saturate(target, x));
  return constant(target, shape, dataOf(target, cut));
}

function saturate(dtype: DType, x: number): bigint {
  if (Number.isNaN(x)) return 0n;
  const all = bitsOf(dtype, -1);
  const signed = dtype.startsWith("i");
  const high = signed ? all >> 1n : all;
  const low = signed ? -high - 1n : 0n;
  if (x >= Number(high)) return high;
  return x <= Number(low) ? low : BigInt(Math.trunc(x));
}

export const constants = operators({
  Cast: (op) => convert(op, required(op, 0), castTarget(op)),
  CastLike: (op) => convert(op, required(op, 0), required(op, 1).memory.dtype),
  Constant: constantNode,
  ConstantOfShape: constantOfShape,
  EyeLike: eyeLike,
  Range: range,
  Shape: shapeNode,
  Size: (op) => op.builder.scalar("i64", product(shapeOf(required(op, 0)))),
});

import { isAuditType } from "../compile/types.js";
import { CompileError, inconsistent } from "../compile/errors.js";
import { isConstant, type Value } from "../compile/value.js";
import type { DType, MapFn } from "../graph.js";
import { isFloating, isInteger } from "../signatures.js";
import { map } from "./broadcast.js";
import { constantOf, type Lower, type Op, operators, required } from "./op.js";

/** dtype of a value that a node may compute with. */
export function typeOf(value: Value): DType {
  const { dtype } = value.memory;
  if (!isAuditType(dtype)) throw new CompileError("COMPILE_DTYPE", `It computes with ${dtype} values`);
  return dtype;
}

const unary =
  (fn: MapFn): Lower =>
  (op) =>
    map(op.builder, fn, [required(op, 0)]);

const binary =
  (fn: MapFn): Lower =>
  (op) =>
    map(op.builder, fn, [required(op, 0), required(op, 1)]);

const comparison =
  (fn: "eq" | "lt" | "le", swap = false): Lower =>
  (op) => {
    const [a, b] = [required(op, 0), required(op, 1)];
    return map(op.builder, fn, swap ? [b, a] : [a, b], { dtype: "bool" });
  };

/** A function of any number of inputs, folded from the left. */
function fold(op: Op, fn: MapFn): Value {
  const [first, ...rest] = op.inputs.map((_, i) => required(op, i));
  if (!first) throw inconsistent("At least one input is wanted");
  return rest.reduce((result, value) => map(op.builder, fn, [result, value]), first);
}

/** A native integer division by 0, or of the smallest integer by -1, ends the process. */
function checkDivisor(op: Op, dividend: Value, divisor: Value): void {
  const dtype = typeOf(divisor);
  if (isFloating(dtype)) return;
  if (!isConstant(divisor)) {
    op.builder.warn("A divisor of 0, or of -1 under the smallest integer, may end a native runtime", true);
    return;
  }
  const divisors = new Set(Array.from(constantOf(op, divisor).data as ArrayLike<number | bigint>, Number));
  if (divisors.has(0)) throw inconsistent("A division by the constant zero");
  if (divisors.has(-1) && !isConstant(dividend)) {
    op.builder.warn("The smallest integer divided by -1 may end a native runtime", true);
  }
}

function divide(op: Op): Value {
  const [a, b] = [required(op, 0), required(op, 1)];
  checkDivisor(op, a, b);
  return map(op.builder, "div", [a, b]);
}

function power(op: Op): Value {
  const [base, exponent] = [required(op, 0), required(op, 1)];
  const dtype = typeOf(base);
  if (dtype !== "f32" && typeOf(exponent) === "f32") {
    // The power is computed as f32, then cut to an integer.
    const power = map(op.builder, "pow", [cast(op, base, "f32"), exponent]);
    return cast(op, power, dtype);
  }
  if (dtype !== "f32" && !(isConstant(base) && isConstant(exponent))) {
    op.builder.warn("Native runtimes compute integer powers in binary64, which loses digits beyond 2^53");
  }
  return map(op.builder, "pow", [base, exponent], { dtype });
}

function modulo(op: Op): Value {
  const [a, b] = [required(op, 0), required(op, 1)];
  checkDivisor(op, a, b);
  const truncated = op.attributes.int("fmod", 0) !== 0;
  if (!truncated && typeOf(a) === "f32") throw inconsistent("Mod of floats wants fmod = 1");
  return map(op.builder, truncated ? "fmod" : "mod", [a, b]);
}

function mean(op: Op): Value {
  const count = op.builder.scalar("f32", op.inputs.length);
  return map(op.builder, "div", [fold(op, "add"), count]);
}

function reciprocal(op: Op): Value {
  const x = required(op, 0);
  return map(op.builder, "div", [op.builder.scalar(typeOf(x), 1), x]);
}

function bitShift(op: Op): Value {
  const direction = op.attributes.string("direction");
  if (direction !== "LEFT" && direction !== "RIGHT") throw inconsistent(`BitShift to the "${direction ?? ""}"`);
  return map(op.builder, direction === "LEFT" ? "shl" : "shr", [required(op, 0), required(op, 1)]);
}

function isInfinite(op: Op): Value {
  const x = required(op, 0);
  const both = ["detect_negative", "detect_positive"].map((name) => op.attributes.int(name, 1) !== 0);
  if (both[0] && both[1]) return map(op.builder, "isinf", [x], { dtype: "bool" });
  if (!both[0] && !both[1]) return map(op.builder, "eq", [op.builder.scalar("bool", 0), op.builder.scalar("bool", 1)]);
  const infinity = op.builder.scalar(typeOf(x), both[0] ? -Infinity : Infinity);
  return map(op.builder, "eq", [x, infinity], { dtype: "bool" });
}

/** Casts within the audit graph's types; constants of other types are converted by the constant family. */
export function cast(op: Pick<Op, "builder">, value: Value, to: DType): Value {
  if (isFloating(typeOf(value)) && isInteger(to) && !isConstant(value)) {
    op.builder.warn("Native runtimes differ in casts of numbers beyond the integer's range");
  }
  return typeOf(value) === to ? value : map(op.builder, "cast", [value], { dtype: to });
}

export const arithmetic = operators({
  Abs: unary("abs"),
  Acos: unary("acos"),
  Acosh: unary("acosh"),
  Add: binary("add"),
  And: binary("and"),
  Asin: unary("asin"),
  Asinh: unary("asinh"),
  Atan: unary("atan"),
  Atanh: unary("atanh"),
  BitShift: bitShift,
  BitwiseAnd: binary("and"),
  BitwiseNot: unary("not"),
  BitwiseOr: binary("or"),
  BitwiseXor: binary("xor"),
  Ceil: unary("ceil"),
  Cos: unary("cos"),
  Cosh: unary("cosh"),
  Div: divide,
  Equal: comparison("eq"),
  Erf: unary("erf"),
  Exp: unary("exp"),
  Floor: unary("floor"),
  Greater: comparison("lt", true),
  GreaterOrEqual: comparison("le", true),
  IsInf: isInfinite,
  IsNaN: (op) => map(op.builder, "isnan", [required(op, 0)], { dtype: "bool" }),
  Less: comparison("lt"),
  LessOrEqual: comparison("le"),
  Log: unary("log"),
  Max: (op) => fold(op, "max"),
  Mean: mean,
  Min: (op) => fold(op, "min"),
  Mod: modulo,
  Mul: binary("mul"),
  Neg: unary("neg"),
  Not: unary("not"),
  Or: binary("or"),
  Pow: power,
  Reciprocal: reciprocal,
  Round: unary("round"),
  Sign: unary("sign"),
  Sin: unary("sin"),
  Sinh: unary("sinh"),
  Sqrt: unary("sqrt"),
  Sub: binary("sub"),
  Sum: (op) => fold(op, "add"),
  Tan: unary("tan"),
  Where: (op) => map(op.builder, "where", [required(op, 0), required(op, 1), required(op, 2)]),
  Xor: binary("xor"),
});

import { type AuditNode, type DType, GATHER_FN, type MapFn, MAP_FN, REDUCE_FN, type ReduceFn } from "./graph.js";

/*
 * Which operand dtypes each function takes and what it yields (docs/audit.md, 4). A check returns true where the
 * combination exists; the number of operands is part of it.
 */

const SIGNED: readonly DType[] = ["i8", "i16", "i32", "i64"];
const UNSIGNED: readonly DType[] = ["u8", "u16", "u32", "u64"];
const ACCUMULATORS: readonly DType[] = ["i32", "i64", "u32", "u64"];
const QUANTIZED: readonly DType[] = ["u8", "i8", "u16", "i16", "i32"];

/** Whether a dtype is an integer; bool is not. */
export function isInteger(dtype: DType): boolean {
  return SIGNED.includes(dtype) || UNSIGNED.includes(dtype);
}

const isFloat = (dtype: DType): boolean => dtype === "f32";
/** What is computed with: f64 is moved, compared and cast only. */
const isNumber = (dtype: DType): boolean => isFloat(dtype) || isInteger(dtype);
const isBits = (dtype: DType): boolean => dtype === "bool" || isInteger(dtype);
const isOrdered = (dtype: DType): boolean => dtype !== "bool";
const isAny = (): boolean => true;

/** Whether a dtype is a binary floating-point number. */
export function isFloating(dtype: DType): boolean {
  return dtype === "f32" || dtype === "f64";
}

type Check = (operands: readonly DType[], result: DType) => boolean;

/** `count` operands and a result of one dtype, which `takes` admits. */
function same(count: number, takes: (dtype: DType) => boolean): Check {
  return (operands, result) =>
    operands.length === count && operands.every((dtype) => dtype === result) && takes(result);
}

/** `count` operands of one dtype, which `takes` admits; the result is `yields`. */
function to(yields: DType, count: number, takes: (dtype: DType) => boolean): Check {
  return (operands, result) =>
    operands.length === count && operands.every((dtype) => dtype === operands[0] && takes(dtype)) && result === yields;
}

const float = (count: number): Check => same(count, isFloat);
const number = (count: number): Check => same(count, isNumber);

const MAP: Readonly<Record<MapFn, Check>> = {
  copy: same(1, isAny),
  neg: same(1, (dtype) => isFloat(dtype) || SIGNED.includes(dtype)),
  abs: number(1),
  sign: number(1),
  floor: float(1),
  ceil: float(1),
  round: float(1),
  sqrt: float(1),
  exp: float(1),
  log: float(1),
  sin: float(1),
  cos: float(1),
  tan: float(1),
  asin: float(1),
  acos: float(1),
  atan: float(1),
  sinh: float(1),
  cosh: float(1),
  asinh: float(1),
  acosh: float(1),
  atanh: float(1),
  tanh: float(1),
  sigmoid: float(1),
  erf: float(1),
  expm1: float(1),
  log1p: float(1),
  not: same(1, isBits),
  isnan: to("bool", 1, isFloating),
  isinf: to("bool", 1, isFloating),
  cast: (operands) => operands.length === 1,
  add: number(2),
  sub: number(2),
  mul: number(2),
  div: number(2),
  min: same(2, isAny),
  max: same(2, isAny),
  pow: ([base, exponent, ...rest], result) =>
    rest.length === 0 &&
    base === result &&
    exponent !== undefined &&
    isNumber(base) &&
    isNumber(exponent) &&
    (isFloat(base) || isInteger(exponent)),
  mod: number(2),
  fmod: number(2),
  and: same(2, isBits),
  or: same(2, isBits),
  xor: same(2, isBits),
  shl: same(2, (dtype) => UNSIGNED.includes(dtype)),
  shr: same(2, (dtype) => UNSIGNED.includes(dtype)),
  eq: to("bool", 2, isAny),
  lt: to("bool", 2, isOrdered),
  le: to("bool", 2, isOrdered),
  prelu: float(2),
  where: ([condition, a, b, ...rest], result) =>
    rest.length === 0 && condition === "bool" && a === result && b === result,
  quantize: ([x, scale, zero, ...rest], result) =>
    rest.length === 0 && x === "f32" && scale === "f32" && zero === result && QUANTIZED.includes(result),
  dequantize: ([q, scale, zero, ...rest], result) =>
    rest.length === 0 && q !== undefined && isInteger(q) && zero === q && scale === "f32" && result === "f32",
  fma: float(3),
  pick: (operands, result) => operands.length >= 1 && operands.every((dtype) => dtype === result),
};

const toIndex = to("i64", 1, isNumber);

const REDUCE: Readonly<Record<ReduceFn, Check>> = {
  dot: ([a, b, bias, ...rest], result) => {
    if (a === undefined || b === undefined || rest.length > 0 || (bias !== undefined && bias !== result)) return false;
    if (result === "f32") return a === "f32" && b === "f32";
    return isInteger(a) && isInteger(b) && ACCUMULATORS.includes(result);
  },
  sum: ([a, ...rest], result) => {
    if (a === undefined || rest.length > 0) return false;
    return result === "f32" ? a === "f32" : isInteger(a) && ACCUMULATORS.includes(result);
  },
  mean: float(1),
  max: same(1, (dtype) => dtype !== "f64"),
  min: same(1, (dtype) => dtype !== "f64"),
  argmax: toIndex,
  argmin: toIndex,
  argmaxlast: toIndex,
  argminlast: toIndex,
  argkth: toIndex,
};

/** Whether a `map` function or an epilogue step takes these operands and yields `result`. */
export function mapTakes(fn: MapFn, operands: readonly DType[], result: DType): boolean {
  return MAP[fn](operands, result);
}

/** Whether a `reduce` function takes these operands and yields `result`. */
export function reduceTakes(fn: ReduceFn, operands: readonly DType[], result: DType): boolean {
  return REDUCE[fn](operands, result);
}

/** Whether a `gather` takes these operands, the gathered tensor first, and yields `result`. */
export function gatherTakes(operands: readonly DType[], result: DType): boolean {
  const [data, ...indices] = operands;
  return data === result && indices.length >= 1 && indices.every(isInteger);
}

/** Code of a node's own function. */
export function fnCode(node: AuditNode): number {
  if (node.kind === "map") return MAP_FN[node.fn];
  return node.kind === "reduce" ? REDUCE_FN[node.fn] : GATHER_FN.gather;
}

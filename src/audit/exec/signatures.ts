import type { DType, MapFn, ReduceFn } from "../graph.js";
import { IllFormedNodeError } from "./errors.js";

/*
 * Which dtypes each function takes and yields (docs/audit.md, section 4). One table for every executor and for the compiler.
 */

const SIGNED: ReadonlySet<DType> = new Set(["i8", "i16", "i32", "i64"]);
const UNSIGNED: ReadonlySet<DType> = new Set(["u8", "u16", "u32", "u64"]);
const QUANTIZED: ReadonlySet<DType> = new Set(["u8", "i8", "u16", "i16", "i32"]);
const WIDE: ReadonlySet<DType> = new Set(["i32", "i64", "u32", "u64"]);

/** Whether elements are two's complement or unsigned integers; bool is not. */
export function isInteger(dtype: DType): boolean {
  return SIGNED.has(dtype) || UNSIGNED.has(dtype);
}

export function isSigned(dtype: DType): boolean {
  return SIGNED.has(dtype);
}

const isNumber = (dtype: DType): boolean => dtype !== "bool";
const isFloat = (dtype: DType): boolean => dtype === "f32";
const isAny = (): boolean => true;

type Rule = (operands: readonly DType[], result: DType) => boolean;

/** `count` operands of the result's dtype, which satisfies `allowed`. */
const uniform =
  (count: number, allowed: (dtype: DType) => boolean): Rule =>
  (operands, result) =>
    operands.length === count && operands.every((dtype) => dtype === result) && allowed(result);

/** Operands of one dtype that satisfies `allowed`, giving `result`. */
const predicate =
  (count: number, allowed: (dtype: DType) => boolean, yields: DType): Rule =>
  (operands, result) =>
    operands.length === count &&
    operands.every((dtype) => dtype === operands[0] && allowed(dtype)) &&
    result === yields;

const unaryFloat = uniform(1, isFloat);
const binaryNumber = uniform(2, isNumber);
const bitwise = uniform(2, (dtype) => !isFloat(dtype));
const shift = uniform(2, (dtype) => UNSIGNED.has(dtype));

const MAP_RULES: Readonly<Record<MapFn, Rule>> = {
  copy: uniform(1, isAny),
  neg: uniform(1, (dtype) => isFloat(dtype) || isSigned(dtype)),
  abs: uniform(1, isNumber),
  sign: uniform(1, isNumber),
  floor: unaryFloat,
  ceil: unaryFloat,
  round: unaryFloat,
  sqrt: unaryFloat,
  exp: unaryFloat,
  log: unaryFloat,
  sin: unaryFloat,
  cos: unaryFloat,
  tan: unaryFloat,
  asin: unaryFloat,
  acos: unaryFloat,
  atan: unaryFloat,
  sinh: unaryFloat,
  cosh: unaryFloat,
  asinh: unaryFloat,
  acosh: unaryFloat,
  atanh: unaryFloat,
  tanh: unaryFloat,
  sigmoid: unaryFloat,
  erf: unaryFloat,
  expm1: unaryFloat,
  log1p: unaryFloat,
  not: uniform(1, (dtype) => !isFloat(dtype)),
  isnan: predicate(1, isFloat, "bool"),
  isinf: predicate(1, isFloat, "bool"),
  cast: (operands) => operands.length === 1,
  add: binaryNumber,
  sub: binaryNumber,
  mul: binaryNumber,
  div: binaryNumber,
  min: uniform(2, isAny),
  max: uniform(2, isAny),
  pow: ([base, exponent, ...rest], result) =>
    rest.length === 0 &&
    base === result &&
    exponent !== undefined &&
    (isFloat(result) ? isNumber(exponent) : isInteger(result) && isInteger(exponent)),
  mod: binaryNumber,
  fmod: binaryNumber,
  and: bitwise,
  or: bitwise,
  xor: bitwise,
  shl: shift,
  shr: shift,
  eq: predicate(2, isAny, "bool"),
  lt: predicate(2, isNumber, "bool"),
  le: predicate(2, isNumber, "bool"),
  prelu: uniform(2, isFloat),
  where: ([condition, ...values], result) => condition === "bool" && uniform(2, isAny)(values, result),
  quantize: ([x, scale, zero, ...rest], result) =>
    rest.length === 0 && x === "f32" && scale === "f32" && zero === result && QUANTIZED.has(result),
  dequantize: ([q, scale, zero, ...rest], result) =>
    rest.length === 0 && q === zero && scale === "f32" && q !== undefined && isInteger(q) && result === "f32",
  fma: uniform(3, isFloat),
  pick: (operands, result) => operands.length > 0 && operands.every((dtype) => dtype === result),
};

/** Sums of integers: any integer operands, wrapped into a wide result. */
const integerSum: Rule = (operands, result) => operands.every(isInteger) && WIDE.has(result);
const argument: Rule = (operands, result) => operands.length === 1 && isNumber(operands[0]!) && result === "i64";

const REDUCE_RULES: Readonly<Record<ReduceFn, Rule>> = {
  dot: ([a, b, bias, ...rest], result) =>
    a !== undefined &&
    b !== undefined &&
    rest.length === 0 &&
    (bias === undefined || bias === result) &&
    (uniform(2, isFloat)([a, b], result) || integerSum([a, b], result)),
  sum: (operands, result) =>
    operands.length === 1 && (uniform(1, isFloat)(operands, result) || integerSum(operands, result)),
  mean: unaryFloat,
  max: uniform(1, isAny),
  min: uniform(1, isAny),
  argmax: argument,
  argmin: argument,
  argmaxlast: argument,
  argminlast: argument,
  argkth: argument,
};

function refuse(fn: string, operands: readonly DType[], result: DType): never {
  throw new IllFormedNodeError(`${fn} does not take (${operands.join(", ")}) to ${result}`);
}

/** Whether `fn` takes operands of these dtypes to `result`. */
export function takesMap(fn: MapFn, operands: readonly DType[], result: DType): boolean {
  return MAP_RULES[fn](operands, result);
}

/** @throws IllFormedNodeError unless `fn` takes operands of these dtypes to `result`. */
export function checkMap(fn: MapFn, operands: readonly DType[], result: DType): void {
  if (!takesMap(fn, operands, result)) refuse(fn, operands, result);
}

/** As `checkMap`; a bias is the third operand. */
export function checkReduce(fn: ReduceFn, operands: readonly DType[], result: DType): void {
  if (!REDUCE_RULES[fn](operands, result)) refuse(fn, operands, result);
}

/** As `checkMap`, for operand 0 and the index operands of a gather. */
export function checkGather(operands: readonly DType[], result: DType): void {
  const [table, ...indices] = operands;
  if (table !== result || indices.length === 0 || !indices.every(isInteger)) refuse("gather", operands, result);
}

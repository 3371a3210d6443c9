import type { DType, MapFn } from "../../graph.js";
import { mapTakes } from "../../signatures.js";
import { illFormedUse } from "../errors.js";
import { ALGEBRAIC } from "./algebraic.js";
import { ARITHMETIC, fma } from "./arithmetic.js";
import { compare, isNaNBits } from "./binary32.js";
import { compareDoubles, extremeDouble, isDoubleInfinite, isDoubleNaN } from "./binary64.js";
import { cast, copy, dequantize, quantize } from "./convert.js";
import { ELEMENTARY, type ElementaryFn } from "./elementary.js";
import { integerFunction, isIntegerFn, powInteger } from "./integer-functions.js";
import { toInteger, wrap } from "./integers.js";
import { pow, powInteger as powOfFloat } from "./pow.js";

/**
 * One scalar function on element bits, as docs/audit.md, section 4, states it: the definition in running form, on exact
 * integers. `pick` sees its first operand only: which one that is depends on guards, not on values.
 *
 * @param dtypes dtypes of the operands
 * @param resultDtype dtype of the value
 * @param operandBits element bits, one per operand, in the low bytes
 * @returns canonical element bits
 * @throws TouchstoneError `NODE_ILL_FORMED` where the function does not take these dtypes
 */
export function scalar(
  fn: MapFn,
  dtypes: readonly DType[],
  resultDtype: DType,
  operandBits: readonly bigint[],
): bigint {
  if (!mapTakes(fn, dtypes, resultDtype))
    throw illFormedUse(`${fn} does not take (${dtypes.join(", ")}) to ${resultDtype}`);
  const [dtype, second] = dtypes as readonly [DType, DType | undefined];
  const [a, b, c] = operandBits as readonly [bigint, bigint, bigint];
  switch (fn) {
    case "copy":
    case "pick":
      return copy(a, dtype);
    case "where":
      return copy(toInteger(a, "bool") === 1n ? b : c, resultDtype);
    case "cast":
      return cast(a, dtype, resultDtype);
    case "quantize":
      return quantize(a, b, c, resultDtype);
    case "dequantize":
      return dequantize(a, b, c, dtype);
    case "isnan":
      return (dtype === "f64" ? isDoubleNaN(a) : isNaNBits(a)) ? 1n : 0n;
    case "isinf":
      return (dtype === "f64" ? isDoubleInfinite(a) : (a & 0x7fffffffn) === 0x7f800000n) ? 1n : 0n;
    case "eq":
    case "lt":
    case "le":
      return comparison(fn, dtype, a, b) ? 1n : 0n;
    case "pow": {
      if (dtype !== "f32") return wrap(powInteger(toInteger(a, dtype), toInteger(b, second!), dtype), dtype);
      return second === "f32" ? pow(a, b) : powOfFloat(a, toInteger(b, second!));
    }
    case "fma":
      return fma(a, b, c);
    default:
      if (dtype === "f64" && (fn === "min" || fn === "max")) return extremeDouble(fn, a, b);
      if (dtype !== "f32" && isIntegerFn(fn)) return integerFunction(fn, dtype, a, operandBits[1] ?? 0n);
      if (fn in ALGEBRAIC) return ALGEBRAIC[fn as keyof typeof ALGEBRAIC](a);
      if (fn in ARITHMETIC) return ARITHMETIC[fn as keyof typeof ARITHMETIC](a, b);
      return ELEMENTARY[fn as ElementaryFn](a);
  }
}

function comparison(fn: "eq" | "lt" | "le", dtype: DType, a: bigint, b: bigint): boolean {
  let order: number;
  if (dtype === "f32") {
    if (isNaNBits(a) || isNaNBits(b)) return false;
    order = compare(a, b);
  } else if (dtype === "f64") {
    if (isDoubleNaN(a) || isDoubleNaN(b)) return false;
    order = compareDoubles(a, b);
  } else {
    const [x, y] = [toInteger(a, dtype), toInteger(b, dtype)];
    order = x < y ? -1 : x > y ? 1 : 0;
  }
  return fn === "eq" ? order === 0 : fn === "lt" ? order < 0 : order <= 0;
}

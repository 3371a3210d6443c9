import type { DType, ReduceFn } from "../../graph.js";
import { reduceTakes } from "../../signatures.js";
import { illFormedUse } from "../errors.js";
import { compare, decode, ONE } from "./binary32.js";
import { toInteger, wrap } from "./integers.js";
import { scalar } from "./scalar.js";
import { createExactSum } from "./sum.js";

/** What one reduction reads, as element bits. */
export interface Terms {
  /** One list per reduced operand (two for `dot`, else one), in order of the reduction index. */
  readonly lists: readonly (readonly bigint[])[];
  /** Of `dot` only. */
  readonly bias?: bigint;
  /** Of `argkth` only: which rank is asked for, and whether ranks go down. */
  readonly rank?: number;
  readonly largest?: boolean;
}

/**
 * One reduction on element bits (docs/audit.md, section 4).
 *
 * @param dtypes dtypes of the operands; that of a bias comes third
 * @throws TouchstoneError `NODE_ILL_FORMED` where the function does not take these dtypes, or there is no such rank
 */
export function reduce(fn: ReduceFn, dtypes: readonly DType[], resultDtype: DType, terms: Terms): bigint {
  if (!reduceTakes(fn, dtypes, resultDtype))
    throw illFormedUse(`${fn} does not take (${dtypes.join(", ")}) to ${resultDtype}`);
  const dtype = dtypes[0]!;
  const list = terms.lists[0]!;
  switch (fn) {
    case "dot":
    case "sum":
    case "mean":
      return dtype === "f32" ? floatSum(fn, terms) : integerSum(dtypes, resultDtype, terms);
    case "max":
    case "min":
      return list.reduce(
        (best, bits) => scalar(fn, [dtype, dtype], dtype, [best, bits]),
        scalar("copy", [dtype], dtype, [list[0]!]),
      );
    case "argmax":
    case "argmaxlast":
    case "argmin":
    case "argminlast":
      return BigInt(argument(fn, dtype, list));
    case "argkth":
      return BigInt(kth(dtype, list, terms.rank ?? 0, terms.largest ?? false));
  }
}

function floatSum(fn: "dot" | "sum" | "mean", { lists, bias }: Terms): bigint {
  const sum = createExactSum();
  const [a, b] = lists;
  a!.forEach((bits, k) => {
    if (fn === "dot") sum.addProduct(decode(bits), decode(b![k]!));
    else sum.addProduct(decode(bits), decode(ONE));
  });
  if (bias !== undefined) sum.add(decode(bias));
  return sum.round(fn === "mean" ? BigInt(a!.length) : 1n);
}

function integerSum(dtypes: readonly DType[], resultDtype: DType, { lists, bias }: Terms): bigint {
  const [a, b] = lists;
  let total = bias === undefined ? 0n : toInteger(bias, resultDtype);
  a!.forEach((bits, k) => {
    const factor = b === undefined ? 1n : toInteger(b[k]!, dtypes[1]!);
    total += toInteger(bits, dtypes[0]!) * factor;
  });
  return wrap(total, resultDtype);
}

/** Order of two elements: NaN above everything, -0 equal to +0. */
function order(dtype: DType, x: bigint, y: bigint): number {
  if (dtype === "f32") return compare(x, y);
  const [a, b] = [toInteger(x, dtype), toInteger(y, dtype)];
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Whether x goes before y as the extremum looked for; a NaN goes before everything else. */
function beats(dtype: DType, down: boolean, x: bigint, y: bigint): boolean {
  const [nanX, nanY] = [isNaNOf(dtype, x), isNaNOf(dtype, y)];
  if (nanX || nanY) return nanX && !nanY;
  return down ? order(dtype, x, y) < 0 : order(dtype, x, y) > 0;
}

function argument(
  fn: "argmax" | "argmaxlast" | "argmin" | "argminlast",
  dtype: DType,
  list: readonly bigint[],
): number {
  const last = fn.endsWith("last");
  const down = fn.startsWith("argmin");
  let best = 0;
  list.forEach((bits, k) => {
    if (beats(dtype, down, bits, list[best]!) || (last && order(dtype, bits, list[best]!) === 0)) best = k;
  });
  return best;
}

const isNaNOf = (dtype: DType, bits: bigint): boolean => dtype === "f32" && decode(bits).kind === "nan";

function kth(dtype: DType, list: readonly bigint[], rank: number, largest: boolean): number {
  if (rank >= list.length) throw illFormedUse(`argkth asks for rank ${rank} of ${list.length} elements`);
  // Array.prototype.sort is stable.
  const ranked = list.map((_, k) => k).sort((i, j) => order(dtype, list[i]!, list[j]!) * (largest ? -1 : 1));
  return ranked[rank]!;
}

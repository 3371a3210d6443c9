import { activations } from "./activation.js";
import { arithmetic } from "./arithmetic.js";
import { constants } from "./constant.js";
import { convolution } from "./conv.js";
import { matrixProducts } from "./matmul.js";
import type { Lower, OpLowering } from "./op.js";
import { padding } from "./pad.js";
import { pooling } from "./pool.js";
import { reductions } from "./reduce.js";
import { shapes } from "./shape.js";
import { softmaxes } from "./softmax.js";

/** Every operator that can be lowered. A new family is a file with its entries, named here. */
const FAMILIES: readonly (readonly OpLowering[])[] = [
  activations,
  arithmetic,
  constants,
  convolution,
  matrixProducts,
  padding,
  pooling,
  reductions,
  shapes,
  softmaxes,
];

const key = (domain: string, operator: string): string => `${domain}:${operator}`;

const TABLE = new Map<string, OpLowering[]>();
for (const entry of FAMILIES.flat()) {
  const at = key(entry.domain, entry.operator);
  TABLE.set(at, [...(TABLE.get(at) ?? []), entry]);
}

/** The lowering of an operator at a version of its domain, undefined where there is none. */
export function findLowering(domain: string, operator: string, opset: number): Lower | undefined {
  return TABLE.get(key(domain, operator))?.find(
    ({ since, until }) => since <= Math.max(1, opset) && (until === undefined || opset < until),
  )?.lower;
}

import { activations } from "./activation.js";
import { arithmetic } from "./arithmetic.js";
import { attentions } from "./attention.js";
import { recurrences } from "./cells.js";
import { joining } from "./concat.js";
import { constants } from "./constant.js";
import { controlFlow } from "./control.js";
import { transposedConvolution } from "./conv-transpose.js";
import { convolution } from "./conv.js";
import { einsums } from "./einsum.js";
import { gathering } from "./gather.js";
import { matrixProducts } from "./matmul.js";
import { linearModels } from "./ml-linear.js";
import { treeEnsembles } from "./ml-tree.js";
import { normalisations } from "./normalisation.js";
import type { Lower, OpLowering } from "./op.js";
import { padding } from "./pad.js";
import { pooling } from "./pool.js";
import { quantisation } from "./quantize.js";
import { quantizedProducts } from "./quantized-products.js";
import { reductions } from "./reduce.js";
import { resizing } from "./resize.js";
import { rotaryEmbeddings } from "./rotary.js";
import { scattering } from "./scatter.js";
import { selections } from "./select.js";
import { shapes } from "./shape.js";
import { softmaxes } from "./softmax.js";

/** Every operator that can be lowered. A new family is a file with its entries, named here. */
const FAMILIES: readonly (readonly OpLowering[])[] = [
  activations,
  arithmetic,
  attentions,
  constants,
  controlFlow,
  convolution,
  einsums,
  gathering,
  joining,
  linearModels,
  matrixProducts,
  normalisations,
  padding,
  pooling,
  quantisation,
  quantizedProducts,
  recurrences,
  reductions,
  resizing,
  rotaryEmbeddings,
  scattering,
  selections,
  shapes,
  softmaxes,
  transposedConvolution,
  treeEnsembles,
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

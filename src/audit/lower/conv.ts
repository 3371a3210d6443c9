import { inconsistent } from "../compile/errors.js";
import type { Label } from "../compile/space.js";
import { shapeOf, type Value } from "../compile/value.js";
import type { DType } from "../graph.js";
import { dot } from "./matmul.js";
import { channelShape, type Op, operators, required } from "./op.js";
import { reshapeTo } from "./shape.js";
import { layOutFor, slide, windowsOf } from "./windows.js";

export interface Convolution {
  readonly x: Value;
  readonly w: Value;
  readonly bias?: Value | undefined;
  /** What padding reads: bits of x's dtype. */
  readonly fill?: bigint;
  /** dtype of the sum, x's own by default. */
  readonly dtype?: DType;
}

const outLabels = (rank: number): string[] => Array.from({ length: rank }, (_, i) => `o${i}`);
const kernelLabels = (rank: number): string[] => Array.from({ length: rank }, (_, i) => `k${i}`);

/** x [n, c, spatial...], w [m, c / groups, kernel...] -> [n, m, out...], laid out with the channels last. */
export function convolve(op: Op, { x, w, bias, fill = 0n, dtype }: Convolution): Value {
  const [xShape, wShape] = [shapeOf(x), shapeOf(w)];
  const rank = xShape.length - 2;
  const groups = op.attributes.int("group", 1);
  const [batch, channels, ...spatial] = channelShape(x);
  const [filters, perGroup, ...kernel] = channelShape(w);
  if (
    groups < 1 ||
    rank < 1 ||
    wShape.length !== rank + 2 ||
    channels !== perGroup * groups ||
    filters % groups !== 0
  ) {
    throw inconsistent(`A convolution of [${xShape.join()}] with [${wShape.join()}] in ${groups} groups`);
  }
  const windows = windowsOf(op.attributes, spatial, op.attributes.ints("kernel_shape") ?? kernel);
  const source = layOutFor(op.builder, x, groups, windows);
  const grouped = reshapeTo(op, source, [batch, groups, perGroup, ...spatial]);
  const outs = outLabels(rank);
  const kernels = kernelLabels(rank);
  const out: Label[] = ["n", "g", "m", ...outs];
  const result = dot(
    op.builder,
    {
      a: slide(op.builder, grouped, 3, windows, fill),
      aLabels: ["n", "g", "c", ...outs.flatMap((label, i) => [label, kernels[i]!])],
      b: reshapeTo(op, w, [groups, filters / groups, perGroup, ...kernel]),
      bLabels: ["g", "m", "c", ...kernels],
      bias: bias && reshapeTo(op, bias, [groups, filters / groups]),
      biasLabels: ["g", "m"],
    },
    { out, red: ["c", ...kernels], order: ["n", ...outs, "g", "m"], ...(dtype ? { dtype } : {}) },
  );
  return reshapeTo(op, result, [batch, filters, ...windows.out]);
}

export const convolution = operators({
  Conv: (op) => convolve(op, { x: required(op, 0), w: required(op, 1), bias: op.inputs[2] }),
});

import { bitsOf, boundsOf } from "../compile/bits.js";
import { inconsistent } from "../compile/errors.js";
import { axisExtent, shapeOf, type Value } from "../compile/value.js";
import type { ReduceFn } from "../graph.js";
import { typeOf } from "./arithmetic.js";
import { map } from "./broadcast.js";
import { type Op, operators, required } from "./op.js";
import { reduce } from "./reduce.js";
import { slide, type Windows, windowsOf } from "./windows.js";

/** Windows of input 0, by the attributes of a pool. */
function poolWindows(op: Op): { x: Value; windows: Windows } {
  const x = required(op, 0);
  const kernel = op.attributes.ints("kernel_shape");
  if (!kernel) throw inconsistent("A pool without kernel_shape");
  return { x, windows: windowsOf(op.attributes, shapeOf(x).slice(2), kernel) };
}

/** Reduces every window of x [n, c, spatial...]; padding reads `fill`. */
export function poolReduce(op: Op, fn: ReduceFn, x: Value, windows: Windows, fill: bigint): Value {
  const slid = slide(op.builder, x, 2, windows, fill);
  const outs = windows.out.map((_, i) => `o${i}`);
  const kernels = windows.kernel.map((_, i) => `k${i}`);
  return op.builder.emit({
    what: { kind: "reduce", fn },
    dtype: fn.startsWith("arg") ? "i64" : typeOf(x),
    out: ["n", "c", ...outs],
    red: kernels,
    operands: [{ value: slid, labels: ["n", "c", ...outs.flatMap((label, i) => [label, kernels[i]!])] }],
  });
}

function maxPool(op: Op): Value {
  const { x, windows } = poolWindows(op);
  const dtype = typeOf(x);
  return poolReduce(op, "max", x, windows, bitsOf(dtype, boundsOf(dtype).low));
}

/** Elements that count in every window: those inside the tensor, or also those in the padding. */
function windowCounts(windows: Windows, spatial: readonly number[], withPadding: boolean): number[] {
  const perAxis = windows.out.map((count, axis) => {
    const low = withPadding ? -windows.padsBefore[axis]! : 0;
    const high = spatial[axis]! + (withPadding ? windows.padsAfter[axis]! : 0);
    return Array.from({ length: count }, (_, o) => {
      let inside = 0;
      for (let k = 0; k < windows.kernel[axis]!; k++) {
        const at = o * windows.strides[axis]! - windows.padsBefore[axis]! + k * windows.dilations[axis]!;
        if (at >= low && at < high) inside++;
      }
      return inside;
    });
  });
  return perAxis.reduce<number[]>((all, counts) => all.flatMap((a) => counts.map((b) => a * b)), [1]);
}

function averagePool(op: Op): Value {
  const { x, windows } = poolWindows(op);
  const spatial = x.axes.slice(2).map(axisExtent);
  const counts = windowCounts(windows, spatial, op.attributes.int("count_include_pad", 0) !== 0);
  const full = windows.kernel.reduce((n, extent) => n * extent, 1);
  if (counts.every((count) => count === full)) return poolReduce(op, "mean", x, windows, 0n);
  const sums = poolReduce(op, "sum", x, windows, 0n);
  return map(op.builder, "div", [sums, op.builder.vector("f32", counts, windows.out)]);
}

/** Reduces all spatial axes of x [n, c, spatial...] to extent 1. */
function globalPool(op: Op, fn: ReduceFn): Value {
  const x = required(op, 0);
  const axes = x.axes.map((_, axis) => axis).slice(2);
  return reduce(op.builder, fn, x, { axes, keep: true });
}

export const pooling = operators({
  AveragePool: averagePool,
  GlobalAveragePool: (op) => globalPool(op, "mean"),
  GlobalMaxPool: (op) => globalPool(op, "max"),
  MaxPool: maxPool,
});

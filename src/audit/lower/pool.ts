import { bitsOf, boundsOf } from "../compile/bits.js";
import { inconsistent } from "../compile/errors.js";
import { axisExtent, rowMajor, shapeOf, type Value } from "../compile/value.js";
import type { ReduceFn } from "../graph.js";
import { typeOf } from "./arithmetic.js";
import { map } from "./broadcast.js";
import { gatherAxis } from "./gather.js";
import { channelShape, type Op, operators, required, sequence } from "./op.js";
import { reduce } from "./reduce.js";
import { layOutFor, slide, type Windows, windowsOf } from "./windows.js";

/** Windows of input 0, by the attributes of a pool. */
function poolWindows(op: Op): { x: Value; windows: Windows } {
  const x = required(op, 0);
  const kernel = op.attributes.ints("kernel_shape");
  if (!kernel) throw inconsistent("A pool without kernel_shape");
  return { x, windows: windowsOf(op.attributes, shapeOf(x).slice(2), kernel) };
}

/** Reduces every window of x [n, c, spatial...]; padding reads `fill`. */
export function poolReduce(op: Op, fn: ReduceFn, x: Value, windows: Windows, fill: bigint): Value {
  const source = layOutFor(op.builder, x, axisExtent(x.axes[1]!), windows);
  const slid = slide(op.builder, source, 2, windows, fill);
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

function maxPool(op: Op): Value[] {
  const { x, windows } = poolWindows(op);
  const dtype = typeOf(x);
  const lowest = bitsOf(dtype, boundsOf(dtype).low);
  const result = poolReduce(op, "max", x, windows, lowest);
  return op.outputs[1] ? [result, maxPositions(op, x, windows, lowest)] : [result];
}

/** Flat position in x of every window's first maximum: that of the window plus that of the maximum inside it. */
function maxPositions(op: Op, x: Value, windows: Windows, lowest: bigint): Value {
  const { builder } = op;
  const inWindow = poolReduce(op, "argmax", x, windows, lowest);
  const [batch, channels, ...spatial] = channelShape(x);
  const columnMajor = op.attributes.int("storage_order", 0) !== 0;
  const strides = columnMajor ? rowMajor([...spatial].reverse()).reverse() : rowMajor(spatial);
  const offsets = (extents: readonly number[], steps: readonly number[], bases: readonly number[]): number[] =>
    overAll(extents, (index) =>
      index.reduce((sum, i, axis) => sum + (bases[axis]! + i * steps[axis]!) * strides[axis]!, 0),
    );
  const zeros = spatial.map(() => 0);
  const inside = builder.vector("i64", offsets(windows.kernel, windows.dilations, zeros));
  const before = windows.padsBefore.map((pad) => -pad);
  const starts = builder.vector("i64", offsets(windows.out, windows.strides, before), windows.out);
  const size = spatial.reduce((n, extent) => n * extent, 1);
  const planes = sequence(batch * channels, (i) => i * size);
  const plane = builder.vector("i64", planes, [batch, channels, ...spatial.map(() => 1)]);
  const position = map(builder, "add", [gatherAxis(builder, inside, 0, inWindow), starts]);
  return map(builder, "add", [position, plane]);
}

/** (sum of |x|^p)^(1/p) over windows. */
function lpPool(op: Op): Value {
  const { x, windows } = poolWindows(op);
  return norm(op, x, (powers) => poolReduce(op, "sum", powers, windows, 0n));
}

/** The p-norm over what `sum` sums. */
function norm({ attributes, builder }: Op, x: Value, sum: (powers: Value) => Value): Value {
  const p = attributes.int("p", 2);
  const power = (value: Value, exponent: number): Value =>
    exponent === 1 ? value : map(builder, "pow", [value, builder.scalar("f32", exponent)]);
  return power(sum(power(map(builder, "abs", [x]), p)), 1 / p);
}

/** One entry for every index of `extents`, row-major. */
function overAll(extents: readonly number[], entry: (index: readonly number[]) => number): number[] {
  const strides = rowMajor(extents);
  const total = extents.reduce((n, extent) => n * extent, 1);
  return sequence(total, (i) => entry(extents.map((extent, axis) => Math.floor(i / strides[axis]!) % extent)));
}

/** Elements that count in every window: those inside the tensor, or also those in the padding. */
function windowCounts(windows: Windows, spatial: readonly number[], withPadding: boolean): number[] {
  const perAxis = windows.out.map((count, axis) => {
    const low = withPadding ? -windows.padsBefore[axis]! : 0;
    const high = spatial[axis]! + (withPadding ? windows.padsAfter[axis]! : 0);
    return sequence(count, (o) => {
      const start = o * windows.strides[axis]! - windows.padsBefore[axis]!;
      // Kernel positions up to the first at or beyond a bound.
      const below = (bound: number): number =>
        Math.max(0, Math.min(windows.kernel[axis]!, Math.ceil((bound - start) / windows.dilations[axis]!)));
      return below(high) - below(low);
    });
  });
  return overAll(windows.out, (index) => index.reduce((n, o, axis) => n * perAxis[axis]![o]!, 1));
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
function globalPool(op: Op, fn: ReduceFn, x = required(op, 0)): Value {
  const axes = x.axes.map((_, axis) => axis).slice(2);
  return reduce(op.builder, fn, x, { axes, keep: true });
}

export const pooling = operators({
  AveragePool: averagePool,
  GlobalAveragePool: (op) => globalPool(op, "mean"),
  GlobalLpPool: (op) => norm(op, required(op, 0), (powers) => globalPool(op, "sum", powers)),
  GlobalMaxPool: (op) => globalPool(op, "max"),
  LpPool: lpPool,
  MaxPool: maxPool,
});

import type { Builder } from "../compile/builder.js";
import { inconsistent } from "../compile/errors.js";
import { type CostView, type Reads, readsOf } from "../compile/cost.js";
import type { Memory } from "../compile/raw.js";
import { plain, shapeOf, type Value } from "../compile/value.js";
import { substitute, transpose } from "../compile/view-ops.js";
import type { DType } from "../graph.js";
import type { Attributes } from "./attributes.js";

/** Sliding windows over the spatial axes of a convolution or pool, all lists one entry per spatial axis. */
export interface Windows {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padsBefore: readonly number[];
  readonly padsAfter: readonly number[];
  /** Number of windows. */
  readonly out: readonly number[];
}

/** Reads the attributes that convolutions and pools share (ONNX operators Conv, MaxPool, AveragePool, LpPool). */
export function windowsOf(attributes: Attributes, spatial: readonly number[], kernel: readonly number[]): Windows {
  const rank = spatial.length;
  const list = (name: string, length: number, otherwise: number): number[] => {
    const values = attributes.ints(name) ?? new Array<number>(length).fill(otherwise);
    if (values.length !== length) throw inconsistent(`"${name}" has ${values.length} entries, ${length} are wanted`);
    return values;
  };
  if (rank === 0) throw inconsistent("Windows over a tensor without spatial axes");
  if (kernel.length !== rank) throw inconsistent(`A kernel of ${kernel.length} dimensions over ${rank}`);
  const strides = list("strides", rank, 1);
  const dilations = list("dilations", rank, 1);
  if ([...kernel, ...strides, ...dilations].some((extent) => extent < 1)) throw inconsistent("A window of no elements");
  const autoPad = attributes.string("auto_pad", "NOTSET");
  const ceil = attributes.int("ceil_mode", 0) !== 0;
  const pads = list("pads", 2 * rank, 0);
  const span = kernel.map((k, axis) => (k - 1) * dilations[axis]! + 1);
  let padsBefore = pads.slice(0, rank);
  let padsAfter = pads.slice(rank);
  if (autoPad === "VALID") {
    padsBefore = padsAfter = spatial.map(() => 0);
  } else if (autoPad === "SAME_UPPER" || autoPad === "SAME_LOWER") {
    const total = spatial.map((extent, axis) => {
      const windows = Math.ceil(extent / strides[axis]!);
      return Math.max(0, (windows - 1) * strides[axis]! + span[axis]! - extent);
    });
    const small = total.map((pad) => Math.floor(pad / 2));
    const large = total.map((pad) => Math.ceil(pad / 2));
    [padsBefore, padsAfter] = autoPad === "SAME_UPPER" ? [small, large] : [large, small];
  }
  if ([...padsBefore, ...padsAfter].some((pad) => pad < 0)) throw inconsistent("A negative pad");
  const out = spatial.map((extent, axis) => {
    const room = extent + padsBefore[axis]! + padsAfter[axis]! - span[axis]!;
    if (room < 0) throw inconsistent(`A kernel that spans ${span[axis]!} over ${extent} elements`);
    const steps = room / strides[axis]!;
    const windows = (ceil ? Math.ceil(steps) : Math.floor(steps)) + 1;
    // ONNX: a window that would start in the padding after the end is left out.
    return ceil && (windows - 1) * strides[axis]! >= extent + padsBefore[axis]! ? windows - 1 : windows;
  });
  return { kernel, strides, dilations, padsBefore, padsAfter, out };
}

/** Replaces every spatial axis, the first being `axis`, by the window's number and the position in the window. */
export function slide(builder: Builder, value: Value, axis: number, windows: Windows, fill: bigint): Value {
  return windows.kernel.reduce(
    (slid, extent, i) =>
      builder.view(slid, (v) =>
        substitute(v, axis + 2 * i, {
          base: 0 - windows.padsBefore[i]!,
          axes: [
            { extent: windows.out[i]!, coef: windows.strides[i]! },
            { extent, coef: windows.dilations[i]! },
          ],
          fill,
        }),
      ),
    value,
  );
}

/** A layout is changed where reads of this many leaves ... */
const MANY_LEAVES = 24;
/** ... become this many times fewer. */
const WORTHWHILE = 2;

/** What one window over the channels of a group reads of `x`. */
function windowReads(x: Value, groups: number, windows: Windows): Reads {
  const memory = x.memory;
  const out: { extent: number; coef: number }[] = [];
  const red: { extent: number; coef: number }[] = [];
  // Groups are the leading digits of a channel's number.
  let split = groups;
  for (const { extent, coef } of x.axes[1]!) {
    if (split % extent === 0) {
      out.push({ extent, coef });
      split /= extent;
    } else {
      const perGroup = extent % split === 0 ? extent / split : extent;
      out.push({ extent: extent / perGroup, coef: coef * perGroup });
      red.push({ extent: perGroup, coef });
      split = 1;
    }
  }
  out.push(...x.axes[0]!);
  x.axes.slice(2).forEach((factors, axis) => {
    if (factors.length !== 1) return;
    const { extent, coef } = factors[0]!;
    out.push({ extent, coef });
    red.push({ extent: windows.kernel[axis]!, coef: coef * windows.dilations[axis]! });
  });
  const coef = [...out, ...red].map((dim) => dim.coef);
  const view: CostView = { numel: memory.numel, base: x.base, coef, guards: [] };
  const extents = (dims: readonly { extent: number }[]): number[] => dims.map(({ extent }) => extent);
  return readsOf(view, memory.dtype as DType, extents(out), extents(red));
}

/**
 * `x` [n, c, spatial...], copied in another layout where windows would otherwise read from many distant leaves: with its
 * channels last for windows over many channels, first for windows over one. Activations that this compiler lays out have
 * their channels last already.
 */
export function layOutFor(builder: Builder, x: Value, groups: number, windows: Windows): Value {
  if (x.memory.kind === "const") return x;
  const shape = shapeOf(x);
  const spatial = shape.map((_, axis) => axis).slice(2);
  const now = windowReads(x, groups, windows);
  if (now.leaves < MANY_LEAVES) return x;
  const order = shape[1] === groups ? [0, 1, ...spatial] : [0, ...spatial, 1];
  const numel = shape.reduce((n, extent) => n * extent, 1);
  const stand: Memory = { kind: "input", dtype: x.memory.dtype, numel, index: 0, name: "" };
  const inverse = shape.map((_, axis) => order.indexOf(axis));
  const ideal = transpose(
    plain(
      stand,
      order.map((axis) => shape[axis]!),
    ),
    inverse,
  );
  const then = windowReads(ideal, groups, windows);
  return now.leaves > WORTHWHILE * then.leaves ? builder.copy(x, order) : x;
}

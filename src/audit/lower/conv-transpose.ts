import { inconsistent } from "../compile/errors.js";
import { shapeOf, type Value } from "../compile/value.js";
import { substitute } from "../compile/view-ops.js";
import { dot } from "./matmul.js";
import { channelShape, type Op, operators, required } from "./op.js";
import { reshapeTo } from "./shape.js";

/** Pads before, and number of outputs, of every spatial axis of a transposed convolution (ONNX ConvTranspose). */
function geometry(op: Op, spatial: readonly number[], kernel: readonly number[]): Geometry {
  const { attributes } = op;
  const rank = spatial.length;
  const list = (name: string, otherwise: number): number[] => {
    const values = attributes.ints(name) ?? spatial.map(() => otherwise);
    if (values.length !== rank) throw inconsistent(`"${name}" has ${values.length} entries, ${rank} are wanted`);
    return values;
  };
  const [strides, dilations, extra] = [list("strides", 1), list("dilations", 1), list("output_padding", 0)];
  if ([...strides, ...dilations].some((extent) => extent < 1)) throw inconsistent("A window of no elements");
  const full = spatial.map(
    (extent, i) => strides[i]! * (extent - 1) + extra[i]! + (kernel[i]! - 1) * dilations[i]! + 1,
  );
  const autoPad = attributes.string("auto_pad", "NOTSET");
  const same = autoPad === "SAME_UPPER" || autoPad === "SAME_LOWER";
  const wanted =
    attributes.ints("output_shape")?.slice(-rank) ??
    (same ? spatial.map((extent, i) => extent * strides[i]!) : undefined);
  if (wanted) {
    if (wanted.length !== rank) throw inconsistent("output_shape names too few axes");
    const before = full.map((extent, i) => {
      const total = Math.max(0, extent - wanted[i]!);
      return autoPad === "SAME_UPPER" ? Math.floor(total / 2) : Math.ceil(total / 2);
    });
    return { strides, dilations, before, out: wanted };
  }
  const pads = attributes.ints("pads") ?? new Array<number>(2 * rank).fill(0);
  if (pads.length !== 2 * rank) throw inconsistent(`"pads" has ${pads.length} entries, ${2 * rank} are wanted`);
  const out = full.map((extent, i) => extent - pads[i]! - pads[rank + i]!);
  return { strides, dilations, before: pads.slice(0, rank), out };
}

interface Geometry {
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly before: readonly number[];
  readonly out: readonly number[];
}

/**
 * A transposed convolution as a dot product per output: kernel position k meets input (o + pad - k * dilation) / stride
 * where that is an integer inside the tensor, which the view's guard tells.
 */
function convTranspose(op: Op): Value {
  const { builder } = op;
  const [x, w, bias] = [required(op, 0), required(op, 1), op.inputs[2]];
  const [batch, channels, ...spatial] = channelShape(x);
  const [wChannels, perGroup, ...kernel] = channelShape(w);
  const groups = op.attributes.int("group", 1);
  if (groups < 1 || wChannels !== channels || channels % groups !== 0 || kernel.length !== spatial.length) {
    throw inconsistent(`A transposed convolution of [${shapeOf(x).join()}] with [${shapeOf(w).join()}]`);
  }
  const { strides, dilations, before, out } = geometry(op, spatial, kernel);
  const grouped = reshapeTo(op, x, [batch, groups, channels / groups, ...spatial]);
  const slid = spatial.reduce(
    (value, _, i) =>
      builder.view(value, (v) =>
        substitute(v, 3 + 2 * i, {
          base: before[i]!,
          axes: [
            { extent: out[i]!, coef: 1 },
            { extent: kernel[i]!, coef: -dilations[i]! },
          ],
          divisor: strides[i]!,
          fill: 0n,
        }),
      ),
    grouped,
  );
  const outs = spatial.map((_, i) => `o${i}`);
  const kernels = spatial.map((_, i) => `k${i}`);
  const result = dot(
    builder,
    {
      a: slid,
      aLabels: ["n", "g", "c", ...outs.flatMap((label, i) => [label, kernels[i]!])],
      b: reshapeTo(op, w, [groups, channels / groups, perGroup, ...kernel]),
      bLabels: ["g", "c", "m", ...kernels],
      bias: bias && reshapeTo(op, bias, [groups, perGroup]),
      biasLabels: ["g", "m"],
    },
    { out: ["n", "g", "m", ...outs], red: ["c", ...kernels], order: ["n", ...outs, "g", "m"] },
  );
  return reshapeTo(op, result, [batch, groups * perGroup, ...out]);
}

export const transposedConvolution = operators({ ConvTranspose: convTranspose });

import { bitsOf } from "../compile/bits.js";
import { constantBits } from "../compile/types.js";
import { inconsistent, refuse } from "../compile/errors.js";
import { rankOf, shapeOf, type Value } from "../compile/value.js";
import { pad, slice } from "../compile/view-ops.js";
import { typeOf } from "./arithmetic.js";
import { gatherAxis } from "./gather.js";
import { axisOf, constantOf, integersOf, type Op, operators, optionalIntegers, required, sequence } from "./op.js";

/** Bits that constant padding reads. */
function fillOf(op: Op, x: Value): bigint {
  const dtype = typeOf(x);
  const value = op.inputs[2];
  if (!value) return bitsOf(dtype, op.attributes.float("value", 0));
  const bits = constantBits(value);
  if (bits !== undefined) return bits;
  constantOf(op, value);
  throw inconsistent("Pad wants one constant value");
}

function padNode(op: Op): Value {
  const x = required(op, 0);
  const rank = rankOf(x);
  const mode = op.attributes.string("mode", "constant");
  const pads = op.attributes.ints("pads") ?? integersOf(op, required(op, 1));
  const axes = (optionalIntegers(op, 3) ?? x.axes.map((_, axis) => axis)).map((axis) => axisOf(axis, rank));
  if (pads.length !== 2 * axes.length) throw inconsistent(`Pad of ${axes.length} axes by ${pads.length} numbers`);
  return axes.reduce((value, axis, i) => {
    const [before, after] = [pads[i]!, pads[i + axes.length]!];
    const cropped = crop(op, value, axis, Math.max(0, -before), Math.max(0, -after));
    const by = { before: Math.max(0, before), after: Math.max(0, after) };
    if (by.before === 0 && by.after === 0) return cropped;
    if (mode === "constant") return op.builder.view(cropped, (v) => pad(v, axis, { ...by, fill: fillOf(op, x) }));
    const positions = mirrored(mode, shapeOf(cropped)[axis]!, by);
    return gatherAxis(op.builder, cropped, axis, op.builder.vector("i64", positions));
  }, x);
}

/** Positions that a padded axis reads where padding repeats elements. */
function mirrored(mode: string, extent: number, { before, after }: { before: number; after: number }): number[] {
  const period = mode === "reflect" ? Math.max(1, 2 * (extent - 1)) : extent;
  return sequence(before + extent + after, (i) => {
    const at = i - before;
    if (mode === "edge") return Math.max(0, Math.min(extent - 1, at));
    if (mode !== "reflect" && mode !== "wrap") throw refuse(`Pad mode "${mode}" has no lowering`);
    const within = ((at % period) + period) % period;
    return within < extent ? within : period - within;
  });
}

/** Negative pads take elements away. */
function crop(op: Op, value: Value, axis: number, before: number, after: number): Value {
  if (before === 0 && after === 0) return value;
  const count = shapeOf(value)[axis]! - before - after;
  if (count < 0) throw inconsistent("Pad takes away more than there is");
  return op.builder.view(value, (v) => slice(v, axis, { start: before, count }));
}

/** Crops or pads axes with zeros to wanted extents; where the difference is odd, the end changes more. */
function centerCropPad(op: Op): Value {
  const x = required(op, 0);
  const axes = (op.attributes.ints("axes") ?? x.axes.map((_, axis) => axis)).map((axis) => axisOf(axis, rankOf(x)));
  const wanted = integersOf(op, required(op, 1));
  if (wanted.length !== axes.length) throw inconsistent(`${wanted.length} extents for ${axes.length} axes`);
  return axes.reduce((value, axis, i) => {
    const missing = wanted[i]! - shapeOf(value)[axis]!;
    const first = Math.floor(Math.abs(missing) / 2);
    if (missing <= 0) return crop(op, value, axis, first, -missing - first);
    return op.builder.view(value, (v) => pad(v, axis, { before: first, after: missing - first, fill: 0n }));
  }, x);
}

export const padding = operators({ CenterCropPad: centerCropPad, Pad: padNode });

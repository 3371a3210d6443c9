import { inconsistent } from "../compile/errors.js";
import { product, rankOf, shapeOf, type Value } from "../compile/value.js";
import { expand, repeat, reshape, slice, transpose } from "../compile/view-ops.js";
import { axisOf, integersOf, type Op, operators, optionalIntegers, required, sequence, shapeOfRank } from "./op.js";

/** Axes from an attribute in older opsets, from input 1 in newer ones. */
function axesOf(op: Op, rank: number): number[] | undefined {
  const axes = op.attributes.ints("axes") ?? optionalIntegers(op, 1);
  return axes?.map((axis) => axisOf(axis, rank));
}

export function reshapeTo(op: Pick<Op, "builder">, value: Value, shape: readonly number[]): Value {
  return op.builder.view(value, (v) => reshape(v, shape));
}

function reshapeNode(op: Op): Value {
  const x = required(op, 0);
  const own = shapeOf(x);
  const keepZero = op.attributes.int("allowzero", 0) !== 0;
  const wanted = integersOf(op, required(op, 1)).map((extent, axis) => {
    if (extent !== 0 || keepZero) return extent;
    if (axis >= own.length) throw inconsistent("Reshape copies an extent that does not exist");
    return own[axis]!;
  });
  const open = wanted.indexOf(-1);
  if (open >= 0) {
    const rest = product(wanted.filter((_, axis) => axis !== open));
    const size = product(own);
    if (rest <= 0 || size % rest !== 0) throw inconsistent(`[${own.join()}] cannot be reshaped to [${wanted.join()}]`);
    wanted[open] = size / rest;
  }
  return reshapeTo(op, x, wanted);
}

function flatten(op: Op): Value {
  const x = required(op, 0);
  const shape = shapeOf(x);
  const axis = op.attributes.int("axis", 1);
  const cut = axis < 0 ? axis + shape.length : axis;
  if (cut < 0 || cut > shape.length) throw inconsistent(`Flatten at axis ${axis} of ${shape.length}`);
  return reshapeTo(op, x, [product(shape.slice(0, cut)), product(shape.slice(cut))]);
}

function squeeze(op: Op): Value {
  const x = required(op, 0);
  const shape = shapeOf(x);
  const axes = axesOf(op, shape.length) ?? shape.flatMap((extent, axis) => (extent === 1 ? [axis] : []));
  if (axes.some((axis) => shape[axis] !== 1)) throw inconsistent(`Squeeze of [${shape.join()}] at [${axes.join()}]`);
  return reshapeTo(
    op,
    x,
    shape.filter((_, axis) => !axes.includes(axis)),
  );
}

function unsqueeze(op: Op): Value {
  const x = required(op, 0);
  const count = (op.attributes.ints("axes") ?? integersOf(op, required(op, 1))).length;
  const rank = rankOf(x) + count;
  const axes = new Set(axesOf(op, rank));
  if (axes.size !== count) throw inconsistent("Unsqueeze names an axis twice");
  const rest = shapeOf(x);
  return reshapeTo(
    op,
    x,
    Array.from({ length: rank }, (_, axis) => (axes.has(axis) ? 1 : rest.shift()!)),
  );
}

function transposeNode(op: Op): Value {
  const x = required(op, 0);
  const rank = rankOf(x);
  const perm = op.attributes.ints("perm") ?? Array.from({ length: rank }, (_, axis) => rank - 1 - axis);
  return transpose(x, perm);
}

function expandNode(op: Op): Value {
  const x = required(op, 0);
  const wanted = integersOf(op, required(op, 1));
  const own = shapeOf(x);
  const rank = Math.max(own.length, wanted.length);
  const extents = Array.from({ length: rank }, (_, axis) => {
    const a = own[axis - rank + own.length] ?? 1;
    const b = wanted[axis - rank + wanted.length] ?? 1;
    return b === 1 ? a : b;
  });
  return expand(x, extents);
}

function tile(op: Op): Value {
  const x = required(op, 0);
  const times = integersOf(op, required(op, 1));
  if (times.length !== rankOf(x)) throw inconsistent("Tile wants one number per axis");
  return times.reduce((value, outer, axis) => repeat(value, axis, { outer }), x);
}

function depthToSpace(op: Op): Value {
  const x = required(op, 0);
  const [n, c, h, w] = shapeOfRank(x, 4);
  const b = op.attributes.int("blocksize", 1);
  const depth = c / (b * b);
  const columnFirst = op.attributes.string("mode", "DCR") === "CRD";
  const split = columnFirst ? [n, depth, b, b, h, w] : [n, b, b, depth, h, w];
  const perm = columnFirst ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2];
  return reshapeTo(op, transpose(reshapeTo(op, x, split), perm), [n, depth, h * b, w * b]);
}

function spaceToDepth(op: Op): Value {
  const x = required(op, 0);
  const [n, c, h, w] = shapeOfRank(x, 4);
  const b = op.attributes.int("blocksize", 1);
  const blocks = transpose(reshapeTo(op, x, [n, c, h / b, b, w / b, b]), [0, 3, 5, 1, 2, 4]);
  return reshapeTo(op, blocks, [n, c * b * b, h / b, w / b]);
}

/** Start, step and number of elements that a slice of an axis of `extent` elements takes. */
function sliceRange(
  extent: number,
  start: number,
  end: number,
  step: number,
): { start: number; count: number; step: number } {
  if (step === 0) throw inconsistent("A slice with step 0");
  const [low, high] = step > 0 ? [0, extent] : [-1, extent - 1];
  const clamp = (at: number): number => Math.max(low, Math.min(high, at < 0 ? at + extent : at));
  const [from, to] = [clamp(start), clamp(end)];
  return { start: from, count: Math.max(0, Math.ceil((to - from) / step)), step };
}

function sliceNode(op: Op): Value {
  const x = required(op, 0);
  const rank = rankOf(x);
  const starts = op.attributes.ints("starts") ?? integersOf(op, required(op, 1));
  const ends = op.attributes.ints("ends") ?? integersOf(op, required(op, 2));
  const axes = op.attributes.ints("axes") ?? optionalIntegers(op, 3) ?? starts.map((_, i) => i);
  const steps = optionalIntegers(op, 4) ?? starts.map(() => 1);
  return axes.reduce((value, named, i) => {
    const axis = axisOf(named, rank);
    const extent = shapeOf(value)[axis]!;
    const range = sliceRange(extent, starts[i]!, ends[i]!, steps[i]!);
    if (range.count === extent && range.step === 1) return value;
    return op.builder.view(value, (v) => slice(v, axis, range));
  }, x);
}

function split(op: Op): Value[] {
  const x = required(op, 0);
  const axis = axisOf(op.attributes.int("axis", 0), rankOf(x));
  const extent = shapeOf(x)[axis]!;
  let sizes = op.attributes.ints("split") ?? optionalIntegers(op, 1);
  if (!sizes) {
    const parts = op.outputs.length;
    if (op.attributes.int("num_outputs", parts) !== parts)
      throw inconsistent("num_outputs is not the number of outputs");
    const size = Math.ceil(extent / parts);
    sizes = sequence(parts, (i) => Math.max(0, Math.min(size, extent - i * size)));
  }
  if (sizes.reduce((a, b) => a + b, 0) !== extent) throw inconsistent(`[${sizes.join()}] does not split ${extent}`);
  let start = 0;
  return sizes.map((count) => {
    const from = start;
    start += count;
    return op.builder.view(x, (v) => slice(v, axis, { start: from, count }));
  });
}

export const shapes = operators({
  DepthToSpace: depthToSpace,
  Expand: expandNode,
  Flatten: flatten,
  Identity: (op) => required(op, 0),
  Reshape: reshapeNode,
  Slice: sliceNode,
  SpaceToDepth: spaceToDepth,
  Split: split,
  Squeeze: squeeze,
  Tile: tile,
  Transpose: transposeNode,
  Unsqueeze: unsqueeze,
});

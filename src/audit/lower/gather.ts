import type { Builder } from "../compile/builder.js";
import { inconsistent, refuse } from "../compile/errors.js";
import type { Label, Labelled } from "../compile/space.js";
import { axisExtent, isConstant, isWhole, rankOf, shapeOf, sizeOf, type Value } from "../compile/value.js";
import { repeat, slice, substitute, transpose } from "../compile/view-ops.js";
import { typeOf } from "./arithmetic.js";
import { axisOf, constantOf, integersOf, numberOf, type Op, operators, required } from "./op.js";
import { reduce } from "./reduce.js";
import { reshapeTo } from "./shape.js";

/** Data that a gather may read: no guards, and the gathered axes step evenly. */
function gatherable(builder: Builder, data: Value, axes: readonly number[]): Value {
  const plain = data.guards.length === 0 && axes.every((axis) => data.axes[axis]!.length <= 1);
  return plain ? data : builder.wholeCopy(data);
}

/** Stride and extent of an indexed axis. */
function indexed(data: Value, axis: number): { stride: number; extent: number } {
  return { stride: data.axes[axis]![0]?.coef ?? 0, extent: axisExtent(data.axes[axis]!) };
}

function emitGather(
  builder: Builder,
  parts: { data: Value; axes: readonly number[]; labels: readonly Label[]; indices: readonly Labelled[] },
  out: readonly Label[],
): Value {
  const data = gatherable(builder, parts.data, parts.axes);
  const kept = data.axes.map((_, axis) => axis).filter((axis) => !parts.axes.includes(axis));
  const rest: Value = { ...data, axes: kept.map((axis) => data.axes[axis]!) };
  return builder.emit({
    what: { kind: "gather", fn: "gather", indices: parts.axes.map((axis) => indexed(data, axis)) },
    dtype: data.memory.dtype,
    out,
    operands: [{ value: rest, labels: kept.map((axis) => parts.labels[axis]!) }, ...parts.indices],
  });
}

/** Elements of `axis` at positions `index`, whose axes take its place. */
export function gatherAxis(builder: Builder, data: Value, axis: number, index: Value): Value {
  const view = isConstant(index) ? gatherConstant(builder, data, axis, index) : undefined;
  if (view) return view;
  const labels = data.axes.map((_, i) => `d${i}`);
  const indexLabels = index.axes.map((_, i) => `i${i}`);
  const out = [...labels.slice(0, axis), ...indexLabels, ...labels.slice(axis + 1)];
  return emitGather(builder, { data, axes: [axis], labels, indices: [{ value: index, labels: indexLabels }] }, out);
}

/** Constant positions that step evenly, or repeat every element, are views. */
function gatherConstant(builder: Builder, data: Value, axis: number, index: Value): Value | undefined {
  const extent = axisExtent(data.axes[axis]!);
  const memory = isWhole(index) && isConstant(index) ? index.memory : builder.flatten(index);
  const positions = Array.from(memory.data as ArrayLike<number | bigint>, (raw) => {
    const at = Number(raw) < 0 ? Number(raw) + extent : Number(raw);
    if (at < 0 || at >= extent) throw inconsistent(`Position ${Number(raw)} of an axis of ${extent} elements`);
    return at;
  });
  const count = positions.length;
  const [first, second] = positions;
  if (first === undefined) return undefined;
  const step = (second ?? first) - first;
  const shape = shapeOf(data);
  const reshaped = (view: Value): Value =>
    reshapeTo({ builder }, view, [...shape.slice(0, axis), ...shapeOf(index), ...shape.slice(axis + 1)]);
  if (positions.every((at, i) => at === first + i * step)) {
    return reshaped(builder.view(data, (v) => slice(v, axis, { start: first, count, step })));
  }
  const inner = count / extent;
  if (Number.isInteger(inner) && positions.every((at, i) => at === Math.floor(i / inner))) {
    return reshaped(repeat(data, axis, { inner }));
  }
  return undefined;
}

/** result[i][j][k] = data[index[i][j][k]][j][k] for axis 0, and so on (ONNX GatherElements). */
export function gatherElements(builder: Builder, data: Value, axis: number, index: Value): Value {
  const wanted = shapeOf(index);
  if (wanted.length !== rankOf(data)) throw inconsistent("GatherElements wants an index for every axis");
  const cropped = shapeOf(data).reduce(
    (value, extent, i) =>
      i === axis || extent === wanted[i]
        ? value
        : builder.view(value, (v) => slice(v, i, { start: 0, count: wanted[i]! })),
    data,
  );
  const labels = data.axes.map((_, i) => i);
  return emitGather(builder, { data: cropped, axes: [axis], labels, indices: [{ value: index, labels }] }, labels);
}

function gather(op: Op): Value {
  const [data, index] = [required(op, 0), required(op, 1)];
  return gatherAxis(op.builder, data, axisOf(op.attributes.int("axis", 0), rankOf(data)), index);
}

function gatherND(op: Op): Value {
  const [data, index] = [required(op, 0), required(op, 1)];
  const batch = op.attributes.int("batch_dims", 0);
  const depth = shapeOf(index).at(-1) ?? 0;
  const last = rankOf(index) - 1;
  if (depth < 1 || batch < 0 || batch + depth > rankOf(data) || batch > last)
    throw inconsistent("GatherND indexes more axes than there are");
  const labels = data.axes.map((_, i) => (i < batch ? `b${i}` : `d${i}`));
  const indexLabels = index.axes.slice(0, last).map((_, i) => (i < batch ? `b${i}` : `i${i}`));
  const axes = Array.from({ length: depth }, (_, i) => batch + i);
  const indices = axes.map((_, i) => {
    const column = op.builder.view(index, (v) => slice(v, last, { start: i, count: 1 }));
    return { value: reshapeTo(op, column, shapeOf(index).slice(0, last)), labels: indexLabels };
  });
  return emitGather(op.builder, { data, axes, labels, indices }, [...indexLabels, ...labels.slice(batch + depth)]);
}

/** Ranks first, then the elements they name. Equal elements keep their order, as ONNX has it. */
function topK(op: Op): Value[] {
  const x = required(op, 0);
  const rank = rankOf(x);
  const axis = axisOf(op.attributes.int("axis", -1), rank);
  const [k] = op.opset < 10 ? [op.attributes.int("k", 1)] : integersOf(op, required(op, 1));
  const extent = shapeOf(x)[axis]!;
  if (k === undefined || k < 0 || k > extent) throw inconsistent(`TopK of ${k ?? "no"} of ${extent} elements`);
  if (op.attributes.int("sorted", 1) === 0 && k > 1) throw refuse("TopK without order is the runtime's own choice");
  const labels = x.axes.map((_, i) => i);
  const rest: Label[] = labels.filter((i) => i !== axis);
  const largest = op.attributes.int("largest", 1) !== 0;
  const ranks = op.builder.emit({
    what: { kind: "reduce", fn: "argkth", argkth: { kRank: k === 1 ? 0 : 1, largest } },
    dtype: "i64",
    out: [...rest, "k"],
    red: [axis],
    operands: [{ value: x, labels }],
    extents: new Map<Label, number>([["k", k]]),
  });
  const order = labels.map((i) => (i === axis ? rank - 1 : i < axis ? i : i - 1));
  const indices = transpose(ranks, order);
  return [gatherElements(op.builder, x, axis, indices), indices];
}

function compress(op: Op): Value {
  const x = required(op, 0);
  const axis = op.attributes.int("axis");
  const source = axis === undefined ? reshapeTo(op, x, [sizeOf(x)]) : x;
  const { data } = constantOf(op, required(op, 1));
  const positions = Array.from(data as ArrayLike<number>).flatMap((keep, i) => (keep ? [i] : []));
  const along = axis === undefined ? 0 : axisOf(axis, rankOf(x));
  return gatherAxis(op.builder, source, along, op.builder.vector("i64", positions));
}

/** Positions of non-zero elements of a constant, one column each. */
function nonZero(op: Op): Value {
  const x = required(op, 0);
  const { data } = constantOf(op, x);
  const shape = shapeOf(x);
  const rows: number[][] = shape.map(() => []);
  for (let flat = 0; flat < data.length; flat++) {
    if (Number(data[flat]) === 0) continue;
    let rest = flat;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      rows[axis]!.push(rest % shape[axis]!);
      rest = Math.floor(rest / shape[axis]!);
    }
  }
  return op.builder.vector("i64", rows.flat(), [shape.length, rows[0]?.length ?? 0]);
}

/** A running sum: every element sums a window that ends, or starts, at itself. */
function cumSum(op: Op): Value {
  const { builder, attributes } = op;
  const x = required(op, 0);
  const axis = axisOf(numberOf(op, required(op, 1)), rankOf(x));
  const extent = shapeOf(x)[axis]!;
  const direction = attributes.int("reverse", 0) !== 0 ? 1 : -1;
  const base = attributes.int("exclusive", 0) !== 0 ? direction : 0;
  const windows = builder.view(x, (v) =>
    substitute(v, axis, {
      base,
      axes: [
        { extent, coef: 1 },
        { extent, coef: direction },
      ],
      fill: 0n,
    }),
  );
  return reduce(builder, "sum", windows, { axes: [axis + 1], keep: false, dtype: typeOf(x) });
}

export const gathering = operators({
  Compress: compress,
  CumSum: cumSum,
  Gather: gather,
  GatherElements: (op) => {
    const data = required(op, 0);
    return gatherElements(op.builder, data, axisOf(op.attributes.int("axis", 0), rankOf(data)), required(op, 1));
  },
  GatherND: gatherND,
  NonZero: nonZero,
  TopK: topK,
});

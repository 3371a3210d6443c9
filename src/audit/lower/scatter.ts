import { inconsistent, refuse } from "../compile/errors.js";
import { isConstant, product, rankOf, rowMajor, shapeOf, type Value } from "../compile/value.js";
import type { MapFn } from "../graph.js";
import { typeOf } from "./arithmetic.js";
import { map } from "./broadcast.js";
import { concat } from "./concat.js";
import { gatherAxis, gatherElements } from "./gather.js";
import { axisOf, integersOf, iota, type Op, operators, required, sequence } from "./op.js";
import { reduce } from "./reduce.js";
import { reshapeTo } from "./shape.js";

/*
 * Scatters are read backwards: every element of the result asks which update, if any, was written last to its place. With
 * constant positions the answer is known and the whole is one gather; with computed ones it is found by comparison.
 */

/** Row-major addresses from constant positions: which update (or -1) each element of the result takes. */
function lastWriters(size: number, writes: Iterable<readonly [address: number, update: number]>): number[] {
  const writers = sequence(size, () => -1);
  for (const [address, update] of writes) writers[address] = update;
  return writers;
}

/** Takes element i from `updates` where `writers[i]` names one, else from `data`. */
function takeWritten(op: Op, data: Value, updates: Value, writers: readonly number[]): Value {
  const size = writers.length;
  const flat = (value: Value): Value => reshapeTo(op, value, [product(shapeOf(value))]);
  const both = concat(op.builder, [flat(data), flat(updates)], 0);
  const positions = op.builder.vector(
    "i64",
    writers.map((update, i) => (update < 0 ? i : size + update)),
  );
  return reshapeTo(op, gatherAxis(op.builder, both, 0, positions), shapeOf(data));
}

function wrapIndex(index: number, extent: number): number {
  const at = index < 0 ? index + extent : index;
  if (at < 0 || at >= extent) throw inconsistent(`Position ${index} of an axis of ${extent} elements`);
  return at;
}

/** Computed positions with those below zero counted from the end. */
function wrapped(op: Op, index: Value, extents: Value): Value {
  const { builder } = op;
  const dtype = typeOf(index);
  const negative = map(builder, "lt", [index, builder.scalar(dtype, 0)], { dtype: "bool" });
  return map(builder, "where", [negative, map(builder, "add", [index, extents]), index]);
}

const COMBINE: Readonly<Record<string, MapFn>> = { mul: "mul", max: "max", min: "min" };

/**
 * Combines updates into `data` along labelled axes.
 *
 * @param hit bool [..., places, updates]: whether the update is written to the place
 * @param updates the update of every hit, broadcast over places
 */
function combineHits(op: Op, data: Value, hit: Value, updates: Value, reduction: string): Value {
  const { builder } = op;
  const axis = rankOf(hit) - 1;
  const dtype = typeOf(data);
  const chosen = (neutral: number | bigint): Value =>
    map(builder, "where", [hit, updates, builder.scalar(dtype, neutral)]);
  switch (reduction) {
    case "add": {
      const sum = reduce(builder, "sum", chosen(0), { axes: [axis], keep: false });
      return map(builder, "add", [data, sum]);
    }
    case "max":
    case "min": {
      const any = reduce(builder, "max", hit, { axes: [axis], keep: false });
      const worst = reduction === "max" ? -Infinity : Infinity;
      if (dtype !== "f32") throw refuse(`Scatter with reduction "${reduction}" of integers has no lowering`);
      const best = reduce(builder, reduction, chosen(worst), { axes: [axis], keep: false });
      return map(builder, "where", [any, map(builder, COMBINE[reduction]!, [data, best]), data]);
    }
    default:
      throw refuse(`Scatter with reduction "${reduction}" at computed positions has no lowering`);
  }
}

function scatterElements(op: Op): Value {
  const { builder } = op;
  const [data, index, updates] = [required(op, 0), required(op, 1), required(op, 2)];
  const axis = axisOf(op.attributes.int("axis", 0), rankOf(data));
  const reduction = op.attributes.string("reduction", "none");
  const [shape, wanted] = [shapeOf(data), shapeOf(index)];
  const extent = shape[axis]!;
  if (isConstant(index) && reduction === "none") {
    const strides = rowMajor(shape);
    const steps = rowMajor(wanted);
    const writes = integersOf(op, index).map((at, i): [number, number] => {
      const address = strides.reduce((sum, stride, d) => {
        const position = d === axis ? wrapIndex(at, extent) : Math.floor(i / steps[d]!) % wanted[d]!;
        return sum + stride * position;
      }, 0);
      return [address, i];
    });
    return takeWritten(op, data, updates, lastWriters(product(shape), writes));
  }
  if (wanted.some((count, i) => i !== axis && count !== shape[i])) {
    throw refuse("ScatterElements at computed positions that cover a part of the other axes has no lowering");
  }
  const positions = wrapped(op, index, builder.scalar(typeOf(index), extent));
  const labels = data.axes.map((_, i) => i);
  const atUpdate = labels.map((i) => (i === axis ? "u" : i));
  const places = iota(builder, typeOf(index), extent);
  const hit = builder.emit({
    what: { kind: "map", fn: "eq" },
    dtype: "bool",
    out: [...labels, "u"],
    operands: [
      { value: places, labels: [axis] },
      { value: positions, labels: atUpdate },
    ],
  });
  if (reduction === "none") {
    const last = reduce(builder, "argmaxlast", map(builder, "cast", [hit], { dtype: "u8" }), {
      axes: [rankOf(hit) - 1],
      keep: false,
      dtype: "i64",
    });
    const any = reduce(builder, "max", hit, { axes: [rankOf(hit) - 1], keep: false });
    return map(builder, "where", [any, gatherElements(builder, updates, axis, last), data]);
  }
  // The updates, with their own axis last and the place axis broadcast.
  const rest = labels.filter((i) => i !== axis);
  const spread: Value = { ...updates, axes: [...rest.map((i) => updates.axes[i]!), updates.axes[axis]!] };
  const order = [...labels.map((i) => (i === axis ? -1 : rest.indexOf(i))), rest.length];
  const aligned: Value = { ...spread, axes: order.map((i) => (i < 0 ? [] : spread.axes[i]!)) };
  return combineHits(op, data, hit, aligned, reduction);
}

function scatterND(op: Op): Value {
  const { builder } = op;
  const [data, index, updates] = [required(op, 0), required(op, 1), required(op, 2)];
  const reduction = op.attributes.string("reduction", "none");
  const shape = shapeOf(data);
  const depth = shapeOf(index).at(-1)!;
  const count = product(shapeOf(index).slice(0, -1));
  const [places, inner] = [product(shape.slice(0, depth)), product(shape.slice(depth))];
  const strides = rowMajor(shape.slice(0, depth));
  if (isConstant(index) && reduction === "none") {
    const flat = integersOf(op, index);
    const writes: [number, number][] = [];
    for (let k = 0; k < count; k++) {
      const place = strides.reduce((sum, stride, d) => sum + stride * wrapIndex(flat[k * depth + d]!, shape[d]!), 0);
      for (let i = 0; i < inner; i++) writes.push([place * inner + i, k * inner + i]);
    }
    return takeWritten(op, data, updates, lastWriters(product(shape), writes));
  }
  const dtype = typeOf(index);
  const columns = reshapeTo(op, index, [count, depth]);
  const positions = wrapped(op, columns, builder.vector(dtype, shape.slice(0, depth)));
  const linear = reduce(builder, "sum", map(builder, "mul", [positions, builder.vector(dtype, strides)]), {
    axes: [1],
    keep: false,
    dtype,
  });
  const hit = map(builder, "eq", [iota(builder, dtype, places, [places, 1]), reshapeTo(op, linear, [1, count])], {
    dtype: "bool",
  });
  const rows = reshapeTo(op, updates, [count, inner]);
  const table = reshapeTo(op, data, [places, inner]);
  if (reduction === "none") {
    const bytes = map(builder, "cast", [hit], { dtype: "u8" });
    const last = reduce(builder, "argmaxlast", bytes, { axes: [1], keep: false, dtype: "i64" });
    const any = reduce(builder, "max", hit, { axes: [1], keep: true });
    return reshapeTo(op, map(builder, "where", [any, gatherAxis(builder, rows, 0, last), table]), shape);
  }
  const spread = reshapeTo(op, { ...rows, axes: [rows.axes[1]!, rows.axes[0]!] }, [1, inner, count]);
  const hits = reshapeTo(op, hit, [places, 1, count]);
  return reshapeTo(op, combineHits(op, table, hits, spread, reduction), shape);
}

export const scattering = operators({
  Scatter: scatterElements,
  ScatterElements: scatterElements,
  ScatterND: scatterND,
});

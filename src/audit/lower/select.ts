import { inconsistent } from "../compile/errors.js";
import { rankOf, shapeOf, sizeOf, type Value } from "../compile/value.js";
import { guardBy, slice } from "../compile/view-ops.js";
import { cast, typeOf } from "./arithmetic.js";
import { map } from "./broadcast.js";
import { axisOf, integersOf, iota, numberOf, type Op, operators, required } from "./op.js";
import { reshapeTo } from "./shape.js";

/** One triangle of the last two axes; the rest reads zero. A view. */
function trilu(op: Op): Value {
  const x = required(op, 0);
  const rank = rankOf(x);
  if (rank < 2) throw inconsistent("Trilu of a vector");
  if (sizeOf(x) === 0) return x;
  const k = op.inputs[1] ? numberOf(op, op.inputs[1]) : 0;
  const sign = op.attributes.int("upper", 1) !== 0 ? 1 : -1;
  // Upper: column - row - k >= 0.
  const coefs = x.axes.map((_, axis) => (axis === rank - 1 ? sign : axis === rank - 2 ? -sign : 0));
  return op.builder.view(x, (v) => guardBy(v, { base: 0 - sign * k, coefs }, 0n));
}

/** Compares positions instead of multiplying, so that no infinity meets a zero. */
function oneHot(op: Op): Value {
  const { builder } = op;
  const [indices, values] = [required(op, 0), required(op, 2)];
  const depth = integersOf(op, required(op, 1))[0]!;
  const rank = rankOf(indices) + 1;
  const axis = axisOf(op.attributes.int("axis", -1), rank);
  const index = typeOf(indices) === "f32" ? cast(op, indices, "i64") : indices;
  const dtype = typeOf(index);
  const negative = map(builder, "lt", [index, builder.scalar(dtype, 0)], { dtype: "bool" });
  const counted = map(builder, "add", [index, builder.scalar(dtype, depth)]);
  const position = dtype.startsWith("u") ? index : map(builder, "where", [negative, counted, index]);
  const shape = shapeOf(indices);
  const spread = reshapeTo(op, position, [...shape.slice(0, axis), 1, ...shape.slice(axis)]);
  const classes = iota(builder, dtype, depth, [depth, ...new Array<number>(rank - 1 - axis).fill(1)]);
  const hot = map(builder, "eq", [spread, classes], { dtype: "bool" });
  const pick = (start: number): Value =>
    reshapeTo(
      op,
      builder.view(values, (v) => slice(v, 0, { start, count: 1 })),
      [],
    );
  return map(builder, "where", [hot, pick(1), pick(0)]);
}

function hardmax(op: Op): Value {
  const { builder } = op;
  const x = required(op, 0);
  const rank = rankOf(x);
  const shape = shapeOf(x);
  const first = axisOf(op.attributes.int("axis", op.opset < 13 ? 1 : -1), rank);
  const end = op.opset < 13 ? rank : first + 1;
  const count = shape.slice(first, end).reduce((n, extent) => n * extent, 1);
  const flat = reshapeTo(op, x, [...shape.slice(0, first), count, ...shape.slice(end)]);
  const labels = flat.axes.map((_, axis) => axis);
  const best = builder.emit({
    what: { kind: "reduce", fn: "argmax" },
    dtype: "i64",
    out: labels.filter((axis) => axis !== first),
    red: [first],
    operands: [{ value: flat, labels }],
  });
  const hot = builder.emit({
    what: { kind: "map", fn: "eq" },
    dtype: "bool",
    out: labels,
    operands: [
      { value: best, labels: labels.filter((axis) => axis !== first) },
      { value: iota(builder, "i64", count), labels: [first] },
    ],
  });
  return reshapeTo(op, map(builder, "where", [hot, builder.scalar("f32", 1), builder.scalar("f32", 0)]), shape);
}

export const selections = operators({ Hardmax: hardmax, OneHot: oneHot, Trilu: trilu });

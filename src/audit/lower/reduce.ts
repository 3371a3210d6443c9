import { bitsOf, boundsOf } from "../compile/bits.js";
import type { Builder } from "../compile/builder.js";
import { refuse } from "../compile/errors.js";
import { isConstant, product, rankOf, shapeOf, sizeOf, type Value } from "../compile/value.js";
import { expand, pad, reshape, slice, transpose } from "../compile/view-ops.js";
import type { DType, ReduceFn } from "../graph.js";
import { typeOf } from "./arithmetic.js";
import { map } from "./broadcast.js";
import { axisOf, type Lower, type Op, operators, optionalIntegers, required } from "./op.js";

/** A reduction over `axes`; with `keep` they stay with extent 1. A dot takes `by` as its second operand. */
export function reduce(
  builder: Builder,
  fn: ReduceFn,
  value: Value,
  options: { axes: readonly number[]; keep: boolean; dtype?: DType; by?: Value },
): Value {
  const { axes, keep, by } = options;
  const labels = value.axes.map((_, axis) => axis);
  const reduced = builder.emit({
    what: { kind: "reduce", fn },
    dtype: options.dtype ?? typeOf(value),
    out: labels.filter((axis) => !axes.includes(axis)),
    red: labels.filter((axis) => axes.includes(axis)),
    operands: [{ value, labels }, ...(by ? [{ value: by, labels }] : [])],
  });
  if (!keep) return reduced;
  const shape = shapeOf(value).map((extent, axis) => (axes.includes(axis) ? 1 : extent));
  return builder.view(reduced, (v) => reshape(v, shape));
}

/** Axes of a Reduce operator: attribute or input 1; undefined where nothing is to be reduced. */
function axesOf(op: Op, rank: number): number[] | undefined {
  const axes = op.attributes.ints("axes") ?? optionalIntegers(op, 1);
  if (axes && axes.length > 0) return [...new Set(axes.map((axis) => axisOf(axis, rank)))].sort((a, b) => a - b);
  if (op.attributes.int("noop_with_empty_axes", 0) !== 0) return undefined;
  return Array.from({ length: rank }, (_, axis) => axis);
}

type Body = (op: Op, x: Value, axes: readonly number[]) => Value;

/** A Reduce operator from its body, which keeps the reduced axes; `empty` is what no elements reduce to. */
const reduction =
  (
    body: Body,
    empty: (dtype: DType) => number | bigint | undefined,
    unreduced: (op: Op, x: Value) => Value = (_, x) => x,
  ): Lower =>
  (op) => {
    const x = required(op, 0);
    const shape = shapeOf(x);
    const axes = axesOf(op, shape.length);
    if (!axes) return unreduced(op, x);
    const keep = op.attributes.int("keepdims", 1) !== 0;
    const kept = shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent));
    let reduced: Value;
    if (sizeOf(x) === 0) {
      const dtype = typeOf(x);
      const value = empty(dtype);
      if (value === undefined) throw refuse("A reduction of no elements has no value");
      reduced = expand(op.builder.scalar(dtype, value), kept);
    } else {
      reduced = body(op, x, axes);
    }
    if (keep) return reduced;
    return op.builder.view(reduced, (v) =>
      reshape(
        v,
        kept.filter((_, axis) => !axes.includes(axis)),
      ),
    );
  };

const plain =
  (fn: ReduceFn): Body =>
  (op, x, axes) => {
    if (fn === "sum" && typeOf(x) === "i32" && !isConstant(x)) {
      op.builder.warn("Native runtimes saturate int32 sums, where the audit wraps");
    }
    return reduce(op.builder, fn, x, { axes, keep: true });
  };

function logSumExp(op: Op, x: Value, axes: readonly number[]): Value {
  const { builder } = op;
  const largest = reduce(builder, "max", x, { axes, keep: true });
  const powers = map(builder, "exp", [map(builder, "sub", [x, largest])]);
  const sum = reduce(builder, "sum", powers, { axes, keep: true });
  return map(builder, "add", [map(builder, "log", [sum]), largest]);
}

const sumOfSquares: Body = (op, x, axes) => reduce(op.builder, "dot", x, { axes, keep: true, by: x });

const norm1: Body = (op, x, axes) => reduce(op.builder, "sum", map(op.builder, "abs", [x]), { axes, keep: true });

/** Multiplies in pairs, so that every product is rounded once and the depth stays small. */
function productOver(op: Op, x: Value, axes: readonly number[]): Value {
  const { builder } = op;
  const shape = shapeOf(x);
  const rest = shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const count = product(axes.map((axis) => shape[axis]!));
  const outer = rest.map((axis) => shape[axis]!);
  const last = outer.length;
  const turned = transpose(x, [...rest, ...axes]);
  let factors = builder.view(turned, (v) => reshape(v, [...outer, count]));
  const one = bitsOf(typeOf(x), 1);
  for (let length = count; length > 1; length = Math.ceil(length / 2)) {
    const half = Math.ceil(length / 2);
    const even =
      length % 2 === 0 ? factors : builder.view(factors, (v) => pad(v, last, { before: 0, after: 1, fill: one }));
    const part = (start: number): Value => builder.view(even, (v) => slice(v, last, { start, count: half, step: 2 }));
    factors = map(builder, "mul", [part(0), part(1)]);
  }
  const kept = shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent));
  return builder.view(factors, (v) => reshape(v, kept));
}

/** Position of the extreme element along one axis. */
const position =
  (fn: "argmax" | "argmin"): Lower =>
  (op) => {
    const x = required(op, 0);
    const axis = axisOf(op.attributes.int("axis", 0), rankOf(x));
    const last = op.attributes.int("select_last_index", 0) !== 0;
    return reduce(op.builder, last ? `${fn}last` : fn, x, {
      axes: [axis],
      keep: op.attributes.int("keepdims", 1) !== 0,
      dtype: "i64",
    });
  };

const zero = (): number => 0;
const logOfNothing = (dtype: DType): number | undefined => (dtype === "f32" ? -Infinity : undefined);
const none = (): undefined => undefined;
const lowest = (dtype: DType): number | bigint => boundsOf(dtype).low;
const highest = (dtype: DType): number | bigint => boundsOf(dtype).high;
const absolute = (op: Op, x: Value): Value => map(op.builder, "abs", [x]);

export const reductions = operators({
  ArgMax: position("argmax"),
  ArgMin: position("argmin"),
  ReduceL1: reduction(norm1, zero, absolute),
  ReduceL2: reduction((op, x, axes) => map(op.builder, "sqrt", [sumOfSquares(op, x, axes)]), zero, absolute),
  ReduceLogSum: reduction(
    (op, x, axes) => map(op.builder, "log", [reduce(op.builder, "sum", x, { axes, keep: true })]),
    logOfNothing,
    (op, x) => map(op.builder, "log", [x]),
  ),
  ReduceLogSumExp: reduction(logSumExp, logOfNothing),
  ReduceMax: reduction(plain("max"), lowest),
  ReduceMean: reduction(plain("mean"), none),
  ReduceMin: reduction(plain("min"), highest),
  ReduceProd: reduction(productOver, () => 1),
  ReduceSum: reduction(plain("sum"), zero),
  ReduceSumSquare: reduction(sumOfSquares, zero, (op, x) => map(op.builder, "mul", [x, x])),
});

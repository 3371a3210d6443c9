import type { Builder } from "../compile/builder.js";
import { inconsistent } from "../compile/errors.js";
import type { Label } from "../compile/space.js";
import { product, rankOf, shapeOf, type Value } from "../compile/value.js";
import type { DType } from "../graph.js";
import { typeOf } from "./arithmetic.js";
import { map } from "./broadcast.js";
import { type Op, operators, required } from "./op.js";
import { reshapeTo } from "./shape.js";

/** A dot product: sums over `red` of a * b, plus the bias, rounded once. */
export function dot(
  builder: Builder,
  operands: {
    readonly a: Value;
    readonly aLabels: readonly Label[];
    readonly b: Value;
    readonly bLabels: readonly Label[];
    readonly bias?: Value | undefined;
    readonly biasLabels?: readonly Label[];
  },
  space: { out: readonly Label[]; red: readonly Label[]; dtype?: DType; order?: readonly Label[] },
): Value {
  const { a, aLabels, b, bLabels, bias, biasLabels = [] } = operands;
  return builder.emit({
    what: { kind: "reduce", fn: "dot" },
    dtype: space.dtype ?? typeOf(a),
    out: space.out,
    red: space.red,
    operands: [
      { value: a, labels: aLabels },
      { value: b, labels: bLabels },
      ...(bias ? [{ value: bias, labels: biasLabels }] : []),
    ],
    ...(space.order ? { order: space.order } : {}),
  });
}

/** Matrix product with numpy's rules for vectors and batches. */
export function matmul(builder: Builder, a: Value, b: Value, dtype?: DType): Value {
  const [aRank, bRank] = [rankOf(a), rankOf(b)];
  if (aRank === 0 || bRank === 0) throw inconsistent("A matrix product of a scalar");
  const batch = Math.max(aRank, bRank) - 2;
  const batchLabels = (rank: number): Label[] =>
    Array.from({ length: Math.max(0, rank - 2) }, (_, i) => `b${batch - (rank - 2) + i}`);
  const aLabels = [...batchLabels(aRank), ...(aRank > 1 ? ["m"] : []), "k"];
  const bLabels = [...batchLabels(bRank), "k", ...(bRank > 1 ? ["n"] : [])];
  const out = [...batchLabels(Math.max(aRank, bRank)), ...(aRank > 1 ? ["m"] : []), ...(bRank > 1 ? ["n"] : [])];
  const depth = shapeOf(a).at(-1);
  if (depth !== shapeOf(b).at(bRank > 1 ? -2 : -1)) {
    throw inconsistent(`[${shapeOf(a).join()}] and [${shapeOf(b).join()}] do not multiply`);
  }
  return dot(builder, { a, aLabels, b, bLabels }, { out, red: ["k"], ...(dtype ? { dtype } : {}) });
}

function gemm(op: Op): Value {
  const { builder, attributes } = op;
  const [a, b, c] = [required(op, 0), required(op, 1), op.inputs[2]];
  const [alpha, beta] = [attributes.float("alpha", 1), attributes.float("beta", 1)];
  const aLabels = attributes.int("transA", 0) ? ["k", "m"] : ["m", "k"];
  const bLabels = attributes.int("transB", 0) ? ["n", "k"] : ["k", "n"];
  const matrix = (value: Value): Value => {
    const shape = shapeOf(value);
    return shape.length === 2 ? value : reshapeTo(op, value, [shape[0] ?? 1, product(shape.slice(1))]);
  };
  const operands = { a: matrix(a), aLabels, b: matrix(b), bLabels };
  const space = { out: ["m", "n"], red: ["k"] };
  const scaled = (value: Value, by: number): Value =>
    by === 1 ? value : map(builder, "mul", [value, builder.scalar("f32", by)]);
  const bias = c && scaled(c, beta);
  if (alpha === 1) {
    const biasLabels = bias ? ["m", "n"].slice(2 - rankOf(bias)) : [];
    return dot(builder, { ...operands, bias, biasLabels }, space);
  }
  const result = scaled(dot(builder, operands, space), alpha);
  return bias ? map(builder, "add", [result, bias]) : result;
}

export const matrixProducts = operators({
  Gemm: gemm,
  MatMul: (op) => matmul(op.builder, required(op, 0), required(op, 1)),
});

import { inconsistent } from "../compile/errors.js";
import { rankOf, shapeOf, type Value } from "../compile/value.js";
import { slice, transpose } from "../compile/view-ops.js";
import { map } from "./broadcast.js";
import { concat } from "./concat.js";
import { gatherAxis } from "./gather.js";
import { type Op, operators, required, shapeOfRank } from "./op.js";
import { reshapeTo } from "./shape.js";

/** Rotates pairs of features by angles that grow with the position (ONNX RotaryEmbedding 23). */
function rotaryEmbedding(op: Op): Value {
  const { builder, attributes } = op;
  const x = required(op, 0);
  const packed = rankOf(x) === 3;
  const rows = packed ? splitWidth(op, x, attributes.int("num_heads", 1)) : transpose(x, [0, 2, 1, 3]);
  const [batch, length, heads, size] = shapeOfRank(rows, 4);
  const interleaved = attributes.int("interleaved", 0) !== 0;
  const rotated = attributes.int("rotary_embedding_dim", 0) || size;
  if (rotated > size || rotated % 2 !== 0) throw inconsistent(`A rotation of ${rotated} of ${size} features`);
  const half = rotated / 2;
  const part = (start: number, count: number, step = 1): Value =>
    builder.view(rows, (v) => slice(v, 3, { start, count, step }));
  const angles = (i: number): Value => {
    const table = required(op, i);
    const positions = op.inputs[3];
    const rowsOf = positions ? gatherAxis(builder, table, 0, positions) : table;
    const last = rankOf(rowsOf) - 1;
    const cropped = builder.view(rowsOf, (v) => slice(v, last, { start: 0, count: half }));
    return reshapeTo(op, cropped, [batch, length, 1, half]);
  };
  const [cos, sin] = [angles(1), angles(2)];
  const first = interleaved ? part(0, half, 2) : part(0, half);
  const second = interleaved ? part(1, half, 2) : part(half, half);
  const multiply = (a: Value, b: Value): Value => map(builder, "mul", [a, b]);
  const real = map(builder, "sub", [multiply(cos, first), multiply(sin, second)]);
  const imaginary = map(builder, "add", [multiply(sin, first), multiply(cos, second)]);
  const parts = interleaved ? [interleave(op, real, imaginary)] : [real, imaginary];
  if (rotated < size) parts.push(part(rotated, size - rotated));
  const result = concat(builder, parts, 3);
  return packed ? reshapeTo(op, result, [batch, length, heads * size]) : transpose(result, [0, 2, 1, 3]);
}

/** [batch, length, heads * size] -> [batch, length, heads, size] */
function splitWidth(op: Op, x: Value, heads: number): Value {
  const [batch, length, width] = shapeOfRank(x, 3);
  return reshapeTo(op, x, [batch, length, heads, width / heads]);
}

/** Elements of two tensors in turn along the last axis. */
function interleave(op: Op, a: Value, b: Value): Value {
  const shape = shapeOf(a);
  const paired = [a, b].map((value) => reshapeTo(op, value, [...shape, 1]));
  const last = shape.length;
  return reshapeTo(op, concat(op.builder, paired, last), [...shape.slice(0, -1), shape.at(-1)! * 2]);
}

export const rotaryEmbeddings = operators({ RotaryEmbedding: rotaryEmbedding });

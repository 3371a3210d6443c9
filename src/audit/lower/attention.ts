import { NEGATIVE_INFINITY_BITS } from "../compile/bits.js";
import { refuse } from "../compile/errors.js";
import { rankOf, shapeOf, type Value } from "../compile/value.js";
import { guardBy, pad, transpose } from "../compile/view-ops.js";
import { typeOf } from "./arithmetic.js";
import { map } from "./broadcast.js";
import { concat } from "./concat.js";
import { dot } from "./matmul.js";
import { iota, type Op, operators, required, shapeOfRank } from "./op.js";
import { reduce } from "./reduce.js";
import { reshapeTo } from "./shape.js";

/** The lowest finite f32: a maximum that is never -infinity keeps fully masked rows from 0 - 0 of infinities. */
const LOWEST = -3.4028234663852886e38;
/** The smallest positive f32: a fully masked row divides 0 by it instead of by 0. */
const TINY = 1.401298464324817e-45;

/** [batch, length, heads * size] -> [batch, heads, length, size] */
function splitHeads(op: Op, x: Value, heads: number): Value {
  const [batch, length, width] = shapeOfRank(x, 3);
  return transpose(reshapeTo(op, x, [batch, length, heads, width / heads]), [0, 2, 1, 3]);
}

/** Q, K and V with four axes, and the caches joined. */
function readInputs(op: Op): { q: Value; k: Value; v: Value; packed: boolean; past: number } {
  const packed = rankOf(required(op, 0)) === 3;
  const heads = (i: number, name: string): Value => {
    const x = required(op, i);
    return packed ? splitHeads(op, x, op.attributes.int(name, 1)) : x;
  };
  const q = heads(0, "q_num_heads");
  let [k, v] = [heads(1, "kv_num_heads"), heads(2, "kv_num_heads")];
  const [pastKey, pastValue] = [op.inputs[4], op.inputs[5]];
  if (!pastKey || !pastValue) return { q, k, v, packed, past: 0 };
  k = concat(op.builder, [pastKey, k], 2);
  v = concat(op.builder, [pastValue, v], 2);
  return { q, k, v, packed, past: shapeOf(pastKey)[2]! };
}

/** Scores with masked positions at -infinity. */
function masked(op: Op, scores: Value, past: number): Value {
  const { builder } = op;
  const keys = shapeOf(scores)[3]!;
  const infinity = builder.scalar("f32", -Infinity);
  let result = scores;
  const mask = op.inputs[3];
  if (mask) {
    const boolean = typeOf(mask) === "bool";
    const missing = keys - shapeOf(mask).at(-1)!;
    const fill = boolean ? 0n : NEGATIVE_INFINITY_BITS;
    const full = builder.view(mask, (v) => pad(v, rankOf(mask) - 1, { before: 0, after: missing, fill }));
    result = map(builder, boolean ? "where" : "add", boolean ? [full, result, infinity] : [result, full]);
  }
  const lengths = op.inputs[6];
  if (lengths) {
    const positions = iota(builder, typeOf(lengths), keys);
    const inside = map(builder, "lt", [positions, reshapeTo(op, lengths, [shapeOf(lengths)[0]!, 1, 1, 1])], {
      dtype: "bool",
    });
    result = map(builder, "where", [inside, result, infinity]);
  }
  if (op.attributes.int("is_causal", 0) !== 0) {
    if (lengths) throw refuse("Causal attention with nonpad_kv_seqlen has no lowering");
    // Query s sees keys up to s + past.
    const form = { base: past, coefs: [0, 0, 1, -1] };
    result = builder.view(result, (v) => guardBy(v, form, NEGATIVE_INFINITY_BITS));
  }
  return result;
}

/** ONNX Attention 23 and 24, with grouped heads, caches, masks and softcap. */
function attention(op: Op): (Value | undefined)[] {
  const { builder, attributes } = op;
  const { q, k, v, packed, past } = readInputs(op);
  const [batch, heads, queries, size] = shapeOfRank(q, 4);
  const [, keyHeads, keys] = shapeOfRank(k, 4);
  const group = heads / keyHeads;
  const scale = attributes.float("scale") ?? 1 / Math.sqrt(size);
  // ONNX multiplies both sides with the root, which keeps halves from overflowing.
  const root = builder.scalar("f32", Math.sqrt(scale));
  const grouped = reshapeTo(op, map(builder, "mul", [q, root]), [batch, keyHeads, group, queries, size]);
  const product = dot(
    builder,
    {
      a: grouped,
      aLabels: ["b", "h", "g", "s", "d"],
      b: map(builder, "mul", [k, root]),
      bLabels: ["b", "h", "t", "d"],
    },
    { out: ["b", "h", "g", "s", "t"], red: ["d"] },
  );
  const raw = reshapeTo(op, product, [batch, heads, queries, keys]);
  const cap = attributes.float("softcap", 0);
  const limit = builder.scalar("f32", cap);
  const capped =
    cap === 0 ? raw : map(builder, "mul", [map(builder, "tanh", [map(builder, "div", [raw, limit])]), limit]);
  const scores = masked(op, capped, past);
  const weights = maskedSoftmax(op, scores, scores !== capped);
  const mixed = dot(
    builder,
    {
      a: reshapeTo(op, weights, [batch, keyHeads, group, queries, keys]),
      aLabels: ["b", "h", "g", "s", "t"],
      b: v,
      bLabels: ["b", "h", "t", "e"],
    },
    {
      out: ["b", "h", "g", "s", "e"],
      red: ["t"],
      ...(packed ? { order: ["b", "s", "h", "g", "e"] } : {}),
    },
  );
  const valueSize = shapeOf(v)[3]!;
  const perHead = reshapeTo(op, mixed, [batch, heads, queries, valueSize]);
  const result = packed
    ? reshapeTo(op, transpose(perHead, [0, 2, 1, 3]), [batch, queries, heads * valueSize])
    : perHead;
  const stages = [raw, capped, scores, weights];
  return [result, k, v, stages[attributes.int("qk_matmul_output_mode", 0)]];
}

/** Softmax over the last axis; a row that is masked everywhere gives zeros. */
function maskedSoftmax(op: Op, scores: Value, mayBeEmpty: boolean): Value {
  const { builder } = op;
  const axes = [3];
  const least = (value: Value, bound: number): Value =>
    mayBeEmpty ? map(builder, "max", [value, builder.scalar("f32", bound)]) : value;
  const highest = least(reduce(builder, "max", scores, { axes, keep: true }), LOWEST);
  const powers = map(builder, "exp", [map(builder, "sub", [scores, highest])]);
  const sum = least(reduce(builder, "sum", powers, { axes, keep: true }), TINY);
  return map(builder, "div", [powers, sum]);
}

export const attentions = operators({ Attention: attention });

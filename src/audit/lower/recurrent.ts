import { inconsistent } from "../compile/errors.js";
import { isConstant, shapeOf, type Value } from "../compile/value.js";
import { expand, slice, transpose } from "../compile/view-ops.js";
import { typeOf } from "./arithmetic.js";
import { map } from "./broadcast.js";
import { cellActivations } from "./cell-activations.js";
import { concat } from "./concat.js";
import { dot } from "./matmul.js";
import { integersOf, iota, type Op, required, sequence, shapeOfRank } from "./op.js";
import { reshapeTo } from "./shape.js";

/** What a cell sees of its direction: weights without the direction axis. */
export interface CellWeights {
  /** [gates * hidden, hidden] */
  readonly recurrence: Value;
  /** Bias of the recurrent product alone, [gates * hidden]; only where the cell asked for it. */
  readonly recurrentBias: Value | undefined;
  /** Peepholes [3 * hidden] of an LSTM. */
  readonly peepholes: Value | undefined;
  readonly hidden: number;
  readonly activations: readonly ((x: Value) => Value)[];
}

/** State of a cell: hidden [batch, hidden], and the cell state of an LSTM. */
export interface CellState {
  readonly h: Value;
  readonly c?: Value;
}

export interface Cell {
  readonly gates: number;
  readonly activations: readonly string[];
  /** The cell adds the recurrent bias itself. */
  readonly keepsRecurrentBias?: boolean;
  readonly hasCellState?: boolean;
  /** One step; `input` [batch, gates * hidden] is the input's product with its weights, biases included. */
  step(op: Op, weights: CellWeights, input: Value, state: CellState): CellState;
}

/** Columns `[part * hidden, (part + count) * hidden)` of the last of two axes. */
export function gate(op: Op, value: Value, weights: CellWeights, part: number, count = 1): Value {
  const { hidden } = weights;
  return op.builder.view(value, (v) => slice(v, 1, { start: part * hidden, count: count * hidden }));
}

/** state [batch, hidden] times recurrence weights [n, hidden], plus an addend [batch, n] or [n], rounded once. */
export function recur(op: Op, state: Value, recurrence: Value, addend?: Value): Value {
  const biasLabels = addend && shapeOf(addend).length === 1 ? ["n"] : ["b", "n"];
  return dot(
    op.builder,
    { a: state, aLabels: ["b", "k"], b: recurrence, bLabels: ["n", "k"], bias: addend, biasLabels },
    { out: ["b", "n"], red: ["k"] },
  );
}

/** Element `i` of axis 0, which disappears. */
function pick(op: Op, value: Value, i: number): Value {
  const one = op.builder.view(value, (v) => slice(v, 0, { start: i, count: 1 }));
  return reshapeTo(op, one, shapeOf(value).slice(1));
}

/** Unrolls a recurrent operator (ONNX RNN, GRU, LSTM): one product for the inputs of all steps, then the cell step by step. */
export function unroll(op: Op, cell: Cell): (Value | undefined)[] {
  const { builder, attributes } = op;
  const batchFirst = attributes.int("layout", 0) !== 0;
  const swap = (value: Value): Value => (batchFirst ? transpose(value, [1, 0, 2]) : value);
  const x = swap(required(op, 0));
  const [steps, batch] = shapeOfRank(x, 3);
  const direction = attributes.string("direction", "forward");
  if (!["forward", "reverse", "bidirectional"].includes(direction)) throw inconsistent(`Direction "${direction}"`);
  const directions = direction === "bidirectional" ? 2 : 1;
  const hidden = attributes.int("hidden_size") ?? shapeOf(required(op, 2)).at(-1)!;
  const activations = cellActivations(op, cell.activations, directions);
  const perDirection = activations.length / directions;
  const live = liveSteps(op, steps);
  const initial = (i: number, d: number): Value => {
    const value = op.inputs[i];
    return value ? pick(op, swap(value), d) : expand(builder.scalar("f32", 0), [batch, hidden]);
  };
  const results: { states: Value[]; last: CellState }[] = [];
  for (let d = 0; d < directions; d++) {
    const { inputBias, recurrentBias } = biases(op, cell, d);
    const weights: CellWeights = {
      recurrence: pick(op, required(op, 2), d),
      recurrentBias,
      peepholes: op.inputs[7] && pick(op, op.inputs[7], d),
      hidden,
      activations: activations.slice(d * perDirection, (d + 1) * perDirection),
    };
    const products = dot(
      builder,
      {
        a: x,
        aLabels: ["t", "b", "k"],
        b: pick(op, required(op, 1), d),
        bLabels: ["n", "k"],
        bias: inputBias,
        biasLabels: ["n"],
      },
      { out: ["t", "b", "n"], red: ["k"] },
    );
    const backwards = direction === "reverse" || d === 1;
    const start: CellState = { h: initial(5, d), ...(cell.hasCellState ? { c: initial(6, d) } : {}) };
    results.push(runSteps(op, { cell, weights, products, steps, backwards, live, start }));
  }
  return outputs(op, results, { steps, batch, hidden, directions, batchFirst });
}

/** Whether step t belongs to sequence b, [steps, batch]; undefined where all sequences have full length. */
function liveSteps(op: Op, steps: number): Value | undefined {
  const lengths = op.inputs[4];
  if (!lengths) return undefined;
  if (isConstant(lengths) && integersOf(op, lengths).every((length) => length === steps)) return undefined;
  const numbers = iota(op.builder, typeOf(lengths), steps, [steps, 1]);
  return map(op.builder, "lt", [numbers, lengths], { dtype: "bool" });
}

/** Input and recurrent bias added up, or apart where the cell wants to add the latter itself. */
function biases(op: Op, cell: Cell, d: number): { inputBias?: Value; recurrentBias?: Value } {
  if (!op.inputs[3]) return {};
  const both = pick(op, op.inputs[3], d);
  const size = shapeOf(both)[0]! / 2;
  const half = (i: number): Value => op.builder.view(both, (v) => slice(v, 0, { start: i * size, count: size }));
  if (cell.keepsRecurrentBias) return { inputBias: half(0), recurrentBias: half(1) };
  return { inputBias: map(op.builder, "add", [half(0), half(1)]) };
}

interface Run {
  readonly cell: Cell;
  readonly weights: CellWeights;
  readonly products: Value;
  readonly steps: number;
  readonly backwards: boolean;
  readonly live: Value | undefined;
  readonly start: CellState;
}

/** Runs one direction. A sequence that has ended keeps its state and puts out zeros. */
function runSteps(op: Op, run: Run): { states: Value[]; last: CellState } {
  const { builder } = op;
  const { cell, weights, products, steps, live } = run;
  const states = new Array<Value>(steps);
  let state = run.start;
  for (let i = 0; i < steps; i++) {
    const t = run.backwards ? steps - 1 - i : i;
    const next = cell.step(op, weights, pick(op, products, t), state);
    if (!live) {
      states[t] = next.h;
      state = next;
      continue;
    }
    const row = pick(op, live, t);
    const alive = reshapeTo(op, row, [shapeOf(row)[0]!, 1]);
    const keep = (now: Value, before: Value): Value => map(builder, "where", [alive, now, before]);
    states[t] = keep(next.h, builder.scalar("f32", 0));
    state = {
      h: keep(next.h, state.h),
      ...(next.c && state.c ? { c: keep(next.c, state.c) } : {}),
    };
  }
  return { states, last: state };
}

function outputs(
  op: Op,
  results: readonly { states: readonly Value[]; last: CellState }[],
  sizes: { steps: number; batch: number; hidden: number; directions: number; batchFirst: boolean },
): (Value | undefined)[] {
  const { steps, batch, hidden, directions, batchFirst } = sizes;
  const last = (part: (state: CellState) => Value | undefined): Value | undefined => {
    const parts = results.flatMap((result) => part(result.last) ?? []);
    if (parts.length === 0) return undefined;
    const joined = concat(
      op.builder,
      parts.map((value) => reshapeTo(op, value, [1, batch, hidden])),
      0,
    );
    return batchFirst ? transpose(joined, [1, 0, 2]) : joined;
  };
  let all: Value | undefined;
  if (op.outputs[0]) {
    const parts = sequence(steps, (t) => results.map((result) => result.states[t]!)).flat();
    const rows = parts.map((value) => reshapeTo(op, value, [1, batch, hidden]));
    const joined = reshapeTo(op, concat(op.builder, rows, 0), [steps, directions, batch, hidden]);
    all = batchFirst ? transpose(joined, [2, 0, 1, 3]) : joined;
  }
  return [all, last((state) => state.h), last((state) => state.c)];
}

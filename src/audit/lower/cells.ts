import type { Value } from "../compile/value.js";
import { slice } from "../compile/view-ops.js";
import { map } from "./broadcast.js";
import { type Op, operators } from "./op.js";
import { type Cell, type CellState, type CellWeights, gate, recur, unroll } from "./recurrent.js";

const rnn: Cell = {
  gates: 1,
  activations: ["Tanh"],
  step: (op, weights, input, { h }) => ({ h: weights.activations[0]!(recur(op, h, weights.recurrence, input)) }),
};

/** Gates in the order input, output, forget, cell. */
const lstm: Cell = {
  gates: 4,
  activations: ["Sigmoid", "Tanh", "Tanh"],
  hasCellState: true,
  step(op, weights, input, { h, c }) {
    const { builder } = op;
    const [squash, shape, expose] = weights.activations as [Act, Act, Act];
    const sums = recur(op, h, weights.recurrence, input);
    const peep = (part: number, state: Value, sum: Value): Value => {
      if (!weights.peepholes) return sum;
      const { hidden } = weights;
      const weight = builder.view(weights.peepholes, (v) => slice(v, 0, { start: part * hidden, count: hidden }));
      return map(builder, "fma", [weight, state, sum]);
    };
    let gates: { i: Value; f: Value; o?: Value };
    if (weights.peepholes) {
      const i = squash(peep(0, c!, gate(op, sums, weights, 0)));
      gates = { i, f: squash(peep(2, c!, gate(op, sums, weights, 2))) };
    } else {
      const three = squash(gate(op, sums, weights, 0, 3));
      const part = (k: number): Value => gate(op, three, weights, k);
      gates = { i: part(0), o: part(1), f: part(2) };
    }
    const coupled = op.attributes.int("input_forget", 0) !== 0;
    const forget = coupled ? map(builder, "sub", [builder.scalar("f32", 1), gates.i]) : gates.f;
    const candidate = shape(gate(op, sums, weights, 3));
    const next = map(builder, "fma", [forget, c!, map(builder, "mul", [gates.i, candidate])]);
    // The output gate peeps at the new cell state.
    const output = gates.o ?? squash(peep(1, next, gate(op, sums, weights, 1)));
    return { h: map(builder, "mul", [output, expose(next)]), c: next };
  },
};

type Act = (x: Value) => Value;

/** Gates in the order update, reset, hidden. */
function gru(linearBeforeReset: boolean): Cell {
  return {
    gates: 3,
    activations: ["Sigmoid", "Tanh"],
    keepsRecurrentBias: linearBeforeReset,
    step(op, weights, input, { h }) {
      const { builder } = op;
      const [squash, shape] = weights.activations as [Act, Act];
      const { update, reset, product } = gruGates(op, weights, input, h, squash);
      const inner = gate(op, input, weights, 2);
      const candidate = product
        ? shape(map(builder, "fma", [reset, product, inner]))
        : shape(recur(op, map(builder, "mul", [reset, h]), rows(op, weights, 2, 1), inner));
      // (1 - z) * candidate + z * h
      const fresh = map(builder, "mul", [map(builder, "sub", [builder.scalar("f32", 1), update]), candidate]);
      return { h: map(builder, "fma", [update, h, fresh]) } satisfies CellState;
    },
  };

  function gruGates(
    op: Op,
    weights: CellWeights,
    input: Value,
    h: Value,
    squash: Act,
  ): { update: Value; reset: Value; product?: Value } {
    const inputs = gate(op, input, weights, 0, 2);
    let sums: Value;
    let product: Value | undefined;
    if (linearBeforeReset) {
      const all = recur(op, h, weights.recurrence, weights.recurrentBias);
      sums = map(op.builder, "add", [gate(op, all, weights, 0, 2), inputs]);
      product = gate(op, all, weights, 2);
    } else {
      sums = recur(op, h, rows(op, weights, 0, 2), inputs);
    }
    const both = squash(sums);
    const gates = { update: gate(op, both, weights, 0), reset: gate(op, both, weights, 1) };
    return product ? { ...gates, product } : gates;
  }
}

/** Recurrence weights of `count` gates from `part` on. */
function rows(op: Op, { recurrence, hidden }: CellWeights, part: number, count: number): Value {
  return op.builder.view(recurrence, (v) => slice(v, 0, { start: part * hidden, count: count * hidden }));
}

export const recurrences = operators({
  GRU: (op) => unroll(op, gru(op.attributes.int("linear_before_reset", 0) !== 0)),
  LSTM: (op) => unroll(op, lstm),
  RNN: (op) => unroll(op, rnn),
});

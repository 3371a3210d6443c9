import { expect } from "chai";
import fc from "fast-check";

import { createBudget } from "../../../src/audit/compile/budget.js";
import { createBuilder } from "../../../src/audit/compile/builder.js";
import { plain, product, rowMajor, shapeOf, type Value } from "../../../src/audit/compile/value.js";
import {
  expand,
  guardBy,
  pad,
  repeat,
  reshape,
  slice,
  substitute,
  transpose,
} from "../../../src/audit/compile/view-ops.js";
import { assertProperty } from "../../support/fuzz.js";

/** The same tensor as a plain array, for the naive form of every operation. */
interface Naive {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

const FILL = 7;

/** A tensor of `shape` whose element at an index is computed from it. */
function build(shape: readonly number[], element: (index: readonly number[]) => number): Naive {
  const strides = rowMajor(shape);
  const data = Array.from({ length: product(shape) }, (_, flat) =>
    element(shape.map((extent, axis) => Math.floor(flat / strides[axis]!) % extent)),
  );
  return { shape, data };
}

/** The element at an index, or the fill outside. */
function at({ shape, data }: Naive, index: readonly number[]): number {
  if (index.some((i, axis) => !Number.isInteger(i) || i < 0 || i >= shape[axis]!)) return FILL;
  const strides = rowMajor(shape);
  return data[index.reduce((sum, i, axis) => sum + i * strides[axis]!, 0)]!;
}

type Step = (state: { value: Value; naive: Naive }) => { view: (value: Value) => Value | undefined; naive: Naive };

const replaceAt = (list: readonly number[], i: number, by: readonly number[]): number[] => [
  ...list.slice(0, i),
  ...by,
  ...list.slice(i + 1),
];

/** One random operation, both ways. `choose(n)` draws below n. */
const STEPS: readonly ((choose: (n: number) => number) => Step)[] = [
  (choose) =>
    ({ naive }) => {
      const perm = naive.shape.map((_, axis) => axis);
      for (let i = perm.length - 1; i > 0; i--) {
        const j = choose(i + 1);
        [perm[i], perm[j]] = [perm[j]!, perm[i]!];
      }
      const shape = perm.map((axis) => naive.shape[axis]!);
      const turned = build(shape, (index) => {
        const back = new Array<number>(perm.length);
        perm.forEach((axis, i) => (back[axis] = index[i]!));
        return at(naive, back);
      });
      return { view: (v) => transpose(v, perm), naive: turned };
    },
  (choose) =>
    ({ naive }) => {
      const factors = naive.shape.flatMap((extent) => (extent % 2 === 0 ? [2, extent / 2] : [extent]));
      const shape: number[] = [];
      for (const factor of factors) {
        if (shape.length > 0 && choose(2) === 0) shape[shape.length - 1]! *= factor;
        else shape.push(factor);
      }
      return { view: (v) => reshape(v, shape), naive: { shape, data: naive.data } };
    },
  (choose) =>
    ({ naive }) => {
      const axis = choose(naive.shape.length);
      const extent = naive.shape[axis]!;
      const start = choose(extent);
      const backwards = choose(3) === 0;
      const room = backwards ? start + 1 : extent - start;
      const step = (backwards ? -1 : 1) * (1 + choose(2));
      const count = 1 + choose(Math.ceil(room / Math.abs(step)));
      const cut = build(replaceAt(naive.shape, axis, [count]), (index) =>
        at(naive, replaceAt(index, axis, [start + step * index[axis]!])),
      );
      return { view: (v) => slice(v, axis, { start, count, step }), naive: cut };
    },
  (choose) =>
    ({ naive }) => {
      const axis = choose(naive.shape.length);
      const [before, after] = [choose(3), choose(3)];
      const padded = build(replaceAt(naive.shape, axis, [naive.shape[axis]! + before + after]), (index) =>
        at(naive, replaceAt(index, axis, [index[axis]! - before])),
      );
      return { view: (v) => pad(v, axis, { before, after, fill: BigInt(FILL) }), naive: padded };
    },
  (choose) =>
    ({ naive }) => {
      const axis = choose(naive.shape.length);
      const [base, divisor] = [choose(5) - 2, 1 + choose(3)];
      const axes = [
        { extent: 1 + choose(3), coef: choose(5) - 2 },
        { extent: 1 + choose(3), coef: 1 },
      ];
      const windowed = build(
        replaceAt(
          naive.shape,
          axis,
          axes.map(({ extent }) => extent),
        ),
        (index) => {
          const x = (base + axes[0]!.coef * index[axis]! + axes[1]!.coef * index[axis + 1]!) / divisor;
          return at(naive, [...index.slice(0, axis), x, ...index.slice(axis + 2)]);
        },
      );
      return { view: (v) => substitute(v, axis, { base, axes, divisor, fill: BigInt(FILL) }), naive: windowed };
    },
  (choose) =>
    ({ naive }) => {
      const axis = choose(naive.shape.length);
      const [outer, inner] = [1 + choose(2), 1 + choose(2)];
      const extent = naive.shape[axis]!;
      const repeated = build(replaceAt(naive.shape, axis, [outer * extent * inner]), (index) =>
        at(naive, replaceAt(index, axis, [Math.floor(index[axis]! / inner) % extent])),
      );
      return { view: (v) => repeat(v, axis, { outer, inner }), naive: repeated };
    },
  (choose) =>
    ({ naive }) => {
      const front = 1 + choose(2);
      const shape = [front, ...naive.shape.map((extent) => (extent === 1 ? 1 + choose(3) : extent))];
      const wide = build(shape, (index) =>
        at(
          naive,
          index.slice(1).map((i, axis) => (naive.shape[axis] === 1 ? 0 : i)),
        ),
      );
      return { view: (v) => expand(v, shape), naive: wide };
    },
  (choose) =>
    ({ naive }) => {
      const form = { base: choose(5) - 2, coefs: naive.shape.map(() => choose(3) - 1) };
      const masked = build(naive.shape, (index) =>
        form.base + form.coefs.reduce((sum, coef, axis) => sum + coef * index[axis]!, 0) >= 0 ? at(naive, index) : FILL,
      );
      return { view: (v) => guardBy(v, form, BigInt(FILL)), naive: masked };
    },
];

describe("compile: views", () => {
  it("any composition reads what the operations do one by one", () => {
    const step = fc.record({
      kind: fc.nat(STEPS.length - 1),
      draws: fc.array(fc.nat(1000), { minLength: 24, maxLength: 24 }),
    });
    assertProperty(
      fc.property(fc.array(step, { minLength: 1, maxLength: 7 }), (steps) => {
        const builder = createBuilder(createBudget());
        const data = Int32Array.from({ length: 24 }, (_, i) => 100 + i);
        const memory = { kind: "const", dtype: "i32", numel: 24, data } as const;
        let state = { value: plain(memory, [2, 3, 4]), naive: { shape: [2, 3, 4], data: [...data] } as Naive };
        for (const { kind, draws } of steps) {
          let next = 0;
          const choose = (n: number): number => draws[next++ % draws.length]! % n;
          const { view, naive } = STEPS[kind]!(choose)(state);
          if (naive.data.length > 20_000 || naive.shape.length > 9) break;
          state = { value: builder.view(state.value, view), naive };
          expect(shapeOf(state.value)).to.deep.equal(naive.shape);
          expect([...builder.flatten(state.value).data]).to.deep.equal(naive.data);
        }
      }),
      2_000,
    );
  });
});

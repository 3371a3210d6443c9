import fc from "fast-check";
import {
  type AuditGraph,
  type AuditNode,
  type DType,
  DTYPE_BYTES,
  type Guard,
  type MapFn,
  MAP_FN,
  type Operand,
  REDUCE_FN,
  type ReduceFn,
  resultDType,
  resultSize,
  type Step,
  type Tensor,
  type View,
} from "../../src/audit/graph.js";
import { isInteger, mapTakes, reduceTakes } from "../../src/audit/signatures.js";
import { addressBounds } from "../../src/audit/view.js";
import { DTYPES, noiseTensor } from "./tensors.js";

/** A seeded stream of choices: graphs are too entangled to be put together from arbitraries. */
export interface Dice {
  /** An integer in [0, n). */
  roll(n: number): number;
  chance(percent: number): boolean;
  of<T>(items: readonly T[]): T;
}

export function dice(seed: number): Dice {
  let state = seed >>> 0;
  const roll = (n: number): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 15), z | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return ((z ^ (z >>> 14)) >>> 0) % n;
  };
  return { roll, chance: (percent) => roll(100) < percent, of: (items) => items[roll(items.length)]! };
}

interface Signature<F> {
  readonly fn: F;
  readonly operands: readonly DType[];
  readonly result: DType;
}

function signatures<F>(
  fns: readonly F[],
  takes: (fn: F, operands: readonly DType[], result: DType) => boolean,
): Signature<F>[] {
  const tuples = [1, 2, 3].flatMap((arity) =>
    Array.from({ length: DTYPES.length ** arity }, (_, i) =>
      Array.from({ length: arity }, (_, k) => DTYPES[Math.floor(i / DTYPES.length ** k) % DTYPES.length]!),
    ),
  );
  return fns.flatMap((fn) =>
    tuples.flatMap((operands) =>
      DTYPES.filter((result) => takes(fn, operands, result)).map((result) => ({ fn, operands, result })),
    ),
  );
}

export const MAP_SIGNATURES = signatures(Object.keys(MAP_FN) as MapFn[], mapTakes);
export const REDUCE_SIGNATURES = signatures(Object.keys(REDUCE_FN) as ReduceFn[], reduceTakes);

function byFn<F>(table: readonly Signature<F>[]): Map<F, Signature<F>[]> {
  const map = new Map<F, Signature<F>[]>();
  for (const row of table) map.set(row.fn, [...(map.get(row.fn) ?? []), row]);
  return map;
}
const MAP_BY_FN = byFn(MAP_SIGNATURES);
const REDUCE_BY_FN = byFn(REDUCE_SIGNATURES);

/** Builds one random well-formed graph; views reach anywhere inside their tensors, over all sources. */
class GraphMaker {
  readonly inputs: { dtype: DType; numel: number }[] = [];
  readonly weights: Tensor[] = [];
  readonly nodes: AuditNode[] = [];

  constructor(private readonly dice: Dice) {}

  private extents(max: number, budget: number): number[] {
    const extents: number[] = [];
    let left = budget;
    for (let rank = this.dice.roll(max + 1); rank > 0 && left > 1; rank--) {
      const extent = 1 + this.dice.roll(Math.min(left, this.dice.chance(20) ? 40 : 7));
      extents.push(extent);
      left = Math.floor(left / extent);
    }
    return extents;
  }

  private immediate(dtype: DType): Operand {
    const bits = BigInt.asUintN(8 * DTYPE_BYTES[dtype], BigInt(this.dice.roll(2 ** 31)) * 0x9e3779b97f4a7c15n);
    return { source: { kind: "immediate" }, dtype, value: dtype === "bool" ? bits & 1n : bits };
  }

  /** A tensor of `dtype` with at least `numel` elements: an earlier node's result where one fits, else a new input or weight. */
  private tensor(dtype: DType, numel: number): Pick<View, "source" | "numel"> {
    const { dice, nodes, inputs, weights } = this;
    const fitting = nodes.flatMap((node, index) => {
      const size = resultSize(node);
      return resultDType(node) === dtype && size >= numel
        ? [{ source: { kind: "node" as const, index }, numel: size }]
        : [];
    });
    if (fitting.length > 0 && dice.chance(70)) return dice.of(fitting);
    const size = numel + dice.roll(300);
    if (dice.chance(50)) {
      inputs.push({ dtype, numel: size });
      return { source: { kind: "input", index: inputs.length - 1 }, numel: size };
    }
    weights.push(noiseTensor(dtype, [size], dice.roll(2 ** 31)));
    return { source: { kind: "weight", index: weights.length - 1 }, numel: size };
  }

  private coefs(extents: readonly number[]): number[] {
    const { dice } = this;
    if (dice.chance(40)) {
      // Row-major, as most views are, with some dimensions broadcast.
      let stride = 1;
      return extents
        .toReversed()
        .map((extent) => {
          if (dice.chance(20)) return 0;
          stride *= extent;
          return stride / extent;
        })
        .reverse();
    }
    return extents.map(() => dice.roll(9) - (dice.chance(20) ? 6 : 0));
  }

  private guard(extents: readonly number[]): Guard {
    const { dice } = this;
    return {
      base: dice.roll(7) - 3,
      divisor: dice.chance(30) ? 1 + dice.roll(3) : 1,
      extent: 1 + dice.roll(12),
      stride: dice.roll(30) - 5,
      coef: extents.map(() => dice.roll(4) - 1),
    };
  }

  private view(dtype: DType, extents: readonly number[], guarded = true): View {
    const { dice } = this;
    const guards =
      guarded && dice.chance(40) ? Array.from({ length: 1 + dice.roll(2) }, () => this.guard(extents)) : [];
    const shape = { base: 0, coef: this.coefs(extents), guards };
    const bits = this.immediate(dtype) as { value: bigint };
    const probe: View = { ...shape, source: { kind: "input", index: 0 }, dtype, numel: 1, fill: 0n };
    const { min, max } = addressBounds(probe, extents) ?? { min: 0, max: 0 };
    const base = dice.roll(3) * dice.roll(90) - min;
    const fill = guards.length > 0 ? bits.value : 0n;
    return { ...this.tensor(dtype, base + max + 1), ...shape, base, dtype, fill };
  }

  private operand(dtype: DType, extents: readonly number[]): Operand {
    return this.dice.chance(12) ? this.immediate(dtype) : this.view(dtype, extents);
  }

  private steps(dtype: DType, extents: readonly number[]): Step[] {
    const steps: Step[] = [];
    let running = dtype;
    while (this.dice.chance(35)) {
      const fits = MAP_SIGNATURES.filter(({ fn, operands }) => fn !== "pick" && operands.includes(running));
      const { fn, operands, result } = this.dice.of(fits);
      const chain = operands.indexOf(running);
      const others = operands.filter((_, i) => i !== chain).map((other) => this.operand(other, extents));
      steps.push({ fn: fn as Step["fn"], dtype: result, chain, operands: others });
      running = result;
    }
    return steps;
  }

  private map(): AuditNode {
    const { dice } = this;
    const out = this.extents(4, 1500);
    const { fn, operands: dtypes, result } = dice.of(MAP_BY_FN.get(dice.of([...MAP_BY_FN.keys()]))!);
    const operands = dtypes.map((dtype, i) =>
      fn === "pick" && i === dtypes.length - 1 ? this.view(dtype, out, false) : this.operand(dtype, out),
    );
    return { kind: "map", fn, dtype: result, out, operands, steps: this.steps(result, out), label: "" };
  }

  private reduce(): AuditNode {
    const { dice } = this;
    const { fn, operands: dtypes, result } = dice.of(REDUCE_BY_FN.get(dice.of([...REDUCE_BY_FN.keys()]))!);
    const out = this.extents(3, 60);
    const red = this.extents(3, 700);
    const terms = red.reduce((n, extent) => n * extent, 1);
    const ranked = fn === "argkth" && dice.chance(70) ? [1 + dice.roll(Math.min(terms, 5))] : [];
    const all = [...out, ...ranked, ...red];
    const operands = dtypes
      .map((dtype) => this.operand(dtype, all))
      .map((operand) => {
        if (ranked.length === 0 || !("guards" in operand)) return operand;
        const still = <T extends { coef: readonly number[] }>(of: T): T => ({
          ...of,
          coef: of.coef.with(out.length, 0),
        });
        // Without that dimension the view reads a subset of what it read before.
        return { ...still(operand), guards: operand.guards.map(still) };
      });
    const base = { kind: "reduce", dtype: result, red, operands, label: "" } as const;
    const steps = this.steps(result, all);
    if (fn !== "argkth") return { ...base, fn, out, steps };
    return { ...base, fn, out: [...out, ...ranked], steps, argkth: { kRank: ranked.length, largest: dice.chance(50) } };
  }

  private gather(): AuditNode {
    const { dice } = this;
    const out = this.extents(3, 400);
    const dtype = dice.of(DTYPES);
    const count = 1 + dice.roll(2);
    const indices = Array.from({ length: count }, () => ({ stride: dice.roll(20) - 4, extent: 1 + dice.roll(50) }));
    const reach = indices.reduce(
      ({ min, max }, { stride, extent }) => ({
        min: min + Math.min(0, stride * (extent - 1)),
        max: max + Math.max(0, stride * (extent - 1)),
      }),
      { min: 0, max: 0 },
    );
    const coef = this.coefs(out);
    const probe: View = { source: { kind: "input", index: 0 }, dtype, numel: 1, base: 0, coef, guards: [], fill: 0n };
    const bounds = addressBounds(probe, out)!;
    const base = 0 - bounds.min - reach.min;
    const data: View = { ...probe, base, ...this.tensor(dtype, base + bounds.max + reach.max + 1) };
    const kinds = DTYPES.filter(isInteger);
    const operands = [data, ...indices.map(() => this.operand(dice.of(kinds), out))];
    return { kind: "gather", fn: "gather", dtype, out, operands, indices, steps: this.steps(dtype, out), label: "" };
  }

  make(nodes: number): AuditGraph {
    while (this.nodes.length < nodes) {
      const kind = this.dice.roll(10);
      this.nodes.push(kind < 5 ? this.map() : kind < 8 ? this.reduce() : this.gather());
    }
    return {
      inputs: this.inputs.map(({ dtype, numel }, i) => ({ name: `x${i}`, dtype, shape: [numel], lo: 0n, hi: 1n })),
      weights: this.weights,
      nodes: this.nodes,
      outputs: [],
      bound: [],
    };
  }
}

/** A well-formed graph of `nodes` nodes over all functions, dtypes and sources. */
export function randomGraph(seed: number, nodes: number): AuditGraph {
  return new GraphMaker(dice(seed)).make(nodes);
}

/** Well-formed graphs of 1 to `maxNodes` nodes over all functions, dtypes and sources. */
export function anyGraph(maxNodes: number): fc.Arbitrary<{ graph: AuditGraph; seed: number }> {
  return fc.record({ seed: fc.nat(), nodes: fc.integer({ min: 1, max: maxNodes }) }).map(({ seed, nodes }) => ({
    graph: randomGraph(seed, nodes),
    seed,
  }));
}

import type { DType, Guard, ReduceNode, Tensor, View } from "../../src/audit/graph.js";
import { addressBounds } from "../../src/audit/view.js";
import { graphOf, input, weight } from "./graph-parts.js";
import { runGraph, type Run } from "./runs.js";
import { noiseTensor } from "./tensors.js";

/*
 * Graphs of one dot whose first operand is read through a view of a given shape. The second operand has other noise at every
 * reduction index, so that the result tells where each element was read and in which order.
 */

type Random = () => number;

/** Extents and what a view does with them; the address base is found afterwards. */
interface Shape {
  readonly out: readonly number[];
  readonly red: readonly number[];
  readonly coef: readonly number[];
  readonly guards: readonly Guard[];
  /** Where bounds are too wide to tell: the base, and a size that all addresses are below. */
  readonly known?: { readonly base: number; readonly numel: number };
}

const roll = (random: Random, low: number, high: number): number => low + (random() % (high - low + 1));
const product = (extents: readonly number[]): number => extents.reduce((n, extent) => n * extent, 1);

function extents(random: Random, rank: number, most: number): number[] {
  return Array.from({ length: rank }, () => roll(random, 1, most));
}

/** Row-major coefficients. */
function strides(all: readonly number[]): number[] {
  return all.map((_, d) => product(all.slice(d + 1)));
}

function guard(random: Random, rank: number, rest: Partial<Guard> = {}): Guard {
  return {
    base: roll(random, -6, 6),
    divisor: 1,
    extent: roll(random, 1, 12),
    stride: roll(random, -6, 40),
    coef: Array.from({ length: rank }, () => roll(random, -2, 3)),
    ...rest,
  };
}

function free(random: Random, guards: (rank: number) => Guard[]): Shape {
  const [out, red] = [extents(random, roll(random, 0, 3), 5), extents(random, roll(random, 0, 4), 6)];
  const rank = out.length + red.length;
  const coef = Array.from({ length: rank }, () => roll(random, -5, 9));
  return { out, red, coef, guards: guards(rank) };
}

/** A window over a padded image: channels last or first, stride, dilation, padding; or its transpose, which inserts zeros. */
function window(random: Random, transposed: boolean): Shape {
  const [height, width, channels] = [roll(random, 2, 7), roll(random, 2, 7), roll(random, 1, 24)];
  const [kernelY, kernelX] = [roll(random, 1, 4), roll(random, 1, 4)];
  const [stride, dilation, pad] = [roll(random, 1, 3), roll(random, 1, 2), roll(random, 0, 2)];
  const out = [roll(random, 1, 6), roll(random, 1, 6), roll(random, 1, 3)];
  const last = random() % 2 === 0;
  const red = last ? [kernelY, kernelX, channels] : [channels, kernelY, kernelX];
  // Dimensions: y, x, filter, then the reduction.
  const place = (y: number, x: number, ky: number, kx: number, c: number): number[] =>
    last ? [y, x, 0, ky, kx, c] : [y, x, 0, c, ky, kx];
  const [rowStride, columnStride, channelStride] = last ? [width * channels, channels, 1] : [width, 1, height * width];
  const step = transposed ? 1 : stride;
  const form = { base: transposed ? pad : -pad, divisor: transposed ? stride : 1 };
  return {
    out,
    red,
    coef: place(0, 0, 0, 0, channelStride),
    guards: [
      { ...form, extent: height, stride: rowStride, coef: place(step, 0, transposed ? -1 : dilation, 0, 0) },
      { ...form, extent: width, stride: columnStride, coef: place(0, step, 0, transposed ? -1 : dilation, 0) },
    ],
  };
}

export const VIEW_SHAPES: Readonly<Record<string, (random: Random) => Shape>> = {
  contiguous(random) {
    const [out, red] = [extents(random, 2, 4), extents(random, roll(random, 1, 3), 9)];
    return { out, red, coef: strides([...out, ...red]), guards: [] };
  },
  "one long run": (random) => ({ out: [2], red: [roll(random, 1, 700)], coef: [roll(random, 0, 300), 1], guards: [] }),
  transposed(random) {
    const [out, red] = [extents(random, 2, 4), extents(random, 2, 12)];
    const coef = strides([...out, ...red.toReversed()]);
    return { out, red, coef: [coef[0]!, coef[1]!, coef[3]!, coef[2]!], guards: [] };
  },
  strided: (random) => ({
    out: [3],
    red: [roll(random, 1, 40)],
    coef: [roll(random, 0, 9), roll(random, 2, 200)],
    guards: [],
  }),
  flipped: (random) => ({
    out: [3],
    red: extents(random, 2, 12),
    coef: [roll(random, -9, 9), -roll(random, 1, 100), -roll(random, 1, 3)],
    guards: [],
  }),
  broadcast(random) {
    const { out, red, coef } = free(random, () => []);
    return { out, red, coef: coef.map((c) => (random() % 2 === 0 ? 0 : c)), guards: [] };
  },
  "any coefficients": (random) => free(random, () => []),
  convolution: (random) => window(random, false),
  "transposed convolution": (random) => window(random, true),
  "cumulative sum"(random) {
    const n = roll(random, 1, 40);
    return { out: [n], red: [n], coef: [0, 1], guards: [{ base: 0, divisor: 1, extent: n, stride: 0, coef: [1, -1] }] };
  },
  "one guard": (random) => free(random, (rank) => [guard(random, rank)]),
  "nested guards": (random) =>
    free(random, (rank) => Array.from({ length: roll(random, 2, 4) }, () => guard(random, rank))),
  divisors: (random) =>
    free(random, (rank) =>
      Array.from({ length: roll(random, 1, 3) }, () => guard(random, rank, { divisor: roll(random, 1, 5) })),
    ),
  "divisors with common factors"(random) {
    // Where both divide: at every multiple of the least common multiple, and nowhere else.
    const [n, base, factor] = [roll(random, 20, 60), roll(random, -6, 6), roll(random, 2, 3)];
    const along = { base, extent: 80, coef: [0, 1] };
    return {
      out: [2],
      red: [n],
      coef: [1, 0],
      guards: [2, 4].map((times) => ({ ...along, divisor: times * factor, stride: roll(random, 1, 9) })),
    };
  },
  "guards that fail": (random) => free(random, (rank) => [guard(random, rank), guard(random, rank, { base: -1000 })]),
  "far numbers"(random) {
    // Forms near the ends of 32 bits that come back into the tensor.
    const far = 2 ** 31 - 1;
    const [terms, step, back] = [roll(random, 1, 20), roll(random, 1, 3), roll(random, 0, 1)];
    return {
      out: [2],
      red: [terms],
      coef: [far, step],
      guards: [{ base: far, divisor: 1, extent: 2 ** 32 - 1, stride: -1, coef: [far, back] }],
      known: { base: far, numel: step * terms },
    };
  },
};

const DTYPES: readonly DType[] = ["u8", "i8", "u16", "i16", "i32", "u32", "i64", "u64"];

/** A random run over a view of the given shape. */
export function viewRun(shape: keyof typeof VIEW_SHAPES, random: Random): Run {
  const { out, red, coef, guards, known } = VIEW_SHAPES[shape]!(random);
  const dtype = DTYPES[random() % DTYPES.length]!;
  const all = [...out, ...red];
  const probe: View = { source: input(0), dtype, numel: 1, base: 0, coef, guards, fill: 0n };
  const { min, max } = addressBounds(probe, all) ?? { min: 0, max: 0 };
  const offset = roll(random, 0, 200) - min;
  const { base, numel } = known ?? { base: offset, numel: offset + max + 1 + roll(random, 0, 100) };
  const fill = guards.length > 0 ? BigInt(random() % 256) : 0n;
  const terms = product(red);
  const factors: View = {
    ...{ source: weight(0), dtype: "u32", numel: terms, base: 0, guards: [], fill: 0n },
    coef: [...out.map(() => 0), ...strides(red)],
  };
  const node: ReduceNode = {
    ...{ kind: "reduce", fn: "dot", dtype: "u64", out, red, steps: [], label: shape },
    operands: [{ ...probe, base, numel, fill }, factors],
  };
  const data: Tensor = noiseTensor(dtype, [numel], random());
  return runGraph(graphOf([node], [data], [noiseTensor("u32", [terms], random())]), [data]);
}

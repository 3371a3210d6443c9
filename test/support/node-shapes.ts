import type { AuditGraph, AuditNode, DType, Guard, MapNode, Operand, ReduceNode, View } from "../../src/audit/graph.js";
import { addressBounds } from "../../src/audit/view.js";
import type { Dice } from "./graphs.js";
import { floatBits } from "./samples.js";

/*
 * One-node graphs with the views that lowered models have, each with random extents, strides, pads and layouts.
 */

interface Sketch {
  readonly node: AuditNode;
  /** dtype and size of each input, by number. */
  readonly inputs: readonly { readonly dtype: DType; readonly numel: number }[];
}

export type Shape = (dice: Dice) => AuditGraph;

const product = (extents: readonly number[]): number => extents.reduce((n, extent) => n * extent, 1);

function graphOf({ node, inputs }: Sketch): AuditGraph {
  return {
    inputs: inputs.map(({ dtype, numel }, i) => ({ name: `x${i}`, dtype, shape: [numel], lo: 0n, hi: 0n })),
    weights: [],
    nodes: [node],
    outputs: [],
    bound: [],
  };
}

/** A view of input `index` whose base is moved so that every address that it reads exists. */
function fitted(
  index: number,
  dtype: DType,
  extents: readonly number[],
  form: Pick<View, "coef"> & Partial<View>,
): View {
  const view: View = { source: { kind: "input", index }, dtype, numel: 1, base: 0, guards: [], fill: 0n, ...form };
  const { min, max } = addressBounds(view, extents) ?? { min: view.base, max: view.base };
  return { ...view, base: view.base - min, numel: max - min + 1 };
}

const sizes = (views: readonly Operand[]): { dtype: DType; numel: number }[] =>
  views.flatMap((view) => ("guards" in view ? [{ dtype: view.dtype, numel: view.numel }] : []));

/** Steps of a row-major tensor whose dimensions are laid out in another order. */
function strides(extents: readonly number[], order: readonly number[]): number[] {
  const steps = new Array<number>(extents.length).fill(0);
  let step = 1;
  for (const d of order.toReversed()) {
    steps[d] = step;
    step *= extents[d]!;
  }
  return steps;
}

interface Window {
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly pad: number;
  readonly size: number;
  readonly out: number;
}

function drawWindow(dice: Dice, largest: number): Window {
  const kernel = 1 + dice.roll(largest);
  const stride = 1 + dice.roll(2);
  const dilation = 1 + dice.roll(2);
  const pad = dice.roll(kernel + 1);
  const out = 1 + dice.roll(9);
  const size = Math.max(1, (out - 1) * stride + (kernel - 1) * dilation + 1 - 2 * pad + dice.roll(2));
  return { kernel, stride, dilation, pad, size, out };
}

/** The guard of one spatial dimension: output position times stride plus kernel position times dilation, less the pad. */
function windowGuard(window: Window, rank: number, outDim: number, kernelDim: number, step: number): Guard {
  const coef = new Array<number>(rank).fill(0);
  coef[outDim] = window.stride;
  coef[kernelDim] = window.dilation;
  return { base: -window.pad, divisor: 1, extent: window.size, stride: step, coef };
}

/**
 * A convolution: dims batch, group, output channel, y, x, then input channel, kernel y, kernel x. Channels-first or -last, grouped,
 * depthwise or plain; a bias and a fill at times.
 */
function convolution(dice: Dice, groups: number, perGroup: number, filters: number): Sketch {
  const y = drawWindow(dice, 3);
  const x = drawWindow(dice, 5);
  const batch = 1 + dice.roll(2);
  const out = [batch, groups, filters, y.out, x.out];
  const red = [perGroup, y.kernel, x.kernel];
  const rank = 8;
  const last = dice.chance(50);
  // Input dims: batch, group, channel, y, x.
  const step = strides([batch, groups, perGroup, y.size, x.size], last ? [0, 3, 4, 1, 2] : [0, 1, 2, 3, 4]);
  const activation = fitted(0, "f32", [...out, ...red], {
    coef: [step[0]!, step[1]!, 0, 0, 0, step[2]!, 0, 0],
    guards: [windowGuard(y, rank, 3, 6, step[3]!), windowGuard(x, rank, 4, 7, step[4]!)],
    fill: dice.chance(80) ? 0n : floatBits(dice.of([1, -1, -0, Infinity, NaN])),
  });
  const taps = strides([groups, filters, perGroup, y.kernel, x.kernel], last ? [0, 1, 3, 4, 2] : [0, 1, 2, 3, 4]);
  const weights = fitted(1, "f32", [...out, ...red], {
    coef: [0, taps[0]!, taps[1]!, 0, 0, taps[2]!, taps[3]!, taps[4]!],
  });
  const operands: Operand[] = [activation, weights];
  if (dice.chance(50)) operands.push(fitted(2, "f32", out, { coef: [0, filters, 1, 0, 0, 0, 0, 0] }));
  const node: ReduceNode = { kind: "reduce", fn: "dot", dtype: "f32", out, red, operands, steps: [], label: "conv" };
  return { node, inputs: sizes(operands) };
}

/** A transposed convolution in one dimension: the guard's divisor is the stride. */
function transposed(dice: Dice): Sketch {
  const [channels, filters, kernel, stride] = [1 + dice.roll(4), 1 + dice.roll(5), 1 + dice.roll(5), 1 + dice.roll(4)];
  const size = 2 + dice.roll(8);
  const pad = dice.roll(kernel);
  const length = (size - 1) * stride + kernel - pad;
  const out = [filters, length];
  const red = [channels, kernel];
  const guard: Guard = { base: pad, divisor: stride, extent: size, stride: 1, coef: [0, 1, 0, -1] };
  const operands = [
    fitted(0, "f32", [...out, ...red], { coef: [0, 0, size, 0], guards: [guard] }),
    fitted(1, "f32", [...out, ...red], { coef: [kernel, 0, filters * kernel, 1] }),
  ];
  const node: ReduceNode = { kind: "reduce", fn: "dot", dtype: "f32", out, red, operands, steps: [], label: "deconv" };
  return { node, inputs: sizes(operands) };
}

/** A batched matrix product with either operand transposed, of f32 or of small integers. */
function matrices(dice: Dice): Sketch {
  const [batch, m, n] = [1 + dice.roll(3), 1 + dice.roll(12), 1 + dice.roll(12)];
  const k = dice.chance(20) ? 60 + dice.roll(140) : 1 + dice.roll(40);
  const integers = dice.chance(30);
  const dtypes: DType[] = integers ? [dice.of(["u8", "i8", "i16", "i32"] as const), "i8"] : ["f32", "f32"];
  const result: DType = integers ? dice.of(["i32", "i64", "u32"] as const) : "f32";
  const out = [batch, m, n];
  const all = [...out, k];
  const left = dice.chance(50) ? [m * k, k, 0, 1] : [m * k, 1, 0, m];
  const right = dice.chance(50) ? [n * k, 0, k, 1] : [dice.chance(50) ? n * k : 0, 0, 1, n];
  const operands: Operand[] = [fitted(0, dtypes[0]!, all, { coef: left }), fitted(1, dtypes[1]!, all, { coef: right })];
  if (dice.chance(40)) operands.push(fitted(2, result, out, { coef: [0, 0, 1, 0] }));
  const node: ReduceNode = { kind: "reduce", fn: "dot", dtype: result, out, red: [k], operands, steps: [], label: "" };
  return { node, inputs: sizes(operands) };
}

/** Pooling over a padded window, channels-first or -last. */
function pool(dice: Dice, fn: "max" | "min" | "mean" | "sum"): Sketch {
  const y = drawWindow(dice, 3);
  const x = drawWindow(dice, 3);
  const channels = 1 + dice.roll(6);
  const step = strides([channels, y.size, x.size], dice.chance(50) ? [0, 1, 2] : [1, 2, 0]);
  const out = [channels, y.out, x.out];
  const red = [y.kernel, x.kernel];
  const operand = fitted(0, "f32", [...out, ...red], {
    coef: [step[0]!, 0, 0, 0, 0],
    guards: [windowGuard(y, 5, 1, 3, step[1]!), windowGuard(x, 5, 2, 4, step[2]!)],
    fill: floatBits(fn === "max" ? -Infinity : fn === "min" ? Infinity : 0),
  });
  const node: ReduceNode = {
    kind: "reduce",
    fn,
    dtype: "f32",
    out,
    red,
    operands: [operand],
    steps: [],
    label: "pool",
  };
  return { node, inputs: sizes([operand]) };
}

/** A sum over everything at or before a position: the guard compares an output with a reduction index. */
function cumulative(dice: Dice): Sketch {
  const [rows, length] = [1 + dice.roll(6), 1 + dice.roll(40)];
  const guard: Guard = { base: 0, divisor: 1, extent: length, stride: 0, coef: [0, 1, -1] };
  const operand = fitted(0, "f32", [rows, length, length], { coef: [length, 0, 1], guards: [guard] });
  const node: ReduceNode = {
    kind: "reduce",
    fn: "sum",
    dtype: "f32",
    out: [rows, length],
    red: [length],
    operands: [operand],
    steps: [],
    label: "cumsum",
  };
  return { node, inputs: sizes([operand]) };
}

/** An elementwise sum whose operands are flipped, transposed, broadcast, strided, padded and offset at will. */
function elementwise(dice: Dice): Sketch {
  const out = Array.from({ length: 1 + dice.roll(4) }, () => 1 + dice.roll(9));
  const operand = (index: number): View => {
    const order = out.map((_, d) => d).sort(() => dice.roll(3) - 1);
    const coef = strides(out, order).map((step) =>
      dice.chance(20) ? 0 : dice.chance(25) ? -step : step * (1 + dice.roll(2)),
    );
    if (dice.chance(60)) return fitted(index, "f32", out, { coef });
    const d = dice.roll(out.length);
    const along = out.map((_, at) => (at === d ? dice.of([1, 1, 2, -1]) : 0));
    const guard: Guard = {
      base: dice.roll(5) - 2,
      divisor: 1 + dice.roll(3),
      extent: 1 + dice.roll(out[d]!),
      stride: coef[d]! === 0 ? 3 : coef[d]!,
      coef: along,
    };
    return fitted(index, "f32", out, {
      coef: coef.with(d, 0),
      guards: [guard],
      fill: floatBits(dice.of([0, -0, 2.5])),
    });
  };
  const operands = [operand(0), operand(1)];
  const node: MapNode = { kind: "map", fn: "add", dtype: "f32", out, operands, steps: [], label: "add" };
  return { node, inputs: sizes(operands) };
}

/** Concatenation of a few tensors along one axis; the last operand is the rest, and reads where it is not picked too. */
function concatenation(dice: Dice): Sketch {
  const outer = 1 + dice.roll(5);
  const inner = 1 + dice.roll(5);
  const parts = Array.from({ length: 1 + dice.roll(4) }, () => 1 + dice.roll(6));
  const total = parts.reduce((sum, part) => sum + part, 0);
  const out = [outer, total, inner];
  const plain = { dtype: "f32", base: 0, fill: 0n } as const;
  const operands = parts.map((part, index): View => {
    const source = { kind: "input", index } as const;
    if (index === parts.length - 1) {
      return { ...plain, source, numel: product(out), coef: [total * inner, inner, 1], guards: [] };
    }
    const before = parts.slice(0, index).reduce((sum, size) => sum + size, 0);
    const guard: Guard = { base: -before, divisor: 1, extent: part, stride: inner, coef: [0, 1, 0] };
    return { ...plain, source, numel: outer * part * inner, coef: [part * inner, 0, 1], guards: [guard] };
  });
  const node: MapNode = { kind: "map", fn: "pick", dtype: "f32", out, operands, steps: [], label: "concat" };
  return { node, inputs: sizes(operands) };
}

/** Every shape, by name. */
export const SHAPES: Readonly<Record<string, Shape>> = {
  "plain convolutions": (dice) => graphOf(convolution(dice, 1, 1 + dice.roll(6), 1 + dice.roll(9))),
  "grouped convolutions": (dice) => graphOf(convolution(dice, 2 + dice.roll(2), 1 + dice.roll(3), 1 + dice.roll(4))),
  "depthwise convolutions": (dice) => graphOf(convolution(dice, 1 + dice.roll(6), 1, 1)),
  "transposed convolutions": (dice) => graphOf(transposed(dice)),
  "matrix products": (dice) => graphOf(matrices(dice)),
  "maximum pools": (dice) => graphOf(pool(dice, dice.of(["max", "min"]))),
  "average pools": (dice) => graphOf(pool(dice, dice.of(["mean", "sum"]))),
  "cumulative sums": (dice) => graphOf(cumulative(dice)),
  "elementwise sums": (dice) => graphOf(elementwise(dice)),
  concatenations: (dice) => graphOf(concatenation(dice)),
};

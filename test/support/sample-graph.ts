import type { AuditGraph, DType, GatherNode, Immediate, MapNode, ReduceNode, View } from "../../src/audit/graph.js";
import { noiseTensor } from "./tensors.js";

/*
 * A small graph that holds every feature of the node encoding once, written out by hand: published vectors depend on it, so
 * it only changes with the format.
 */

const view = (
  kind: "input" | "weight" | "node",
  index: number,
  numel: number,
  coef: number[],
  more: Partial<View> = {},
): View => ({
  ...{ source: { kind, index }, dtype: "f32", numel, base: 0, coef, guards: [], fill: 0n },
  ...more,
});
const immediate = (dtype: DType, value: bigint): Immediate => ({ source: { kind: "immediate" }, dtype, value });

/** A 3x3 convolution with padding 1 over a 6x5 image of 4 channels, channels last, 8 filters, bias, relu. */
const convolution: ReduceNode = {
  ...{ kind: "reduce", fn: "dot", dtype: "f32", out: [6, 5, 8], red: [3, 3, 4], label: "conv" },
  operands: [
    view("input", 0, 120, [0, 0, 0, 0, 0, 1], {
      guards: [
        { base: -1, divisor: 1, extent: 6, stride: 20, coef: [1, 0, 0, 1, 0, 0] },
        { base: -1, divisor: 1, extent: 5, stride: 4, coef: [0, 1, 0, 0, 1, 0] },
      ],
    }),
    view("weight", 0, 288, [0, 0, 36, 12, 4, 1]),
    view("weight", 1, 8, [0, 0, 1, 0, 0, 0]),
  ],
  steps: [{ fn: "max", dtype: "f32", chain: 0, operands: [immediate("f32", 0n)] }],
};

/** Rank of every channel mean, largest first. */
const mean: ReduceNode = {
  ...{ kind: "reduce", fn: "mean", dtype: "f32", out: [8], red: [30], steps: [], label: "pool" },
  operands: [view("node", 0, 240, [1, 8])],
};
const order: ReduceNode = {
  ...{ kind: "reduce", fn: "argkth", dtype: "i64", out: [3], red: [8], steps: [], label: "top" },
  operands: [view("node", 1, 8, [0, 1])],
  argkth: { kRank: 1, largest: true },
};
const top: GatherNode = {
  ...{ kind: "gather", fn: "gather", dtype: "f32", out: [3], label: "values" },
  operands: [view("node", 1, 8, [0]), view("node", 2, 3, [1], { dtype: "i64" })],
  indices: [{ stride: 1, extent: 8 }],
  steps: [
    { fn: "cast", dtype: "u32", chain: 0, operands: [] },
    { fn: "shl", dtype: "u32", chain: 1, operands: [immediate("u32", 1n)] },
  ],
};
/** The three values, then five from a table read backwards. */
const join: MapNode = {
  ...{ kind: "map", fn: "pick", dtype: "f32", out: [8], steps: [], label: "concat" },
  operands: [
    view("node", 1, 8, [0], { guards: [{ base: 0, divisor: 1, extent: 3, stride: 2, coef: [1] }], fill: 0x7fc00000n }),
    view("weight", 1, 8, [-1], { base: 7 }),
  ],
};

export const SAMPLE_GRAPH: AuditGraph = {
  inputs: [{ name: "image", dtype: "f32", shape: [6, 5, 4], lo: 0n, hi: 0x3f800000n }],
  weights: [noiseTensor("f32", [8, 3, 3, 4], 11), noiseTensor("f32", [8], 12)],
  nodes: [convolution, mean, order, top, join],
  outputs: [
    { name: "values", dtype: "u32", shape: [3], node: 3 },
    { name: "joined", dtype: "f32", shape: [2, 4], node: 4 },
  ],
  bound: [
    { name: "axes", tensor: { dtype: "i64", shape: [2], data: new BigInt64Array([-1n, 3n]) } },
    { name: "scale", tensor: { dtype: "f32", shape: [], data: new Float32Array([0.5]) } },
  ],
};

const guardFree: View = view("input", 0, 1000, []);

/** Views with their index spaces, by what they stand for. */
export const SAMPLE_VIEWS: readonly (View & { readonly name: string; readonly extents: readonly number[] })[] = [
  { ...guardFree, name: "scalar", extents: [], base: 4 },
  { ...guardFree, name: "transpose", extents: [3, 4], coef: [1, 3] },
  { ...guardFree, name: "flip", extents: [5], base: 4, coef: [-1] },
  { ...guardFree, name: "broadcast", extents: [2, 3], coef: [0, 1] },
  {
    ...{ ...guardFree, name: "padded window", extents: [4, 3], coef: [0, 0] },
    guards: [{ base: -1, divisor: 1, extent: 4, stride: 1, coef: [1, 1] }],
  },
  {
    ...{ ...guardFree, name: "transposed convolution, stride 2", extents: [5, 3], coef: [0, 0] },
    guards: [{ base: 0, divisor: 2, extent: 3, stride: 4, coef: [1, -1] }],
  },
  {
    ...{ ...guardFree, name: "causal mask", extents: [4, 4], coef: [4, 1] },
    guards: [{ base: 0, divisor: 1, extent: 4, stride: 0, coef: [1, -1] }],
  },
  {
    ...{ ...guardFree, name: "two guards", extents: [3, 6], base: 100, coef: [10, 0] },
    guards: [
      { base: 1, divisor: 3, extent: 2, stride: -7, coef: [2, 1] },
      { base: 0, divisor: 2, extent: 9, stride: 1, coef: [0, 1] },
    ],
  },
];

import { commitGraph } from "../../src/audit/content.js";
import { evaluateElement } from "../../src/audit/exec/reference/execute.js";
import {
  type AuditNode,
  type DType,
  type Guard,
  type Operand,
  type ReduceNode,
  resultDType,
  resultSize,
  type Step,
  type Tensor,
} from "../../src/audit/graph.js";
import { tensorTree } from "../../src/audit/tree.js";
import { floatTensor, graphOf, input, nodeResult, rowMajor, view, weight } from "./graph-parts.js";
import { alterElement, type Case, caseOf, type Run } from "./runs.js";
import { noiseTensor } from "./tensors.js";

/** Nodes of the models that the judged nodes belong to: as many as a residual network of 50 layers has. */
export const MODEL_NODES = 180;

const one: Operand = { source: { kind: "immediate" }, dtype: "f32", value: 0x3f800000n };
const RELU: Step = { fn: "max", dtype: "f32", chain: 0, operands: [{ ...one, value: 0n }] };

/**
 * One judged node in the middle of a model whose other nodes are constants. What the node reads from node 0 is `activation`.
 */
function modelCase(node: AuditNode, element: number, activation: Tensor, weights: readonly Tensor[]): Case {
  const filler: AuditNode = {
    ...{ kind: "map", fn: "copy", dtype: "f32", out: [1], operands: [one], steps: [], label: "" },
  };
  const source: AuditNode = {
    ...{ kind: "map", fn: "copy", dtype: activation.dtype, out: activation.shape, steps: [], label: "" },
    operands: [rowMajor(input(0), activation.shape, { dtype: activation.dtype })],
  };
  const index = MODEL_NODES / 2;
  const nodes = Array.from({ length: MODEL_NODES }, (_, i) => (i === 0 ? source : i === index ? node : filler));
  const graph = graphOf(nodes, [activation], weights);
  const constant: Tensor = { dtype: "f32", shape: [1], data: Float32Array.of(1) };
  const results = nodes.map((_, i) => (i === 0 ? activation : constant));
  const trace = results.slice(0, index);
  const bits = evaluateElement(graph, trace, [activation], index, element);
  results[index] = noiseTensor(resultDType(node), [resultSize(node)], 7);
  const run: Run = {
    ...{ graph, commitment: commitGraph(graph), inputs: [activation], results },
    memory: {
      inputs: [tensorTree(activation)],
      weights: weights.map((tensor) => tensorTree(tensor)),
      results: results.map((tensor) => tensorTree(tensor)),
    },
  };
  return caseOf(alterElement(run, index, element, bits), index, element);
}

/** A fully connected layer, or one with bias and relu. */
export function denseCase(terms: number, columns: number, complete: boolean): Case {
  const matrix = view(weight(0), columns * terms, [terms, 1]);
  const bias = complete ? [view(weight(1), columns, [1, 0])] : [];
  const node: ReduceNode = {
    ...{ kind: "reduce", fn: "dot", dtype: "f32", out: [columns], red: [terms], label: "dense" },
    operands: [view(nodeResult(0), terms, [0, 1]), matrix, ...bias],
    steps: complete ? [RELU] : [],
  };
  const weights = [floatTensor([columns, terms], 1), ...(complete ? [floatTensor([columns], 2)] : [])];
  return modelCase(node, columns / 2 + 1, floatTensor([terms], 3), weights);
}

/** Size of a convolution with a kernel of 3 x 3 and a padding of 1. */
export interface Image {
  readonly size: number;
  readonly channels: number;
  readonly filters: number;
  readonly channelsLast: boolean;
}

/** A convolution with bias and relu, at output (y, x). */
export function convolutionCase({ size, channels, filters, channelsLast }: Image, y: number, x: number): Case {
  const kernel = 3;
  const terms = kernel * kernel * channels;
  // Dimensions: y, x, filter, and the reduction with the channel last or first.
  const place = (oy: number, ox: number, ky: number, kx: number, c: number): number[] =>
    channelsLast ? [oy, ox, 0, ky, kx, c] : [oy, ox, 0, c, ky, kx];
  const [row, column, channel] = channelsLast ? [size * channels, channels, 1] : [size, 1, size * size];
  const guard = (stride: number, coef: number[]): Guard => ({ base: -1, divisor: 1, extent: size, stride, coef });
  const red = channelsLast ? [kernel, kernel, channels] : [channels, kernel, kernel];
  const node: ReduceNode = {
    ...{ kind: "reduce", fn: "dot", dtype: "f32", out: [size, size, filters], red, steps: [RELU], label: "conv" },
    operands: [
      view(nodeResult(0), size * size * channels, place(0, 0, 0, 0, channel), {
        guards: [guard(row, place(1, 0, 1, 0, 0)), guard(column, place(0, 1, 0, 1, 0))],
      }),
      view(weight(0), filters * terms, [0, 0, terms, red[1]! * red[2]!, red[2]!, 1]),
      view(weight(1), filters, [0, 0, 1, 0, 0, 0]),
    ],
  };
  const weights = [floatTensor([filters, terms], 1), floatTensor([filters], 2)];
  const element = (y * size + x) * filters + filters / 2 + 1;
  return modelCase(node, element, floatTensor([size * size * channels], 3), weights);
}

/** A reduction of one operand that is read in one run. */
export function reductionCase(fn: ReduceNode["fn"], dtype: DType, result: DType, terms: number): Case {
  const shape = fn === "argkth" ? { out: [7], argkth: { kRank: 1, largest: true } } : { out: [1] };
  const node: ReduceNode = {
    ...{ kind: "reduce", fn, dtype: result, ...shape, red: [terms], steps: [], label: fn },
    operands: [view(nodeResult(0), terms, [0, 1], { dtype })],
  };
  return modelCase(node, shape.out[0]! - 1, noiseFinite(dtype, terms), []);
}

/** A dot of two operands of one dtype over all their elements. */
export function wholeDotCase(dtype: DType, result: DType, terms: number, tensor = noiseFinite(dtype, terms)): Case {
  const node: ReduceNode = {
    ...{ kind: "reduce", fn: "dot", dtype: result, out: [1], red: [terms], steps: [], label: "dot" },
    operands: [view(nodeResult(0), terms, [0, 1], { dtype }), view(weight(0), terms, [0, 1], { dtype })],
  };
  return modelCase(node, 0, tensor, [tensor]);
}

/** A dot whose first operand is read backwards, or element by element where a divisor decides. */
export function awkwardDotCase(terms: number, divided: boolean): Case {
  const guards: Guard[] = divided ? [{ base: 0, divisor: 2, extent: terms, stride: 1, coef: [0, 1] }] : [];
  const coef = divided ? [0, 0] : [0, -1];
  const node: ReduceNode = {
    ...{ kind: "reduce", fn: "dot", dtype: "f32", out: [1], red: [terms], steps: [], label: "dot" },
    operands: [
      view(nodeResult(0), terms, coef, { base: divided ? 0 : terms - 1, guards }),
      view(weight(0), terms, [0, 1]),
    ],
  };
  return modelCase(node, 0, floatTensor([terms], 3), [floatTensor([terms], 1)]);
}

/** One element of a map function of binary32 operands. */
export function mapCase(fn: "add" | "exp" | "tanh" | "erf" | "sin"): Case {
  const size = 1000;
  const read = rowMajor(nodeResult(0), [size]);
  const node: AuditNode = {
    ...{ kind: "map", fn, dtype: "f32", out: [size], steps: [], label: fn },
    operands: fn === "add" ? [read, one] : [read],
  };
  return modelCase(node, 500, floatTensor([size], 3), []);
}

/** Noise; finite numbers of all exponents for f32. */
function noiseFinite(dtype: DType, numel: number, seed = 5): Tensor {
  const tensor = noiseTensor(dtype, [numel], seed);
  if (!(tensor.data instanceof Float32Array)) return tensor;
  const bits = new Uint32Array(tensor.data.buffer);
  bits.forEach((b, i) => {
    if ((b & 0x7f800000) === 0x7f800000) bits[i] = b ^ 0x40000000;
  });
  return tensor;
}

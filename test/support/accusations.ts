import { concat } from "../../src/audit/bytes.js";
import type { AuditGraph, MapNode, ReduceNode, Tensor } from "../../src/audit/graph.js";
import { floatTensor, graphOf, input, nodeResult, rowMajor, view, weight } from "./graph-parts.js";
import { type Case, runGraph, type Run } from "./runs.js";

/** Elements of the model's input; two leaves and a bit more. */
export const INPUT_SIZE = 150;
const [ROWS, TERMS] = [40, 150];

/** input x weight, element by element */
export const SCALE: MapNode = {
  ...{ kind: "map", fn: "mul", dtype: "f32", out: [INPUT_SIZE], steps: [], label: "scale" },
  operands: [rowMajor(input(0), [INPUT_SIZE]), rowMajor(weight(0), [INPUT_SIZE])],
};

/** matrix x SCALE + bias, then relu */
export const DENSE: ReduceNode = {
  ...{ kind: "reduce", fn: "dot", dtype: "f32", out: [ROWS], red: [TERMS], label: "dense" },
  operands: [view(nodeResult(0), TERMS, [0, 1]), rowMajor(weight(1), [ROWS, TERMS]), view(weight(2), ROWS, [1, 0])],
  steps: [
    { fn: "max", dtype: "f32", chain: 0, operands: [{ source: { kind: "immediate" }, dtype: "f32", value: 0n }] },
  ],
};

/** DENSE - DENSE reversed: two operands that read one tensor. */
export const MIRROR: MapNode = {
  ...{ kind: "map", fn: "sub", dtype: "f32", out: [ROWS], steps: [], label: "mirror" },
  operands: [rowMajor(nodeResult(1), [ROWS]), view(nodeResult(1), ROWS, [-1], { base: ROWS - 1 })],
};

const WEIGHTS: readonly Tensor[] = [
  floatTensor([INPUT_SIZE], 1),
  floatTensor([ROWS, TERMS], 2),
  floatTensor([ROWS], 3),
];

/** A model of three nodes that reads all kinds of memory. */
export function smallModel(): AuditGraph {
  return graphOf([SCALE, DENSE, MIRROR], [floatTensor([INPUT_SIZE], 4)], WEIGHTS);
}

/** Its execution on one input. */
export function smallRun(seed = 4): Run {
  return runGraph(smallModel(), [floatTensor([INPUT_SIZE], seed)]);
}

/** A copy of a case that may be changed. */
export function copyCase(given: Case): Case {
  return structuredClone(given);
}

/** The bytes with one bit turned. */
export function turnBit(bytes: Uint8Array, at = 0): Uint8Array {
  return bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));
}

/** A proof with a hash too many. */
export function surplus(proof: readonly Uint8Array[]): Uint8Array[] {
  return [...proof, new Uint8Array(32)];
}

/** The bytes followed by others. */
export function append(bytes: Uint8Array, more: number): Uint8Array {
  return concat([bytes, new Uint8Array(more)]);
}

import type { Evidence } from "./evidence.js";
import type { AuditNode } from "./graph.js";
import { rangeProofLength } from "./merkle.js";
import { type OpeningPlan, RANGE_BYTES } from "./reads.js";
import { LEAF, leafCount } from "./tree.js";
import { resultLeaf } from "./evidence.js";
import { resultInfo } from "./wellformed.js";

/*
 * Length of `abi.encode(evidence)`, which is what "proof bytes" means (docs/audit.md, 5). Every list and byte string takes
 * an offset in the head of the struct that holds it and a length word.
 */

const WORD = 32;

const hashes = (n: number): number => WORD * (1 + n);
const blob = (length: number): number => WORD * (1 + Math.ceil(length / WORD));
const sum = <T>(items: readonly T[], size: (item: T) => number): number => items.reduce((n, item) => n + size(item), 0);

/** Exact length of `abi.encode(evidence)`. */
export function evidenceBytes(evidence: Evidence): number {
  const { node, nodeProof, inputRoots, openings, operandOpenings, result, operandNodes } = evidence;
  return (
    baseBytes({
      nodeBytes: node.length,
      nodeProof: nodeProof.length,
      inputs: inputRoots.length,
      operands: operandOpenings.length,
      resultListProof: result.listProof.length,
    }) +
    // The base counts one leaf and no proof of it.
    (blob(result.leaf.length) - blob(LEAF)) +
    WORD * result.proof.length +
    sum(openings, ({ listProof, ranges }) => {
      const ranged = sum(ranges, ({ leaves, proof }) => RANGE_BYTES + leaves.length + WORD * proof.length);
      return openingBytes(listProof.length) + ranged;
    }) +
    sum(operandNodes, (operand) => 4 * WORD + blob(operand.node.length) + hashes(operand.nodeProof.length))
  );
}

/** What the evidence for every element of a node takes: all but openings and the proof of the result's leaf. */
export function baseBytes(parts: {
  nodeBytes: number;
  /** Hashes. */
  nodeProof: number;
  inputs: number;
  operands: number;
  /** Hashes. */
  resultListProof: number;
}): number {
  const { nodeBytes, nodeProof, inputs, operands, resultListProof } = parts;
  const heads = WORD + 9 * WORD;
  const lists = blob(nodeBytes) + hashes(nodeProof) + hashes(inputs) + blob(operands);
  const result = 4 * WORD + hashes(resultListProof) + blob(LEAF) + hashes(0);
  return heads + lists + result + hashes(0) + hashes(0);
}

/** An opening without its ranges; `listProof` in hashes. */
export function openingBytes(listProof: number): number {
  return 4 * WORD + hashes(listProof) + hashes(0);
}

/** The ranges of a planned opening. */
export function plannedRangeBytes({ count, ranges }: OpeningPlan): number {
  return sum(ranges, ({ first, end }) => rangeBytes(count, first, end - first));
}

/** One range of `n` leaves in a tree of `count`. */
export function rangeBytes(count: number, first: number, n: number): number {
  const { left, right } = rangeProofLength(count, first, n);
  return RANGE_BYTES + LEAF * n + WORD * (left + right);
}

/** Bytes of the range proof of the result's leaf. */
export function resultProofBytes(node: AuditNode, element: number): number {
  const { numel, dtype } = resultInfo(node);
  const { left, right } = rangeProofLength(leafCount(numel, dtype), resultLeaf(node, element), 1);
  return WORD * (left + right);
}

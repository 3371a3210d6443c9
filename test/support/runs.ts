import { tensorBytes } from "../../src/audit/bytes.js";
import { commitGraph, type GraphCommitment } from "../../src/audit/content.js";
import {
  assertedTrace,
  buildEvidence,
  type Evidence,
  type Facts,
  factsOf,
  type Memory,
} from "../../src/audit/evidence.js";
import { readElement } from "../../src/audit/exec/elements.js";
import { executeReference } from "../../src/audit/exec/reference/execute.js";
import { type AuditGraph, DTYPE_BYTES, type Tensor } from "../../src/audit/graph.js";
import { listTree, tensorTree, tensorTreeOfBytes } from "../../src/audit/tree.js";
import { packBits } from "./reductions.js";

/** A graph with its real execution, committed. */
export interface Run {
  readonly graph: AuditGraph;
  readonly commitment: GraphCommitment;
  readonly inputs: readonly Tensor[];
  readonly results: readonly Tensor[];
  readonly memory: Memory;
}

/** Runs a graph on the reference executor. */
export function runGraph(graph: AuditGraph, inputs: readonly Tensor[]): Run {
  return commitRun(graph, inputs, executeReference(graph, inputs));
}

/** Commits to any results, right or not. */
export function commitRun(graph: AuditGraph, inputs: readonly Tensor[], results: readonly Tensor[]): Run {
  const memory = {
    inputs: inputs.map((tensor) => tensorTree(tensor)),
    weights: graph.weights.map((tensor) => tensorTree(tensor)),
    results: results.map((tensor) => tensorTree(tensor)),
  };
  return { graph, commitment: commitGraph(graph), inputs, results, memory };
}

/** What the Arbiter is asked about one element. */
export interface Case {
  facts: Facts;
  evidence: Evidence;
}

/** The case for one element of a run, whose trace is taken as asserted. */
export function caseOf(run: Run, nodeIndex: number, element: number): Case {
  const { graph, commitment, memory } = run;
  const roots = listTree(memory.results.map((tree) => tree.root()));
  const asserted = assertedTrace({ roots, result: memory.results[nodeIndex]!, node: graph.nodes[nodeIndex]!, element });
  const inputRoots = memory.inputs.map((tree) => tree.root());
  return {
    facts: factsOf({ graph, commitment, inputRoots, traceRoot: roots.root() }),
    evidence: buildEvidence({ graph, commitment, memory, asserted, nodeIndex, element }),
  };
}

/** The same run with other bits at one element of one result, canonical or not; everything else stands. */
export function alterElement(run: Run, nodeIndex: number, element: number, bits: bigint): Run {
  const { dtype } = run.results[nodeIndex]!;
  const bytes = tensorBytes(run.results[nodeIndex]!);
  bytes.set(packBits(dtype, [bits]), element * DTYPE_BYTES[dtype]);
  const results = run.memory.results.with(nodeIndex, tensorTreeOfBytes(bytes, dtype));
  return { ...run, memory: { ...run.memory, results } };
}

/** Bits of one element of a run's results. */
export function bitsAt(run: Run, nodeIndex: number, element: number): bigint {
  const { data, dtype } = run.results[nodeIndex]!;
  return readElement(data, dtype, element);
}

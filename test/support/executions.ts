import { commitGraph, type GraphCommitment } from "../../src/audit/content.js";
import type { Memory } from "../../src/audit/evidence.js";
import { type AuditGraph, resultDType, resultSize } from "../../src/audit/graph.js";
import { type HashTree, listTree, tensorTree } from "../../src/audit/tree.js";
import { noiseTensor } from "./tensors.js";

/** A graph with tensors of noise in place of everything that is read or computed: enough wherever nothing is evaluated. */
export interface NoiseRun {
  readonly graph: AuditGraph;
  readonly commitment: GraphCommitment;
  readonly memory: Memory;
  readonly roots: HashTree;
}

export function noiseRun(graph: AuditGraph, seed: number): NoiseRun {
  const memory: Memory = {
    inputs: graph.inputs.map(({ dtype, shape }, i) => tensorTree(noiseTensor(dtype, shape, seed + i))),
    weights: graph.weights.map((weight) => tensorTree(weight)),
    results: graph.nodes.map((node, i) => tensorTree(noiseTensor(resultDType(node), [resultSize(node)], seed - i))),
  };
  const roots = listTree(memory.results.map((tree) => tree.root()));
  return { graph, commitment: commitGraph(graph), memory, roots };
}

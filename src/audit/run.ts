import { answer } from "./exec/fast/execute.js";
import { type AuditGraph, resultDType, type Tensor } from "./graph.js";
import type { RootSink } from "./roots.js";

/** What stays of a run of the audit machine: its outputs, and the roots of all nodes' results, which are its trace. */
export interface CommittedRun {
  /** In graph order, in the shapes of the output list. */
  readonly outputs: readonly Tensor[];
  readonly roots: readonly Uint8Array[];
}

/**
 * Answers and commits to the trace. Every result is hashed when it is known and let go when no later node reads it.
 *
 * @throws TouchstoneError `NODE_ILL_FORMED` or `INPUT_MISMATCH`
 */
export function commitRun(graph: AuditGraph, inputs: readonly Tensor[], sink: RootSink): CommittedRun {
  try {
    const outputs = answer(graph, inputs, { onNode: (_, result) => sink.add(result) });
    return { outputs, roots: sink.finish() };
  } catch (thrown) {
    // What was added belongs to nobody.
    sink.finish();
    throw thrown;
  }
}

/** Results of some nodes, recomputed: a run that ends with the last of them and keeps no others. */
export function resultsAt(graph: AuditGraph, inputs: readonly Tensor[], nodes: readonly number[]): Tensor[] {
  const outputs = nodes.map((index) => {
    const node = graph.nodes[index]!;
    return { name: node.label, dtype: resultDType(node), shape: node.out, node: index };
  });
  return answer({ ...graph, nodes: graph.nodes.slice(0, Math.max(...nodes) + 1), outputs }, inputs);
}

import { toHex } from "../audit/bytes.js";
import { DTYPE_BYTES, type AuditGraph, type Tensor } from "../audit/graph.js";
import { resultsAt, type CommittedRun } from "../audit/run.js";
import { listTree, tensorTree, type HashTree, type TensorTree } from "../audit/tree.js";
import { internalError } from "../errors.js";

/** The committed form of an audit run: the list tree over the roots of all nodes' results, and these results' trees on demand. */
export interface Trace {
  readonly list: HashTree;
  readonly root: string;
  /** Tensor roots in node order. */
  readonly roots: readonly string[];
  /** Trees of the results of some nodes; asking for several at once may save work. */
  trees(nodes: readonly number[]): TensorTree[];
}

/** Recomputed results that a trace keeps, in bytes, besides those that were asked for last. */
const KEPT_BYTES = 64 * 2 ** 20;

function traceOf(hashes: readonly Uint8Array[], treesOf: Trace["trees"]): Trace {
  const list = listTree(hashes);
  const trees: Trace["trees"] = (nodes) => {
    const unknown = nodes.find((node) => !(node >= 0 && node < hashes.length));
    if (unknown !== undefined) throw internalError(`there is no node ${unknown}`);
    return treesOf(nodes);
  };
  return { list, root: toHex(list.root()), roots: hashes.map(toHex), trees };
}

/** A trace of which every tree is at hand, one for each node. */
export function traceOfTrees(trees: readonly TensorTree[]): Trace {
  return traceOf(
    trees.map((tree) => tree.root()),
    (nodes) => nodes.map((node) => trees[node]!),
  );
}

/**
 * The trace of a run that kept nothing but its outputs. A dispute asks for few results, again and again: they are recomputed when
 * first asked for, by a run up to the last of them, and kept while there is room.
 */
export function traceOfRun(graph: AuditGraph, inputs: readonly Tensor[], { outputs, roots }: CommittedRun): Trace {
  const kept = new Map<number, TensorTree>(graph.outputs.map(({ node }, i) => [node, tensorTree(outputs[i]!)]));
  const isOutput = new Set(kept.keys());

  /** Lets go of what was asked for longest ago. Outputs stay: the run's owner keeps them anyway. */
  function forget(asked: ReadonlySet<number>): void {
    const others = [...kept].filter(([node]) => !isOutput.has(node));
    let bytes = others.reduce((sum, [, { numel, dtype }]) => sum + numel * DTYPE_BYTES[dtype], 0);
    for (const [node, { numel, dtype }] of others) {
      if (bytes <= KEPT_BYTES) return;
      if (asked.has(node)) continue;
      kept.delete(node);
      bytes -= numel * DTYPE_BYTES[dtype];
    }
  }

  return traceOf(roots, (nodes) => {
    const asked = new Set(nodes);
    const missing = [...asked].filter((node) => !kept.has(node));
    const found = missing.length === 0 ? [] : resultsAt(graph, inputs, missing);
    const trees = new Map(missing.map((node, i) => [node, tensorTree(found[i]!)]));
    for (const node of asked) {
      const tree = kept.get(node) ?? trees.get(node)!;
      // The order of a map is that of its last insertions.
      kept.delete(node);
      kept.set(node, tree);
    }
    forget(asked);
    return nodes.map((node) => kept.get(node)!);
  });
}

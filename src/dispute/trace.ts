import { toHex } from "../audit/bytes.js";
import type { Tensor } from "../audit/graph.js";
import { listTree, tensorTree, type HashTree, type TensorTree } from "../audit/tree.js";

/** The committed form of an audit run: one tree for each node's result, and the list tree over their roots. */
export interface Trace {
  readonly trees: readonly TensorTree[];
  readonly list: HashTree;
  readonly root: string;
  /** Tensor roots in node order. */
  readonly roots: readonly string[];
}

/** Commits to one tree for each node, in node order. */
export function traceOfTrees(trees: readonly TensorTree[]): Trace {
  const hashes = trees.map((tree) => tree.root());
  const list = listTree(hashes);
  return { trees, list, root: toHex(list.root()), roots: hashes.map(toHex) };
}

/** Commits to the results of all nodes, in node order. */
export function commitTrace(results: readonly Tensor[]): Trace {
  return traceOfTrees(results.map((tensor) => tensorTree(tensor)));
}

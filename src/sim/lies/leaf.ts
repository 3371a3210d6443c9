import { HASH } from "../../audit/merkle.js";
import { tensorTree } from "../../audit/tree.js";
import { traceOfTrees } from "../../dispute/trace.js";
import { drawBelow, drawBytes } from "../random.js";
import { deviatingResults, drawInner, type Lie } from "./lie.js";
import { badLeaf } from "./trees.js";

/** Hides a made-up hash among the leaves of one inner tensor, at a random place; every other demand can be answered. */
export const oneBadLeaf: Lie = (run, claim, random) => {
  const { results, finding } = deviatingResults(run, claim, random);
  const trees = results.map((tensor) => tensorTree(tensor));
  // A tensor of one leaf would show the bad hash as its root.
  const node = drawInner(run.model, random, (i) => (trees[i]?.count ?? 0) > 1);
  const tree = trees[node];
  if (tree !== undefined) trees[node] = badLeaf(tree, drawBelow(random, tree.count), drawBytes(random, HASH));
  return { trace: traceOfTrees(trees), finding, node: Math.min(node, finding.node) };
};

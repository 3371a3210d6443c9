import { HASH } from "../../audit/merkle.js";
import { tensorTree } from "../../audit/tree.js";
import { traceOfTrees } from "../../dispute/trace.js";
import { drawBytes } from "../random.js";
import { deviatingResults, drawInner, type Lie } from "./lie.js";
import { rootOnly } from "./trees.js";

/** Asserts a made-up root for one inner tensor: nothing hashes to it, so no demand for it can be answered. */
export const garbageRoot: Lie = (run, claim, random) => {
  const { results, finding } = deviatingResults(run, claim, random);
  const node = drawInner(run.model, random, () => true);
  const trees = results.map((tensor) => tensorTree(tensor));
  const shape = trees[node];
  if (shape !== undefined) trees[node] = rootOnly(shape, drawBytes(random, HASH));
  return { trace: traceOfTrees(trees), finding, node: Math.min(node, finding.node) };
};

import { hexlify } from "ethers";

import type { HashTree } from "../../src/audit/tree.js";
import type { DemandedSubtreeStruct } from "../../typechain-types/challenges/ChallengeManager.js";
import { hashes, type Trace } from "./alphabet.js";

/** The list of roots, as the node of a position. */
export const ROOT_LIST = 0xffffffff;

export interface Place {
  readonly node: number;
  readonly height: number;
  readonly index: number;
}

const treeAt = (trace: Trace, node: number): HashTree => (node === ROOT_LIST ? trace.list : trace.trees[node]!);

/** Siblings from a subtree up to height `to`, those outside the shape left out. */
function siblings(tree: HashTree, { height, index }: Pick<Place, "height" | "index">, to: number): string[] {
  const proof: string[] = [];
  for (let level = height, at = index; level < to; level++, at >>= 1) {
    const sibling = at ^ 1;
    if (sibling < Math.ceil(tree.count / 2 ** level)) proof.push(hexlify(tree.hashAt(level, sibling)));
  }
  return proof;
}

/** The root of a subtree, as the trace commits to it. */
export function rootAt(trace: Trace, { node, height, index }: Place): string {
  const tree = treeAt(trace, node);
  return node !== ROOT_LIST && height === tree.depth ? trace.roots[node]! : hexlify(tree.hashAt(height, index));
}

/** Heights that can be demanded, from the root down. */
export function gridOf(trace: Trace, node: number): number[] {
  const grid: number[] = [];
  for (let height = treeAt(trace, node).depth; height > 0; height -= 8) grid.push(height);
  return node === ROOT_LIST ? grid : [...grid, 0];
}

const encodingOf = ({ model }: Trace, node: number) =>
  node === ROOT_LIST
    ? { node: "0x", nodeProof: [] }
    : { node: hexlify(model.encodings[node]!), nodeProof: hashes(model.graph.prove(node, 1)) };

/** A first demand: proven against the trace root. */
export function firstDemand(trace: Trace, position: Place): DemandedSubtreeStruct {
  const { node } = position;
  const proof = siblings(treeAt(trace, node), position, treeAt(trace, node).depth);
  if (node !== ROOT_LIST) proof.push(...siblings(trace.list, { height: 0, index: node }, trace.list.depth));
  return { position, root: rootAt(trace, position), proof, ...encodingOf(trace, node) };
}

/** A demand inside what the supply for `around` showed. */
export function deeperDemand(trace: Trace, around: Place, position: Place): DemandedSubtreeStruct {
  const crossing = around.node === ROOT_LIST && position.node !== ROOT_LIST;
  const proof = crossing
    ? siblings(trace.list, { height: 0, index: position.node }, around.height)
    : siblings(treeAt(trace, position.node), position, around.height);
  return {
    position,
    root: rootAt(trace, position),
    proof,
    ...(crossing ? encodingOf(trace, position.node) : { node: "0x", nodeProof: [] }),
  };
}

/** What a supply for a position has to show: hashes, or the bytes of a leaf. */
export function supplyFor(trace: Trace, { node, height, index }: Place): string[] | string {
  const tree = treeAt(trace, node);
  if (height === 0) return hexlify(trace.trees[node]!.leaves(index, 1));
  const low = Math.max(0, height - 8);
  const first = index * 2 ** (height - low);
  const end = Math.min(first + 2 ** (height - low), Math.ceil(tree.count / 2 ** low));
  return Array.from({ length: end - first }, (_, i) => hexlify(tree.hashAt(low, first + i)));
}

import { wasmKeccak } from "../../audit/keccak.js";
import { buildLevels, HASH, rangeSiblings } from "../../audit/merkle.js";
import { tensorZeros, type TensorTree } from "../../audit/tree.js";
import { TouchstoneError } from "../../errors.js";

const unknownPreimage = (what: string): TouchstoneError =>
  new TouchstoneError("PREIMAGE_UNKNOWN", `Nobody knows what ${what} hashes.`, {
    next: "A challenger that committed to it can only stay silent.",
  });

/** A tree of which only a made-up root exists. */
export function rootOnly(shape: TensorTree, root: Uint8Array): TensorTree {
  return {
    ...shape,
    root: () => root,
    hashAt: (height) => {
      if (height === shape.depth) return root;
      throw unknownPreimage("the root");
    },
    prove: () => {
      throw unknownPreimage("the root");
    },
    leaves: () => {
      throw unknownPreimage("the root");
    },
  };
}

/** A tree with a made-up hash in place of one leaf's; everything else is consistent with it. */
export function badLeaf(tree: TensorTree, leaf: number, hash: Uint8Array): TensorTree {
  const hashes = new Uint8Array(tree.count * HASH);
  for (let i = 0; i < tree.count; i++) hashes.set(i === leaf ? hash : tree.hashAt(0, i), i * HASH);
  const zeros = tensorZeros();
  const levels = buildLevels(hashes, zeros, wasmKeccak);
  const at = (height: number, index: number): Uint8Array => {
    const level = levels[height];
    const from = index * HASH;
    if (level !== undefined && from < level.length) return level.slice(from, from + HASH);
    return tree.hashAt(height, index);
  };
  return {
    ...tree,
    root: () => at(tree.depth, 0),
    hashAt: at,
    prove: (first, n) => rangeSiblings(tree.count, first, n).map(({ level, index }) => at(level, index)),
    leaves: (first, n) => {
      if (leaf >= first && leaf < first + n) throw unknownPreimage(`leaf ${leaf}`);
      return tree.leaves(first, n);
    },
  };
}

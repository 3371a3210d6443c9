import { TouchstoneError } from "../errors.js";
import { sameBytes } from "./bytes.js";
import { type Keccak, wasmKeccak } from "./keccak.js";
import { buildLevels, depthOf, HASH } from "./merkle.js";
import { type HashTree, LEAF, listZeros, type TensorTree, tensorZeros } from "./tree.js";

/*
 * Subtrees that defenders demand and challengers supply (contracts/types/Challenge.sol, `Position`; docs/audit.md, 2). Demands
 * step down a grid of heights: that of the root, every eighth below it, and 0. A supply shows the hashes one grid height
 * below, those outside the shape left out, or at height 0 the leaf's bytes.
 */

/** A subtree of an asserted trace. Heights count from the leaves, `index` from the left among the subtrees of one height. */
export interface Position {
  /** The node whose result it belongs to, or `ROOT_LIST`. */
  readonly node: number;
  readonly height: number;
  readonly index: number;
}

/** `node` of positions in the list of tensor roots. */
export const ROOT_LIST = 0xffffffff;

/** Levels that one supply reveals. */
const SUPPLY_LEVELS = 8;

export type Supply = { readonly hashes: readonly Uint8Array[] } | { readonly leaf: Uint8Array };

/** What a demand fixes about the tree that it asks for. */
export interface DemandedTree {
  /** Leaves. */
  readonly count: number;
  /** Bytes of the last leaf that hold elements; not used in the list. */
  readonly tail: number;
}

/** Bytes of a tensor's last leaf that hold elements, 1 to 256. */
export function tailOf(bytes: number): number {
  return ((bytes - 1) % LEAF) + 1;
}

/** The grid height below `height`. */
export function heightBelow(height: number): number {
  return Math.max(0, height - SUPPLY_LEVELS);
}

/** Number of subtrees of a height that overlap a tree of `count` leaves. */
export function widthAt(count: number, height: number): number {
  return Math.ceil(count / 2 ** height);
}

/** Whether a demand can name this position. The leaves of the list can't be: they are roots of tensors, with positions there. */
export function positionExists({ node, height, index }: Position, count: number): boolean {
  const depth = depthOf(count);
  if (!(height >= 0 && height <= depth && index >= 0 && index < widthAt(count, height))) return false;
  return height === 0 ? node !== ROOT_LIST : (depth - height) % SUPPLY_LEVELS === 0;
}

/** How many hashes a supply for this position shows: those of the subtrees inside the shape. */
export function supplyCount(count: number, { height, index }: Position): number {
  const below = heightBelow(height);
  const span = 2 ** (height - below);
  return Math.min(span, widthAt(count, below) - index * span);
}

/** Bytes that a supply for this position reveals; a demand's price depends on it. */
export function supplyBytes(count: number, position: Position): number {
  return position.height === 0 ? LEAF : HASH * supplyCount(count, position);
}

/**
 * The only acceptable answer to a demand, from the tree that the challenger committed to.
 *
 * @throws TouchstoneError `SUPPLY_POSITION` if no demand can name this position.
 */
export function makeSupply(tree: HashTree | TensorTree, position: Position): Supply {
  if (!positionExists(position, tree.count)) {
    throw new TouchstoneError(
      "SUPPLY_POSITION",
      `no demand can name ${describe(position)} in a tree of ${tree.count} leaves`,
    );
  }
  if (position.height === 0) return { leaf: (tree as TensorTree).leaves(position.index, 1) };
  const below = heightBelow(position.height);
  const first = position.index * 2 ** (position.height - below);
  const hashes = Array.from({ length: supplyCount(tree.count, position) }, (_, i) => tree.hashAt(below, first + i));
  return { hashes };
}

/** What is wrong with an answer to a demand for the subtree with hash `root`; undefined if the chain accepts it. */
export function supplyFault(
  demand: { tree: DemandedTree; position: Position; root: Uint8Array },
  supply: Supply,
  keccak: Keccak = wasmKeccak,
): string | undefined {
  const { tree, position, root } = demand;
  if ("leaf" in supply) {
    const { leaf } = supply;
    if (position.height !== 0) return "hashes are asked for, not a leaf";
    if (leaf.length !== LEAF || !sameBytes(keccak.hash(leaf), root)) return "the leaf has another hash";
    const isLast = position.index === tree.count - 1;
    return isLast && leaf.subarray(tree.tail).some((byte) => byte !== 0) ? "the padding is not zero" : undefined;
  }
  if (position.height === 0) return "a leaf is asked for, not hashes";
  const needed = supplyCount(tree.count, position);
  if (supply.hashes.length !== needed) return `${supply.hashes.length} hashes instead of ${needed}`;
  if (supply.hashes.some((hash) => hash.length !== HASH)) return "a hash is not 32 bytes long";
  const top = suppliedLevels(position, supply.hashes, keccak).at(-1)!;
  return sameBytes(top.subarray(0, HASH), root) ? undefined : "the hashes lead to another root";
}

/**
 * All levels of a supplied subtree, from the hashes that were shown up to its own; only what lies inside the shape.
 */
export function suppliedLevels(
  position: Position,
  hashes: readonly Uint8Array[],
  keccak: Keccak = wasmKeccak,
): readonly Uint8Array[] {
  const below = heightBelow(position.height);
  const zeros = (position.node === ROOT_LIST ? listZeros(keccak) : tensorZeros(keccak)).slice(below);
  const shown = new Uint8Array(HASH * hashes.length);
  hashes.forEach((hash, i) => shown.set(hash, i * HASH));
  const levels = [...buildLevels(shown, zeros, keccak)];
  // A subtree at the right edge may hold less than its height says: empty halves follow.
  while (levels.length <= position.height - below) {
    const pair = new Uint8Array(2 * HASH);
    pair.set(levels.at(-1)!);
    pair.set(zeros[levels.length - 1]!, HASH);
    levels.push(keccak.hash(pair));
  }
  return levels;
}

/** Siblings of a subtree from its height up to `to`, those outside the shape left out: what proves it inside another. */
export function subtreeProof(
  tree: Pick<HashTree, "count" | "hashAt">,
  { height, index }: Pick<Position, "height" | "index">,
  to: number,
): Uint8Array[] {
  const proof: Uint8Array[] = [];
  for (let at = index, level = height; level < to; level++, at = Math.floor(at / 2)) {
    const sibling = at % 2 === 0 ? at + 1 : at - 1;
    if (sibling < widthAt(tree.count, level)) proof.push(tree.hashAt(level, sibling));
  }
  return proof;
}

function describe({ node, height, index }: Position): string {
  return `subtree ${index} of height ${height} of ${node === ROOT_LIST ? "the list" : `node ${node}`}`;
}

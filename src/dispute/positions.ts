import { concat, fromHex, toHex } from "../audit/bytes.js";
import { wasmKeccak } from "../audit/keccak.js";
import { internalError } from "../errors.js";

/** A subtree of an asserted trace (`Position` of `contracts/types/Challenge.sol`). Heights count from the leaves. */
export interface Position {
  readonly node: number;
  readonly height: number;
  readonly index: number;
}

/** `node` of positions in the list of tensor roots. */
export const ROOT_LIST = 0xffffffff;

/** Heights that one supply reveals. */
const SUPPLY_LEVELS = 8;

/** The grid height below `height`: what a supply of hashes reveals. */
export const heightBelow = (height: number): number => Math.max(0, height - SUPPLY_LEVELS);

/** Number of subtrees of `height` that overlap a tree of `count` leaves. */
export const widthAt = (count: number, height: number): number => Math.ceil(count / 2 ** height);

/** How many hashes, all inside the shape, a supply for this position has. */
export function supplyCount(count: number, { height, index }: Position): number {
  const below = heightBelow(height);
  const span = 2 ** (height - below);
  return Math.min(span, widthAt(count, below) - index * span);
}

/** What one supply opened: the hashes inside the shape, one grid height below its position, left to right. */
export interface Opened {
  readonly position: Position;
  readonly hashes: readonly string[];
  /** Zero hashes of the tree, by height. */
  readonly zeros: readonly Uint8Array[];
}

/** All hashes of the opened subtree by height, from the supplied ones up to the one below the position itself. */
export function levelsOf({ position, hashes, zeros }: Opened): { height: number; first: number; hashes: string[] }[] {
  const below = heightBelow(position.height);
  let level = hashes.map(fromHex);
  const levels: { height: number; first: number; hashes: string[] }[] = [];
  for (let height = below; height < position.height; height++) {
    levels.push({ height, first: position.index * 2 ** (position.height - height), hashes: level.map(toHex) });
    const zero = zeros[height];
    const next: Uint8Array[] = [];
    for (let i = 0; i < level.length; i += 2) {
      const left = level[i];
      const right = level[i + 1] ?? zero;
      if (left === undefined || right === undefined) throw internalError("a tree is at most 31 levels high");
      next.push(wasmKeccak.hash(concat([left, right])));
    }
    level = next;
  }
  return levels;
}

/**
 * Range proof of one supplied subtree inside the opened one: siblings from the position upward, without those outside the
 * shape.
 *
 * @param child Number of the subtree among the supplied hashes.
 */
export function proveInside(opened: Opened, child: number): string[] {
  return levelsOf(opened).flatMap(({ hashes }, level) => {
    const sibling = hashes[(child >> level) ^ 1];
    return sibling === undefined ? [] : [sibling];
  });
}

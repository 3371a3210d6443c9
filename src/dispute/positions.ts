import { fromHex, toHex } from "../audit/bytes.js";
import { wasmKeccak } from "../audit/keccak.js";

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

/**
 * Range proof of one subtree inside the subtree that a supply opened: siblings from the position upward, without those
 * outside the shape.
 *
 * @param hashes What was supplied for `parent`, left to right.
 * @param zeros Zero hashes of the tree, by height.
 */
export function proveInside(parent: {
  count: number;
  position: Position;
  hashes: readonly string[];
  zeros: readonly Uint8Array[];
  child: number;
}): string[] {
  const below = heightBelow(parent.position.height);
  let level = parent.hashes.map(fromHex);
  let at = parent.child;
  const proof: string[] = [];
  for (let height = below; height < parent.position.height; height++) {
    const sibling = level[at ^ 1];
    if (sibling !== undefined) proof.push(toHex(sibling));
    const zero = parent.zeros[height];
    const next: Uint8Array[] = [];
    for (let i = 0; i < level.length; i += 2) {
      const left = level[i];
      const right = level[i + 1] ?? zero;
      if (left === undefined || right === undefined) throw new RangeError("a tree is at most 31 levels high");
      const pair = new Uint8Array(64);
      pair.set(left);
      pair.set(right, 32);
      next.push(wasmKeccak.hash(pair));
    }
    level = next;
    at >>= 1;
  }
  return proof;
}

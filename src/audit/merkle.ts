import { TouchstoneError } from "../errors.js";
import type { Keccak } from "./keccak.js";

/*
 * The binary tree under tensors and lists (docs/audit.md, 2): `count` known leaf hashes, positions beyond them hold the
 * zero hash of their level. Hashes lie 32 bytes apart in one array per level, leaves first.
 */

/** Bytes of a hash. */
export const HASH = 32;

/** Smallest depth of a tree with `count` leaves. */
export function depthOf(count: number): number {
  let depth = 0;
  while (2 ** depth < count) depth++;
  return depth;
}

/** `Z_0 .. Z_31`: roots of trees of depth k without any leaf, from the hash that stands for a missing leaf. */
export function zeroHashes(leaf: Uint8Array, keccak: Keccak): readonly Uint8Array[] {
  const zeros = [leaf];
  const pair = new Uint8Array(2 * HASH);
  while (zeros.length < 32) {
    pair.set(zeros.at(-1)!, 0);
    pair.set(zeros.at(-1)!, HASH);
    zeros.push(keccak.hash(pair));
  }
  return zeros;
}

/** All levels over `hashes`, from the leaves to the root; level k holds `ceil(count / 2^k)` hashes. */
export function buildLevels(hashes: Uint8Array, zeros: readonly Uint8Array[], keccak: Keccak): readonly Uint8Array[] {
  const levels = [hashes];
  let level = hashes;
  while (level.length > HASH) {
    const width = Math.ceil(level.length / (2 * HASH));
    const next = new Uint8Array(width * HASH);
    const whole = level.length - (level.length % (2 * HASH));
    keccak.hashEach(level.subarray(0, whole), 2 * HASH, next);
    if (whole < level.length) {
      const pair = new Uint8Array(2 * HASH);
      pair.set(level.subarray(whole), 0);
      pair.set(zeros[levels.length - 1]!, HASH);
      next.set(keccak.hash(pair), (width - 1) * HASH);
    }
    levels.push(next);
    level = next;
  }
  return levels;
}

/** Root of a subtree of height `to` of which all but the subtree of height `from` at its left edge lies outside the tree. */
export function liftRoot(
  lift: { root: Uint8Array; from: number; to: number },
  zeros: readonly Uint8Array[],
  keccak: Keccak,
): Uint8Array {
  let { root } = lift;
  for (let height = lift.from; height < lift.to; height++) {
    const pair = new Uint8Array(2 * HASH);
    pair.set(root);
    pair.set(zeros[height]!, HASH);
    root = keccak.hash(pair);
  }
  return root;
}

function checkRange(count: number, first: number, n: number): void {
  if (!(n >= 1 && first >= 0 && first + n <= count)) {
    throw new TouchstoneError("TREE_RANGE", `leaves [${first}, ${first + n}) do not lie inside a tree of ${count}`);
  }
}

/** The siblings that a range proof needs, leaves to root, as positions in their levels. */
export function rangeSiblings(count: number, first: number, n: number): readonly { level: number; index: number }[] {
  checkRange(count, first, n);
  const siblings: { level: number; index: number }[] = [];
  let lo = first;
  let hi = first + n;
  for (let width = count, level = 0; width > 1; width = Math.ceil(width / 2), level++) {
    if (lo % 2 === 1) siblings.push({ level, index: lo - 1 });
    if (hi % 2 === 1 && hi !== width) siblings.push({ level, index: hi });
    lo = Math.floor(lo / 2);
    hi = Math.ceil(hi / 2);
  }
  return siblings;
}

/** Hashes in the range proof of `[first, first + n)`: the part due to its left end and the part due to its right end. */
export function rangeProofLength(count: number, first: number, n: number): { left: number; right: number } {
  checkRange(count, first, n);
  let left = 0;
  let right = 0;
  let lo = first;
  let hi = first + n;
  for (let width = count; width > 1; width = Math.ceil(width / 2)) {
    left += lo % 2;
    if (hi !== width) right += hi % 2;
    lo = Math.floor(lo / 2);
    hi = Math.ceil(hi / 2);
  }
  return { left, right };
}

/**
 * Root of a tree of `count` leaves, from the hashes of the leaves `[first, ...)` and their range proof.
 *
 * @throws TouchstoneError `TREE_RANGE`, or `TREE_PROOF` if the proof has missing or surplus elements.
 */
export function rangeRoot(
  range: { count: number; first: number; hashes: Uint8Array; proof: readonly Uint8Array[] },
  zeros: readonly Uint8Array[],
  keccak: Keccak,
): Uint8Array {
  const { count, first, hashes, proof } = range;
  checkRange(count, first, hashes.length / HASH);
  let used = 0;
  const take = (): Uint8Array => {
    const element = proof[used++];
    if (element?.length === HASH) return element;
    throw new TouchstoneError("TREE_PROOF", `proof element ${used - 1} is missing or not 32 bytes long`);
  };
  let level = hashes;
  let lo = first;
  let hi = first + hashes.length / HASH;
  for (let width = count, k = 0; width > 1; width = Math.ceil(width / 2), k++) {
    const left = lo % 2 === 1 ? [take()] : [];
    const right = hi % 2 === 1 ? [hi === width ? zeros[k]! : take()] : [];
    const padded = new Uint8Array(level.length + HASH * (left.length + right.length));
    if (left[0]) padded.set(left[0], 0);
    padded.set(level, HASH * left.length);
    if (right[0]) padded.set(right[0], padded.length - HASH);
    level = new Uint8Array(padded.length / 2);
    keccak.hashEach(padded, 2 * HASH, level);
    lo = Math.floor(lo / 2);
    hi = Math.ceil(hi / 2);
  }
  if (used !== proof.length) {
    throw new TouchstoneError("TREE_PROOF", `${proof.length - used} surplus proof elements`);
  }
  return level;
}

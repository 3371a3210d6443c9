import { TouchstoneError } from "../errors.js";
import { elementBits, writeElements } from "./bytes.js";
import { DTYPE_BYTES, type DType, type Tensor } from "./graph.js";
import { type Keccak, wasmKeccak } from "./keccak.js";
import { buildLevels, depthOf, HASH, liftRoot, rangeRoot, rangeSiblings, zeroHashes } from "./merkle.js";

/** Bytes of a leaf of a tensor tree. */
export const LEAF = 256;

/** A tree of known size; hashes are computed when first asked for. */
export interface HashTree {
  /** Leaves, at least one. */
  readonly count: number;
  /** Levels above the leaves. */
  readonly depth: number;
  root(): Uint8Array;
  /** Hash at `height` above the leaves; positions outside the tree's shape give the zero hash of that height. */
  hashAt(height: number, index: number): Uint8Array;
  /** Range proof of the leaves `[first, first + n)`. */
  prove(first: number, n: number): Uint8Array[];
}

/** The committed form of one tensor. */
export interface TensorTree extends HashTree {
  readonly dtype: DType;
  /** Elements, at least one. */
  readonly numel: number;
  /** Bytes of the leaves `[first, first + n)`, zero-padded. */
  leaves(first: number, n: number): Uint8Array;
  /** Bits of element `i` as an unsigned integer. */
  element(i: number): bigint;
}

/** Number of leaves of a tensor of `numel` elements. */
export function leafCount(numel: number, dtype: DType): number {
  return Math.ceil((numel * DTYPE_BYTES[dtype]) / LEAF);
}

const zeroCache = new WeakMap<Keccak, { tensor: readonly Uint8Array[]; list: readonly Uint8Array[] }>();

function zerosOf(keccak: Keccak): { tensor: readonly Uint8Array[]; list: readonly Uint8Array[] } {
  let zeros = zeroCache.get(keccak);
  if (zeros === undefined) {
    zeros = {
      tensor: zeroHashes(keccak.hash(new Uint8Array(LEAF)), keccak),
      list: zeroHashes(new Uint8Array(HASH), keccak),
    };
    zeroCache.set(keccak, zeros);
  }
  return zeros;
}

/** Roots of empty tensor trees of depth 0, 1, ...: what stands for positions beyond a tensor's leaves. */
export function tensorZeros(keccak: Keccak = wasmKeccak): readonly Uint8Array[] {
  return zerosOf(keccak).tensor;
}

/** Roots of empty list trees of depth 0, 1, ... */
export function listZeros(keccak: Keccak = wasmKeccak): readonly Uint8Array[] {
  return zerosOf(keccak).list;
}

function hashTree(count: number, zeros: readonly Uint8Array[], levels: () => readonly Uint8Array[]): HashTree {
  const depth = depthOf(count);
  let built: readonly Uint8Array[] | undefined;
  const at = (height: number, index: number): Uint8Array => {
    built ??= levels();
    const level = built[height];
    const from = index * HASH;
    if (level !== undefined && from < level.length) return level.slice(from, from + HASH);
    return zeros[height]!;
  };
  return {
    count,
    depth,
    root: () => at(depth, 0),
    hashAt: at,
    prove: (first, n) => rangeSiblings(count, first, n).map(({ level, index }) => at(level, index)),
  };
}

/**
 * The tree over 32-byte hashes: graph, weights and traces are committed by it.
 *
 * @throws TouchstoneError `TREE_EMPTY` for an empty list.
 */
export function listTree(hashes: readonly Uint8Array[], keccak: Keccak = wasmKeccak): HashTree {
  if (hashes.length === 0) throw new TouchstoneError("TREE_EMPTY", "a list tree has at least one leaf");
  const zeros = listZeros(keccak);
  return hashTree(hashes.length, zeros, () => {
    const leaves = new Uint8Array(hashes.length * HASH);
    hashes.forEach((hash, i) => leaves.set(hash, i * HASH));
    return buildLevels(leaves, zeros, keccak);
  });
}

interface LeafSource {
  readonly dtype: DType;
  readonly numel: number;
  /** Bytes that hold the elements in the host's form of `hostDtype`: what is hashed. */
  readonly host: Uint8Array;
  readonly hostDtype: DType;
  /** Writes the committed bytes of the elements `[first, first + n)` to the start of `out`: what is opened. */
  write(first: number, n: number, out: Uint8Array): void;
}

function treeOf(source: LeafSource, keccak: Keccak): TensorTree {
  const { dtype, numel } = source;
  if (!(numel >= 1 && numel < 2 ** 31)) {
    throw new TouchstoneError("TREE_EMPTY", `a committed tensor has 1 to 2^31-1 elements, not ${numel}`);
  }
  const count = leafCount(numel, dtype);
  const perLeaf = LEAF / DTYPE_BYTES[dtype];
  const zeros = tensorZeros(keccak);
  /** Fills `out` with leaves, padding included. */
  const writeLeaves = (first: number, n: number, out: Uint8Array): void => {
    const elements = Math.min(n * perLeaf, numel - first * perLeaf);
    source.write(first * perLeaf, elements, out);
    out.fill(0, elements * DTYPE_BYTES[dtype], n * LEAF);
  };
  const levels = (): readonly Uint8Array[] => {
    const hashes = new Uint8Array(count * HASH);
    keccak.hashElements(source.host, source.hostDtype, LEAF, hashes);
    return buildLevels(hashes, zeros, keccak);
  };
  return {
    ...hashTree(count, zeros, levels),
    dtype,
    numel,
    leaves(first, n) {
      if (!(n >= 1 && first >= 0 && first + n <= count)) {
        throw new TouchstoneError("TREE_RANGE", `leaves [${first}, ${first + n}) do not lie inside a tree of ${count}`);
      }
      const out = new Uint8Array(n * LEAF);
      writeLeaves(first, n, out);
      return out;
    },
    element(i) {
      const out = new Uint8Array(8);
      source.write(i, 1, out);
      return elementBits(out, dtype, 0);
    },
  };
}

/** The tree of a tensor. Keeps a reference: the tensor must not change afterwards. */
export function tensorTree(tensor: Tensor, keccak: Keccak = wasmKeccak): TensorTree {
  const { dtype, data } = tensor;
  const host = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const write = (first: number, n: number, out: Uint8Array): void => writeElements(data, dtype, first, n, out);
  return treeOf({ dtype, numel: data.length, host, hostDtype: dtype, write }, keccak);
}

/**
 * The tree of bytes as they were received, canonical or not: what a claim's inputs root commits to.
 * Keeps a reference.
 */
export function tensorTreeOfBytes(bytes: Uint8Array, dtype: DType, keccak: Keccak = wasmKeccak): TensorTree {
  const width = DTYPE_BYTES[dtype];
  if (bytes.length % width !== 0) {
    throw new TouchstoneError("TENSOR_BYTES", `${bytes.length} bytes do not hold whole elements of ${dtype}`);
  }
  const write = (first: number, n: number, out: Uint8Array): void =>
    out.set(bytes.subarray(first * width, (first + n) * width));
  return treeOf({ dtype, numel: bytes.length / width, host: bytes, hostDtype: "u8", write }, keccak);
}

/** Root of a tensor's tree, without keeping the tree. */
export function tensorRoot(tensor: Tensor, keccak: Keccak = wasmKeccak): Uint8Array {
  return tensorTree(tensor, keccak).root();
}

/**
 * Root of the part of a tensor's tree that stands over at most `2^height` of its leaves, starting at a multiple of that.
 *
 * @param host the elements of these leaves as the host holds them
 * @param height at most the depth of the whole tree
 */
export function partRoot(
  part: { host: Uint8Array; dtype: DType; height: number },
  keccak: Keccak = wasmKeccak,
): Uint8Array {
  const zeros = tensorZeros(keccak);
  const hashes = new Uint8Array(Math.ceil(part.host.length / LEAF) * HASH);
  keccak.hashElements(part.host, part.dtype, LEAF, hashes);
  const levels = buildLevels(hashes, zeros, keccak);
  return liftRoot({ root: levels.at(-1)!, from: levels.length - 1, to: part.height }, zeros, keccak);
}

/** Root of a tensor's tree from those of its parts of equal height, 32 bytes each. */
export function rootOfParts(parts: Uint8Array, height: number, keccak: Keccak = wasmKeccak): Uint8Array {
  return buildLevels(parts, tensorZeros(keccak).slice(height), keccak).at(-1)!;
}

/**
 * Root that a range of leaf bytes and its proof lead to, in a tensor tree of `count` leaves.
 *
 * @throws TouchstoneError `TREE_RANGE` or `TREE_PROOF` where the proof does not fit the tree.
 */
export function tensorRangeRoot(
  range: { count: number; first: number; leaves: Uint8Array; proof: readonly Uint8Array[] },
  keccak: Keccak = wasmKeccak,
): Uint8Array {
  const { count, first, leaves, proof } = range;
  if (leaves.length % LEAF !== 0) throw new TouchstoneError("TREE_RANGE", "leaves are 256 bytes each");
  const hashes = new Uint8Array((leaves.length / LEAF) * HASH);
  keccak.hashEach(leaves, LEAF, hashes);
  return rangeRoot({ count, first, hashes, proof }, tensorZeros(keccak), keccak);
}

/** Root that one leaf of a list tree of `count` leaves and its proof lead to. Throws like `tensorRangeRoot`. */
export function listLeafRoot(
  range: { count: number; index: number; leaf: Uint8Array; proof: readonly Uint8Array[] },
  keccak: Keccak = wasmKeccak,
): Uint8Array {
  const { count, index, leaf, proof } = range;
  return rangeRoot({ count, first: index, hashes: leaf, proof }, listZeros(keccak), keccak);
}

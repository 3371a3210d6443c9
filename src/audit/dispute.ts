import { TouchstoneError } from "../errors.js";
import { sameBytes } from "./bytes.js";
import { type AssertedTrace } from "./evidence.js";
import { DTYPE_BYTES } from "./graph.js";
import { type Keccak, wasmKeccak } from "./keccak.js";
import { HASH } from "./merkle.js";
import {
  heightBelow,
  type Position,
  ROOT_LIST,
  subtreeProof,
  suppliedLevels,
  type Supply,
  supplyBytes,
} from "./subtree.js";
import { type HashTree, LEAF, listTree, type TensorTree } from "./tree.js";

/*
 * How a defender ends a false challenge: find the first asserted tensor that is not its own, walk down to one leaf of it that
 * differs, demanding what was not shown, and refute there. Everything before that tensor is the same in both traces, so the
 * defender's own memory opens the operands.
 */

/** The defender's own audit run, committed. */
export interface OwnTrace {
  readonly list: HashTree;
  tensor(node: number): TensorTree;
}

/** What the chain shows of an asserted trace. Supplies are those that it accepted. */
export interface Assertion {
  readonly traceRoot: Uint8Array;
  /** All tensor roots, where they rode along with the challenge. */
  readonly roots: readonly Uint8Array[] | undefined;
  supplied(position: Position): Supply | undefined;
  /** The leaf that the challenge itself showed. Its padding was not checked. */
  readonly shown?: {
    readonly node: number;
    readonly root: Uint8Array;
    readonly index: number;
    readonly leaf: Uint8Array;
    readonly proof: readonly Uint8Array[];
  };
}

/** A demand that nobody has answered yet: make it, wait for its supply, or let it expire. */
export interface DemandMove {
  readonly kind: "demand";
  readonly position: Position;
  /** The supplied subtree that it lies in; undefined for a first demand. */
  readonly around: Position | undefined;
  readonly root: Uint8Array;
  /** Up to the subtree around it, or to the trace root. */
  readonly proof: readonly Uint8Array[];
  /** Bytes that the supply has to reveal. */
  readonly payload: number;
}

/** An element that the defender can show to be wrong. */
export interface RefuteMove {
  readonly kind: "refute";
  readonly node: number;
  readonly element: number;
  readonly asserted: AssertedTrace;
}

/** `none`: the traces are the same, so the challenge is truthful. */
export type Move = { readonly kind: "none" } | DemandMove | RefuteMove;

/**
 * The next thing that ends a false challenge.
 *
 * @throws TouchstoneError `DISPUTE_CONTRADICTION` where what the chain shows can't be: a supply that does not belong to its demand.
 */
export function nextMove(own: OwnTrace, assertion: Assertion, keccak: Keccak = wasmKeccak): Move {
  if (sameBytes(own.list.root(), assertion.traceRoot)) return { kind: "none" };
  const { roots } = assertion;
  if (roots !== undefined) {
    const node = firstDifference(roots, (i) => own.list.hashAt(0, i));
    const list = listTree(roots, keccak);
    return inTensor({ own, assertion, keccak, node, root: roots[node]!, list, around: undefined });
  }
  const walk = descend(own.list, { node: ROOT_LIST, root: assertion.traceRoot, assertion, keccak });
  if ("demand" in walk) return walk.demand;
  const { index, hash, tree, above } = walk;
  return inTensor({ own, assertion, keccak, node: index, root: hash, list: tree, around: above });
}

/** Position of the first asserted hash that is not the own one. */
export function firstDifference(asserted: readonly Uint8Array[], own: (i: number) => Uint8Array): number {
  const at = asserted.findIndex((hash, i) => !sameBytes(hash, own(i)));
  if (at < 0) throw contradiction("hashes that are all our own lead to a root that is not");
  return at;
}

/** Number of the first element inside the shape at which two versions of leaf `index` differ, if there is one. */
export function differingElement(tree: TensorTree, index: number, asserted: Uint8Array): number | undefined {
  const own = tree.leaves(index, 1);
  const at = own.findIndex((byte, i) => byte !== asserted[i]);
  const element = Math.floor((index * LEAF + at) / DTYPE_BYTES[tree.dtype]);
  return at >= 0 && element < tree.numel ? element : undefined;
}

function contradiction(message: string): TouchstoneError {
  return new TouchstoneError("DISPUTE_CONTRADICTION", message, {
    next: "Read the challenge's events again: what was read does not belong together.",
  });
}

interface InTensor {
  readonly own: OwnTrace;
  readonly assertion: Assertion;
  readonly keccak: Keccak;
  /** The first tensor that differs, and its asserted root. */
  readonly node: number;
  readonly root: Uint8Array;
  /** The asserted list as far as it is known, which includes all that is asked of it here. */
  readonly list: Pick<HashTree, "count" | "depth" | "hashAt">;
  /** The supply that showed the root; undefined where the roots rode along. */
  readonly around: Position | undefined;
}

function inTensor(dispute: InTensor): Move {
  const { own, assertion, keccak, node, root, list, around } = dispute;
  const tensor = own.tensor(node);
  const refute = (element: number, leaf: Uint8Array, proof: readonly Uint8Array[]): RefuteMove => ({
    kind: "refute",
    node,
    element,
    asserted: {
      proveRoot: (each) => subtreeProof(list, { height: 0, index: each }, list.depth),
      result: { root, leaf, proof },
    },
  });

  const { shown } = assertion;
  if (shown?.node === node && sameBytes(shown.root, root) && shown.index < tensor.count) {
    // A leaf that differs only in its padding can't be refuted; demanded, it can't be supplied.
    const element = differingElement(tensor, shown.index, shown.leaf);
    if (element !== undefined) return refute(element, shown.leaf, shown.proof);
  }

  const walk = descend(tensor, { node, root, assertion, keccak });
  if ("demand" in walk) {
    const { demand } = walk;
    if (demand.around !== undefined) return demand;
    // The tensor's own root is proven inside the list.
    const proof = subtreeProof(list, { height: 0, index: node }, around?.height ?? list.depth);
    return { ...demand, around, proof };
  }
  const { index, tree } = walk;
  const { leaf } = assertion.supplied({ node, height: 0, index }) as { leaf: Uint8Array };
  const element = differingElement(tensor, index, leaf);
  if (element === undefined) throw contradiction(`leaf ${index} of node ${node} is our own under another hash`);
  return refute(element, leaf, subtreeProof(tree, { height: 0, index }, tree.depth));
}

/** Where a walk down an asserted tree ends: at something nobody has shown, or at a leaf that differs. */
type Walk =
  | { readonly demand: DemandMove }
  | {
      /** The leaf, its asserted hash, and the last supplied position around it. */
      readonly index: number;
      readonly hash: Uint8Array;
      readonly above: Position;
      /** The asserted tree, known wherever the walk came by and wherever it equals the own one. */
      readonly tree: Pick<HashTree, "count" | "depth" | "hashAt">;
    };

/** Steps down the grid, always into the first subtree that differs. */
function descend(
  own: HashTree,
  asserted: { node: number; root: Uint8Array; assertion: Assertion; keccak: Keccak },
): Walk {
  const { node, assertion, keccak } = asserted;
  const tree = knownTree(own, asserted.root);
  let position: Position = { node, height: own.depth, index: 0 };
  let hash = asserted.root;
  let around: Position | undefined;
  for (;;) {
    if (position.height === 0 && node === ROOT_LIST)
      return { index: position.index, hash, above: around ?? position, tree };
    const supply = assertion.supplied(position);
    if (supply === undefined) {
      const proof = around === undefined ? [] : subtreeProof(tree, position, around.height);
      const payload = supplyBytes(own.count, position);
      return { demand: { kind: "demand", position, around, root: hash, proof, payload } };
    }
    if ("leaf" in supply !== (position.height === 0)) throw contradiction("a supply of the other kind was accepted");
    if ("leaf" in supply) return { index: position.index, hash, above: around ?? position, tree };
    tree.learn(position, suppliedLevels(position, supply.hashes, keccak));
    const below = heightBelow(position.height);
    const first = position.index * 2 ** (position.height - below);
    const child = firstDifference(supply.hashes, (i) => own.hashAt(below, first + i));
    hash = supply.hashes[child]!;
    around = position;
    position = { node, height: below, index: first + child };
  }
}

/** An asserted tree of which some subtrees are known; the others are looked up in the own tree where they must be equal to it. */
function knownTree(
  own: HashTree,
  root: Uint8Array,
): Pick<HashTree, "count" | "depth" | "hashAt"> & { learn(position: Position, levels: readonly Uint8Array[]): void } {
  const known = new Map([[`${own.depth} 0`, root]]);
  return {
    count: own.count,
    depth: own.depth,
    learn(position, levels) {
      levels.forEach((level, up) => {
        const height = heightBelow(position.height) + up;
        const first = position.index * 2 ** (position.height - height);
        for (let i = 0; i < level.length / HASH; i++) {
          known.set(`${height} ${first + i}`, level.subarray(i * HASH, (i + 1) * HASH));
        }
      });
    },
    hashAt(height, index) {
      for (let up = height, at = index; up <= own.depth; up++, at = Math.floor(at / 2)) {
        const hash = known.get(`${up} ${at}`);
        if (hash === undefined) continue;
        if (up === height) return hash;
        if (sameBytes(hash, own.hashAt(up, at))) break;
        throw contradiction(`subtree ${index} of height ${height} was not shown`);
      }
      return own.hashAt(height, index);
    },
  };
}

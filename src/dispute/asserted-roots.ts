import { fromHex, toHex } from "../audit/bytes.js";
import { depthOf } from "../audit/merkle.js";
import { listTree, listZeros, type HashTree } from "../audit/tree.js";
import { internalError, TouchstoneError } from "../errors.js";
import { demandAt, type ChallengeLog, type DemandLog } from "./logs.js";
import { heightBelow, levelsOf, proveInside, ROOT_LIST, widthAt, type Position } from "./positions.js";

/** The first tensor in which an asserted trace differs from ours, with all that is needed to prove roots under it. */
export interface WrongTensor {
  readonly node: number;
  readonly root: string;
  /** Proof of the root for its first demand: up to the trace root, or up to the part of the list that was supplied. */
  readonly rootProof: string[];
  /** Whether that demand is a deeper one, inside a supplied part of the list. */
  readonly deeper: boolean;
  /** Proof of any tensor root up to the wrong one under the asserted trace root. */
  readonly proveRoot: (node: number) => Uint8Array[];
}

/** A part of the list that is wrong and that nobody has demanded or supplied yet. */
export interface WrongPart {
  readonly position: Position;
  readonly root: string;
  readonly proof: string[];
  readonly deeper: boolean;
  /** Hashes that a supply will have to reveal. */
  readonly count: number;
  readonly demand: DemandLog | undefined;
}

const unsound = (what: string): TouchstoneError =>
  new TouchstoneError("ASSERTION_EQUAL", `${what} equals ours although the asserted trace root differs.`);

function fromAllRoots(roots: readonly string[], own: HashTree): WrongTensor {
  const node = roots.findIndex((root, i) => root !== toHex(own.hashAt(0, i)));
  const root = roots[node];
  if (root === undefined) throw unsound("The list of tensor roots");
  const list = listTree(roots.map(fromHex));
  return {
    node,
    root,
    rootProof: list.prove(node, 1).map(toHex),
    deeper: false,
    proveRoot: (each) => list.prove(each, 1),
  };
}

const key = (height: number, index: number): string => `${height}:${index}`;

/**
 * Finds the first wrong tensor. Where the list was too long to ride along, follows the demands for parts of it; the result is
 * then the next part to demand, until the list is open at the wrong tensor.
 */
export function findWrong(traceRoot: string, log: ChallengeLog, own: HashTree): WrongTensor | WrongPart {
  if (log.roots.length > 0) return fromAllRoots(log.roots, own);
  const zeros = listZeros();
  const known = new Map<string, string>();
  let part: Omit<WrongPart, "demand" | "count"> = {
    position: { node: ROOT_LIST, height: depthOf(own.count), index: 0 },
    root: traceRoot,
    proof: [],
    deeper: false,
  };
  for (;;) {
    const { position } = part;
    const demand = demandAt(log, position);
    const below = heightBelow(position.height);
    const span = 2 ** (position.height - below);
    if (demand?.hashes === undefined) {
      const count = Math.min(span, widthAt(own.count, below) - position.index * span);
      return { ...part, count, demand };
    }
    const opened = { position, hashes: demand.hashes, zeros };
    for (const level of levelsOf(opened)) {
      level.hashes.forEach((hash, i) => known.set(key(level.height, level.first + i), hash));
    }
    const first = position.index * span;
    const child = demand.hashes.findIndex((hash, i) => hash !== toHex(own.hashAt(below, first + i)));
    const root = demand.hashes[child];
    if (root === undefined) throw unsound("A supplied part of the list");
    const proof = proveInside(opened, child);
    if (below === 0) {
      const node = first + child;
      return { node, root, rootProof: proof, deeper: true, proveRoot: (each) => proveKnown(each, node, own, known) };
    }
    part = { position: { node: ROOT_LIST, height: below, index: first + child }, root, proof, deeper: true };
  }
}

/** Siblings of a root under the asserted list: left of the wrong tensor they are ours, the others were supplied. */
function proveKnown(node: number, wrong: number, own: HashTree, known: ReadonlyMap<string, string>): Uint8Array[] {
  const proof: Uint8Array[] = [];
  for (let height = 0, width = own.count; width > 1; height++, width = Math.ceil(width / 2)) {
    const sibling = (node >> height) ^ 1;
    if (sibling >= width) continue;
    const shown = known.get(key(height, sibling));
    if (shown !== undefined) proof.push(fromHex(shown));
    else if ((sibling + 1) * 2 ** height <= wrong) proof.push(own.hashAt(height, sibling));
    else throw internalError(`root ${node} lies behind the first wrong tensor ${wrong}`);
  }
  return proof;
}

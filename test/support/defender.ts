import { hexlify } from "ethers";

import { DTYPE_BYTES } from "../../src/audit/graph.js";
import { type Trace } from "./alphabet.js";
import { type Disputes, type Play } from "./challenges.js";
import type { Place } from "./demands.js";
import type { Connection } from "./protocol.js";

/** What a defender does between a demand and its answer: the challenger supplies, or not. */
export type Answer = (place: Place) => Promise<boolean>;

export interface Defence {
  /** Positions demanded, from the root down. */
  readonly demanded: readonly Place[];
  /** The wrong element, or nothing where the challenger did not answer. */
  readonly wrong?: { readonly node: number; readonly element: number };
}

/**
 * Looks for the first wrong tensor by what the challenge emitted, and demands it down to a wrong element. Choices rest on events
 * and the truth alone; proofs are taken from the asserted trace, of which every hash on the way was emitted.
 */
export async function searchByDemands(
  disputes: Disputes,
  challengeId: string,
  truth: Trace,
  moves: { readonly game: Play; readonly by: Connection["stranger"]; readonly answer: Answer },
): Promise<Defence> {
  const { manager } = disputes;
  const { game, by, answer } = moves;
  const [given] = await manager.queryFilter(manager.filters.RootsGiven(challengeId));
  const node = given!.args.roots.findIndex((root, i) => root !== truth.roots[i]);
  const tree = truth.trees[node]!;
  const demanded: Place[] = [];
  let place: Place = { node, height: tree.depth, index: 0 };
  for (;;) {
    const around = demanded.at(-1);
    await (around === undefined ? game.demand(place, by) : game.deeper(around, place, by));
    demanded.push(place);
    if (!(await answer(place))) return { demanded };
    if (place.height === 0) break;
    const supplies = await manager.queryFilter(manager.filters.HashesSupplied(challengeId));
    const { hashes } = supplies.at(-1)!.args;
    const height = Math.max(0, place.height - 8);
    const first = place.index * 2 ** (place.height - height);
    const at = hashes.findIndex((hash, i) => hash !== hexlify(tree.hashAt(height, first + i)));
    place = { node, height, index: first + at };
  }
  const leaves = await manager.queryFilter(manager.filters.LeafSupplied(challengeId));
  const shown = Buffer.from(leaves.at(-1)!.args.leaf.slice(2), "hex");
  const right = tree.leaves(place.index, 1);
  const width = DTYPE_BYTES[truth.model.nodes[node]!.dtype];
  const element = (place.index * right.length + right.findIndex((byte, i) => byte !== shown[i])) / width;
  return { demanded, wrong: { node, element: Math.floor(element) } };
}

import { expect } from "chai";
import fc from "fast-check";

import { fromHex, toHex } from "../../src/audit/bytes.js";
import { wasmKeccak } from "../../src/audit/keccak.js";
import { listLeafRoot, listTree, type HashTree } from "../../src/audit/tree.js";
import { findWrong, type WrongTensor } from "../../src/dispute/asserted-roots.js";
import type { ChallengeLog, DemandLog } from "../../src/dispute/logs.js";
import { heightBelow, supplyCount, type Position } from "../../src/dispute/positions.js";
import { assertProperty } from "../support/fuzz.js";

const rootsFrom = (count: number, salt: number): Uint8Array[] =>
  Array.from({ length: count }, (_, i) => wasmKeccak.hash(Uint8Array.of(salt, i & 255, (i >> 8) & 255, i >> 16)));

/** What an honest supplier shows for a demanded part of the list. */
function supply(list: HashTree, position: Position, root: string): DemandLog {
  const below = heightBelow(position.height);
  const first = position.index * 2 ** (position.height - below);
  const hashes = Array.from({ length: supplyCount(list.count, position) }, (_, i) =>
    toHex(list.hashAt(below, first + i)),
  );
  return { position, root, demander: "", supplyDeadline: 0, hashes, graceDeadline: 1 };
}

function search(
  own: HashTree,
  asserted: HashTree,
  roots: readonly string[],
): { wrong: WrongTensor; demands: DemandLog[] } {
  const demands: DemandLog[] = [];
  for (;;) {
    const log: ChallengeLog = { roots, demands, openTransaction: undefined };
    const found = findWrong(toHex(asserted.root()), log, own);
    if (!("position" in found)) return { wrong: found, demands };
    expect(found.root, "each demand names the asserted hash").equal(
      toHex(asserted.hashAt(found.position.height, found.position.index)),
    );
    expect(found.count).equal(supplyCount(asserted.count, found.position));
    demands.push(supply(asserted, found.position, found.root));
  }
}

describe("findWrong", () => {
  const check = (count: number, wrongAt: number, inline: boolean): void => {
    const ownRoots = rootsFrom(count, 1);
    const assertedRoots = [...ownRoots.slice(0, wrongAt), ...rootsFrom(count, 2).slice(wrongAt)];
    const [own, asserted] = [listTree(ownRoots), listTree(assertedRoots)];
    const { wrong, demands } = search(own, asserted, inline ? assertedRoots.map(toHex) : []);
    expect(wrong.node).equal(wrongAt);
    expect(wrong.root).equal(toHex(assertedRoots[wrongAt] ?? new Uint8Array()));
    expect(demands.length).equal(inline ? 0 : Math.ceil(own.depth / 8));
    for (const node of new Set([0, wrongAt >> 1, Math.max(0, wrongAt - 1), wrongAt])) {
      const leaf = assertedRoots[node] ?? new Uint8Array();
      const root = listLeafRoot({ count, index: node, leaf, proof: wrong.proveRoot(node) });
      expect(toHex(root), `root ${node} is proven`).equal(toHex(asserted.root()));
    }
  };

  it("finds the tensor in a list that rode along", () => {
    for (const [count, wrongAt] of [
      [1, 0],
      [2, 1],
      [7, 3],
      [2048, 2047],
    ] as const)
      check(count, wrongAt, true);
  });

  it("finds it through demanded parts at the boundaries of the grid", () => {
    for (const [count, wrongAt] of [
      [2049, 0],
      [2049, 2047],
      [2049, 2048],
      [4096, 4095],
      [3521, 255],
      [3521, 256],
    ] as const) {
      check(count, wrongAt, false);
    }
  });

  it("finds it in any list", () => {
    const list = fc.property(fc.integer({ min: 2, max: 3000 }), fc.nat(), fc.boolean(), (count, at, inline) =>
      check(count, at % count, inline),
    );
    assertProperty(list, 30);
  });

  it("says so when the asserted list equals ours", () => {
    const roots = rootsFrom(5, 1);
    const log = { roots: roots.map(toHex), demands: [], openTransaction: undefined };
    expect(() => findWrong(toHex(fromHex(`0x${"11".repeat(32)}`)), log, listTree(roots))).throw("equals ours");
  });
});

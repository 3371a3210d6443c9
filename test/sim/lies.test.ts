import { expect } from "chai";

import { fromHex, toHex } from "../../src/audit/bytes.js";
import { nextMove, type Move } from "../../src/audit/dispute.js";
import { makeSupply, type Position, type Supply } from "../../src/audit/subtree.js";
import type { TensorTree } from "../../src/audit/tree.js";
import type { ClaimRecord } from "../../src/dispute/claims.js";
import type { AuditRun } from "../../src/dispute/evidence.js";
import type { Trace } from "../../src/dispute/trace.js";
import { TouchstoneError } from "../../src/errors.js";
import type { Assertion } from "../../src/sim/lies/lie.js";
import { LIES, type LieName } from "../../src/sim/lies/lies.js";
import { randomFor } from "../../src/sim/random.js";
import { honestClaim } from "../support/digits.js";

const SEEDS = Array.from({ length: 12 }, (_, i) => i + 1);

const treeAt = (trace: Trace, node: number): TensorTree => trace.trees([node])[0]!;

/** Plays the defence against an assertion whose author supplies all that it can. */
function play(run: AuditRun, { trace }: Assertion): { move: Move; silentAt: Position | undefined; demands: number } {
  const supplies = new Map<string, Supply>();
  const key = ({ node, height, index }: Position): string => `${node}:${height}:${index}`;
  for (let demands = 0; ; demands++) {
    const move = nextMove(
      { list: run.trace.list, tensor: (node) => treeAt(run.trace, node) },
      {
        traceRoot: trace.list.root(),
        roots: trace.roots.map(fromHex),
        supplied: (position) => supplies.get(key(position)),
      },
    );
    if (move.kind !== "demand") return { move, silentAt: undefined, demands };
    try {
      supplies.set(key(move.position), makeSupply(treeAt(trace, move.position.node), move.position));
    } catch (thrown) {
      expect((thrown as TouchstoneError).code).to.equal("PREIMAGE_UNKNOWN");
      return { move, silentAt: move.position, demands: demands + 1 };
    }
  }
}

describe("false challenges", () => {
  let run: AuditRun;
  let claim: ClaimRecord;

  before(async () => {
    ({ run, claim } = await honestClaim(0));
  });

  const lieOf = (name: LieName, seed: number): Assertion => LIES[name].lie(run, claim, randomFor(seed, name));

  for (const name of ["inner", "garbage", "leaf"] as const) {
    it(`${name}: deviates from an honest claim, and is the same again for the same seed`, () => {
      for (const seed of SEEDS) {
        const { trace, finding } = lieOf(name, seed);
        expect(finding.verdict, `seed ${seed}`).to.equal("wrong");
        expect(trace.root).not.to.equal(run.trace.root);
        expect(lieOf(name, seed).trace.root).to.equal(trace.root);
        const shown = treeAt(trace, finding.node);
        expect(toHex(shown.root())).to.equal(trace.roots[finding.node]);
      }
    });
  }

  it("inner: everything can be supplied, and the altered element is refuted", () => {
    for (const seed of SEEDS) {
      const assertion = lieOf("inner", seed);
      const { move, demands } = play(run, assertion);
      expect(move.kind, `seed ${seed}`).to.equal("refute");
      if (move.kind !== "refute") continue;
      expect(move.node).to.equal(assertion.node);
      const [own, asserted] = [treeAt(run.trace, move.node), treeAt(assertion.trace, move.node)];
      expect(asserted.element(move.element)).not.to.equal(own.element(move.element));
      expect(demands).to.be.within(1, 2);
    }
  });

  it("garbage: the first demand stays unanswered", () => {
    for (const seed of SEEDS) {
      const assertion = lieOf("garbage", seed);
      const { silentAt, demands } = play(run, assertion);
      expect(silentAt?.node, `seed ${seed}`).to.equal(assertion.node);
      expect(demands).to.equal(1);
    }
  });

  it("leaf: hashes are supplied, the bad leaf is not, wherever it is", () => {
    const places = new Set<string>();
    for (const seed of SEEDS) {
      const assertion = lieOf("leaf", seed);
      const { silentAt, demands } = play(run, assertion);
      expect(silentAt?.node, `seed ${seed}`).to.equal(assertion.node);
      expect(silentAt?.height).to.equal(0);
      expect(demands).to.equal(2);
      places.add(`${silentAt?.node ?? ""}:${silentAt?.index ?? ""}`);
    }
    expect(places.size).to.be.greaterThan(SEEDS.length / 2);
  });
});

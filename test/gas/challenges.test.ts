import { expect } from "chai";
import { dataLength, type ContractTransactionResponse } from "ethers";

import { expectSnapshot, type Snapshot } from "../../scripts/checks/snapshot.js";
import { INLINE_ROOTS } from "../../src/dispute/protocol.js";
import { alphabetModel, type Trace, traceOf } from "../support/alphabet.js";
import {
  at,
  BOND,
  claimOf,
  deployDisputes,
  type Disputes,
  type Layout,
  lie,
  openChallenge,
  openingOf,
  play,
  TERMS,
} from "../support/challenges.js";
import type { Place } from "../support/demands.js";
import { connect, type Connection } from "../support/protocol.js";

/** A tensor of 256 full leaves: its root's supply is the largest there is. */
const WIDE: Layout = {
  nodes: [
    { elements: 256 * 256, dtype: "u8" },
    { elements: 3 * 256, dtype: "u8" },
    { elements: 4, dtype: "f32" },
  ],
  outputs: [{ node: 2, atol: 0n, rtol: 0n }],
  depth: 2,
};

/** Trace lengths: those whose roots ride along, up to the longest, and one whose roots are supplied on demand. */
const TRACE_LENGTHS = [1, 16, 64, 256, 1024, 2048, 2049];

interface Cost {
  readonly transaction: bigint;
  readonly calldata: number;
}

describe("Gas of disputes", () => {
  let chain: Connection;
  let disputes: Disputes;
  let trace: Trace;
  let challengeId: string;

  before(async () => {
    chain = await connect();
    disputes = await deployDisputes(chain, { layout: WIDE });
    const claim = await claimOf(chain, disputes);
    trace = traceOf(alphabetModel(WIDE.nodes), claim.inputsRoot, {
      alter: [{ node: 2, element: 0, bits: 0x40800000n }],
    });
    challengeId = await openChallenge(chain, disputes, claim, { trace });
  });

  /** Gas and calldata of one transaction. */
  const costOf = async (sending: Promise<ContractTransactionResponse>): Promise<Cost> => {
    const response = await sending;
    return { transaction: (await response.wait())!.gasUsed, calldata: dataLength(response.data) };
  };

  it("a demand's base price is at least four times what its supply costs, for every size", async () => {
    const { manager } = disputes;
    const game = play(chain, disputes, challengeId, trace);
    const places: Record<string, { place: Place; payload: number }> = {
      "256 hashes": { place: { node: 0, height: 8, index: 0 }, payload: 8192 },
      "3 hashes": { place: { node: 1, height: 2, index: 0 }, payload: 96 },
      leaf: { place: { node: 1, height: 0, index: 2 }, payload: 256 },
    };
    const measured: Record<string, Cost> = {};
    for (const [name, { place, payload }] of Object.entries(places)) {
      await game.demand(place);
      const { price } = await game.demandAt(place);
      // The challenger has no credit before the first supply: its storage is written anew.
      if ((await manager.creditOf(chain.challenger)) !== 0n) await manager.withdraw(chain.challenger);
      const response = await game.supply(place);
      const cost = await costOf(Promise.resolve(response));
      measured[`supply ${name}`] = cost;
      const asked = await manager.demandPrice(challengeId, payload, TERMS.baseFeeFloor);
      const gasPaidFor = asked.price / TERMS.baseFeeFloor / BigInt(TERMS.priceMultiple);
      expect(cost.transaction, name).to.be.at.most(gasPaidFor);
      expect(price).to.be.at.least(asked.price);
      expect(cost.calldata + 120, `bytes of ${name}`).to.be.at.most(payload + 420);
    }
    expectSnapshot("gas/supplies", measured as unknown as Snapshot);
  });

  it("of opening, by trace length", async function () {
    this.timeout(300_000);
    const measured: Record<string, Cost> = {};
    for (const length of TRACE_LENGTHS) {
      const nodes = Array.from({ length }, () => ({ elements: 1, dtype: "f32" as const }));
      const onDemand = length > INLINE_ROOTS;
      const wide = await deployDisputes(chain, {
        layout: { nodes, outputs: [{ node: length - 1, atol: 0n, rtol: 0n }], depth: onDemand ? 3 : 1 },
      });
      const claim = await claimOf(chain, wide, lie);
      const { challengeId: id, args } = await openingOf(chain, wide, claim, { trace: claim.truth });
      const asChallenger = wide.manager.connect(chain.challenger);
      await asChallenger.commitChallenge(id);
      const cost = await costOf(asChallenger.openChallenge(...args, { value: BOND }));
      expect(cost.transaction, `${length} nodes`).to.be.below(4_000_000n);
      measured[`trace of ${length}${onDemand ? ", roots on demand" : ""}`] = cost;
    }
    expectSnapshot("gas/opening", measured as unknown as Snapshot);
  });

  it("of each step", async () => {
    const { manager } = disputes;
    const claim = await claimOf(chain, disputes, lie);
    const { challengeId: id, args } = await openingOf(chain, disputes, claim, { trace: claim.truth });
    const asChallenger = manager.connect(chain.challenger);
    const root: Place = { node: 0, height: 8, index: 0 };
    const measured: Record<string, Cost> = {};
    const refuted = play(chain, disputes, challengeId, trace);
    measured["refute, no operands, 3 demands"] = await costOf(refuted.refute(2, 0));
    measured["refund a demand"] = await costOf(refuted.refund(root));
    measured["commit"] = await costOf(asChallenger.commitChallenge(id));
    measured["open, 3 roots"] = await costOf(asChallenger.openChallenge(...args, { value: BOND }));
    const game = play(chain, disputes, id, claim.truth);
    measured["demand"] = await costOf(game.demand(root));
    await game.supply(root);
    measured["demand deeper"] = await costOf(game.deeper(root, { node: 0, height: 0, index: 9 }));
    await game.supply({ node: 0, height: 0, index: 9 });
    await at(chain, (await game.state()).lastDeadline + 1n);
    measured["resolve"] = await costOf(game.resolve());
    await at(chain, (await game.state()).executableAt);
    measured["execute"] = await costOf(game.execute());
    measured["withdraw"] = await costOf(manager.withdraw(chain.challenger));
    expectSnapshot("gas/challenges", measured as unknown as Snapshot);
  });
});

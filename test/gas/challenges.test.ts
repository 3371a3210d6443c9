import { expect } from "chai";
import { type ContractTransactionResponse } from "ethers";

import { expectSnapshot } from "../../scripts/checks/snapshot.js";
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

  const gasOf = async (sending: Promise<ContractTransactionResponse>): Promise<bigint> =>
    (await (await sending).wait())!.gasUsed;

  it("a demand's base price is at least four times what its supply costs, for every size", async () => {
    const { manager } = disputes;
    const game = play(chain, disputes, challengeId, trace);
    const places: Record<string, { place: Place; payload: number }> = {
      "256 hashes": { place: { node: 0, height: 8, index: 0 }, payload: 8192 },
      "3 hashes": { place: { node: 1, height: 2, index: 0 }, payload: 96 },
      leaf: { place: { node: 1, height: 0, index: 2 }, payload: 256 },
    };
    const measured: Record<string, bigint> = {};
    for (const [name, { place, payload }] of Object.entries(places)) {
      await game.demand(place);
      const { price } = await game.demandAt(place);
      // The challenger has no credit before the first supply: its storage is written anew.
      if ((await manager.creditOf(chain.challenger)) !== 0n) await manager.withdraw(chain.challenger);
      const response = await game.supply(place);
      measured[`supply ${name}`] = await gasOf(Promise.resolve(response));
      const asked = await manager.demandPrice(challengeId, payload, TERMS.baseFeeFloor);
      const gasPaidFor = asked.price / TERMS.baseFeeFloor / BigInt(TERMS.priceMultiple);
      expect(measured[`supply ${name}`], name).to.be.at.most(gasPaidFor);
      expect(price).to.be.at.least(asked.price);
      expect((response.data.length - 2) / 2 + 120, `bytes of ${name}`).to.be.at.most(payload + 420);
    }
    expectSnapshot("gas/supplies", measured);
  });

  it("of opening with as many roots as ride along", async () => {
    const nodes = Array.from({ length: 2048 }, () => ({ elements: 1, dtype: "f32" as const }));
    const wide = await deployDisputes(chain, {
      layout: { nodes, outputs: [{ node: 2047, atol: 0n, rtol: 0n }], depth: 1 },
    });
    const claim = await claimOf(chain, wide, lie);
    const { challengeId: id, args } = await openingOf(chain, wide, claim, { trace: claim.truth });
    const asChallenger = wide.manager.connect(chain.challenger);
    await asChallenger.commitChallenge(id);
    const opened = await gasOf(asChallenger.openChallenge(...args, { value: BOND }));
    expect(opened).to.be.below(4_000_000n);
    expectSnapshot("gas/opening", { "open, 2048 roots": opened });
  });

  it("of each step", async () => {
    const { manager } = disputes;
    const claim = await claimOf(chain, disputes, lie);
    const { challengeId: id, args } = await openingOf(chain, disputes, claim, { trace: claim.truth });
    const asChallenger = manager.connect(chain.challenger);
    const root: Place = { node: 0, height: 8, index: 0 };
    const measured: Record<string, bigint> = {};
    const refuted = play(chain, disputes, challengeId, trace);
    measured["refute, no operands, 3 demands"] = await gasOf(refuted.refute(2, 0));
    measured["refund a demand"] = await gasOf(refuted.refund(root));
    measured["commit"] = await gasOf(asChallenger.commitChallenge(id));
    measured["open, 3 roots"] = await gasOf(asChallenger.openChallenge(...args, { value: BOND }));
    const game = play(chain, disputes, id, claim.truth);
    measured["demand"] = await gasOf(game.demand(root));
    await game.supply(root);
    measured["demand deeper"] = await gasOf(game.deeper(root, { node: 0, height: 0, index: 9 }));
    await game.supply({ node: 0, height: 0, index: 9 });
    await at(chain, (await game.state()).lastDeadline + 1n);
    measured["resolve"] = await gasOf(game.resolve());
    await at(chain, (await game.state()).executableAt);
    measured["execute"] = await gasOf(game.execute());
    measured["withdraw"] = await gasOf(manager.withdraw(chain.challenger));
    expectSnapshot("gas/challenges", measured);
  });
});

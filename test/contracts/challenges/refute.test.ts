import { expect } from "chai";

import { finaliseJob } from "../../support/jobs.js";
import { evidenceOf, type Trace, traceOf } from "../../support/alphabet.js";
import {
  at,
  BOND,
  claimOf,
  deployDisputes,
  type Disputes,
  expectBalanced,
  FALSE_OUTPUT,
  LAYOUT,
  openChallenge,
  type Play,
  play,
  STATUS,
  TERMS,
} from "../../support/challenges.js";
import type { Place } from "../../support/demands.js";
import { connect, type Connection } from "../../support/protocol.js";

const ROOT: Place = { node: 1, height: 9, index: 0 };
const PAIR: Place = { node: 1, height: 1, index: 5 };
const LEAF: Place = { node: 1, height: 0, index: 11 };
/** An element in that leaf: 256 bytes a leaf, one byte an element. */
const ELEMENT = 11 * 256 + 7;

describe("ChallengeManager: refute and expire", () => {
  let chain: Connection;
  let disputes: Disputes;
  let challengeId: string;
  let claimId: string;
  let trace: Trace;
  let game: Play;

  before(async () => {
    chain = await connect();
  });

  beforeEach(async () => {
    ({ disputes, challengeId, trace, claimId } = await chain.networkHelpers.loadFixture(fixture));
    game = play(chain, disputes, challengeId, trace);
  });

  async function fixture() {
    const deployed = await deployDisputes(chain);
    const claim = await claimOf(chain, deployed);
    // The output deviates, and so does one element of the large tensor.
    const asserted = traceOf(deployed.model, claim.inputsRoot, {
      alter: [...FALSE_OUTPUT.alter!, { node: 1, element: ELEMENT, bits: 300n }],
    });
    return {
      disputes: deployed,
      trace: asserted,
      claimId: claim.id,
      challengeId: await openChallenge(chain, deployed, claim, { trace: asserted }),
    };
  }

  const credit = (signer: Connection["stranger"]) => disputes.manager.creditOf(signer);

  describe("refute", () => {
    it("ends the challenge, halves the bond and frees the claim", async () => {
      const { manager, jobs } = disputes;
      await expect(game.refute(3, 0))
        .to.emit(manager, "ChallengeRefuted")
        .withArgs(challengeId, chain.stranger.address, 3, 0, BOND / 2n, 1, BOND / 2n);
      expect((await game.state()).status).to.equal(STATUS.refuted);
      expect(await credit(chain.stranger)).to.equal(BOND / 2n);
      expect(await manager.totalBurnt()).to.equal(BOND / 2n);
      expect((await jobs.claim(claimId)).openChallenges).to.equal(0);
      await at(chain, (await jobs.claim(claimId)).challengeDeadline + 1n);
      await finaliseJob(jobs, claimId);
    });

    it("needs an element that is wrong", async () => {
      await expect(game.refute(3, 1)).to.be.revertedWithCustomError(disputes.manager, "NodeConsistent").withArgs(3, 1);
    });

    it("passes the judge's errors on", async () => {
      const { manager, arbiter, verifier } = disputes;
      const evidence = evidenceOf(trace, 3, 0);
      const other = evidenceOf(trace, 2, 0);
      await expect(manager.refute(challengeId, { ...evidence, node: other.node })).to.be.revertedWithCustomError(
        arbiter,
        "NodeNotInGraph",
      );
      const { leaf } = other.result;
      await expect(
        manager.refute(challengeId, { ...evidence, result: { ...evidence.result, leaf } }),
      ).to.be.revertedWithCustomError(verifier, "TensorRootMismatch");
    });

    it("lasts as long as the refutation window: -1, 0 and +1 seconds", async () => {
      const { manager } = disputes;
      const deadline = (await game.state()).refutationDeadline;
      await at(chain, deadline + 1n);
      await expect(game.refute(3, 0))
        .to.be.revertedWithCustomError(manager, "RefutationClosed")
        .withArgs(challengeId, deadline);
      for (const offset of [-1n, 0n]) {
        ({ disputes, challengeId, trace } = await chain.networkHelpers.loadFixture(fixture));
        game = play(chain, disputes, challengeId, trace);
        await at(chain, deadline + offset);
        await game.refute(3, 0);
      }
    });

    it("lasts as long as the last supply or grace window: 0 and +1 seconds", async () => {
      const { refutationDeadline } = await game.state();
      await at(chain, refutationDeadline);
      await game.demand(ROOT);
      let last = refutationDeadline + BigInt(TERMS.supplyWindow);
      expect((await game.state()).lastDeadline).to.equal(last);
      await at(chain, last);
      await game.supply(ROOT);
      last += BigInt(TERMS.graceWindow);
      expect((await game.state()).lastDeadline).to.equal(last);
      const snapshot = await chain.networkHelpers.takeSnapshot();
      await at(chain, last + 1n);
      await expect(game.refute(3, 0))
        .to.be.revertedWithCustomError(disputes.manager, "RefutationClosed")
        .withArgs(challengeId, last);
      await snapshot.restore();
      await at(chain, last);
      await game.refute(3, 0);
    });

    it("shares its half with those whose supplied demands led to the element", async () => {
      const { manager } = disputes;
      await game.demand(ROOT, chain.consumer);
      await game.supply(ROOT);
      await game.deeper(ROOT, PAIR, chain.owner);
      await game.supply(PAIR);
      await game.deeper(PAIR, LEAF, chain.publisher);
      // Beside the path, and on it but unanswered: no share.
      await game.demand({ node: 2, height: 2, index: 0 }, chain.worker);
      await game.supply({ node: 2, height: 2, index: 0 });
      const before = await Promise.all([chain.consumer, chain.owner, chain.publisher, chain.worker].map(credit));
      const { paid } = await game.state();
      const share = (BOND - paid) / 2n / 3n;
      const refuting = game.refute(1, ELEMENT);
      await refuting;
      await expect(refuting)
        .to.emit(manager, "ChallengeRefuted")
        .withArgs(challengeId, chain.stranger.address, 1, ELEMENT, 3n * share, 3, BOND - paid - 3n * share);
      const after = await Promise.all([chain.consumer, chain.owner, chain.publisher, chain.worker].map(credit));
      expect(after.map((amount, i) => amount - before[i]!)).to.deep.equal([share, share, 0n, 0n]);
      expect(await credit(chain.stranger)).to.equal(share);
    });
  });

  describe("expire", () => {
    it("ends a challenge that left a demand unanswered, for the demander, whoever calls: 0 and +1 seconds", async () => {
      const { manager } = disputes;
      await game.demand(PAIR);
      const before = await credit(chain.stranger);
      const { supplyDeadline } = await game.demandAt(PAIR);
      await at(chain, supplyDeadline);
      await expect(game.expire(PAIR))
        .to.be.revertedWithCustomError(manager, "SupplyOpen")
        .withArgs(challengeId, [1, 1, 5], supplyDeadline);
      await at(chain, supplyDeadline + 1n);
      await expect(game.expire(PAIR, chain.consumer))
        .to.emit(manager, "ChallengeUnanswered")
        .withArgs(challengeId, chain.stranger.address, [1, 1, 5], BOND / 2n, 1, BOND / 2n);
      expect((await credit(chain.stranger)) - before).to.equal(BOND / 2n);
      expect((await game.state()).status).to.equal(STATUS.unanswered);
    });

    it("shares with the demanders around it", async () => {
      await game.demand(ROOT, chain.consumer);
      await game.supply(ROOT);
      await game.deeper(ROOT, PAIR, chain.owner);
      await game.supply(PAIR);
      await game.deeper(PAIR, LEAF, chain.publisher);
      const before = await Promise.all([chain.consumer, chain.owner, chain.publisher].map(credit));
      await at(chain, (await game.demandAt(LEAF)).supplyDeadline + 1n);
      const share = (BOND - (await game.state()).paid) / 2n / 3n;
      await game.expire(LEAF);
      const after = await Promise.all([chain.consumer, chain.owner, chain.publisher].map(credit));
      expect(after.map((amount, i) => amount - before[i]!)).to.deep.equal([share, share, share]);
      expect(await credit(chain.stranger)).to.equal(0);
    });

    it("is not for answered demands, nor for none", async () => {
      const { manager } = disputes;
      await game.demand(PAIR);
      await game.supply(PAIR);
      await expect(game.expire(PAIR)).to.be.revertedWithCustomError(manager, "AlreadySupplied");
      await expect(game.expire(LEAF)).to.be.revertedWithCustomError(manager, "NotDemanded");
    });
  });

  it("a lost challenge pays every demand back, answered or not, once", async () => {
    const { manager } = disputes;
    await game.demand(ROOT, chain.consumer);
    await game.supply(ROOT);
    await game.demand(PAIR, chain.consumer);
    await expect(game.refund(ROOT)).to.be.revertedWithCustomError(manager, "NothingToRefund");
    await game.refute(3, 0);
    const before = await credit(chain.consumer);
    const prices = (await game.demandAt(ROOT)).price + (await game.demandAt(PAIR)).price;
    await expect(game.refund(ROOT)).to.emit(manager, "DemandRefunded");
    await game.refund(PAIR);
    expect((await credit(chain.consumer)) - before).to.equal(prices);
    await expect(game.refund(ROOT))
      .to.be.revertedWithCustomError(manager, "NothingToRefund")
      .withArgs(challengeId, [1, 9, 0]);
    for (const signer of [chain.consumer, chain.challenger, chain.stranger]) await manager.withdraw(signer);
    const { balance, accounted } = await expectBalanced(chain, disputes);
    expect(balance).to.equal(accounted);
    // Odd wei aside, all that is left has burnt.
    expect(await manager.totalOwed()).to.equal(0);
    expect(LAYOUT.depth).to.equal(3);
  });
});

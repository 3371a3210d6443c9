import { expect } from "chai";
import { ZeroAddress } from "ethers";

import { traceOf } from "../../support/alphabet.js";
import {
  at,
  BOND,
  CLAIM,
  claimOf,
  deployDisputes,
  type Disputes,
  expectBalanced,
  FALSE_OUTPUT,
  lie,
  openChallenge,
  openingOf,
  PAYMENT,
  play,
  STATUS,
  TERMS,
} from "../../support/challenges.js";
import { firstDemand, type Place } from "../../support/demands.js";
import { earned, floatBytes, openElement } from "../../support/jobs.js";
import { connect, type Connection, DAY, HOUR, OFFER, TOKEN } from "../../support/protocol.js";
import { presentedClaim, reserve } from "../../support/receipts.js";

const LEAF: Place = { node: 2, height: 2, index: 0 };
const ROOT: Place = { node: 1, height: 9, index: 0 };

describe("ChallengeManager: pause and emergency", () => {
  let chain: Connection;
  let disputes: Disputes;

  before(async () => {
    chain = await connect();
  });

  beforeEach(async () => {
    disputes = await chain.networkHelpers.loadFixture(fixture);
  });

  async function fixture() {
    const suite = await deployDisputes(chain);
    await suite.receipts.connect(chain.owner).setReservationCap(1000n * TOKEN);
    return suite;
  }

  const falseChallenge = async () => {
    const claim = await claimOf(chain, disputes);
    const trace = traceOf(disputes.model, claim.inputsRoot, FALSE_OUTPUT);
    const id = await openChallenge(chain, disputes, claim, { trace });
    return { claim, trace, id, game: play(chain, disputes, id, trace) };
  };

  it("stops commitments, openings, demands, executions and payments", async () => {
    const { manager, hub, jobs } = disputes;
    const inputs = [floatBytes([0, 1.5, 0.5, 1])];
    const outside = await claimOf(chain, disputes, undefined, inputs);
    const { trace, id, game } = await falseChallenge();
    const wrong = await claimOf(chain, disputes, lie);
    const { challengeId, args } = await openingOf(chain, disputes, wrong, { trace: wrong.truth });
    const asChallenger = manager.connect(chain.challenger);
    await asChallenger.commitChallenge(challengeId);
    await hub.pause();
    for (const call of [
      () => asChallenger.commitChallenge(challengeId),
      () => asChallenger.openChallenge(...args, { value: BOND }),
      () => manager.demand(id, firstDemand(trace, LEAF), { value: PAYMENT }),
      () => manager.voidOutsideDomain(jobs, outside.id, openElement(inputs, ["f32"], 0, 1)),
      () => manager.withdraw(chain.challenger),
      () => asChallenger.withdrawTo(chain.challenger),
    ]) {
      await expect(call()).to.be.revertedWithCustomError(hub, "Paused");
    }
    await hub.unpause();
    await asChallenger.openChallenge(...args, { value: BOND });
    await game.demand(LEAF);
  });

  it("lets refutations, supplies and resolutions go on, and stands all clocks still", async () => {
    const { hub, manager } = disputes;
    const { game } = await falseChallenge();
    const stays = await falseChallenge();
    await game.demand(LEAF);
    await stays.game.demand(LEAF);
    const { supplyDeadline } = await game.demandAt(LEAF);
    await at(chain, supplyDeadline - 5n);
    await hub.pause();
    await at(chain, supplyDeadline + 2n * BigInt(DAY));
    await game.supply(LEAF);
    expect((await game.demandAt(LEAF)).graceDeadline).to.equal(supplyDeadline - 5n + BigInt(TERMS.graceWindow));
    await expect(stays.game.expire(LEAF)).to.be.revertedWithCustomError(manager, "SupplyOpen");
    await game.refute(3, 0);
    await hub.unpause();
    await at(chain, BigInt(await chain.networkHelpers.time.latest()) + 5n);
    await stays.game.supply(LEAF);
  });

  it("execution waits for the end of the pause", async () => {
    const { hub } = disputes;
    const claim = await claimOf(chain, disputes, lie);
    const id = await openChallenge(chain, disputes, claim, { trace: claim.truth });
    const game = play(chain, disputes, id, claim.truth);
    await at(chain, (await game.state()).lastDeadline + 1n);
    await hub.pause();
    // Protocol time stands one second behind: the pause began when the deadline had passed.
    await game.resolve();
    await chain.networkHelpers.time.increase(2 * DAY);
    await expect(game.execute()).to.be.revertedWithCustomError(hub, "Paused");
    await hub.unpause();
    await chain.networkHelpers.time.increase(TERMS.airGap);
    await game.execute();
  });

  it("windows that governance changes do not touch a running challenge", async () => {
    const { game } = await falseChallenge();
    const state = await game.state();
    for (const name of [
      "supplyWindow",
      "graceWindow",
      "airGap",
      "baseFeeFloor",
      "dataPrice",
      "priceMultiple",
    ] as const) {
      expect(state[name], name).to.equal(TERMS[name]);
    }
    expect(state.refutationDeadline - state.openedAt).to.equal(TERMS.refutationWindow);
  });

  describe("emergency", () => {
    it("only whom the authority lets, and only in a pause", async () => {
      const { manager, hub } = disputes;
      const { id } = await falseChallenge();
      await expect(manager.emergencyVoid([id])).to.be.revertedWithCustomError(hub, "NotPaused");
      await hub.pause();
      await expect(manager.connect(chain.stranger).emergencyVoid([id]))
        .to.be.revertedWithCustomError(manager, "AccessManagedUnauthorized")
        .withArgs(chain.stranger);
      await manager.emergencyVoid([id]);
    });

    it("refunds all sides to the wei: fee but for the audit share, bond, demands; nobody is slashed", async () => {
      const { manager, hub, jobs, staking } = disputes;
      const { claim, id, game } = await falseChallenge();
      await game.demand(ROOT);
      await game.demand(LEAF, chain.worker);
      await game.supply(ROOT);
      const { price } = await game.demandAt(ROOT);
      const paid = await manager.creditOf(chain.challenger);
      expect(paid).to.equal(price);
      const stake = await staking.stakeOf(chain.owner);
      const fees = await jobs.creditOf(ZeroAddress, chain.consumer);
      await hub.pause();
      await expect(manager.emergencyVoid([id]))
        .to.emit(manager, "ChallengeVoided")
        .withArgs(id, BOND - paid);
      expect((await game.state()).status).to.equal(STATUS.refunded);
      expect((await jobs.claim(claim.id)).status).to.equal(CLAIM.void);
      expect((await jobs.creditOf(ZeroAddress, chain.consumer)) - fees).to.equal(earned(OFFER.price));
      expect(await staking.stakeOf(chain.owner)).to.equal(stake);
      expect(await manager.creditOf(chain.challenger)).to.equal(BOND);
      for (const [place, demander] of [
        [ROOT, chain.stranger],
        [LEAF, chain.worker],
      ] as const) {
        const before = await manager.creditOf(demander);
        await game.refund(place);
        expect((await manager.creditOf(demander)) - before).to.equal((await game.demandAt(place)).price);
        await expect(game.refund(place)).to.be.revertedWithCustomError(manager, "NothingToRefund");
      }
      const { balance, accounted } = await expectBalanced(chain, disputes);
      expect(balance).to.equal(accounted);
      await hub.unpause();
      for (const party of [chain.challenger, chain.stranger, chain.worker]) await manager.withdraw(party);
      expect(await manager.totalOwed()).to.equal(0);
    });

    it("voids a list, upheld ones too, and passes over what has ended or is repeated", async () => {
      const { manager, hub, receipts, jobs } = disputes;
      const ended = await falseChallenge();
      await ended.game.refute(3, 0);
      const job = await claimOf(chain, disputes, lie);
      const reservation = await reserve(chain, disputes);
      const receipt = await presentedClaim(chain, disputes, reservation, { answer: lie });
      const ids = [];
      for (const claim of [job, receipt]) {
        ids.push(await openChallenge(chain, disputes, claim, { trace: claim.truth }));
      }
      const upheld = play(chain, disputes, ids[0]!, job.truth);
      await at(chain, (await upheld.state()).lastDeadline + 1n);
      await upheld.resolve();
      await hub.pause();
      await manager.emergencyVoid([ended.id, ids[0]!, ids[1]!, ids[1]!]);
      expect((await manager.challenge(ended.id)).status).to.equal(STATUS.refuted);
      for (const id of ids) expect((await manager.challenge(id)).status).to.equal(STATUS.refunded);
      expect((await jobs.claim(job.id)).status).to.equal(CLAIM.void);
      expect((await receipts.claim(receipt.id)).status).to.equal(CLAIM.void);
      expect((await receipts.reservationOf(reservation)).openChallenges).to.equal(0);
      await hub.unpause();
      await chain.networkHelpers.time.increase(12 * HOUR);
      await expect(upheld.execute()).to.be.revertedWithCustomError(manager, "WrongChallengeStatus");
    });

    it("other challenges of a voided claim can be settled: bonds back", async () => {
      const { manager, hub } = disputes;
      const claim = await claimOf(chain, disputes, lie);
      const first = await openChallenge(chain, disputes, claim, { trace: claim.truth });
      const second = await openChallenge(chain, disputes, claim, { trace: claim.truth, challenger: chain.stranger });
      await hub.pause();
      await manager.emergencyVoid([first]);
      await manager.settle(second);
      expect(await manager.creditOf(chain.stranger)).to.equal(BOND);
    });
  });
});

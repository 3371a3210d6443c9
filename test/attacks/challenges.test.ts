import { expect } from "chai";
import { id, ZeroAddress } from "ethers";

import { earned, finaliseJob } from "../support/jobs.js";
import { traceOf } from "../support/alphabet.js";
import {
  at,
  BOND,
  CLAIM,
  claimOf,
  deployDisputes,
  type Disputes,
  FALSE_OUTPUT,
  lie,
  openChallenge,
  openingOf,
  play,
  STATUS,
  TERMS,
  uphold,
} from "../support/challenges.js";
import { connect, type Connection, HOUR, OFFER, TOKEN } from "../support/protocol.js";

const LOCK = 100n * TOKEN;
const ROOT = { node: 1, height: 9, index: 0 };

describe("attacks on challenges", () => {
  let chain: Connection;
  let disputes: Disputes;

  before(async () => {
    chain = await connect();
  });

  beforeEach(async () => {
    disputes = await chain.networkHelpers.loadFixture(fixture);
  });

  async function fixture() {
    return deployDisputes(chain);
  }

  /** A true challenge to a wrong answer. */
  async function accuse(claim: Awaited<ReturnType<typeof claimOf>>, challenger = chain.challenger) {
    const opened = await openChallenge(chain, disputes, claim, { trace: claim.truth, challenger });
    return play(chain, disputes, opened, claim.truth);
  }

  /** A false challenge to a right answer. */
  async function slander(claim: Awaited<ReturnType<typeof claimOf>>, challenger = chain.challenger) {
    const trace = traceOf(disputes.model, claim.inputsRoot, FALSE_OUTPUT);
    return play(chain, disputes, await openChallenge(chain, disputes, claim, { trace, challenger }), trace);
  }

  it("42: challenging oneself first takes no more than an equal share, and loses in all", async () => {
    const { staking } = disputes;
    const claim = await claimOf(chain, disputes, lie);
    const puppet = await accuse(claim, chain.stranger);
    const honest = await accuse(claim);
    await at(chain, (await honest.state()).lastDeadline + 1n);
    await puppet.resolve();
    await honest.resolve();
    await at(chain, (await honest.state()).executableAt);
    await puppet.execute();
    const [toPuppet, toHonest] = [await staking.rewardOf(chain.stranger), await staking.rewardOf(chain.challenger)];
    expect(toPuppet).to.equal(toHonest);
    expect(toPuppet).to.be.below(LOCK / 4n);
    // Even alone, and as the consumer too, the operator gets back half at most.
    expect(toPuppet + toHonest + (await staking.rewardOf(chain.consumer))).to.be.at.most(LOCK / 2n);
  });

  it("43: a challenge seen in the mempool can't be opened by anybody else", async () => {
    const { manager } = disputes;
    const claim = await claimOf(chain, disputes, lie);
    const { challengeId, args } = await openingOf(chain, disputes, claim, { trace: claim.truth });
    await manager.connect(chain.challenger).commitChallenge(challengeId);
    // The copier sees the commitment, repeats it, and then sees the opening and repeats that.
    await manager.connect(chain.stranger).commitChallenge(challengeId);
    const copied = manager.connect(chain.stranger).openChallenge(...args, { value: BOND });
    await expect(copied).to.be.revertedWithCustomError(manager, "NotCommitted");
    await manager.connect(chain.challenger).openChallenge(...args, { value: BOND });
    expect((await manager.challenge(challengeId)).challenger).to.equal(chain.challenger.address);
  });

  it("44: every second belongs to exactly one side", async () => {
    const claim = await claimOf(chain, disputes);
    const game = await slander(claim);
    await at(chain, (await game.state()).refutationDeadline);
    await game.demand(ROOT);
    const { supplyDeadline } = await game.demandAt(ROOT);
    // Supply or expiry.
    for (const [offset, supplied] of [
      [-1n, true],
      [0n, true],
      [1n, false],
    ] as const) {
      const snapshot = await chain.networkHelpers.takeSnapshot();
      await at(chain, supplyDeadline + offset);
      if (supplied) {
        await expect(game.expire(ROOT)).to.be.revertedWithCustomError(disputes.manager, "SupplyOpen");
        await snapshot.restore();
        await at(chain, supplyDeadline + offset);
        await game.supply(ROOT);
      } else {
        await expect(game.supply(ROOT)).to.be.revertedWithCustomError(disputes.manager, "SupplyClosed");
        await game.expire(ROOT);
      }
      await snapshot.restore();
    }
    // Refutation or resolution.
    await at(chain, supplyDeadline);
    await game.supply(ROOT);
    const { lastDeadline } = await game.state();
    for (const [offset, refutable] of [
      [-1n, true],
      [0n, true],
      [1n, false],
    ] as const) {
      const snapshot = await chain.networkHelpers.takeSnapshot();
      await at(chain, lastDeadline + offset);
      if (refutable) {
        await expect(game.resolve()).to.be.revertedWithCustomError(disputes.manager, "DeadlinesRunning");
        await snapshot.restore();
        await at(chain, lastDeadline + offset);
        await game.refute(3, 0);
      } else {
        await expect(game.refute(3, 0)).to.be.revertedWithCustomError(disputes.manager, "RefutationClosed");
        await game.resolve();
      }
      await snapshot.restore();
    }
  });

  it("45: every challenge has its own clocks, from its own opening", async () => {
    const claim = await claimOf(chain, disputes, lie);
    const first = await accuse(claim);
    await at(chain, (await first.state()).openedAt + BigInt(5 * HOUR));
    const second = await accuse(claim, chain.stranger);
    const [a, b] = [await first.state(), await second.state()];
    expect(b.refutationDeadline - b.openedAt).to.equal(BigInt(TERMS.refutationWindow));
    expect(b.refutationDeadline).to.be.above(a.refutationDeadline + BigInt(5 * HOUR) - 1n);
    // A demand in one moves nothing in the other.
    await at(chain, a.refutationDeadline);
    await first.demand(ROOT);
    expect((await second.state()).lastDeadline).to.equal(b.refutationDeadline);
  });

  it("46: no challenge after finalisation", async () => {
    const { manager, jobs } = disputes;
    const claim = await claimOf(chain, disputes, lie);
    const { challengeId, args } = await openingOf(chain, disputes, claim, { trace: claim.truth });
    await at(chain, (await jobs.claim(claim.id)).challengeDeadline);
    await manager.connect(chain.challenger).commitChallenge(challengeId);
    await finaliseJob(jobs, claim.id);
    await expect(manager.connect(chain.challenger).openChallenge(...args, { value: BOND }))
      .to.be.revertedWithCustomError(manager, "ClaimNotChallengeable")
      .withArgs(await jobs.getAddress(), claim.id, CLAIM.final);
  });

  it("47: no finalisation while a challenge is open or upheld", async () => {
    const { jobs } = disputes;
    const claim = await claimOf(chain, disputes, lie);
    const game = await accuse(claim);
    await at(chain, (await game.state()).lastDeadline + 1n);
    await expect(finaliseJob(jobs, claim.id)).to.be.revertedWithCustomError(jobs, "Challenged");
    await game.resolve();
    await expect(finaliseJob(jobs, claim.id)).to.be.revertedWithCustomError(jobs, "Challenged");
    await at(chain, (await game.state()).executableAt);
    await game.execute();
    await expect(finaliseJob(jobs, claim.id)).to.be.revertedWithCustomError(jobs, "WrongStatus");
  });

  it("48: a clock that was never started has not run out", async () => {
    const { manager, jobs } = disputes;
    const claim = await claimOf(chain, disputes, lie);
    const game = await accuse(claim);
    const nothing = id("nothing");
    await expect(game.execute()).to.be.revertedWithCustomError(manager, "WrongChallengeStatus");
    await expect(game.expire(ROOT)).to.be.revertedWithCustomError(manager, "NotDemanded");
    await expect(game.refund(ROOT)).to.be.revertedWithCustomError(manager, "NotDemanded");
    await game.demand(ROOT);
    await expect(game.deeper(ROOT, { ...ROOT, height: 1 })).to.be.revertedWithCustomError(manager, "NotSupplied");
    for (const call of ["resolve", "execute", "settle"] as const) {
      await expect(manager[call](nothing)).to.be.revertedWithCustomError(manager, "WrongChallengeStatus");
    }
    await expect(
      manager
        .connect(chain.challenger)
        .openChallenge(
          await jobs.getAddress(),
          claim.id,
          nothing,
          (await openingOf(chain, disputes, claim, { trace: claim.truth })).args[3],
          [],
          nothing,
          { value: BOND },
        ),
    ).to.be.revertedWithCustomError(manager, "NotCommitted");
  });

  it("49: nothing can change the clocks or prices of a running challenge", async () => {
    const { manager } = disputes;
    const changing = manager.interface.fragments.filter(
      (fragment) => fragment.type === "function" && !("constant" in fragment && fragment.constant === true),
    );
    const names = changing.map((fragment) => ("name" in fragment ? fragment.name : "")).sort();
    expect(names).to.deep.equal([
      "commitChallenge",
      "countSharers",
      "demand",
      "demandDeeper",
      // Restricted, in a pause only: it refunds all sides.
      "emergencyVoid",
      "execute",
      "expire",
      "openChallenge",
      "refundDemand",
      "refute",
      "resolve",
      "settle",
      "supplyHashes",
      "supplyLeaf",
      "voidOutsideDomain",
      "withdraw",
      "withdrawTo",
    ]);
    const game = await accuse(await claimOf(chain, disputes, lie));
    const { supplyWindow, graceWindow, airGap } = await game.state();
    expect([supplyWindow, graceWindow, airGap]).to.deep.equal(
      [TERMS.supplyWindow, TERMS.graceWindow, TERMS.airGap].map(BigInt),
    );
  });

  it("50: nobody can occupy a challenge's id", async () => {
    const { manager } = disputes;
    const claim = await claimOf(chain, disputes, lie);
    const mine = await openingOf(chain, disputes, claim, { trace: claim.truth });
    const theirs = await openingOf(chain, disputes, claim, { trace: claim.truth, challenger: chain.stranger });
    expect(mine.challengeId).not.to.equal(theirs.challengeId);
    await openChallenge(chain, disputes, claim, { trace: claim.truth, challenger: chain.stranger });
    await openChallenge(chain, disputes, claim, { trace: claim.truth });
    expect((await manager.challenge(mine.challengeId)).challenger).to.equal(chain.challenger.address);
  });

  it("51: a second fraud of the same operator is challenged and slashed like the first", async () => {
    const { jobs, staking } = disputes;
    const claims = [await claimOf(chain, disputes, lie), await claimOf(chain, disputes, lie)];
    const before = await staking.stakeOf(chain.owner);
    const games = [await accuse(claims[0]!), await accuse(claims[1]!)];
    await at(chain, (await games[1]!.state()).lastDeadline + 1n);
    for (const game of games) await game.resolve();
    await at(chain, (await games[1]!.state()).executableAt);
    for (const game of games) await game.execute();
    for (const claim of claims) expect((await jobs.claim(claim.id)).status).to.equal(CLAIM.wrong);
    expect(before - (await staking.stakeOf(chain.owner))).to.equal(2n * LOCK);
    expect(await jobs.creditOf(ZeroAddress, chain.consumer)).to.equal(2n * earned(OFFER.price));
  });

  it("52: a reorganisation that swaps claims leaves the bond with its owner", async () => {
    const { manager } = disputes;
    const snapshot = await chain.networkHelpers.takeSnapshot();
    const wrong = await claimOf(chain, disputes, lie);
    const { challengeId, args } = await openingOf(chain, disputes, wrong, { trace: wrong.truth });
    await snapshot.restore();
    // After the reorganisation another job comes first; it has the consumer's first nonce, but not the same terms.
    const right = await claimOf(chain, disputes, undefined, [new Uint8Array(16)]);
    expect(right.id).not.to.equal(wrong.id);
    const asChallenger = manager.connect(chain.challenger);
    await asChallenger.commitChallenge(challengeId);
    await expect(asChallenger.openChallenge(...args, { value: BOND })).to.be.revertedWithCustomError(
      manager,
      "ClaimNotChallengeable",
    );
    expect(await manager.totalOwed()).to.equal(0);
  });

  it("66: a sequencer that is down for the inclusion delay, twice, leaves time to refute and to supply", async () => {
    const claim = await claimOf(chain, disputes);
    const game = await slander(claim);
    const { openedAt, refutationDeadline } = await game.state();
    const down = BigInt(TERMS.inclusionDelay);
    // Down from the opening on, and again before the deadline: in between, recomputing has its six hours.
    expect(refutationDeadline - down - (openedAt + down)).to.be.at.least(BigInt(6 * HOUR));
    await game.demand(ROOT);
    await at(chain, (await game.demandAt(ROOT)).supplyDeadline - down);
    await game.supply(ROOT);
    const { graceDeadline } = await game.demandAt(ROOT);
    await at(chain, graceDeadline - down);
    await game.deeper(ROOT, { ...ROOT, height: 1 });
    await at(chain, refutationDeadline - down);
    await game.refute(3, 0);
    expect((await game.state()).status).to.equal(STATUS.refuted);
  });

  it("67: a defender censored for the inclusion delay from any event on still answers it", async () => {
    const claim = await claimOf(chain, disputes);
    const game = await slander(claim);
    const censored = BigInt(TERMS.inclusionDelay);
    await at(chain, (await game.state()).refutationDeadline);
    await game.demand(ROOT);
    await at(chain, (await game.demandAt(ROOT)).supplyDeadline);
    await game.supply(ROOT);
    // The challenger answers in the last second, then the defender is censored: its grace has not run out.
    await at(chain, BigInt(await chain.networkHelpers.time.latest()) + censored + 1n);
    await game.deeper(ROOT, { ...ROOT, height: 1, index: 3 });
    await game.refute(3, 0);
    expect((await game.state()).status).to.equal(STATUS.refuted);
  });

  it("67: an opening that is kept from the chain for the inclusion delay is still good for its commitment", async () => {
    const { manager } = disputes;
    const claim = await claimOf(chain, disputes, lie);
    const { challengeId, args } = await openingOf(chain, disputes, claim, { trace: claim.truth });
    const asChallenger = manager.connect(chain.challenger);
    await asChallenger.commitChallenge(challengeId);
    // Sent in the next block at the earliest; a few minutes later in a busy role.
    const sent = BigInt(await chain.networkHelpers.time.latest()) + 600n;
    await at(chain, sent + BigInt(TERMS.inclusionDelay));
    await asChallenger.openChallenge(...args, { value: BOND });
    expect((await manager.challenge(challengeId)).status).to.equal(STATUS.open);
  });

  it("68: the Arbiter of a model is the one of its registration, for ever", async () => {
    const { registry, arbiter, modelId } = disputes;
    expect((await registry.facts(modelId)).arbiter).to.equal(await arbiter.getAddress());
    const names = registry.interface.fragments.map((fragment) => ("name" in fragment ? String(fragment.name) : ""));
    // The authority says who may retire a format, which ends new claims and touches no judge.
    expect(names.filter((name) => /^(set|upgrade|replace).*/.test(name))).to.deep.equal(["setAuthority"]);
  });

  it("111: an operator that voids its own forged claim does not outrun the watcher's wrong", async () => {
    const { manager, jobs } = disputes;
    const claim = await claimOf(chain, disputes, lie);
    const empty = traceOf(disputes.model, claim.inputsRoot, { alter: [{ node: 3, element: 1, bits: 0x7fc00000n }] });
    const puppet = await openChallenge(chain, disputes, claim, {
      trace: empty,
      element: 1,
      challenger: chain.stranger,
      salt: id("puppet"),
    });
    const voiding = play(chain, disputes, puppet, empty);
    // Nobody refutes the puppet; the watcher opens in the last second of the window.
    const prepared = await openingOf(chain, disputes, claim, { trace: claim.truth });
    const { challengeDeadline } = await jobs.claim(claim.id);
    await at(chain, challengeDeadline - 60n);
    await manager.connect(chain.challenger).commitChallenge(prepared.challengeId);
    await at(chain, challengeDeadline);
    await manager.connect(chain.challenger).openChallenge(...prepared.args, { value: BOND });
    const honest = play(chain, disputes, prepared.challengeId, claim.truth);
    await at(chain, (await voiding.state()).lastDeadline + 1n);
    await voiding.resolve();
    await at(chain, (await voiding.state()).executableAt);
    await expect(voiding.execute()).to.be.revertedWithCustomError(manager, "WrongsStand");
    await uphold(chain, honest);
    await honest.execute();
    expect((await jobs.claim(claim.id)).status).to.equal(CLAIM.wrong);
  });
});

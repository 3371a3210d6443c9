import { expect } from "chai";
import { id, ZeroAddress, ZeroHash } from "ethers";

import { earned, finaliseJob } from "../../support/jobs.js";
import { traceOf } from "../../support/alphabet.js";
import {
  type AnsweredClaim,
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
  type Play,
  play,
  STATUS,
  TERMS,
  uphold,
  VERDICT,
} from "../../support/challenges.js";
import { connect, type Connection, HOUR, OFFER, PARAMS, TOKEN } from "../../support/protocol.js";

/** A trace whose output has no value that a claim could be compared with. */
const NAN_OUTPUT = { alter: [{ node: 3, element: 1, bits: 0x7fc00000n }] };
const LOCK = 100n * TOKEN;

describe("ChallengeManager: resolve, execute and settle", () => {
  let chain: Connection;
  let disputes: Disputes;
  let claim: AnsweredClaim;

  before(async () => {
    chain = await connect();
  });

  beforeEach(async () => {
    ({ disputes, claim } = await chain.networkHelpers.loadFixture(fixture));
  });

  async function fixture() {
    const deployed = await deployDisputes(chain);
    return { disputes: deployed, claim: await claimOf(chain, deployed, lie) };
  }

  /** A true challenge: wrong. */
  async function wrong(challenger = chain.challenger, element = 0): Promise<Play> {
    const trace = claim.truth;
    const opened = await openChallenge(chain, disputes, claim, { trace, challenger, salt: id(`${element}`) });
    return play(chain, disputes, opened, trace);
  }

  /** A false challenge: wrong, but its trace is not the truth. */
  async function falseWrong(challenger = chain.stranger): Promise<Play> {
    const trace = traceOf(disputes.model, claim.inputsRoot, { alter: [{ node: 0, element: 0, bits: 1n }] });
    return play(chain, disputes, await openChallenge(chain, disputes, claim, { trace, challenger }), trace);
  }

  /** Asserts that the audit value is NaN, and is left standing by everybody. */
  async function voided(challenger = chain.consumer): Promise<Play> {
    const trace = traceOf(disputes.model, claim.inputsRoot, NAN_OUTPUT);
    const opened = await openChallenge(chain, disputes, claim, { trace, element: 1, challenger });
    return play(chain, disputes, opened, trace);
  }

  const statusOf = async (): Promise<bigint> => (await disputes.jobs.claim(claim.id)).status;
  const credit = (signer: Connection["stranger"]) => disputes.manager.creditOf(signer);

  describe("resolve", () => {
    it("upholds from the second after the last deadline", async () => {
      const { manager } = disputes;
      const game = await wrong();
      const { lastDeadline, refutationDeadline } = await game.state();
      expect(lastDeadline).to.equal(refutationDeadline);
      for (const offset of [-1n, 0n]) {
        await at(chain, lastDeadline + offset);
        await expect(game.resolve()).to.be.revertedWithCustomError(manager, "DeadlinesRunning");
      }
      await at(chain, lastDeadline + 1n);
      const executableAt = lastDeadline + 1n + BigInt(TERMS.airGap);
      await expect(game.resolve())
        .to.emit(manager, "ChallengeUpheld")
        .withArgs(
          await manager.challengeIdOf(
            chain.challenger,
            await disputes.jobs.getAddress(),
            claim.id,
            (await game.state()).traceRoot,
            0,
            0,
            id("0"),
          ),
          VERDICT.wrong,
          executableAt,
        );
      expect((await game.state()).status).to.equal(STATUS.upheld);
      await expect(game.resolve()).to.be.revertedWithCustomError(manager, "WrongChallengeStatus");
    });

    it("waits for demands and grace, and not past an unanswered demand", async () => {
      const { manager } = disputes;
      const game = await wrong();
      const root = { node: 1, height: 9, index: 0 };
      await at(chain, (await game.state()).refutationDeadline);
      await game.demand(root);
      await at(chain, (await game.state()).lastDeadline + 1n);
      await expect(game.resolve()).to.be.revertedWithCustomError(manager, "DemandsUnanswered");
      await game.expire(root);
      await expect(game.resolve()).to.be.revertedWithCustomError(manager, "WrongChallengeStatus");
    });
  });

  describe("execute", () => {
    it("slashes, refunds the fee but for the audit share, pays the bond back and rewards", async () => {
      const { manager, jobs, staking } = disputes;
      const game = await wrong();
      await uphold(chain, game);
      await expect(game.execute()).to.emit(manager, "ContestExecuted");
      expect(await statusOf()).to.equal(CLAIM.wrong);
      expect((await game.state()).status).to.equal(STATUS.settled);
      expect(await credit(chain.challenger)).to.equal(BOND);
      expect(await jobs.creditOf(ZeroAddress, chain.consumer)).to.equal(earned(OFFER.price));
      // Half of the lock is for rewards: 70% to the challenger, 30% to the consumer.
      expect(await staking.rewardOf(chain.challenger)).to.equal(((LOCK / 2n) * 70n) / 100n);
      expect(await staking.rewardOf(chain.consumer)).to.equal(((LOCK / 2n) * 30n) / 100n);
      expect(await manager.totalBurnt()).to.equal(0);
      await expect(game.execute()).to.be.revertedWithCustomError(manager, "WrongChallengeStatus");
    });

    it("waits for the air gap: -1, 0 seconds", async () => {
      const { manager } = disputes;
      const game = await wrong();
      await expect(game.execute()).to.be.revertedWithCustomError(manager, "WrongChallengeStatus");
      await at(chain, (await game.state()).lastDeadline + 1n);
      await game.resolve();
      const { executableAt } = await game.state();
      await at(chain, executableAt - 1n);
      await expect(game.execute()).to.be.revertedWithCustomError(manager, "AirGapRunning");
      await at(chain, executableAt);
      await game.execute();
    });

    it("voids: fee but for the audit share and bonds back, nobody punished", async () => {
      const { manager, jobs, staking } = disputes;
      const game = await voided();
      const stakeBefore = await staking.stakeOf(chain.owner);
      await uphold(chain, game);
      await expect(game.execute()).to.emit(manager, "ContestExecuted");
      expect(await statusOf()).to.equal(CLAIM.void);
      expect(await credit(chain.consumer)).to.equal(BOND);
      expect(await jobs.creditOf(ZeroAddress, chain.consumer)).to.equal(earned(OFFER.price));
      expect(await staking.stakeOf(chain.owner)).to.equal(stakeBefore);
      expect(await staking.freeStake(chain.owner)).to.equal(stakeBefore);
    });

    it("voids only after the claim's challenge window: 0 and +1 seconds", async () => {
      disputes = await deployDisputes(chain, { challengeWindow: 72 * HOUR });
      claim = await claimOf(chain, disputes, lie);
      const { challengeDeadline } = await disputes.jobs.claim(claim.id);
      const game = await voided();
      await uphold(chain, game);
      await at(chain, challengeDeadline);
      await expect(game.execute()).to.be.revertedWithCustomError(disputes.manager, "ChallengeWindowOpen");
      await at(chain, challengeDeadline + 1n);
      await game.execute();
      expect(await statusOf()).to.equal(CLAIM.void);
    });

    it("does not make a wrong wait for the claim's challenge window", async () => {
      disputes = await deployDisputes(chain, { challengeWindow: 72 * HOUR });
      claim = await claimOf(chain, disputes, lie);
      const game = await wrong();
      await uphold(chain, game);
      await game.execute();
      expect(await chain.networkHelpers.time.latest()).to.be.below(
        Number((await disputes.jobs.claim(claim.id)).challengeDeadline),
      );
      expect(await statusOf()).to.equal(CLAIM.wrong);
    });

    it("void waits while a wrong is open or upheld, and gives way to it", async () => {
      const { manager } = disputes;
      const empty = await voided();
      const true_ = await wrong();
      await at(chain, (await true_.state()).lastDeadline + 1n);
      await empty.resolve();
      await at(chain, (await empty.state()).executableAt);
      const waits = () =>
        expect(empty.execute())
          .to.be.revertedWithCustomError(manager, "WrongsStand")
          .withArgs(empty.challengeId, true_.challengeId);
      await waits();
      await true_.resolve();
      await waits();
      // Decided and counted, too.
      await at(chain, (await true_.state()).executableAt);
      await expect(empty.execute())
        .to.be.revertedWithCustomError(manager, "WrongsStand")
        .withArgs(empty.challengeId, ZeroHash);
      await true_.execute();
      expect(await statusOf()).to.equal(CLAIM.wrong);
      await empty.settle();
      expect(await credit(chain.consumer)).to.equal(BOND);
    });

    it("void goes ahead once every wrong is lost", async () => {
      const empty = await voided();
      const lost = await falseWrong();
      await at(chain, (await lost.state()).lastDeadline);
      await lost.refute(0, 0, chain.publisher);
      await empty.resolve();
      await at(chain, (await empty.state()).executableAt);
      await empty.execute();
      expect(await statusOf()).to.equal(CLAIM.void);
    });
  });

  describe("several wrongs", () => {
    const signers = async () => (await chain.ethers.getSigners()).slice(8);

    /** Opens true challenges by many signers within a few minutes. */
    async function crowd(count: number): Promise<{ games: Play[]; accounts: Connection["stranger"][] }> {
      const accounts = (await signers()).slice(0, count);
      const games: Play[] = [];
      for (const account of accounts) games.push(await wrong(account));
      return { games, accounts };
    }

    it("share equally, at most eight, in the order of opening", async () => {
      const { staking, manager } = disputes;
      const { games, accounts } = await crowd(9);
      await at(chain, (await games[8]!.state()).lastDeadline + 1n);
      for (const game of games) await game.resolve();
      await at(chain, (await games[8]!.state()).executableAt);
      // Anybody executes, with any of them.
      await games[8]!.execute();
      const share = ((LOCK / 2n) * 70n) / 100n / 8n;
      for (const [i, account] of accounts.entries()) {
        expect(await staking.rewardOf(account)).to.equal(i < 8 ? share : 0n);
        if (i < 8) await games[i]!.settle();
        expect(await manager.creditOf(account)).to.equal(BOND);
      }
    });

    it("share when opened within an hour of the first: -1, 0 and +1 seconds", async () => {
      const [a, b, c] = await signers();
      const latecomers = [a!, b!, c!];
      const prepared: Awaited<ReturnType<typeof openingOf>>[] = [];
      for (const challenger of latecomers) {
        prepared.push(await openingOf(chain, disputes, claim, { trace: claim.truth, challenger }));
      }
      const games = [await wrong()];
      const { openedAt } = await games[0]!.state();
      await at(chain, openedAt + BigInt(HOUR - 60));
      for (const { challenger, challengeId } of prepared) {
        await disputes.manager.connect(challenger).commitChallenge(challengeId);
      }
      for (const [i, { challenger, challengeId, args }] of prepared.entries()) {
        await at(chain, openedAt + BigInt(HOUR - 1 + i));
        await disputes.manager.connect(challenger).openChallenge(...args, { value: BOND });
        games.push(play(chain, disputes, challengeId, claim.truth));
      }
      await at(chain, (await games[3]!.state()).lastDeadline + 1n);
      for (const game of games) await game.resolve();
      await at(chain, (await games[3]!.state()).executableAt);
      await games[0]!.execute();
      const share = ((LOCK / 2n) * 70n) / 100n / 3n;
      const rewards = await Promise.all(latecomers.map((each) => disputes.staking.rewardOf(each)));
      expect(rewards).to.deep.equal([share, share, 0n]);
    });

    it("wait for those that could still share", async () => {
      const { manager } = disputes;
      const first = await wrong();
      const second = await wrong(chain.stranger);
      const leaf = { node: 0, height: 0, index: 0 };
      await at(chain, (await first.state()).refutationDeadline);
      await second.demand(leaf, chain.owner);
      await first.resolve();
      await at(chain, (await first.state()).executableAt);
      await expect(first.execute()).to.be.revertedWithCustomError(manager, "SharerUndecided");
      expect(await statusOf()).to.equal(CLAIM.answered);
      // A lost one shares nothing.
      await second.expire(leaf);
      await first.execute();
      expect(await disputes.staking.rewardOf(chain.challenger)).to.equal(((LOCK / 2n) * 70n) / 100n);
    });

    it("go on without those that are lost", async () => {
      const { staking } = disputes;
      const lost = await falseWrong();
      const game = await wrong();
      await lost.refute(0, 0, chain.challenger);
      await uphold(chain, game);
      await game.execute();
      expect(await staking.rewardOf(chain.challenger)).to.equal(((LOCK / 2n) * 70n) / 100n);
      expect(await staking.rewardOf(chain.stranger)).to.equal(0);
    });

    it("share also where those before them were counted as lost already", async () => {
      const { manager, jobs, staking } = disputes;
      const lost = await falseWrong();
      await lost.refute(0, 0, chain.publisher);
      await manager.countSharers(jobs, claim.id, 1);
      const game = await wrong();
      await uphold(chain, game);
      await game.execute();
      expect(await staking.rewardOf(chain.challenger)).to.equal(((LOCK / 2n) * 70n) / 100n);
    });

    it("are counted in steps where there are very many", async () => {
      const { manager, jobs } = disputes;
      const lost: Play[] = [];
      for (let i = 0; i < 70; i++) {
        const trace = traceOf(disputes.model, claim.inputsRoot, { alter: [{ node: 0, element: 0, bits: BigInt(i) }] });
        const opened = await openChallenge(chain, disputes, claim, { trace, challenger: chain.stranger });
        lost.push(play(chain, disputes, opened, trace));
      }
      const game = await wrong();
      for (const each of lost) await each.refute(0, 0, chain.publisher);
      await uphold(chain, game);
      await expect(game.execute())
        .to.be.revertedWithCustomError(manager, "SharersNotCounted")
        .withArgs(game.challengeId, 71 - 64);
      await manager.countSharers(jobs, claim.id, 10);
      expect((await manager.contest(jobs, claim.id)).counted).to.equal(10);
      await game.execute();
      expect(await statusOf()).to.equal(CLAIM.wrong);
    });
  });

  it("a void, too, is counted in steps where very many wrongs were lost", async () => {
    const { manager, jobs } = disputes;
    const lost: Play[] = [];
    for (let i = 0; i < 66; i++) {
      const trace = traceOf(disputes.model, claim.inputsRoot, { alter: [{ node: 0, element: 0, bits: BigInt(i) }] });
      const opened = await openChallenge(chain, disputes, claim, { trace, challenger: chain.stranger });
      lost.push(play(chain, disputes, opened, trace));
    }
    const empty = await voided();
    for (const each of lost) await each.refute(0, 0, chain.publisher);
    await uphold(chain, empty);
    await expect(empty.execute())
      .to.be.revertedWithCustomError(manager, "SharersNotCounted")
      .withArgs(empty.challengeId, 66 - 64);
    await manager.countSharers(jobs, claim.id, 2);
    await empty.execute();
    expect(await statusOf()).to.equal(CLAIM.void);
  });

  describe("settle", () => {
    it("returns bonds and held prices, and unanswered demands, when another challenge settled the claim", async () => {
      const { manager } = disputes;
      const game = await wrong();
      await at(chain, (await game.state()).openedAt + BigInt(2 * HOUR));
      const late = await falseWrong();
      const answered = { node: 1, height: 9, index: 0 };
      await late.demand(answered, chain.publisher);
      await late.supply(answered);
      await uphold(chain, game);
      const open = { node: 1, height: 1, index: 0 };
      await expect(late.settle()).to.be.revertedWithCustomError(manager, "ClaimNotSettled");
      await game.execute();
      const paid = await credit(chain.stranger);
      await late.settle();
      expect((await credit(chain.stranger)) - paid).to.equal(BOND);
      await expect(late.settle()).to.be.revertedWithCustomError(manager, "WrongChallengeStatus");
      await expect(late.refund(answered)).to.be.revertedWithCustomError(manager, "NothingToRefund");
      await expect(late.refund(open)).to.be.revertedWithCustomError(manager, "NotDemanded");
      expect((await disputes.jobs.claim(claim.id)).openChallenges).to.equal(0);
    });

    it("can be done by execute as well", async () => {
      const [a, b] = [await wrong(), await wrong(chain.stranger)];
      await at(chain, (await b.state()).lastDeadline + 1n);
      await a.resolve();
      await b.resolve();
      await at(chain, (await b.state()).executableAt);
      await a.execute();
      await b.execute();
      expect(await credit(chain.stranger)).to.equal(BOND);
    });
  });

  it("a refuted challenge leaves an honest answer final", async () => {
    const { jobs } = disputes;
    claim = await claimOf(chain, disputes);
    const trace = traceOf(disputes.model, claim.inputsRoot, FALSE_OUTPUT);
    const game = play(chain, disputes, await openChallenge(chain, disputes, claim, { trace }), trace);
    await game.refute(3, 0);
    await at(chain, (await jobs.claim(claim.id)).challengeDeadline + 1n);
    await finaliseJob(jobs, claim.id);
    expect(await statusOf()).to.equal(CLAIM.final);
    expect(PARAMS.challengeWindow).to.equal(24 * HOUR);
  });
});

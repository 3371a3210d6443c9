import { expect } from "chai";
import { ZeroAddress, ZeroHash } from "ethers";

import {
  answeredJob,
  auditShareOf,
  earned,
  expireJob,
  finaliseJob,
  type JobSetup,
  requestJob,
} from "../../support/jobs.js";
import { connect, type Connection, deployWithOperator, OFFER, PARAMS, TOKEN } from "../../support/protocol.js";

const WRONG = 5n;
const VOID = 6n;

describe("JobEscrow as a claim source", () => {
  let chain: Connection;
  let setup: JobSetup;

  before(async () => {
    chain = await connect();
  });

  beforeEach(async () => {
    setup = await chain.networkHelpers.loadFixture(fixture);
  });

  async function fixture() {
    return deployWithOperator(chain);
  }

  const open = (jobId: string) => setup.manager.open(setup.jobs, jobId);
  const close = (jobId: string) => setup.manager.close(setup.jobs, jobId);
  const wrong = (jobId: string, challengers = [chain.challenger.address]) =>
    setup.manager.wrong(setup.jobs, jobId, challengers);
  const settleVoid = (jobId: string) => setup.manager.void(setup.jobs, jobId);

  it("obeys its challenge manager only", async () => {
    const { jobs, manager } = setup;
    const jobId = await answeredJob(chain, setup);
    const stranger = jobs.connect(chain.stranger);
    for (const call of [
      () => stranger.challengeOpened(jobId),
      () => stranger.challengeClosed(jobId),
      () => stranger.settleWrong(jobId, []),
      () => stranger.settleVoid(jobId),
    ]) {
      await expect(call())
        .to.be.revertedWithCustomError(jobs, "NotChallengeManager")
        .withArgs(chain.stranger.address, await manager.getAddress());
    }
    expect(await jobs.challengeManager()).to.equal(await manager.getAddress());
    expect(await jobs.challengeWindow()).to.equal(PARAMS.challengeWindow);
  });

  it("takes challenges until the deadline's own second", async () => {
    const { jobs } = setup;
    for (const [offset, accepted] of [
      [-1, true],
      [0, true],
      [1, false],
    ] as const) {
      const jobId = await answeredJob(chain, setup);
      const { challengeDeadline } = await jobs.job(jobId);
      await chain.networkHelpers.time.setNextBlockTimestamp(Number(challengeDeadline) + offset);
      if (accepted) await expect(open(jobId)).to.emit(jobs, "ClaimChallenged").withArgs(jobId, 1);
      else {
        await expect(open(jobId))
          .to.be.revertedWithCustomError(jobs, "ChallengeWindowClosed")
          .withArgs(jobId, challengeDeadline);
      }
    }
  });

  it("is not final before every challenge is closed", async () => {
    const { jobs } = setup;
    const jobId = await answeredJob(chain, setup);
    await open(jobId);
    await open(jobId);
    expect((await jobs.claim(jobId)).openChallenges).to.equal(2);
    await chain.networkHelpers.time.increase(PARAMS.challengeWindow + 1);
    await expect(finaliseJob(jobs, jobId)).to.be.revertedWithCustomError(jobs, "Challenged").withArgs(jobId, 2);
    await expect(close(jobId)).to.emit(jobs, "ClaimChallengeClosed").withArgs(jobId, 1);
    await expect(finaliseJob(jobs, jobId)).to.be.revertedWithCustomError(jobs, "Challenged").withArgs(jobId, 1);
    await close(jobId);
    await expect(close(jobId)).to.be.revertedWithCustomError(jobs, "NoOpenChallenge").withArgs(jobId);
    await finaliseJob(jobs, jobId);
  });

  it("wrong: slashes the lock, rewards challenger and consumer, refunds the fee", async () => {
    const { jobs, staking } = setup;
    const jobId = await answeredJob(chain, setup);
    await open(jobId);
    await expect(wrong(jobId))
      .to.emit(jobs, "ClaimWrong")
      .withArgs(jobId, chain.owner.address, 100n * TOKEN, earned(OFFER.price));
    expect(await staking.stakeOf(chain.owner)).to.equal(900n * TOKEN);
    expect(await staking.freeStake(chain.owner)).to.equal(900n * TOKEN);
    expect(await staking.rewardOf(chain.challenger)).to.equal(35n * TOKEN);
    expect(await staking.rewardOf(chain.consumer)).to.equal(15n * TOKEN);
    expect(await staking.pendingBurn()).to.equal(50n * TOKEN);
    expect(await jobs.creditOf(ZeroAddress, chain.consumer)).to.equal(earned(OFFER.price));
    expect(await jobs.auditPool(ZeroAddress)).to.equal(auditShareOf(OFFER.price));
    const claim = await jobs.claim(jobId);
    expect([claim.status, claim.lock]).to.deep.equal([WRONG, 0n]);
    // The manager closes its challenges before or after.
    await close(jobId);
  });

  it("wrong: up to eight challengers share equally, the remainder burns", async () => {
    const { staking } = setup;
    const signers = await chain.ethers.getSigners();
    const challengers = signers.slice(8, 16).map(({ address }) => address);
    const lock = 10n * TOKEN + 99n;
    const jobId = await answeredJob(chain, setup, { lock });
    await wrong(jobId, challengers);
    const half = lock / 2n;
    const consumerPart = (half * 30n) / 100n;
    const each = (half - consumerPart) / 8n;
    for (const address of challengers) expect(await staking.rewardOf(address)).to.equal(each);
    expect(await staking.rewardOf(chain.consumer)).to.equal(consumerPart);
    expect(await staking.pendingBurn()).to.equal(lock - consumerPart - 8n * each);
  });

  it("void: refunds the fee but for the audit share, and frees the stake", async () => {
    const { jobs, staking } = setup;
    const jobId = await answeredJob(chain, setup);
    await open(jobId);
    await expect(settleVoid(jobId))
      .to.emit(jobs, "ClaimVoid")
      .withArgs(jobId, chain.owner.address, earned(OFFER.price));
    expect(await staking.stakeOf(chain.owner)).to.equal(1000n * TOKEN);
    expect(await staking.freeStake(chain.owner)).to.equal(1000n * TOKEN);
    expect(await jobs.creditOf(ZeroAddress, chain.consumer)).to.equal(earned(OFFER.price));
    expect(await jobs.auditPool(ZeroAddress)).to.equal(auditShareOf(OFFER.price));
    expect((await jobs.claim(jobId)).status).to.equal(VOID);
    await close(jobId);
  });

  it("settles only answered claims, once", async () => {
    const { jobs } = setup;
    const waiting = await requestJob(chain, setup);
    const [slashed, voided, final] = [
      await answeredJob(chain, setup),
      await answeredJob(chain, setup),
      await answeredJob(chain, setup),
    ];
    await wrong(slashed);
    await settleVoid(voided);
    await chain.networkHelpers.time.increase(PARAMS.challengeWindow + 1);
    await finaliseJob(jobs, final);
    const expired = await requestJob(chain, setup);
    await chain.networkHelpers.time.increase(PARAMS.maxDuration + 1);
    await expireJob(jobs, expired);
    for (const jobId of [ZeroHash, waiting, slashed, voided, final, expired]) {
      for (const call of [open, wrong, settleVoid]) {
        await expect(call(jobId)).to.be.revertedWithCustomError(jobs, "ClaimNotOpen").withArgs(jobId);
      }
      if (jobId !== waiting) await expect(finaliseJob(jobs, jobId)).to.be.revertedWithCustomError(jobs, "WrongStatus");
    }
  });

  it("shows nothing of unknown claims, without reverting", async () => {
    const { jobs } = setup;
    const claim = await jobs.claim(ZeroHash);
    expect([claim.status, claim.publicInputs]).to.deep.equal([0n, false]);
    expect((await jobs.job(ZeroHash)).status).to.equal(0);
  });
});

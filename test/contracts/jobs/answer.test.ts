import { expect } from "chai";
import { ZeroAddress } from "ethers";

import {
  answeredJob,
  earned,
  expireJob,
  finaliseJob,
  type JobSetup,
  listHash,
  OUTPUTS,
  requestJob,
  submitJob,
} from "../../support/jobs.js";
import { connect, type Connection, deployWithOperator, HOUR, OFFER, PARAMS } from "../../support/protocol.js";

const ANSWERED = 2n;
const REFUNDED = 3n;
const FINAL = 4n;

describe("JobEscrow from answer to payment", () => {
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

  const submit = (jobId: string, outputs: readonly Uint8Array[] = OUTPUTS) =>
    submitJob(setup.jobs.connect(chain.worker), jobId, [...outputs]);
  const deadlineOf = async (jobId: string) => Number((await setup.jobs.job(jobId)).deadline);

  describe("submit", () => {
    it("computes the outputs root from the bytes and opens the window", async () => {
      const { jobs, offers, modelId } = setup;
      const jobId = await requestJob(chain, setup);
      const outputsRoot = listHash(OUTPUTS, ["f32"]);
      await expect(submit(jobId)).to.emit(jobs, "JobAnswered");
      const challengeDeadline = BigInt((await chain.networkHelpers.time.latest()) + PARAMS.challengeWindow);
      const [event] = await jobs.queryFilter(jobs.filters.JobAnswered(jobId));
      expect([...event!.args].slice(1)).to.deep.equal([
        chain.owner.address,
        modelId,
        challengeDeadline,
        outputsRoot,
        OUTPUTS.map((bytes) => `0x${Buffer.from(bytes).toString("hex")}`),
      ]);
      const job = await jobs.job(jobId);
      expect([job.status, job.outputsRoot, job.challengeDeadline, job.deadline]).to.deep.equal([
        ANSWERED,
        outputsRoot,
        challengeDeadline,
        0n,
      ]);
      expect((await offers.offerOf(chain.owner, modelId)).waiting).to.equal(0);
    });

    it("is accepted until the deadline's own second", async () => {
      const { jobs } = setup;
      const { time } = chain.networkHelpers;
      for (const [offset, accepted] of [
        [-1, true],
        [0, true],
        [1, false],
      ] as const) {
        const jobId = await requestJob(chain, setup);
        const deadline = await deadlineOf(jobId);
        await time.setNextBlockTimestamp(deadline + offset);
        if (accepted) await submit(jobId);
        else {
          await expect(submit(jobId)).to.be.revertedWithCustomError(jobs, "DeadlinePassed").withArgs(jobId, deadline);
        }
      }
    });

    it("is the worker's alone", async () => {
      const { jobs, profiles } = setup;
      const jobId = await requestJob(chain, setup);
      for (const caller of [chain.owner, chain.consumer, chain.stranger]) {
        await expect(submitJob(jobs.connect(caller), jobId, [...OUTPUTS]))
          .to.be.revertedWithCustomError(jobs, "NotOperator")
          .withArgs(caller.address, chain.owner.address);
      }
      // A worker out of office answers nothing; its successor answers the jobs that wait.
      await profiles.connect(chain.owner).dropWorker();
      await expect(submit(jobId)).to.be.revertedWithCustomError(jobs, "NotOperator");
      await profiles.connect(chain.owner).proposeWorker(chain.stranger);
      await profiles.connect(chain.stranger).acceptWorker(chain.owner);
      await submitJob(jobs.connect(chain.stranger), jobId, [...OUTPUTS]);
    });

    it("happens once", async () => {
      const jobId = await answeredJob(chain, setup);
      await expect(submit(jobId)).to.be.revertedWithCustomError(setup.jobs, "WrongStatus").withArgs(jobId, ANSWERED, 1);
    });

    it("takes exactly the model's outputs", async () => {
      const { jobs } = setup;
      const jobId = await requestJob(chain, setup);
      const [output] = OUTPUTS;
      await expect(submit(jobId, [])).to.be.revertedWithCustomError(jobs, "TensorCount").withArgs(0, 1);
      await expect(submit(jobId, [output, output]))
        .to.be.revertedWithCustomError(jobs, "TensorCount")
        .withArgs(2, 1);
      for (const length of [0, 15, 17]) {
        await expect(submit(jobId, [new Uint8Array(length)]))
          .to.be.revertedWithCustomError(jobs, "TensorBytes")
          .withArgs(0, length, 16);
      }
    });

    it("goes on after the model is deprecated and the offer closed", async () => {
      const jobId = await requestJob(chain, setup);
      await setup.registry.connect(chain.publisher).deprecate(setup.modelId);
      await setup.offers.connect(chain.owner).setOffer(setup.modelId, { ...OFFER, open: false });
      await submit(jobId);
    });
  });

  describe("expire", () => {
    it("refunds from the second after the deadline, at anybody's call", async () => {
      const { jobs, offers, staking, modelId } = setup;
      const { time } = chain.networkHelpers;
      const jobId = await requestJob(chain, setup);
      const deadline = await deadlineOf(jobId);
      for (const offset of [-1, 0]) {
        await time.setNextBlockTimestamp(deadline + offset);
        await expect(expireJob(jobs.connect(chain.stranger), jobId))
          .to.be.revertedWithCustomError(jobs, "DeadlineNotPassed")
          .withArgs(jobId, deadline);
      }
      await time.setNextBlockTimestamp(deadline + 1);
      await expect(expireJob(jobs.connect(chain.stranger), jobId))
        .to.emit(jobs, "JobExpired")
        .withArgs(jobId, chain.owner.address, OFFER.price);
      expect(await jobs.creditOf(ZeroAddress, chain.consumer)).to.equal(OFFER.price);
      expect(await staking.freeStake(chain.owner)).to.equal(await staking.stakeOf(chain.owner));
      expect((await offers.offerOf(chain.owner, modelId)).waiting).to.equal(0);
      expect((await jobs.job(jobId)).status).to.equal(REFUNDED);
    });

    it("happens once, and not to answered jobs", async () => {
      const { jobs } = setup;
      const answered = await answeredJob(chain, setup);
      const missed = await requestJob(chain, setup);
      await chain.networkHelpers.time.increase(3 * HOUR);
      await expireJob(jobs, missed);
      for (const jobId of [answered, missed]) {
        await expect(expireJob(jobs, jobId)).to.be.revertedWithCustomError(jobs, "WrongStatus");
      }
      await expect(submit(missed)).to.be.revertedWithCustomError(jobs, "WrongStatus");
    });
  });

  describe("finalise", () => {
    it("splits the fee between payout account and audit pool, from the second after the window, at anybody's call", async () => {
      const { jobs, profiles } = setup;
      const { time } = chain.networkHelpers;
      await profiles.connect(chain.owner).setPayout(chain.challenger);
      const jobId = await answeredJob(chain, setup);
      const { challengeDeadline } = await jobs.job(jobId);
      for (const offset of [-1, 0]) {
        await time.setNextBlockTimestamp(Number(challengeDeadline) + offset);
        await expect(finaliseJob(jobs.connect(chain.stranger), jobId))
          .to.be.revertedWithCustomError(jobs, "WindowOpen")
          .withArgs(jobId, challengeDeadline);
      }
      await time.setNextBlockTimestamp(Number(challengeDeadline) + 1);
      await expect(finaliseJob(jobs.connect(chain.stranger), jobId))
        .to.emit(jobs, "JobFinalised")
        .withArgs(jobId, chain.owner.address, chain.challenger.address, OFFER.price, 0, 0, OFFER.price / 20n);
      expect(await jobs.creditOf(ZeroAddress, chain.challenger)).to.equal(earned(OFFER.price));
      expect(await jobs.auditPool(ZeroAddress)).to.equal(OFFER.price - earned(OFFER.price));
      expect(await setup.staking.freeStake(chain.owner)).to.equal(await setup.staking.stakeOf(chain.owner));
      const claim = await jobs.claim(jobId);
      expect([claim.status, claim.lock]).to.deep.equal([FINAL, 0n]);
    });

    it("happens once, and not before the answer", async () => {
      const { jobs } = setup;
      const jobId = await answeredJob(chain, setup);
      const waiting = await requestJob(chain, setup, { duration: PARAMS.maxDuration });
      await chain.networkHelpers.time.increase(PARAMS.challengeWindow + 1);
      await finaliseJob(jobs, jobId);
      for (const id of [jobId, waiting]) {
        await expect(finaliseJob(jobs, id)).to.be.revertedWithCustomError(jobs, "WrongStatus");
      }
    });
  });

  describe("withdraw", () => {
    async function finalised() {
      const jobId = await answeredJob(chain, setup);
      await chain.networkHelpers.time.increase(PARAMS.challengeWindow + 1);
      await finaliseJob(setup.jobs, jobId);
    }

    it("pays an account at anybody's call, to that account only", async () => {
      const { jobs } = setup;
      await finalised();
      await expect(jobs.connect(chain.stranger).withdraw(ZeroAddress, chain.owner)).to.changeEtherBalances(
        chain.ethers,
        [jobs, chain.owner],
        [-earned(OFFER.price), earned(OFFER.price)],
      );
      await expect(jobs.withdraw(ZeroAddress, chain.owner))
        .to.be.revertedWithCustomError(jobs, "NothingToWithdraw")
        .withArgs(chain.owner.address, ZeroAddress);
    });

    it("pays the caller's credit where it says", async () => {
      const { jobs } = setup;
      await finalised();
      await expect(jobs.connect(chain.owner).withdrawTo(ZeroAddress, chain.stranger)).to.changeEtherBalances(
        chain.ethers,
        [jobs, chain.stranger],
        [-earned(OFFER.price), earned(OFFER.price)],
      );
      await expect(jobs.connect(chain.owner).withdrawTo(ZeroAddress, ZeroAddress)).to.be.revertedWithCustomError(
        jobs,
        "ZeroAddress",
      );
      await expect(jobs.connect(chain.stranger).withdrawTo(ZeroAddress, chain.stranger)).to.be.revertedWithCustomError(
        jobs,
        "NothingToWithdraw",
      );
    });
  });
});

import { expect } from "chai";
import { ZeroAddress, ZeroHash } from "ethers";

import type { ScriptedAccount } from "../../typechain-types/index.js";
import {
  answeredJob,
  earned,
  expireJob,
  finaliseJob,
  INPUTS,
  type JobSetup,
  OUTPUTS,
  presentJob,
  requestArgs,
  requestJob,
  submitJob,
  termsOf,
} from "../support/jobs.js";
import { connect, type Connection, deployWithOperator, HOUR, OFFER, PARAMS } from "../support/protocol.js";

/** Numbers are those of the list of attacks in docs/attacks.md. */
describe("attacks on escrowed fees and jobs", () => {
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

  const pass = (seconds: number) => chain.networkHelpers.time.increase(seconds);

  /** A contract that asks for a job with ten wei too much, so that it has a credit, and is the consumer. */
  async function contractConsumer(): Promise<{ account: ScriptedAccount; jobId: string }> {
    const { jobs, modelId } = setup;
    const account = await chain.ethers.deployContract("ScriptedAccount");
    const data = jobs.interface.encodeFunctionData("request", requestArgs(chain, { modelId }));
    const value = OFFER.price + 10n;
    const result = await account.execute.staticCall(jobs, data, { value });
    await account.execute(jobs, data, { value });
    return { account, jobId: result };
  }

  it("3: new terms do not touch a running job", async () => {
    const { jobs, offers, modelId } = setup;
    const jobId = await requestJob(chain, setup);
    const before = await jobs.job(jobId);
    const terms = { ...OFFER, price: 10n ** 18n, maxLock: PARAMS.lockFloor, minDuration: 0, concurrency: 1 };
    await offers.connect(chain.owner).setOffer(modelId, { ...terms, open: false });
    expect(await jobs.job(jobId)).to.deep.equal(before);
  });

  it("32: a stranger's collection goes to the account it belongs to", async () => {
    const { jobs } = setup;
    const jobId = await answeredJob(chain, setup);
    await pass(PARAMS.challengeWindow + 1);
    await finaliseJob(jobs, jobId);
    await expect(jobs.connect(chain.stranger).withdraw(ZeroAddress, chain.owner)).to.changeEtherBalances(
      chain.ethers,
      [chain.owner, jobs],
      [earned(OFFER.price), -earned(OFFER.price)],
    );
    await expect(jobs.connect(chain.stranger).withdrawTo(ZeroAddress, chain.stranger)).to.be.revertedWithCustomError(
      jobs,
      "NothingToWithdraw",
    );
  });

  it("33: an answer to a job means nothing at a second deployment", async () => {
    const twin = await deployWithOperatorTwin();
    const here = await requestJob(chain, setup);
    const there = await requestJob(chain, twin);
    expect(here).not.to.equal(there);
    // Even the same terms make another id there, which only the operator's worker there can answer.
    const terms = await termsOf(setup.jobs, here);
    expect([await setup.jobs.jobIdOf(terms), await twin.jobs.jobIdOf(terms)]).to.deep.equal([here, there]);
    await expect(twin.jobs.connect(chain.worker).submit(terms, [...OUTPUTS]))
      .to.be.revertedWithCustomError(twin.jobs, "NotOperator")
      .withArgs(chain.worker.address, chain.owner.address);
  });

  /** The same contracts and operator once more, on the same chain, with a model that has the same id. */
  async function deployWithOperatorTwin(): Promise<JobSetup> {
    const worker = chain.stranger;
    return deployWithOperator({ ...chain, worker });
  }

  it("34: a receiver that calls back is paid once", async () => {
    const { jobs } = setup;
    const { account } = await contractConsumer();
    await requestJob(chain, setup);
    const encode = jobs.interface.encodeFunctionData.bind(jobs.interface);
    for (const data of [
      encode("withdraw", [ZeroAddress, await account.getAddress()]),
      account.interface.encodeFunctionData("execute", [
        await jobs.getAddress(),
        encode("withdrawTo", [ZeroAddress, chain.stranger.address]),
      ]),
    ]) {
      const snapshot = await chain.networkHelpers.takeSnapshot();
      const target = data.startsWith(jobs.interface.getFunction("withdraw").selector) ? jobs : account;
      await account.setReaction(target, data);
      await expect(jobs.withdraw(ZeroAddress, account)).to.changeEtherBalances(
        chain.ethers,
        [jobs, account],
        [-10n, 10n],
      );
      // It did call back.
      expect(await account.reactionTarget()).to.equal(ZeroAddress);
      expect(await account.reactionSucceeded()).to.equal(false);
      await snapshot.restore();
    }
  });

  it("40: a consumer that refuses payments stops no settlement, and keeps its credit", async () => {
    const { jobs, manager } = setup;
    const settlements = [
      async (jobId: string) => {
        await pass(2 * HOUR + 1);
        await expireJob(jobs, jobId);
        return OFFER.price;
      },
      async (jobId: string) => {
        await submitJob(jobs.connect(chain.worker), jobId, [...OUTPUTS]);
        await presentJob(jobs, jobId);
        await manager.wrong(jobs, jobId, [chain.challenger]);
        return earned(OFFER.price);
      },
      async (jobId: string) => {
        await submitJob(jobs.connect(chain.worker), jobId, [...OUTPUTS]);
        await presentJob(jobs, jobId);
        await manager.void(jobs, jobId);
        return earned(OFFER.price);
      },
    ];
    for (const settle of settlements) {
      const { account, jobId } = await contractConsumer();
      await account.setRefuses(true);
      const back = (await settle(jobId)) + 10n;
      await expect(jobs.withdraw(ZeroAddress, account))
        .to.be.revertedWithCustomError(jobs, "PaymentRefused")
        .withArgs(await account.getAddress(), back);
      expect(await jobs.creditOf(ZeroAddress, account)).to.equal(back);
      await account.execute(
        jobs,
        jobs.interface.encodeFunctionData("withdrawTo", [ZeroAddress, chain.stranger.address]),
      );
    }
  });

  it("40: an operator whose payout account refuses payments stops nothing either", async () => {
    const { jobs, profiles } = setup;
    const account = await chain.ethers.deployContract("ScriptedAccount");
    await account.setRefuses(true);
    await profiles.connect(chain.owner).setPayout(account);
    const jobId = await answeredJob(chain, setup);
    await pass(PARAMS.challengeWindow + 1);
    await finaliseJob(jobs, jobId);
    expect(await jobs.creditOf(ZeroAddress, account)).to.equal(earned(OFFER.price));
  });

  it("46: no challenge after finalisation", async () => {
    const { jobs, manager } = setup;
    const jobId = await answeredJob(chain, setup);
    await pass(PARAMS.challengeWindow + 1);
    await finaliseJob(jobs, jobId);
    await expect(manager.open(jobs, jobId)).to.be.revertedWithCustomError(jobs, "ClaimNotOpen").withArgs(jobId);
    await expect(manager.wrong(jobs, jobId, [chain.challenger])).to.be.revertedWithCustomError(jobs, "ClaimNotOpen");
  });

  it("47: no finalisation while a challenge is open", async () => {
    const { jobs, manager } = setup;
    const jobId = await answeredJob(chain, setup);
    await manager.open(jobs, jobId);
    await pass(100 * PARAMS.challengeWindow);
    await expect(finaliseJob(jobs, jobId)).to.be.revertedWithCustomError(jobs, "Challenged").withArgs(jobId, 1);
  });

  it("48: a window that never began has not passed", async () => {
    const { jobs, manager } = setup;
    const waiting = await requestJob(chain, setup);
    await pass(100 * PARAMS.challengeWindow);
    for (const jobId of [waiting, ZeroHash]) {
      await expect(finaliseJob(jobs, jobId)).to.be.revertedWithCustomError(jobs, "WrongStatus");
      await expect(manager.open(jobs, jobId)).to.be.revertedWithCustomError(jobs, "ClaimNotOpen");
    }
    await expect(expireJob(jobs, ZeroHash)).to.be.revertedWithCustomError(jobs, "WrongStatus");
  });

  it("69: no dispute about a refunded job", async () => {
    const { jobs, manager } = setup;
    const jobId = await requestJob(chain, setup);
    await pass(2 * HOUR + 1);
    await expireJob(jobs, jobId);
    for (const call of [
      () => manager.open(jobs, jobId),
      () => manager.wrong(jobs, jobId, [chain.challenger]),
      () => manager.void(jobs, jobId),
    ]) {
      await expect(call()).to.be.revertedWithCustomError(jobs, "ClaimNotOpen").withArgs(jobId);
    }
  });

  it("70: a job is answered once and paid once", async () => {
    const { jobs } = setup;
    const jobId = await answeredJob(chain, setup);
    await expect(submitJob(jobs.connect(chain.worker), jobId, [...OUTPUTS])).to.be.revertedWithCustomError(
      jobs,
      "WrongStatus",
    );
    await pass(PARAMS.challengeWindow + 1);
    await finaliseJob(jobs, jobId);
    await expect(finaliseJob(jobs, jobId)).to.be.revertedWithCustomError(jobs, "WrongStatus");
    expect(await jobs.creditOf(ZeroAddress, chain.owner)).to.equal(earned(OFFER.price));
  });

  it("74: an answer copied from the mempool is worth nothing to the copier", async () => {
    const { jobs } = setup;
    const jobId = await requestJob(chain, setup);
    await expect(submitJob(jobs.connect(chain.stranger), jobId, [...OUTPUTS]))
      .to.be.revertedWithCustomError(jobs, "NotOperator")
      .withArgs(chain.stranger.address, chain.owner.address);
  });

  it("77: no second belongs to both an answer and an expiry, and none to neither", async () => {
    const { jobs } = setup;
    const jobId = await requestJob(chain, setup);
    const { deadline } = await jobs.job(jobId);
    const answer = () => submitJob(jobs.connect(chain.worker), jobId, [...OUTPUTS]);
    const expire = () => expireJob(jobs, jobId);
    const succeedsAt = async (second: number, call: () => Promise<unknown>): Promise<boolean> => {
      const snapshot = await chain.networkHelpers.takeSnapshot();
      await chain.networkHelpers.time.setNextBlockTimestamp(second);
      const done = await call().then(
        () => true,
        () => false,
      );
      await snapshot.restore();
      return done;
    };
    for (const offset of [-1, 0, 1]) {
      const second = Number(deadline) + offset;
      expect([await succeedsAt(second, answer), await succeedsAt(second, expire)]).to.deep.equal([
        offset <= 0,
        offset > 0,
      ]);
    }
  });

  it("78: jobs in numbers lock no more than the operator's own limits and prices allow", async () => {
    const { offers, staking, modelId } = setup;
    for (let i = 0; i < OFFER.concurrency; i++) await requestJob(chain, setup, { lock: PARAMS.lockFloor });
    await expect(requestJob(chain, setup)).to.be.revertedWithCustomError(offers, "OfferBusy");
    expect((await staking.ownPool(chain.owner)).locked).to.equal(BigInt(OFFER.concurrency) * PARAMS.lockFloor);
    // Closing the offer ends it.
    await offers.connect(chain.owner).setOffer(modelId, { ...OFFER, open: false });
    await expect(requestJob(chain, setup)).to.be.revertedWithCustomError(offers, "OfferClosed");
  });

  it("79: inputs can't be withheld, they are in the request's event", async () => {
    const { jobs } = setup;
    const jobId = await requestJob(chain, setup);
    const [event] = await jobs.queryFilter(jobs.filters.JobRequested(jobId));
    expect(event!.args.inputs.map((hex) => Buffer.from(hex.slice(2), "hex"))).to.deep.equal(
      INPUTS.map((bytes) => Buffer.from(bytes)),
    );
    await presentJob(jobs, jobId);
    expect((await jobs.claim(jobId)).publicInputs).to.equal(true);
  });
});

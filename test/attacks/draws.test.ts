import { expect } from "chai";
import { AbiCoder, keccak256, ZeroAddress } from "ethers";

import { createDraws, deployEnlisted, DRAW_TERMS, LOCK, nextEpoch, SEED_DELAY, SET_ASIDE } from "../support/draws.js";
import { expireJob, type JobSetup, requestJob, submitJob, termsOf } from "../support/jobs.js";
import { connect, type Connection, HOUR, OFFER, PARAMS } from "../support/protocol.js";

const STATUS = { assigned: 1n, answered: 2n, refunded: 3n, drawing: 8n } as const;
/** Draws in a measurement. */
const DRAWS = 150;
/** Blocks in a row that a proposer withholds at most. */
const RETRIES = 3;

/** Numbers are those of the list of attacks in docs/attacks.md. */
describe("attacks on draws", () => {
  let chain: Connection;
  let setup: JobSetup;
  const { mine, ask, draw, drawn, jobOf, seedOf, join } = createDraws(() => ({ chain, setup }));

  before(async () => {
    chain = await connect();
  });

  beforeEach(async () => {
    setup = await chain.networkHelpers.loadFixture(fixture);
  });

  async function fixture() {
    return deployEnlisted(chain);
  }

  const height = () => chain.ethers.provider.getBlockNumber();
  const now = () => chain.networkHelpers.time.latest();

  /** Whom a draw would name now, by whoever makes it. */
  async function outcome(jobId: string, caller = chain.stranger, gasLimit?: bigint): Promise<string> {
    const terms = await termsOf(setup.jobs, jobId);
    return setup.jobs.connect(caller).draw.staticCall(terms, gasLimit === undefined ? {} : { gasLimit });
  }

  /** The share of `draws` that `wins` holds for, with five standard deviations of what chance adds to `expected`. */
  function expectShare(wins: number, draws: number, expected: number): void {
    const slack = 5 * Math.sqrt((expected * (1 - expected)) / draws);
    expect(wins / draws).to.be.within(expected - slack, expected + slack);
  }

  it("71: neither the caller, nor the moment, nor the gas changes whom a seed names", async () => {
    await join(chain.challenger);
    await join(chain.stranger);
    await nextEpoch(chain);
    const jobId = await ask();
    await mine(SEED_DELAY + 1);
    const named = await outcome(jobId);
    expect(named).to.not.equal(ZeroAddress);
    for (const caller of [chain.consumer, chain.owner, chain.worker, chain.challenger, chain.deployer]) {
      expect(await outcome(jobId, caller)).to.equal(named);
    }
    const enough = await setup.jobs.draw.estimateGas(await termsOf(setup.jobs, jobId));
    for (let gas = enough / 4n; gas < enough; gas += enough / 16n) {
      // A pick that runs out of gas must not be passed over: then nothing happens at all.
      const result = await outcome(jobId, chain.stranger, gas).catch(() => named);
      expect(result, `${gas} gas`).to.equal(named);
    }
    for (const wait of [1, 10, 100]) {
      await mine(wait);
      expect(await outcome(jobId)).to.equal(named);
    }
    await nextEpoch(chain);
    expect(await outcome(jobId)).to.equal(named);
  });

  it("71: a request can't be tried before it counts: its block is to come, and it can't be placed twice", async () => {
    const { jobs, offers } = setup;
    const jobId = await ask();
    const [seedBlock] = await seedOf(jobId);
    expect(seedBlock).to.equal(BigInt((await height()) + SEED_DELAY));
    while (BigInt(await height()) < seedBlock - 1n) {
      await expect(draw(jobId)).to.be.revertedWithCustomError(offers, "SeedNotKnown");
      await mine(1);
    }
    // Neither the job's own terms nor its consumer can have the block chosen anew.
    const terms = await termsOf(jobs, jobId);
    await expect(jobs.connect(chain.consumer).redraw(terms)).to.be.revertedWithCustomError(jobs, "WrongStatus");
    await expect(offers.connect(chain.consumer).place(jobId, setup.modelId)).to.be.revertedWithCustomError(
      offers,
      "NotSource",
    );
    expect(await seedOf(jobId)).to.deep.equal([seedBlock, await setup.hub.epoch()]);
    // The same question again is another job, with another seed and a fee of its own.
    expect(await ask()).to.not.equal(jobId);
  });

  it("72: a proposer that withholds seed blocks has one more try for each, and no more weight", async () => {
    await join(chain.challenger);
    await join(chain.stranger);
    await nextEpoch(chain);
    const attacker = chain.challenger.address;
    // By how many blocks were withheld: each costs its proposer a block's income.
    const wins = Array.from({ length: RETRIES + 1 }, () => 0);
    for (let i = 0; i < DRAWS; i++) {
      const jobId = await ask({ lock: PARAMS.lockFloor });
      await mine(SEED_DELAY - 1);
      const before = await chain.networkHelpers.takeSnapshot();
      for (let withheld = 0; withheld <= RETRIES; withheld++) {
        // The slot stays empty, and the next proposer's block has the number that was fixed.
        if (withheld > 0) await chain.networkHelpers.time.setNextBlockTimestamp((await now()) + 12 * withheld);
        await mine(2);
        const named = await outcome(jobId);
        await before.restore();
        if (named !== attacker) continue;
        for (let least = withheld; least <= RETRIES; least++) wins[least]!++;
        break;
      }
    }
    for (const [withheld, won] of wins.entries()) expectShare(won, DRAWS, 1 - (2 / 3) ** (withheld + 1));
  });

  it("73: splitting an identity splits its weight, and gains no share", async () => {
    const { offers, modelId } = setup;
    const signers = (await chain.ethers.getSigners()).slice(7, 13);
    for (const signer of signers) await join(signer, {}, SET_ASIDE / BigInt(signers.length));
    await nextEpoch(chain);
    const epoch = await setup.hub.epoch();
    const whole = await offers.weightOf(modelId, chain.owner, epoch);
    let parts = 0n;
    for (const signer of signers) parts += await offers.weightOf(modelId, signer, epoch);
    // Each part is rounded down.
    expect(parts).to.be.within(whole - BigInt(signers.length), whole);
    const total = await offers.totalWeight(modelId, epoch);
    expect(total).to.equal(whole + parts);
    let won = 0;
    for (let i = 0; i < DRAWS; i++) {
      const point = BigInt(keccak256(AbiCoder.defaultAbiCoder().encode(["uint256"], [i]))) % total;
      if ((await offers.operatorAt(modelId, epoch, point)) !== chain.owner.address) won++;
    }
    expectShare(won, DRAWS, 0.5);
    // What none of the parts can back, none of them is drawn for.
    const jobId = await drawn({ lock: LOCK + 1n });
    expect((await jobOf(jobId)).operator).to.equal(chain.owner.address);
  });

  it("99: once the seed can be known nobody takes the job back: -1, 0, +1 blocks", async () => {
    const { jobs, offers } = setup;
    const asConsumer = jobs.connect(chain.consumer);
    for (const ahead of [-1, 0, 1]) {
      const jobId = await ask({ lock: PARAMS.lockFloor });
      const terms = await termsOf(jobs, jobId);
      const [seedBlock] = await seedOf(jobId);
      await expect(jobs.connect(chain.stranger).cancel(terms))
        .to.be.revertedWithCustomError(jobs, "NotConsumer")
        .withArgs(chain.stranger.address, chain.consumer.address);
      // The next transaction is in block seedBlock + ahead.
      await mine(Number(seedBlock) + ahead - 1 - (await height()));
      if (ahead < 0) {
        await asConsumer.cancel(terms);
        expect((await jobOf(jobId)).status).to.equal(STATUS.refunded);
        continue;
      }
      await expect(asConsumer.cancel(terms))
        .to.be.revertedWithCustomError(offers, "SeedFixed")
        .withArgs(jobId, seedBlock);
      await mine(2);
      await draw(jobId);
      for (const call of [() => asConsumer.cancel(terms), () => asConsumer.redraw(terms)]) {
        await expect(call()).to.revert(chain.ethers);
      }
      await submitJob(jobs.connect(chain.worker), jobId);
    }
  });

  it("100: an operator that doesn't like what it is drawn to can't get out of it", async () => {
    const { staking, offers, jobs, modelId } = setup;
    const jobId = await ask();
    await mine(SEED_DELAY + 1);
    // The seed is known. It leaves, closes, takes its stake back, and lets another one in: all of that counts later.
    const asOwner = staking.connect(chain.owner);
    await offers.connect(chain.owner).delist(modelId);
    await offers.connect(chain.owner).setOffer(modelId, { ...OFFER, open: false });
    await asOwner.setDrawStake(0);
    await asOwner.requestFullExit(chain.owner);
    await join(chain.challenger);
    await draw(jobId);
    expect((await jobOf(jobId)).operator).to.equal(chain.owner.address);
    // A request of now is drawn by the weights of now, too.
    const second = await drawn({ lock: PARAMS.lockFloor });
    expect((await jobOf(second)).operator).to.equal(chain.owner.address);
    // What it leaves unanswered costs it, although all of its stake is on its way out.
    await chain.networkHelpers.time.increase(2 * HOUR + 1);
    await expireJob(jobs, jobId);
    expect(await staking.pendingBurn()).to.equal(LOCK / 100n);
    expect((await staking.conductOf(chain.owner)).strikes).to.equal(1);

    await nextEpoch(chain);
    const later = await drawn({ lock: PARAMS.lockFloor });
    expect((await jobOf(later)).operator).to.equal(chain.challenger.address);
  });

  it("104: a draw that is made late leaves the operator all of its time, to the second", async () => {
    const { jobs } = setup;
    const jobId = await ask();
    await mine(200);
    await chain.networkHelpers.time.increase(10 * HOUR);
    await draw(jobId);
    const { deadline } = await jobOf(jobId);
    expect(deadline).to.equal(BigInt((await chain.networkHelpers.time.latest()) + 2 * HOUR));
    await chain.networkHelpers.time.setNextBlockTimestamp(deadline);
    await expect(expireJob(jobs, jobId)).to.be.revertedWithCustomError(jobs, "DeadlineNotPassed");
    const late = await chain.networkHelpers.takeSnapshot();
    await chain.networkHelpers.time.setNextBlockTimestamp(deadline + 1n);
    await expect(submitJob(jobs.connect(chain.worker), jobId)).to.be.revertedWithCustomError(jobs, "DeadlinePassed");
    await late.restore();
  });

  it("117: jobs that name an operator take nothing of its room or stake for draws", async () => {
    const { staking, offers, modelId } = setup;
    const free = await staking.freeStake(chain.owner);
    const each = free / BigInt(OFFER.concurrency);
    for (let i = 0; i < OFFER.concurrency; i++) await requestJob(chain, setup, { lock: each });
    for (const lock of [PARAMS.lockFloor, free]) {
      await expect(requestJob(chain, setup, { lock })).to.be.revertedWithCustomError(offers, "OfferBusy");
    }
    expect(await staking.freeDrawStake(chain.owner)).to.equal(SET_ASIDE);
    expect(await offers.drawnWaiting(modelId, chain.owner)).to.equal(0);
    const jobId = await drawn();
    expect((await jobOf(jobId)).operator).to.equal(chain.owner.address);
  });

  it("117: filling a room by draws costs a fee for each job, and whoever has room takes the next", async () => {
    const { jobs, offers, modelId } = setup;
    const rival = chain.challenger;
    await join(rival, { concurrency: 5 });
    await nextEpoch(chain);
    const before = await chain.ethers.provider.getBalance(jobs);
    let asked = 0;
    // Nobody chooses whose room is filled: the rival's fills as well.
    while ((await offers.drawnWaiting(modelId, chain.owner)) < DRAW_TERMS.concurrency) {
      await drawn({ lock: PARAMS.lockFloor });
      asked++;
      if ((await offers.drawnWaiting(modelId, rival)) === 5n) break;
    }
    expect((await chain.ethers.provider.getBalance(jobs)) - before).to.equal(BigInt(asked) * OFFER.price);
    const jobId = await drawn({ lock: PARAMS.lockFloor });
    expect((await jobOf(jobId)).status).to.equal(STATUS.assigned);
  });
});

import { expect } from "chai";
import { AbiCoder, keccak256, ZeroAddress, ZeroHash } from "ethers";

import { createDraws, deployEnlisted, DRAW_TERMS, LOCK, nextEpoch as turn, SEED_DELAY } from "../../support/draws.js";
import {
  earned,
  expireJob,
  finaliseJob,
  type JobSetup,
  presentJob,
  requestJob,
  submitJob,
  termsOf,
} from "../../support/jobs.js";
import { connect, type Connection, HOUR, OFFER, PARAMS, TOKEN } from "../../support/protocol.js";

const STATUS = { assigned: 1n, answered: 2n, refunded: 3n, final: 4n, drawing: 8n } as const;
/** Where chains with EIP-2935 keep the hashes of the last 8,191 blocks. */
const HISTORY = "0x0000F90827F1C53a10cb7A02335B175320002935";

describe("JobEscrow draws operators", () => {
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

  const nextEpoch = () => turn(chain);
  it("places a draw at a block to come, and draws the only one enlisted", async () => {
    const { jobs, offers, staking } = setup;
    const jobId = await ask();
    const placedAt = await chain.ethers.provider.getBlockNumber();
    const [seedBlock, epoch] = await seedOf(jobId);
    expect([seedBlock, epoch]).to.deep.equal([BigInt(placedAt + SEED_DELAY), await setup.hub.epoch()]);
    const waiting = await jobOf(jobId);
    expect([waiting.status, waiting.operator, waiting.deadline, waiting.lock]).to.deep.equal([
      STATUS.drawing,
      ZeroAddress,
      0n,
      0n,
    ]);
    await mine(SEED_DELAY);
    await expect(draw(jobId)).to.emit(jobs, "JobAssigned");
    // The answer's time begins with the draw.
    const deadline = (await chain.networkHelpers.time.latest()) + 2 * HOUR;
    const job = await jobOf(jobId);
    expect([job.status, job.operator, job.drawn, job.deadline, job.lock]).to.deep.equal([
      STATUS.assigned,
      chain.owner.address,
      true,
      BigInt(deadline),
      LOCK,
    ]);
    expect((await staking.drawStake(chain.owner)).locked).to.equal(LOCK);
    expect(await offers.drawnWaiting(setup.modelId, chain.owner)).to.equal(1);
    expect((await offers.offerOf(chain.owner, setup.modelId)).waiting).to.equal(0);
  });

  it("is answered, disputed and paid like any other job, at the fee that was offered", async () => {
    const { jobs, offers } = setup;
    const jobId = await drawn({ maxFee: 3n * OFFER.price, value: 3n * OFFER.price });
    await submitJob(jobs.connect(chain.worker), jobId);
    expect(await offers.drawnWaiting(setup.modelId, chain.owner)).to.equal(0);
    await presentJob(jobs, jobId);
    expect((await jobs.claim(jobId)).operator).to.equal(chain.owner.address);
    await chain.networkHelpers.time.increase(PARAMS.challengeWindow + 1);
    await finaliseJob(jobs, jobId);
    expect(await jobs.creditOf(ZeroAddress, chain.owner)).to.equal(earned(3n * OFFER.price));
    expect((await setup.staking.drawStake(chain.owner)).locked).to.equal(0);
  });

  it("knows the seed from the block after the seed block on, and only then draws; cancels only before it", async () => {
    const { jobs, offers } = setup;
    const asConsumer = jobs.connect(chain.consumer);
    for (const [ahead, cancels, draws] of [
      [-1, true, false],
      [0, false, false],
      [1, false, true],
    ] as const) {
      const snapshot = await chain.networkHelpers.takeSnapshot();
      const jobId = await ask();
      const terms = await termsOf(jobs, jobId);
      const [seedBlock] = await seedOf(jobId);
      // The next transaction is in block seedBlock + ahead.
      await mine(Number(seedBlock) + ahead - 1 - (await chain.ethers.provider.getBlockNumber()));
      const before = await chain.networkHelpers.takeSnapshot();
      if (draws) await draw(jobId);
      else {
        await expect(draw(jobId)).to.be.revertedWithCustomError(offers, "SeedNotKnown").withArgs(jobId, seedBlock);
      }
      await before.restore();
      if (cancels) {
        await expect(asConsumer.cancel(terms)).to.emit(jobs, "JobCancelled").withArgs(jobId, OFFER.price);
        expect((await jobOf(jobId)).status).to.equal(STATUS.refunded);
        expect(await jobs.creditOf(ZeroAddress, chain.consumer)).to.equal(OFFER.price);
        await expect(draw(jobId)).to.be.revertedWithCustomError(jobs, "WrongStatus");
      } else {
        await expect(asConsumer.cancel(terms))
          .to.be.revertedWithCustomError(offers, "SeedFixed")
          .withArgs(jobId, seedBlock);
      }
      await snapshot.restore();
    }
  });

  /** Places among the weights that are looked at for a job whose seed is known, one after the other: the first that can serve is drawn. */
  async function picksOf(jobId: string): Promise<{ epoch: bigint; at: (i: number) => bigint }> {
    const { jobs, offers, modelId } = setup;
    const [seedBlock, epoch] = await seedOf(jobId);
    const { hash } = (await chain.ethers.provider.getBlock(Number(seedBlock)))!;
    const coder = AbiCoder.defaultAbiCoder();
    const seed = keccak256(coder.encode(["bytes32", "address", "bytes32"], [hash, await jobs.getAddress(), jobId]));
    const total = await offers.totalWeight(modelId, epoch);
    return { epoch, at: (i) => BigInt(keccak256(coder.encode(["bytes32", "uint256"], [seed, i]))) % total };
  }

  it("draws by hash(seed, i) and weight, as anybody can recompute", async () => {
    const { jobs } = setup;
    await join(chain.stranger);
    await join(chain.challenger);
    await nextEpoch();
    const seen = new Set<string>();
    for (let i = 0; i < 6; i++) {
      const jobId = await ask({ lock: PARAMS.lockFloor });
      await mine(SEED_DELAY + 1);
      const { epoch, at } = await picksOf(jobId);
      const expected = await setup.offers.operatorAt(setup.modelId, epoch, at(0));
      await draw(jobId);
      expect((await jobOf(jobId)).operator).to.equal(expected);
      seen.add(expected);
      const asWorker = jobs.connect(
        expected === chain.owner.address ? chain.worker : await chain.ethers.getSigner(expected),
      );
      await submitJob(asWorker, jobId);
    }
    expect(seen.size).to.be.above(1);
  });

  it("looks at sixteen picks for one seed: the sixteenth counts, the seventeenth does not", async () => {
    const { offers, modelId } = setup;
    // Nearly all picks are of somebody that wants more time than the job has.
    await setup.staking.connect(chain.owner).setDrawStake(PARAMS.lockFloor);
    const others = (await chain.ethers.getSigners()).slice(10, 14);
    for (const other of others) await join(other, { minDuration: 3 * HOUR });
    await nextEpoch();
    const jobId = await ask({ lock: PARAMS.lockFloor });
    const [, epoch] = await seedOf(jobId);
    const weight = await offers.weightOf(modelId, chain.owner, epoch);
    for (const [place, operator] of [
      [weight - 1n, chain.owner],
      [weight, others[0]!],
    ] as const) {
      expect(await offers.operatorAt(modelId, epoch, place)).to.equal(operator.address);
    }
    await mine(SEED_DELAY - 1);
    for (const [first, status] of [
      [15, STATUS.assigned],
      [16, STATUS.drawing],
    ] as const) {
      const before = await chain.networkHelpers.takeSnapshot();
      for (let value = 0; ; value++) {
        await chain.networkHelpers.setPrevRandao(value);
        await mine(1);
        const { at } = await picksOf(jobId);
        if (Array.from({ length: 17 }, (_, i) => at(i)).findIndex((place) => place < weight) === first) break;
        await before.restore();
      }
      await mine(1);
      await draw(jobId);
      expect((await jobOf(jobId)).status, `pick ${first}`).to.equal(status);
      await before.restore();
    }
  });

  it("passes over who can't serve: price, lock, time, currency, room, stake, jail", async () => {
    const { jobs } = setup;
    const nobody = async (change = {}) => {
      const jobId = await ask(change);
      const [first] = await seedOf(jobId);
      await mine(SEED_DELAY + 1);
      await draw(jobId);
      expect((await jobOf(jobId)).status, JSON.stringify(Object.keys(change))).to.equal(STATUS.drawing);
      // A fresh block decides, and until it comes the consumer can have its money back.
      const [second] = await seedOf(jobId);
      expect(second).to.equal(BigInt((await chain.ethers.provider.getBlockNumber()) + SEED_DELAY));
      expect(second).to.be.above(first);
      await jobs.connect(chain.consumer).cancel(await termsOf(jobs, jobId));
      expect((await jobOf(jobId)).status).to.equal(STATUS.refunded);
    };
    await nobody({ maxFee: DRAW_TERMS.price - 1n });
    await nobody({ lock: DRAW_TERMS.maxLock + 1n });
    await nobody({ duration: DRAW_TERMS.minDuration - 1 });
    const currency = await setup.token.getAddress();
    await setup.hub.addCurrency(currency);
    await setup.token.connect(chain.deployer).transfer(chain.consumer, TOKEN);
    await setup.token.connect(chain.consumer).approve(jobs, TOKEN);
    await nobody({ currency, value: 0n });

    // At the limits it serves: price, lock and duration; then room and stake are gone.
    await drawn({ maxFee: DRAW_TERMS.price, lock: DRAW_TERMS.maxLock, duration: DRAW_TERMS.minDuration });
    await nobody({ lock: LOCK + 1n });
    await drawn({ lock: LOCK });
    await nobody({ lock: PARAMS.lockFloor });
  });

  it("a jailed operator is not drawn", async () => {
    const { jobs, staking } = setup;
    for (let i = 0; i < 3; i++) {
      const missed = await requestJob(chain, setup, { lock: PARAMS.lockFloor, duration: HOUR });
      await chain.networkHelpers.time.increase(HOUR + 1);
      await expireJob(jobs, missed);
    }
    expect(await staking.isJailed(chain.owner)).to.equal(true);
    const jobId = await drawn();
    expect((await jobOf(jobId)).status).to.equal(STATUS.drawing);
  });

  it("takes a fresh block where the hash is lost, and where the weights are", async () => {
    const { hub } = setup;
    // A chain that keeps 256 hashes and no history.
    await chain.networkHelpers.setCode(HISTORY, "0x");
    const lost = await ask();
    await mine(SEED_DELAY + 257);
    await draw(lost);
    expect((await jobOf(lost)).status).to.equal(STATUS.drawing);
    await mine(SEED_DELAY + 1);
    await draw(lost);
    expect((await jobOf(lost)).status).to.equal(STATUS.assigned);

    // One epoch late the weights of the request still count; two late they are gone.
    for (const [epochs, status] of [
      [1, STATUS.assigned],
      [2, STATUS.drawing],
    ] as const) {
      const jobId = await ask({ lock: PARAMS.lockFloor });
      const [, placed] = await seedOf(jobId);
      await mine(SEED_DELAY + 1);
      for (let i = 0; i < epochs; i++) await nextEpoch();
      await draw(jobId);
      expect((await jobOf(jobId)).status).to.equal(status);
      if (status === STATUS.drawing) expect((await seedOf(jobId))[1]).to.equal(await hub.epoch());
      else expect(placed + 1n).to.equal(await hub.epoch());
      const job = await jobOf(jobId);
      if (job.status === STATUS.assigned) await submitJob(setup.jobs.connect(chain.worker), jobId);
    }
  });

  it("reads older hashes from the chain's history contract where there is one (EIP-2935)", async () => {
    const { offers, jobs } = setup;
    // The contract's own code, from the EIP, and what the system call of each block stores in its ring.
    const CODE =
      "0x3373fffffffffffffffffffffffffffffffffffffffe14604657602036036042575f35600143038111604257611fff81430311604257611fff9006545f5260205ff35b5f5ffd5b5f35611fff60014303065500";
    await chain.networkHelpers.setCode(HISTORY, CODE);
    const jobId = await ask();
    const [seedBlock] = await seedOf(jobId);
    await mine(SEED_DELAY + 1);
    const { hash } = (await chain.ethers.provider.getBlock(Number(seedBlock)))!;
    await chain.networkHelpers.setStorageAt(HISTORY, Number(seedBlock) % 8191, hash!);
    await mine(500);
    await expect(draw(jobId))
      .to.emit(offers, "Drawn")
      .withArgs(await jobs.getAddress(), jobId, chain.owner.address);
    // Beyond its 8,191 blocks the hash is lost there too.
    const late = await ask();
    await mine(8191 + SEED_DELAY + 1);
    await draw(late);
    expect((await jobOf(late)).status).to.equal(STATUS.drawing);
  });

  it("waits on, from block to block, where nobody is enlisted any more", async () => {
    const { offers, modelId } = setup;
    const jobId = await ask();
    await offers.connect(chain.owner).delist(modelId);
    // The weights of the request's epoch are gone, and later ones are nothing.
    await nextEpoch();
    await nextEpoch();
    for (let i = 0; i < 2; i++) {
      await mine(SEED_DELAY + 1);
      await draw(jobId);
      expect((await jobOf(jobId)).status).to.equal(STATUS.drawing);
      const [seedBlock] = await seedOf(jobId);
      expect(seedBlock).to.equal(BigInt((await chain.ethers.provider.getBlockNumber()) + SEED_DELAY));
    }
  });

  it("needs somebody enlisted, a listed currency and a source that asks", async () => {
    const { jobs, offers, modelId } = setup;
    await expect(ask({ currency: chain.stranger.address })).to.be.revertedWithCustomError(jobs, "CurrencyNotListed");
    await offers.connect(chain.owner).delist(modelId);
    await nextEpoch();
    await expect(ask()).to.be.revertedWithCustomError(offers, "NobodyEnlisted");
    await expect(offers.connect(chain.stranger).place(ZeroHash, modelId))
      .to.be.revertedWithCustomError(offers, "NotSource")
      .withArgs(chain.stranger.address);
  });

  describe("a missed deadline", () => {
    it("burns a part of the lock, strikes, and refunds", async () => {
      const { jobs, staking } = setup;
      const jobId = await drawn();
      await chain.networkHelpers.time.increase(2 * HOUR + 1);
      const penalty = LOCK / 100n;
      await expect(expireJob(jobs, jobId)).to.emit(jobs, "JobMissed").withArgs(jobId, chain.owner.address, penalty);
      expect(await staking.stakeOf(chain.owner)).to.equal(1000n * TOKEN - penalty);
      expect(await staking.pendingBurn()).to.equal(penalty);
      expect((await staking.conductOf(chain.owner)).strikes).to.equal(1);
      expect(await jobs.creditOf(ZeroAddress, chain.consumer)).to.equal(OFFER.price);
      expect((await staking.drawStake(chain.owner)).locked).to.equal(0);
      expect((await jobOf(jobId)).status).to.equal(STATUS.refunded);
    });

    it("costs an operator that was named the same, and the consumer has its gas part back too", async () => {
      const { jobs, offers, staking, modelId } = setup;
      await offers.connect(chain.owner).setOffer(modelId, { ...OFFER, answerGas: 100_000 });
      const value = OFFER.price + TOKEN;
      const jobId = await requestJob(chain, setup, { value, lock: LOCK });
      const { deadline } = await jobOf(jobId);
      await chain.networkHelpers.time.setNextBlockTimestamp(deadline + 1n);
      await expireJob(jobs, jobId);
      expect(await jobs.creditOf(ZeroAddress, chain.consumer)).to.equal(value);
      expect(await staking.stakeOf(chain.owner)).to.equal(1000n * TOKEN - LOCK / 100n);
      expect((await staking.conductOf(chain.owner)).strikes).to.equal(1);
      expect(await staking.freeStake(chain.owner)).to.equal(400n * TOKEN - LOCK / 100n);
    });

    it("lets the consumer have another operator drawn, for the same fee, once the deadline has passed", async () => {
      const { jobs, offers, modelId } = setup;
      await join(chain.challenger);
      await nextEpoch();
      const jobId = await requestJob(chain, setup, { lock: LOCK });
      const terms = await termsOf(jobs, jobId);
      const asConsumer = jobs.connect(chain.consumer);
      const { deadline } = await jobOf(jobId);
      for (const offset of [-1n, 0n]) {
        await chain.networkHelpers.time.setNextBlockTimestamp(deadline + offset);
        await expect(asConsumer.redraw(terms)).to.be.revertedWithCustomError(jobs, "DeadlineNotPassed");
      }
      await expect(jobs.connect(chain.stranger).redraw(terms)).to.be.revertedWithCustomError(jobs, "NotConsumer");
      await chain.networkHelpers.time.setNextBlockTimestamp(deadline + 1n);
      await asConsumer.redraw(terms);
      expect((await offers.offerOf(chain.owner, modelId)).waiting).to.equal(0);
      expect(await setup.staking.pendingBurn()).to.equal(LOCK / 100n);
      await mine(SEED_DELAY + 1);
      await draw(jobId);
      const job = await jobOf(jobId);
      expect([job.status, job.drawn]).to.deep.equal([STATUS.assigned, true]);
      const asWorker = jobs.connect(job.operator === chain.owner.address ? chain.worker : chain.challenger);
      await submitJob(asWorker, jobId);
      await chain.networkHelpers.time.increase(PARAMS.challengeWindow + 1);
      await finaliseJob(jobs, jobId);
      expect(await jobs.creditOf(ZeroAddress, job.operator)).to.equal(earned(OFFER.price));
      expect(await jobs.creditOf(ZeroAddress, chain.consumer)).to.equal(0);
    });
  });

  describe("enlisting", () => {
    const enlist = (change: Partial<Record<keyof typeof DRAW_TERMS, unknown>>) =>
      setup.offers.connect(chain.owner).enlist(setup.modelId, { ...DRAW_TERMS, ...change } as typeof DRAW_TERMS);

    it("needs terms that a job could meet, and draw stake", async () => {
      const { offers, modelId } = setup;
      await nextEpoch();
      await expect(enlist({ concurrency: 0 })).to.be.revertedWithCustomError(offers, "NoConcurrency");
      await expect(enlist({ maxLock: PARAMS.lockFloor - 1n })).to.be.revertedWithCustomError(offers, "LockOutOfRange");
      await expect(enlist({ minDuration: PARAMS.maxDuration + 1 })).to.be.revertedWithCustomError(
        offers,
        "DurationOutOfRange",
      );
      await expect(enlist({ currency: chain.stranger })).to.be.revertedWithCustomError(offers, "CurrencyNotListed");
      await expect(offers.connect(chain.stranger).enlist(modelId, DRAW_TERMS)).to.be.revertedWithCustomError(
        offers,
        "NoDrawStake",
      );
      await enlist({ concurrency: 1, maxLock: PARAMS.lockFloor, minDuration: PARAMS.maxDuration });
    });

    it("counts terms and weight from the next epoch on; terms change in one of two epochs", async () => {
      const { offers, hub, modelId } = setup;
      const now = await hub.epoch();
      // They began with this epoch.
      await expect(enlist({ price: 5n }))
        .to.be.revertedWithCustomError(offers, "TermsSettling")
        .withArgs(now + 1n);
      await nextEpoch();
      await enlist({ price: 5n });
      await enlist({ price: 6n });
      expect((await offers.termsOf(modelId, chain.owner, now + 1n)).price).to.equal(DRAW_TERMS.price);
      expect((await offers.termsOf(modelId, chain.owner, now + 2n)).price).to.equal(6n);
      const unit = 1n << 24n;
      expect(await offers.weightOf(modelId, chain.owner, now + 1n)).to.equal((600n * TOKEN) / unit);
      await setup.staking.connect(chain.owner).setDrawStake(100n * TOKEN);
      await offers.connect(chain.stranger).refresh(modelId, chain.owner);
      expect(await offers.weightOf(modelId, chain.owner, now + 1n)).to.equal((600n * TOKEN) / unit);
      expect(await offers.weightOf(modelId, chain.owner, now + 2n)).to.equal((100n * TOKEN) / unit);
      expect(await offers.totalWeight(modelId, now + 2n)).to.equal((100n * TOKEN) / unit);
    });

    it("ends with delisting", async () => {
      const { offers, modelId } = setup;
      await offers.connect(chain.owner).delist(modelId);
      for (const call of [
        () => offers.connect(chain.owner).delist(modelId),
        () => offers.refresh(modelId, chain.owner),
        () => offers.refresh(modelId, chain.stranger),
      ]) {
        await expect(call()).to.be.revertedWithCustomError(offers, "NotEnlisted");
      }
    });
  });
});

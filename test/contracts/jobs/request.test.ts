import { expect } from "chai";
import { AbiCoder, keccak256, ZeroHash } from "ethers";

import type { JobTermsStruct } from "../../../typechain-types/jobs/JobEscrow.js";
import { INPUT_DTYPES, INPUTS, type JobSetup, listHash, requestJob } from "../../support/jobs.js";
import { connect, type Connection, deployWithOperator, HOUR, OFFER, PARAMS, TOKEN } from "../../support/protocol.js";

const ASSIGNED = 1n;

describe("JobEscrow.request", () => {
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

  const TERMS_TYPE =
    "tuple(bytes32 modelId,address operator,address consumer,uint256 nonce,bytes32 inputsRoot,uint80 fee,uint96 lock,uint32 duration)";

  const terms = (change: Partial<JobTermsStruct> = {}): JobTermsStruct => ({
    modelId: setup.modelId,
    operator: chain.owner.address,
    consumer: chain.consumer.address,
    nonce: 0n,
    inputsRoot: listHash(INPUTS, INPUT_DTYPES),
    fee: OFFER.price,
    lock: 100n * TOKEN,
    duration: 2 * HOUR,
    ...change,
  });

  async function jobIdOf(change: Partial<JobTermsStruct> = {}, chainId?: bigint): Promise<string> {
    const { chainId: own } = await chain.ethers.provider.getNetwork();
    const values = [chainId ?? own, await setup.jobs.getAddress(), terms(change)];
    return keccak256(AbiCoder.defaultAbiCoder().encode(["uint256", "address", TERMS_TYPE], values));
  }

  it("escrows the fee, locks the stake and emits the inputs", async () => {
    const { jobs, staking, modelId } = setup;
    const jobId = await jobIdOf();
    const before = await chain.ethers.provider.getBalance(jobs);
    expect(await requestJob(chain, setup)).to.equal(jobId);
    expect((await chain.ethers.provider.getBalance(jobs)) - before).to.equal(OFFER.price);

    const deadline = (await chain.networkHelpers.time.latest()) + 2 * HOUR;
    const job = await jobs.job(jobId);
    expect([job.status, job.consumer, job.operator, job.modelId]).to.deep.equal([
      ASSIGNED,
      chain.consumer.address,
      chain.owner.address,
      modelId,
    ]);
    expect([job.inputsRoot, job.outputsRoot]).to.deep.equal([listHash(INPUTS, INPUT_DTYPES), ZeroHash]);
    expect([job.fee, job.lock, job.deadline]).to.deep.equal([OFFER.price, 100n * TOKEN, BigInt(deadline)]);
    expect([job.challengeDeadline, job.openChallenges]).to.deep.equal([0n, 0n]);
    expect(await staking.freeStake(chain.owner)).to.equal(900n * TOKEN);
    expect((await jobs.offerOf(chain.owner, modelId)).waiting).to.equal(1);
    expect(await jobs.nonceOf(chain.consumer)).to.equal(1);

    const [event] = await jobs.queryFilter(jobs.filters.JobRequested(jobId));
    expect(event!.args.terms).to.deep.equal(Object.values({ ...terms(), duration: BigInt(2 * HOUR) }));
    expect(event!.args.deadline).to.equal(deadline);
    expect(event!.args.inputs).to.deep.equal(INPUTS.map((bytes) => `0x${Buffer.from(bytes).toString("hex")}`));
  });

  it("is a claim that is not answered yet", async () => {
    const jobId = await requestJob(chain, setup);
    const claim = await setup.jobs.claim(jobId);
    expect([claim.status, claim.publicInputs, claim.lock]).to.deep.equal([ASSIGNED, true, 100n * TOKEN]);
    expect([claim.operator, claim.consumer]).to.deep.equal([chain.owner.address, chain.consumer.address]);
    expect([claim.challengeDeadline, claim.outputsRoot]).to.deep.equal([0n, ZeroHash]);
  });

  it("gives an id that binds chain, contract, consumer, nonce, model, inputs and terms", async () => {
    const { jobs } = setup;
    const changes: Partial<JobTermsStruct>[] = [
      {},
      { modelId: ZeroHash },
      { operator: chain.stranger.address },
      { consumer: chain.stranger.address },
      { nonce: 1n },
      { inputsRoot: ZeroHash },
      { fee: 1n },
      { lock: 1n },
      { duration: 1 },
    ];
    const ids = await Promise.all(changes.map((change) => jobs.jobIdOf(terms(change))));
    expect(ids).to.deep.equal(await Promise.all(changes.map((change) => jobIdOf(change))));
    expect(new Set(ids).size).to.equal(changes.length);
    expect(ids).not.to.include(await jobIdOf({}, 1n));
  });

  it("gives two equal requests two ids", async () => {
    const first = await requestJob(chain, setup);
    const second = await requestJob(chain, setup);
    expect(second).not.to.equal(first);
    expect(second).to.equal(await jobIdOf({ nonce: 1n }));
  });

  it("asks no more than the price, and credits the rest back", async () => {
    const { jobs } = setup;
    await expect(requestJob(chain, setup, { value: OFFER.price - 1n }))
      .to.be.revertedWithCustomError(jobs, "PriceAbovePayment")
      .withArgs(OFFER.price, OFFER.price - 1n);
    await requestJob(chain, setup, { value: OFFER.price });
    expect(await jobs.creditOf(chain.consumer)).to.equal(0);
    await requestJob(chain, setup, { value: OFFER.price + 5n });
    expect(await jobs.creditOf(chain.consumer)).to.equal(5n);
  });

  it("serves a free offer", async () => {
    await setup.jobs.connect(chain.owner).setOffer(setup.modelId, { ...OFFER, price: 0n });
    const jobId = await requestJob(chain, setup, { value: 0n });
    expect((await setup.jobs.job(jobId)).fee).to.equal(0);
  });

  it("keeps the lock between the floor and the offer's maximum", async () => {
    const { jobs } = setup;
    for (const lock of [PARAMS.lockFloor - 1n, OFFER.maxLock + 1n]) {
      await expect(requestJob(chain, setup, { lock }))
        .to.be.revertedWithCustomError(jobs, "LockOutOfRange")
        .withArgs(lock, PARAMS.lockFloor, OFFER.maxLock);
    }
    await requestJob(chain, setup, { lock: PARAMS.lockFloor });
    await requestJob(chain, setup, { lock: OFFER.maxLock });
  });

  it("is refused where the operator's stake is spoken for", async () => {
    const { staking } = setup;
    await requestJob(chain, setup, { lock: OFFER.maxLock });
    await requestJob(chain, setup, { lock: OFFER.maxLock });
    await expect(requestJob(chain, setup, { lock: PARAMS.lockFloor }))
      .to.be.revertedWithCustomError(staking, "InsufficientStake")
      .withArgs(chain.owner.address, PARAMS.lockFloor, 0);
  });

  it("keeps the duration between the offer's minimum and the maximum", async () => {
    const { jobs } = setup;
    for (const duration of [OFFER.minDuration - 1, PARAMS.maxDuration + 1]) {
      await expect(requestJob(chain, setup, { duration }))
        .to.be.revertedWithCustomError(jobs, "DurationOutOfRange")
        .withArgs(duration, OFFER.minDuration, PARAMS.maxDuration);
    }
    await requestJob(chain, setup, { duration: OFFER.minDuration });
    await requestJob(chain, setup, { duration: PARAMS.maxDuration });
  });

  it("respects the operator's concurrency", async () => {
    const { jobs, modelId } = setup;
    const lock = PARAMS.lockFloor;
    const ids: string[] = [];
    for (let i = 0; i < OFFER.concurrency; i++) ids.push(await requestJob(chain, setup, { lock }));
    await expect(requestJob(chain, setup, { lock }))
      .to.be.revertedWithCustomError(jobs, "OfferBusy")
      .withArgs(chain.owner.address, modelId, OFFER.concurrency);
    // An expired job makes room.
    await chain.networkHelpers.time.increase(2 * HOUR + 1);
    await jobs.expire(ids[0]!);
    await requestJob(chain, setup, { lock });
  });

  it("needs an open offer and a model that accepts claims", async () => {
    const { jobs, registry, modelId } = setup;
    const request = (operator: string, model = modelId) =>
      jobs.connect(chain.consumer).request(model, operator, [...INPUTS], TOKEN, HOUR, { value: OFFER.price });
    await expect(request(chain.stranger.address))
      .to.be.revertedWithCustomError(jobs, "OfferClosed")
      .withArgs(chain.stranger.address, modelId);
    await expect(request(chain.owner.address, ZeroHash))
      .to.be.revertedWithCustomError(jobs, "ModelClosed")
      .withArgs(ZeroHash);
    await jobs.connect(chain.owner).setOffer(modelId, { ...OFFER, open: false });
    await expect(requestJob(chain, setup)).to.be.revertedWithCustomError(jobs, "OfferClosed");
    await jobs.connect(chain.owner).setOffer(modelId, OFFER);
    await registry.connect(chain.publisher).deprecate(modelId);
    await expect(requestJob(chain, setup)).to.be.revertedWithCustomError(jobs, "ModelClosed");
  });

  it("takes exactly the model's inputs", async () => {
    const { jobs } = setup;
    const [floats, bools] = INPUTS;
    await expect(requestJob(chain, setup, { inputs: [floats] }))
      .to.be.revertedWithCustomError(jobs, "TensorCount")
      .withArgs(1, 2);
    await expect(requestJob(chain, setup, { inputs: [floats, bools, bools] }))
      .to.be.revertedWithCustomError(jobs, "TensorCount")
      .withArgs(3, 2);
    for (const length of [0, 2, 4]) {
      await expect(requestJob(chain, setup, { inputs: [floats, new Uint8Array(length)] }))
        .to.be.revertedWithCustomError(jobs, "TensorBytes")
        .withArgs(1, length, 3);
    }
    await expect(requestJob(chain, setup, { inputs: [floats.subarray(1), bools] }))
      .to.be.revertedWithCustomError(jobs, "TensorBytes")
      .withArgs(0, 399, 400);
  });
});

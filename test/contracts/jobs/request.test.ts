import { expect } from "chai";
import { AbiCoder, keccak256, ZeroAddress, ZeroHash } from "ethers";

import type { JobTermsStruct } from "../../../typechain-types/jobs/JobEscrow.js";
import { PARAMETERS } from "../../support/hub.js";
import {
  earned,
  expireJob,
  finaliseJob,
  INPUT_DTYPES,
  INPUTS,
  type JobSetup,
  listHash,
  presentJob,
  requestArgs,
  requestJob,
  submitJob,
  termsOf,
} from "../../support/jobs.js";
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
    "tuple(bytes32 modelId,address operator,address consumer,uint64 nonce,bytes32 inputsRoot,address currency," +
    "uint80 fee,uint80 gasFee,uint96 lock,uint32 duration,address publisher,uint16 royalty,uint16 auditShare," +
    "uint16 missPenalty,address callback,uint32 callbackGas,uint80 callbackFee)";

  const terms = (change: Partial<JobTermsStruct> = {}): JobTermsStruct => ({
    modelId: setup.modelId,
    operator: chain.owner.address,
    consumer: chain.consumer.address,
    nonce: 0n,
    inputsRoot: listHash(INPUTS, INPUT_DTYPES),
    currency: ZeroAddress,
    fee: OFFER.price,
    gasFee: 0n,
    lock: 100n * TOKEN,
    duration: 2 * HOUR,
    publisher: chain.publisher.address,
    royalty: 0,
    auditShare: PARAMETERS.jobs.auditShare,
    missPenalty: PARAMETERS.jobs.missPenalty,
    callback: ZeroAddress,
    callbackGas: 0,
    callbackFee: 0n,
    ...change,
  });

  async function jobIdOf(change: Partial<JobTermsStruct> = {}, chainId?: bigint): Promise<string> {
    const { chainId: own } = await chain.ethers.provider.getNetwork();
    const values = [chainId ?? own, await setup.jobs.getAddress(), terms(change)];
    return keccak256(AbiCoder.defaultAbiCoder().encode(["uint256", "address", TERMS_TYPE], values));
  }

  it("escrows the fee, locks the stake and emits the inputs", async () => {
    const { jobs, offers, staking, modelId } = setup;
    const jobId = await jobIdOf();
    const before = await chain.ethers.provider.getBalance(jobs);
    expect(await requestJob(chain, setup)).to.equal(jobId);
    expect((await chain.ethers.provider.getBalance(jobs)) - before).to.equal(OFFER.price);

    const deadline = (await chain.networkHelpers.time.latest()) + 2 * HOUR;
    const job = await jobs.job(jobId);
    expect([job.status, job.operator, job.deadline, job.lock]).to.deep.equal([
      ASSIGNED,
      chain.owner.address,
      BigInt(deadline),
      100n * TOKEN,
    ]);
    expect([job.outputsRoot, job.challengeDeadline, job.openChallenges]).to.deep.equal([ZeroHash, 0n, 0n]);
    expect(await staking.freeStake(chain.owner)).to.equal(900n * TOKEN);
    expect((await offers.offerOf(chain.owner, modelId)).waiting).to.equal(1);
    expect(await jobs.nonceOf(chain.consumer)).to.equal(1);

    const [event] = await jobs.queryFilter(jobs.filters.JobRequested(jobId));
    const numbers = Object.values(terms()).map((value) => (typeof value === "number" ? BigInt(value) : value));
    expect(event!.args.terms).to.deep.equal(numbers);
    expect(event!.args.deadline).to.equal(deadline);
    expect(event!.args.inputs).to.deep.equal(INPUTS.map((bytes) => `0x${Buffer.from(bytes).toString("hex")}`));
  });

  it("is a claim that is not answered yet", async () => {
    const { jobs } = setup;
    const jobId = await requestJob(chain, setup);
    // Disputes know a job once its terms were shown.
    expect((await jobs.claim(jobId)).status).to.equal(0);
    await presentJob(jobs, jobId);
    const claim = await jobs.claim(jobId);
    expect([claim.modelId, claim.inputsRoot]).to.deep.equal([setup.modelId, listHash(INPUTS, INPUT_DTYPES)]);
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
      { currency: chain.stranger.address },
      { fee: 1n },
      { gasFee: 1n },
      { lock: 1n },
      { duration: 1 },
      { publisher: chain.stranger.address },
      { royalty: 1 },
      { auditShare: 1 },
      { missPenalty: 1 },
      { callback: chain.stranger.address },
      { callbackGas: 1 },
      { callbackFee: 1n },
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
      .to.be.revertedWithCustomError(jobs, "PaymentTooSmall")
      .withArgs(OFFER.price - 1n, OFFER.price);
    await requestJob(chain, setup, { value: OFFER.price });
    expect(await jobs.creditOf(ZeroAddress, chain.consumer)).to.equal(0);
    await requestJob(chain, setup, { value: OFFER.price + 5n });
    expect(await jobs.creditOf(ZeroAddress, chain.consumer)).to.equal(5n);
  });

  it("asks no more than the request's maximum, and that is the price, not the maximum", async () => {
    const { jobs, offers } = setup;
    await expect(requestJob(chain, setup, { maxFee: OFFER.price - 1n }))
      .to.be.revertedWithCustomError(offers, "PriceAboveMaximum")
      .withArgs(OFFER.price, OFFER.price - 1n);
    await requestJob(chain, setup, { maxFee: OFFER.price });
    const jobId = await requestJob(chain, setup, { maxFee: OFFER.price + 1n, value: OFFER.price + 1n });
    expect((await termsOf(jobs, jobId)).fee).to.equal(OFFER.price);
    expect(await jobs.creditOf(ZeroAddress, chain.consumer)).to.equal(1n);
  });

  it("pays for the posted gas at twice the base fee of its block", async () => {
    const { jobs, offers, modelId } = setup;
    await offers.connect(chain.owner).setOffer(modelId, { ...OFFER, answerGas: 100_000 });
    const baseFee = 7n * 10n ** 9n;
    const gasFee = 2n * 100_000n * baseFee;
    expect(await jobs.gasFee(100_000, baseFee)).to.equal(gasFee);
    const asConsumer = jobs.connect(chain.consumer);
    const args = requestArgs(chain, setup);
    const { setNextBlockBaseFeePerGas } = chain.networkHelpers;
    await setNextBlockBaseFeePerGas(baseFee);
    await expect(asConsumer.request(...args, { value: OFFER.price + gasFee - 1n }))
      .to.be.revertedWithCustomError(jobs, "PaymentTooSmall")
      .withArgs(OFFER.price + gasFee - 1n, OFFER.price + gasFee);
    await setNextBlockBaseFeePerGas(baseFee);
    await asConsumer.request(...args, { value: OFFER.price + gasFee });
    const [event] = await jobs.queryFilter(jobs.filters.JobRequested());
    expect([event!.args.terms.fee, event!.args.terms.gasFee]).to.deep.equal([OFFER.price, gasFee]);
    // It is the operator's, whole, beside its part of the fee.
    const jobId = event!.args.jobId;
    await submitJob(jobs.connect(chain.worker), jobId);
    await chain.networkHelpers.time.increase(PARAMS.challengeWindow + 1);
    await finaliseJob(jobs, jobId);
    expect(await jobs.creditOf(ZeroAddress, chain.owner)).to.equal(earned(OFFER.price) + gasFee);
  });

  it("serves a free offer", async () => {
    await setup.offers.connect(chain.owner).setOffer(setup.modelId, { ...OFFER, price: 0n });
    const jobId = await requestJob(chain, setup, { value: 0n });
    expect((await termsOf(setup.jobs, jobId)).fee).to.equal(0);
  });

  it("keeps the lock between the floor and the offer's maximum", async () => {
    const { jobs, offers } = setup;
    await expect(requestJob(chain, setup, { lock: PARAMS.lockFloor - 1n }))
      .to.be.revertedWithCustomError(jobs, "LockTooSmall")
      .withArgs(PARAMS.lockFloor - 1n, PARAMS.lockFloor);
    await expect(requestJob(chain, setup, { lock: OFFER.maxLock + 1n }))
      .to.be.revertedWithCustomError(offers, "LockOutOfRange")
      .withArgs(OFFER.maxLock + 1n, 0, OFFER.maxLock);
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
    const { jobs, offers } = setup;
    await expect(requestJob(chain, setup, { duration: OFFER.minDuration - 1 }))
      .to.be.revertedWithCustomError(offers, "DurationOutOfRange")
      .withArgs(OFFER.minDuration - 1, OFFER.minDuration, 2n ** 32n - 1n);
    await expect(requestJob(chain, setup, { duration: PARAMS.maxDuration + 1 }))
      .to.be.revertedWithCustomError(jobs, "DurationTooLong")
      .withArgs(PARAMS.maxDuration + 1, PARAMS.maxDuration);
    await requestJob(chain, setup, { duration: OFFER.minDuration });
    await requestJob(chain, setup, { duration: PARAMS.maxDuration });
  });

  it("respects the operator's concurrency", async () => {
    const { jobs, offers, modelId } = setup;
    const lock = PARAMS.lockFloor;
    const ids: string[] = [];
    for (let i = 0; i < OFFER.concurrency; i++) ids.push(await requestJob(chain, setup, { lock }));
    await expect(requestJob(chain, setup, { lock }))
      .to.be.revertedWithCustomError(offers, "OfferBusy")
      .withArgs(chain.owner.address, modelId, OFFER.concurrency);
    // An expired job makes room.
    await chain.networkHelpers.time.increase(2 * HOUR + 1);
    await expireJob(jobs, ids[0]!);
    await requestJob(chain, setup, { lock });
  });

  it("needs an open offer and a model that accepts claims", async () => {
    const { jobs, offers, registry, modelId } = setup;
    await expect(requestJob(chain, setup, { operator: chain.stranger.address }))
      .to.be.revertedWithCustomError(offers, "OfferClosed")
      .withArgs(chain.stranger.address, modelId);
    await expect(requestJob(chain, setup, { modelId: ZeroHash }))
      .to.be.revertedWithCustomError(jobs, "ModelClosed")
      .withArgs(ZeroHash);
    await offers.connect(chain.owner).setOffer(modelId, { ...OFFER, open: false });
    await expect(requestJob(chain, setup)).to.be.revertedWithCustomError(offers, "OfferClosed");
    await offers.connect(chain.owner).setOffer(modelId, OFFER);
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

import { expect } from "chai";
import { ZeroAddress } from "ethers";

import type { CallbackProbe } from "../../../typechain-types/index.js";
import {
  auditShareOf,
  finaliseJob,
  type JobSetup,
  listHash,
  OUTPUTS,
  presentJob,
  requestJob,
  submitJob,
  termsOf,
} from "../../support/jobs.js";
import { connect, type Connection, deployWithOperator, OFFER, PARAMS, TOKEN } from "../../support/protocol.js";

const FINAL = 4n;
const MODE = { accept: 0, revert: 1, spend: 2, bomb: 3 } as const;
const GAS = 200_000;

describe("JobEscrow delivers final answers", () => {
  let chain: Connection;
  let setup: JobSetup;
  let probe: CallbackProbe;

  before(async () => {
    chain = await connect();
  });

  beforeEach(async () => {
    ({ probe, ...setup } = await chain.networkHelpers.loadFixture(fixture));
  });

  async function fixture() {
    return { ...(await deployWithOperator(chain)), probe: await chain.ethers.deployContract("CallbackProbe") };
  }

  /** Answered, its window over; the probe is to be told. */
  async function due(callbackGas = GAS): Promise<string> {
    const jobId = await requestJob(chain, setup, { callback: probe, callbackGas, value: TOKEN });
    await submitJob(setup.jobs.connect(chain.worker), jobId);
    await chain.networkHelpers.time.increase(PARAMS.challengeWindow + 1);
    return jobId;
  }

  const finalise = (jobId: string, outputs = OUTPUTS as readonly Uint8Array[]) =>
    finaliseJob(setup.jobs.connect(chain.stranger), jobId, outputs);
  const deliver = async (jobId: string, outputs: readonly Uint8Array[] = OUTPUTS) =>
    setup.jobs.connect(chain.stranger).deliver(await termsOf(setup.jobs, jobId), [...outputs]);
  const hex = OUTPUTS.map((bytes) => `0x${Buffer.from(bytes).toString("hex")}`);

  it("tells the callback once, and pays whoever finalised what was paid for it", async () => {
    const { jobs } = setup;
    const jobId = await due();
    const { callbackFee } = await termsOf(jobs, jobId);
    expect(callbackFee).to.be.above(0n);
    await expect(finalise(jobId)).to.emit(probe, "Called").withArgs(jobId, hex);
    expect([await probe.calls(), (await jobs.job(jobId)).undelivered]).to.deep.equal([1n, false]);
    expect(await jobs.creditOf(ZeroAddress, chain.stranger)).to.equal(callbackFee);
    await expect(finalise(jobId)).to.be.revertedWithCustomError(jobs, "WrongStatus");
    await expect(deliver(jobId)).to.be.revertedWithCustomError(jobs, "NothingToDeliver").withArgs(jobId);
    expect(await probe.calls()).to.equal(1);
  });

  it("charges the gas at twice the base fee of the request", async () => {
    const { jobs } = setup;
    const baseFee = 3n * 10n ** 9n;
    const fee = 2n * BigInt(GAS) * baseFee;
    const ask = (value: bigint) => requestJob(chain, setup, { callback: probe, callbackGas: GAS, value });
    await chain.networkHelpers.setNextBlockBaseFeePerGas(baseFee);
    const jobId = await ask(OFFER.price + 10n * fee);
    const terms = await termsOf(jobs, jobId);
    expect([terms.callback, terms.callbackGas, terms.callbackFee]).to.deep.equal([
      await probe.getAddress(),
      BigInt(GAS),
      fee,
    ]);
    expect(await jobs.creditOf(ZeroAddress, chain.consumer)).to.equal(9n * fee);
  });

  it("bounds the gas, -1, 0, +1", async () => {
    const { jobs, hub } = setup;
    const { maxCallbackGas } = await hub.jobParams();
    const most = Number(maxCallbackGas);
    const ask = (callbackGas: number) => requestJob(chain, setup, { callback: probe, callbackGas, value: TOKEN });
    await ask(most - 1);
    await ask(most);
    await expect(ask(most + 1))
      .to.be.revertedWithCustomError(jobs, "CallbackGasTooHigh")
      .withArgs(most + 1, most);
  });

  it("wants the outputs that were answered, to the byte, and none without a callback", async () => {
    const { jobs } = setup;
    const jobId = await due();
    const other = OUTPUTS[0].slice();
    other[3]! ^= 1;
    const answered = listHash(OUTPUTS, ["f32"]);
    await expect(finalise(jobId, [other]))
      .to.be.revertedWithCustomError(jobs, "OutputsMismatch")
      .withArgs(listHash([other], ["f32"]), answered);
    await expect(finalise(jobId, [])).to.be.revertedWithCustomError(jobs, "TensorCount").withArgs(0, 1);
    // Padding has the same root, and is not the answer.
    const padded = new Uint8Array(20);
    padded.set(OUTPUTS[0]);
    await expect(finalise(jobId, [padded]))
      .to.be.revertedWithCustomError(jobs, "TensorBytes")
      .withArgs(0, 20, 16);
    const plain = await requestJob(chain, setup);
    await submitJob(jobs.connect(chain.worker), plain);
    await chain.networkHelpers.time.increase(PARAMS.challengeWindow + 1);
    await expect(finalise(plain)).to.be.revertedWithCustomError(jobs, "OutputsMismatch");
    await finalise(plain, []);
  });

  for (const mode of ["revert", "spend", "bomb"] as const) {
    it(`40: a callback that fails (${mode}) stops nothing; the answer can be delivered later, once`, async () => {
      const { jobs, staking } = setup;
      await probe.setMode(MODE[mode]);
      const jobId = await due();
      await expect(finalise(jobId))
        .to.emit(jobs, "DeliveryFailed")
        .withArgs(jobId, await probe.getAddress());
      const job = await jobs.job(jobId);
      expect([job.status, job.undelivered]).to.deep.equal([FINAL, true]);
      expect(await jobs.creditOf(ZeroAddress, chain.owner)).to.be.above(0);
      expect(await staking.freeStake(chain.owner)).to.equal(await staking.stakeOf(chain.owner));
      if (mode === "revert") {
        await expect(deliver(jobId))
          .to.be.revertedWithCustomError(jobs, "DeliveryRefused")
          .withArgs(jobId, await probe.getAddress());
      }
      await probe.setMode(MODE.accept);
      await expect(deliver(jobId, [new Uint8Array(16)])).to.be.revertedWithCustomError(jobs, "OutputsMismatch");
      await expect(deliver(jobId)).to.emit(probe, "Called").withArgs(jobId, hex);
      await expect(deliver(jobId)).to.be.revertedWithCustomError(jobs, "NothingToDeliver");
    });
  }

  it("36, 37: what a callback spends or returns is bounded by what was paid for", async () => {
    const { jobs } = setup;
    const gasOf = async (mode: keyof typeof MODE) => {
      await probe.setMode(MODE[mode]);
      const jobId = await due();
      return (await (await finalise(jobId)).wait())!.gasUsed;
    };
    await gasOf("accept");
    const reverted = await gasOf("revert");
    for (const mode of ["spend", "bomb"] as const) {
      expect((await gasOf(mode)) - reverted).to.be.at.most(BigInt(GAS));
    }
    expect(await jobs.creditOf(ZeroAddress, chain.stranger)).to.be.above(0);
  });

  it("41: too little gas for the callback is refused, and never taken for its failure", async () => {
    const { jobs } = setup;
    const jobId = await due();
    const terms = await termsOf(jobs, jobId);
    const asStranger = jobs.connect(chain.stranger);
    const outcomes = new Set<string>();
    for (let gas = 200_000n; gas <= 500_000n; gas += 2_500n) {
      const snapshot = await chain.networkHelpers.takeSnapshot();
      const sent = await asStranger.finalise(terms, [...OUTPUTS], { gasLimit: gas }).catch(() => undefined);
      if (sent !== undefined) {
        const names = (await sent.wait())!.logs.flatMap((log) => jobs.interface.parseLog(log)?.name ?? []);
        expect(names).to.include("AnswerDelivered").and.not.to.include("DeliveryFailed");
      }
      outcomes.add(sent === undefined ? "refused" : "delivered");
      await snapshot.restore();
    }
    expect([...outcomes]).to.deep.equal(["refused", "delivered"]);
  });

  it("34: a callback finds its job settled, whatever it calls", async () => {
    const { jobs } = setup;
    const jobId = await due(400_000);
    const terms = await termsOf(jobs, jobId);
    for (const data of [
      jobs.interface.encodeFunctionData("finalise", [terms, hex]),
      jobs.interface.encodeFunctionData("deliver", [terms, hex]),
    ]) {
      const snapshot = await chain.networkHelpers.takeSnapshot();
      await probe.setReentry(jobs, data);
      await expect(finalise(jobId)).to.emit(jobs, "AnswerDelivered");
      expect(await probe.calls()).to.equal(1);
      await snapshot.restore();
    }
  });

  it("is not told of answers that did not become final", async () => {
    const { jobs, manager } = setup;
    const jobId = await requestJob(chain, setup, { callback: probe, callbackGas: GAS, value: TOKEN });
    await submitJob(jobs.connect(chain.worker), jobId);
    await presentJob(jobs, jobId);
    await manager.void(jobs, jobId);
    expect(await probe.calls()).to.equal(0);
    // All that was paid is the consumer's again, but for the audit share.
    expect(await jobs.creditOf(ZeroAddress, chain.consumer)).to.equal(TOKEN - auditShareOf(OFFER.price));
  });
});

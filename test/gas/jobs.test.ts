import { expect } from "chai";
import { ZeroAddress } from "ethers";

import { expectSnapshot } from "../../scripts/checks/snapshot.js";
import { finaliseJob, floatBytes, presentJob, requestArgs, requestedId, submitJob } from "../support/jobs.js";
import { DTYPE, F32, modelContent, modelIdOf, provenance } from "../support/models.js";
import { connect, deployWithOperator, HOUR, OFFER, PARAMS } from "../support/protocol.js";

/** Whole transactions, calldata included, with balances and counters that are not zero before. */
describe("gas of a job", () => {
  it("is what the snapshot says, and a small job's whole life costs at most 350,000", async () => {
    const chain = await connect();
    const { registry, offers, jobs, manager, staking } = await deployWithOperator(chain);
    const { publisher, owner, worker, consumer, networkHelpers } = chain;

    // 256 bytes in, 64 bytes out.
    const content = modelContent({
      inputs: [{ dtype: DTYPE.f32, lo: F32.minusOne, hi: F32.one, shape: [64] }],
      outputs: [{ dtype: DTYPE.f32, node: 4, atol: 1, rtol: 0, shape: [16] }],
    });
    const used = async (sent: Promise<{ wait(): Promise<{ gasUsed: bigint } | null> }>) =>
      (await (await sent).wait())!.gasUsed;
    const register = await used(
      registry.connect(publisher).register(content, provenance(), 1_000, { value: PARAMS.deposit }),
    );
    const modelId = modelIdOf(content, publisher.address);
    await offers.connect(owner).setOffer(modelId, { ...OFFER, answerGas: 100_000 });
    const inputs = [floatBytes(Array.from({ length: 64 }, (_, i) => i / 64))];
    const outputs = [floatBytes(Array.from({ length: 16 }, (_, i) => i))];

    const run = async (settle: (jobId: string) => Promise<bigint>) => {
      const args = requestArgs(chain, { modelId }, { inputs, duration: HOUR });
      // Exactly what it costs, so that nothing has to be credited back.
      const baseFee = 10n ** 9n;
      const value = OFFER.price + (await jobs.gasFee(100_000, baseFee));
      await networkHelpers.setNextBlockBaseFeePerGas(baseFee);
      const requested = await (await jobs.connect(consumer).request(...args, { value })).wait();
      const [jobId, request] = [requestedId(jobs, requested!), requested!.gasUsed];
      const submit = await used(submitJob(jobs.connect(worker), jobId, outputs));
      return { request, submit, settle: await settle(jobId) };
    };
    const finalise = async (jobId: string) => {
      await networkHelpers.time.increase(PARAMS.challengeWindow + 1);
      return used(finaliseJob(jobs, jobId));
    };
    await run(finalise);
    const life = await run(finalise);
    let present = 0n;
    const wrong = await run(async (jobId) => {
      present = await used(presentJob(jobs, jobId));
      return used(manager.wrong(jobs, jobId, [chain.challenger]));
    });
    const total = life.request + life.submit + life.settle;
    expect(total).to.be.at.most(350_000n);
    expectSnapshot("gas/jobs", {
      register,
      request: life.request,
      submit: life.submit,
      finalise: life.settle,
      life: total,
      present,
      settleWrong: wrong.settle,
      withdraw: await used(jobs.withdraw(ZeroAddress, owner)),
      withdrawReward: await used(staking.connect(chain.challenger).withdrawReward(chain.challenger)),
      burnSlashed: await used(staking.burnSlashed()),
    });
  });
});

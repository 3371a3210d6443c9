import { expect } from "chai";

import { expectSnapshot } from "../../scripts/checks/snapshot.js";
import { floatBytes } from "../support/jobs.js";
import { DTYPE, F32, modelContent, modelIdOf, provenance } from "../support/models.js";
import { connect, deployWithOperator, HOUR, OFFER, PARAMS, TOKEN } from "../support/protocol.js";

/** Whole transactions, calldata included, with balances and counters that are not zero before. */
describe("gas of a job", () => {
  it("is what the snapshot says, and a small job's whole life costs at most 350,000", async () => {
    const chain = await connect();
    const { registry, jobs, manager, staking } = await deployWithOperator(chain);
    const { publisher, owner, worker, consumer, networkHelpers } = chain;

    // 256 bytes in, 64 bytes out.
    const content = modelContent({
      inputs: [{ dtype: DTYPE.f32, lo: F32.minusOne, hi: F32.one, shape: [64] }],
      outputs: [{ dtype: DTYPE.f32, node: 4, atol: 1, rtol: 0, shape: [16] }],
    });
    const used = async (sent: Promise<{ wait(): Promise<{ gasUsed: bigint } | null> }>) =>
      (await (await sent).wait())!.gasUsed;
    const register = await used(registry.connect(publisher).register(content, provenance(), { value: PARAMS.deposit }));
    const modelId = modelIdOf(content, publisher.address);
    await jobs.connect(owner).setOffer(modelId, OFFER);
    const inputs = [floatBytes(Array.from({ length: 64 }, (_, i) => i / 64))];
    const outputs = [floatBytes(Array.from({ length: 16 }, (_, i) => i))];

    const run = async (settle: (jobId: string) => Promise<bigint>) => {
      const args = [modelId, owner, inputs, 100n * TOKEN, HOUR] as const;
      const jobId = await jobs.connect(consumer).request.staticCall(...args, { value: OFFER.price });
      const request = await used(jobs.connect(consumer).request(...args, { value: OFFER.price }));
      const submit = await used(jobs.connect(worker).submit(jobId, outputs));
      return { request, submit, settle: await settle(jobId) };
    };
    const finalise = async (jobId: string) => {
      await networkHelpers.time.increase(PARAMS.challengeWindow + 1);
      return used(jobs.finalise(jobId));
    };
    await run(finalise);
    const life = await run(finalise);
    const wrong = await run((jobId) => used(manager.wrong(jobs, jobId, [chain.challenger])));
    const total = life.request + life.submit + life.settle;
    expect(total).to.be.at.most(350_000n);
    expectSnapshot("gas/jobs", {
      register,
      request: life.request,
      submit: life.submit,
      finalise: life.settle,
      life: total,
      settleWrong: wrong.settle,
      withdraw: await used(jobs.withdraw(owner)),
      withdrawReward: await used(staking.connect(chain.challenger).withdrawReward(chain.challenger)),
      burnSlashed: await used(staking.burnSlashed()),
    });
  });
});

import { expect } from "chai";

import type { DType } from "../../src/audit/graph.js";
import {
  declineJob,
  INPUT_DTYPES,
  INPUTS,
  type JobSetup,
  listHash,
  openElement,
  OUTPUTS,
  requestJob,
  submitJob,
  termsOf,
} from "../support/jobs.js";
import { contentIdOf, DTYPE, F32, modelContent, modelIdOf, provenance } from "../support/models.js";
import { connect, type Connection, deployWithOperator, OFFER, PARAMS } from "../support/protocol.js";

/** Attacks of docs/attacks.md by those who publish models, request jobs, or answer them with odd bits. */
describe("attacks by registrations, inputs and answers", () => {
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

  const register = (content = modelContent(), publisher = chain.stranger) =>
    setup.registry.connect(publisher).register(content, provenance(), 0, { value: PARAMS.deposit });

  it("93: an answer of NaN and infinities is committed as it is, to be judged", async () => {
    const { jobs } = setup;
    const odd = Uint8Array.from([0x7f, 0xc0, 0, 1, 0x7f, 0x80, 0, 0, 0xff, 0x80, 0, 0, 0x80, 0, 0, 0]);
    const jobId = await requestJob(chain, setup);
    await submitJob(jobs.connect(chain.worker), jobId, [odd]);
    const { outputsRoot } = await jobs.job(jobId);
    expect(outputsRoot).to.equal(listHash([odd], ["f32"]));
    expect(outputsRoot).not.to.equal(listHash(OUTPUTS, ["f32"]));
  });

  it("94: the outputs root is that of the bytes delivered: the operator has no say in it", async () => {
    const { jobs } = setup;
    const jobId = await requestJob(chain, setup);
    await submitJob(jobs.connect(chain.worker), jobId, [...OUTPUTS]);
    const [event] = await jobs.queryFilter(jobs.filters.JobAnswered(jobId));
    const delivered = event!.args.outputs.map((hex) => Uint8Array.from(Buffer.from(hex.slice(2), "hex")));
    expect((await jobs.job(jobId)).outputsRoot).to.equal(listHash(delivered, ["f32"]));
  });

  it("101: two jobs swapped by a reorganisation: an answer reaches the job it was made for, or none", async () => {
    const { jobs } = setup;
    const worker = jobs.connect(chain.worker);
    const other = [INPUTS[0], Uint8Array.from([0, 0, 0])];
    const before = await chain.networkHelpers.takeSnapshot();
    const first = await requestJob(chain, setup);
    const second = await requestJob(chain, setup, { inputs: other });

    // The same two requests in the other order: both ids are new, so the answers prepared for the old ones can't land.
    await before.restore();
    const swapped = [await requestJob(chain, setup, { inputs: other }), await requestJob(chain, setup)];
    expect(new Set([first, second, ...swapped]).size).to.equal(4);
    for (const jobId of [first, second]) {
      await expect(submitJob(worker, jobId, [...OUTPUTS])).to.be.revertedWithCustomError(jobs, "WrongStatus");
    }
    // Put back in their order, the jobs have their old ids and inputs.
    await before.restore();
    expect([await requestJob(chain, setup), await requestJob(chain, setup, { inputs: other })]).to.deep.equal([
      first,
      second,
    ]);
    expect((await termsOf(jobs, first)).inputsRoot).to.equal(listHash(INPUTS, INPUT_DTYPES));
  });

  it("107: node counts that would make root lists ambiguous do not register, and other counts are other models", async () => {
    const { registry } = setup;
    await expect(register(modelContent({ nodeCount: 0 }))).to.be.revertedWithCustomError(registry, "NodeCount");
    await expect(register(modelContent({ nodeCount: (1 << 20) + 1, depth: 8 }))).to.be.revertedWithCustomError(
      registry,
      "NodeCount",
    );
    // Lists of 5 and of 6 to 8 roots have trees of one depth; the count is part of the id.
    const ids = [5, 6, 7, 8].map((nodeCount) => contentIdOf(modelContent({ nodeCount })));
    expect(new Set(ids).size).to.equal(4);
  });

  it("107: an output that no node computes, or a demand chain too short for it, does not register", async () => {
    const { registry } = setup;
    const output = modelContent().outputs[0]!;
    await expect(register(modelContent({ outputs: [{ ...output, node: 5 }] })))
      .to.be.revertedWithCustomError(registry, "OutputNode")
      .withArgs(0, 5, 5);
    await expect(register(modelContent({ outputs: [{ ...output, shape: [65] }] })))
      .to.be.revertedWithCustomError(registry, "Depth")
      .withArgs(1, 2, 8);
  });

  it("108: registering somebody else's model first takes nothing from it", async () => {
    const { registry } = setup;
    const content = modelContent({ nodeCount: 9 });
    await register(content, chain.stranger);
    await register(content, chain.publisher);
    const own = await registry.model(modelIdOf(content, chain.publisher.address));
    expect([own.publisher, own.version]).to.deep.equal([chain.publisher.address, 1n]);
    const copy = await registry.model(modelIdOf(content, chain.stranger.address));
    expect(copy.contentId).to.equal(own.contentId);
  });

  it("109: NaN payloads and booleans of 2 in inputs lie outside every domain", async () => {
    const { jobs, verifier } = setup;
    const floats = INPUTS[0].slice();
    floats.set([0x7f, 0x80, 0, 1], 40);
    const bools = Uint8Array.from([1, 2, 0]);
    const worker = jobs.connect(chain.worker);
    const odd = [floats, bools];
    for (const [tensor, element] of [
      [0, 10],
      [1, 1],
    ] as const) {
      const jobId = await requestJob(chain, setup, { inputs: odd });
      await expect(declineJob(worker, jobId, openElement(odd, INPUT_DTYPES, tensor, element)))
        .to.emit(jobs, "JobDeclined")
        .withArgs(jobId, chain.owner.address, OFFER.price, tensor, element);
    }
    // Their neighbours give no reason to decline.
    const jobId = await requestJob(chain, setup, { inputs: odd });
    await expect(declineJob(worker, jobId, openElement(odd, INPUT_DTYPES, 1, 2))).to.be.revertedWithCustomError(
      verifier,
      "InsideDomain",
    );
  });

  it("109: an index out of range lies outside the domain that the publisher gave it", async () => {
    const { jobs, offers, verifier } = setup;
    const content = modelContent({
      inputs: [{ dtype: DTYPE.i64, lo: 0, hi: 30_521, shape: [40] }],
    });
    await register(content);
    const modelId = modelIdOf(content, chain.stranger.address);
    await offers.connect(chain.owner).setOffer(modelId, OFFER);
    const dtypes: readonly DType[] = ["i64"];
    for (const [index, inside] of [
      [30_521n, true],
      [30_522n, false],
      [-1n, false],
      [-(2n ** 63n), false],
    ] as const) {
      const tokens = new Uint8Array(320);
      new DataView(tokens.buffer).setBigInt64(8 * 35, index);
      const jobId = await requestJob(chain, { ...setup, modelId }, { inputs: [tokens], lock: PARAMS.lockFloor });
      const decline = declineJob(jobs.connect(chain.worker), jobId, openElement([tokens], dtypes, 0, 35));
      if (inside) await expect(decline).to.be.revertedWithCustomError(verifier, "InsideDomain").withArgs(0, 35, 30_521);
      else await decline;
    }
  });

  it("109: domains and tolerances of NaN, infinity or minus zero do not register", async () => {
    const { registry } = setup;
    const input = { ...modelContent().inputs[0]!, hi: F32.nan };
    await expect(register(modelContent({ inputs: [input] })))
      .to.be.revertedWithCustomError(registry, "DomainNotCanonical")
      .withArgs(0, F32.nan);
    const output = { ...modelContent().outputs[0]!, atol: F32.infinity };
    await expect(register(modelContent({ outputs: [output] }))).to.be.revertedWithCustomError(
      registry,
      "ToleranceNotCanonical",
    );
  });

  it("110: zero-element tensors do not register", async () => {
    const { registry } = setup;
    const input = { ...modelContent().inputs[0]!, shape: [1, 0, 10] };
    await expect(register(modelContent({ inputs: [input] })))
      .to.be.revertedWithCustomError(registry, "ZeroExtent")
      .withArgs(false, 0, 1);
    const output = { ...modelContent().outputs[0]!, shape: [0] };
    await expect(register(modelContent({ outputs: [output] })))
      .to.be.revertedWithCustomError(registry, "ZeroExtent")
      .withArgs(true, 0, 0);
  });
});

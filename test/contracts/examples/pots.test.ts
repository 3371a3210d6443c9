import { expect } from "chai";
import { readFileSync } from "node:fs";

import type { NinePot } from "../../../typechain-types/index.js";
import { tensorBytes } from "../../../src/audit/bytes.js";
import { auditAnswer } from "../../../src/worker/answer.js";
import { deployArbiter } from "../../support/arbiter.js";
import { at, deploySuite, publish } from "../../support/challenges.js";
import { digitModel } from "../../support/digits.js";
import { finaliseJob, floatBytes, requestedId, submitJob } from "../../support/jobs.js";
import { connect, type Connection, TOKEN } from "../../support/protocol.js";

const POT = 10n ** 18n;
const FEE = 10n ** 15n;

/** The examples of docs/consumers.md, with a trained model, handwritten digits and the real contracts. */
describe("example consumers", () => {
  let chain: Connection;
  const { model, digits } = digitModel();

  before(async () => {
    chain = await connect();
  });

  async function fixture() {
    const suite = await deploySuite(chain, await deployArbiter(chain));
    const modelId = await publish(chain, suite, model.content);
    const args = [suite.jobs, modelId, 100n * TOKEN];
    const pot = await chain.ethers.deployContract("NinePot", args, { value: POT });
    const sure = await chain.ethers.deployContract("SureNinePot", args, { value: POT });
    return { ...suite, modelId, pot, sure };
  }

  const shown = (digit: number) => digits.find((each) => each.digit === digit)!.image;
  const scoresOf = (digit: number) => auditAnswer(model, [shown(digit)]).map((tensor) => tensorBytes(tensor));

  /** Asks `pot` about an image, answers with `scores`, and lets the window pass. */
  async function play(
    { jobs }: Awaited<ReturnType<typeof fixture>>,
    pot: NinePot,
    digit: number,
    scores: readonly Uint8Array[],
  ): Promise<string> {
    const asked = await pot
      .connect(chain.stranger)
      .ask([tensorBytes(shown(digit))], chain.owner, FEE, { value: POT / 10n });
    const jobId = requestedId(jobs, (await asked.wait())!);
    await submitJob(jobs.connect(chain.worker), jobId, scores);
    await at(chain, (await jobs.job(jobId)).challengeDeadline + 1n);
    await finaliseJob(jobs, jobId, scores);
    expect((await jobs.job(jobId)).undelivered).to.equal(false);
    return jobId;
  }

  const potOf = (pot: { getAddress(): Promise<string> }) => chain.ethers.provider.getBalance(pot);

  it("act on the model's final answer", async () => {
    const suite = await chain.networkHelpers.loadFixture(fixture);
    const { pot } = suite;
    await play(suite, pot, 2, scoresOf(2));
    expect(await potOf(pot)).to.equal(POT);
    const before = await chain.ethers.provider.getBalance(chain.stranger);
    const jobId = await play(suite, pot, 9, scoresOf(9));
    expect(await potOf(pot)).to.equal(0);
    const spent = POT / 10n + POT / 100n;
    expect((await chain.ethers.provider.getBalance(chain.stranger)) - before).to.be.above(POT - spent);
    const [judged] = await pot.queryFilter(pot.filters.Judged(jobId));
    expect([judged!.args.asker, judged!.args.digit]).to.deep.equal([chain.stranger.address, 9n]);
  });

  it("listen to the escrow only, and about jobs of their own", async () => {
    const { pot, sure, jobs } = await chain.networkHelpers.loadFixture(fixture);
    const id = `0x${"11".repeat(32)}`;
    const nine = [floatBytes([0, 0, 0, 0, 0, 0, 0, 0, 0, 9])];
    for (const each of [pot, sure]) {
      await expect(each.connect(chain.stranger).onAnswer(id, nine))
        .to.be.revertedWithCustomError(each, "NotMine")
        .withArgs(id);
      await chain.networkHelpers.impersonateAccount(await jobs.getAddress());
      await chain.networkHelpers.setBalance(await jobs.getAddress(), POT);
      const asJobs = await chain.ethers.getSigner(await jobs.getAddress());
      await expect(each.connect(asJobs).onAnswer(id, nine)).to.be.revertedWithCustomError(each, "NotMine").withArgs(id);
      expect(await potOf(each)).to.equal(POT);
    }
  });

  it("refuse what the tolerance leaves open", async () => {
    const suite = await chain.networkHelpers.loadFixture(fixture);
    const { sure, registry, modelId } = suite;
    const { atol } = await registry.output(modelId, 0);
    const view = new DataView(new ArrayBuffer(4));
    view.setUint32(0, Number(atol));
    const tolerance = view.getFloat32(0);
    expect(tolerance).to.be.above(0);
    // Nine leads by a little less than twice the tolerance, then by clearly more.
    const leading = (by: number) => [floatBytes([0, 0, 0, 0, 0, 0, 0, 0, 0, by])];
    const unsure = await play(suite, sure, 9, leading(tolerance * 1.9));
    expect(await sure.queryFilter(sure.filters.Unsure(unsure))).to.have.length(1);
    expect(await potOf(sure)).to.equal(POT);
    await play(suite, sure, 9, scoresOf(9));
    expect(await potOf(sure)).to.equal(0);
  });

  it("stand in the documentation as they are, in under 40 lines each", () => {
    const page = readFileSync("docs/consumers.md", "utf8");
    for (const name of ["NinePot", "SureNinePot"]) {
      const source = readFileSync(`contracts/examples/${name}.sol`, "utf8");
      expect(source.trimEnd().split("\n").length, name).to.be.below(40);
      expect(page).to.include(source.trimEnd());
    }
  });
});

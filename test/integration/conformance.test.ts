import { fileURLToPath } from "node:url";

import { expect } from "chai";

import { machineReadable } from "../../src/cli/commands/conformance.js";
import { createJudge, type Judge } from "../../src/conformance/chain.js";
import { createNativeRunner } from "../../src/conformance/native.js";
import { runConformance, type ConformanceReport } from "../../src/conformance/run.js";
import { fuzzSeed } from "../support/fuzz.js";

const assets = (folder: string): string => fileURLToPath(new URL(`../assets/conformance/${folder}`, import.meta.url));

describe("conformance with tests nobody here wrote", function () {
  this.timeout(600_000);
  let judge: Judge;
  const native = createNativeRunner();

  before(async () => {
    judge = await createJudge();
  });
  after(async () => {
    native.close();
    await judge.close();
  });

  async function run(folder: string): Promise<ConformanceReport> {
    const report = await runConformance({
      folder: assets(folder),
      judge,
      native: (each) => native.run(each),
      seed: fuzzSeed,
    });
    console.log(`      ${report.proved} of ${report.total} proved, seed ${report.seed}`);
    return report;
  }

  it("proves one test of nearly every ONNX operator on-chain", async () => {
    const { tests } = await run("node");
    expect(tests.filter(({ verdict }) => verdict !== "proved")).deep.equal([]);
    expect(tests.length).greaterThan(90);
    expect(tests.reduce((n, test) => n + test.perturbationsRejected, 0)).greaterThan(tests.length);
  });

  it("proves whole models: trees, quantised and transposed convolutions, a perceptron", async () => {
    const { tests } = await run("models");
    expect(tests.filter(({ verdict }) => verdict !== "proved")).deep.equal([]);
  });

  it("is told to programs in one object of fixed form", async () => {
    const report = machineReadable(await run("models"));
    expect(Object.keys(report)).deep.equal(["total", "proved", "refused", "failed", "skipped", "tests"]);
    const fields = "name verdict reason nodes elementsProved perturbationsRejected maxDeviation";
    for (const test of report.tests) expect(Object.keys(test).join(" ")).equal(fields);
  });

  it("skips what has no data, and names a folder that is none", async () => {
    expect((await run("LICENSES")).total).equal(0);
    let refusal: unknown;
    await run("nowhere").catch((thrown: unknown) => (refusal = thrown));
    expect(String(refusal)).include("is no folder");
  });
});

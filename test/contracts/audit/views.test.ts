import { expect } from "chai";
import { network } from "hardhat";

import { resultSize } from "../../../src/audit/graph.js";
import type { Arbiter, BatchCaller } from "../../../typechain-types/index.js";
import { deployArbiter } from "../../support/arbiter.js";
import { callAll } from "../../support/batch.js";
import { fuzzRuns, fuzzSeed } from "../../support/fuzz.js";
import { alterElement, bitsAt, type Case, caseOf } from "../../support/runs.js";
import { createRandom } from "../../support/samples.js";
import { VIEW_SHAPES, viewRun } from "../../support/view-shapes.js";

/** Elements of each view shape, half of them with wrong bits; the long run takes 60 times as many, more than 5,000. */
const CASES = fuzzRuns(90);
/** Elements judged of one execution. */
const PER_RUN = 6;

describe("Arbiter's views against the reference executor", () => {
  let arbiter: Arbiter;
  let batch: BatchCaller;

  before(async () => {
    console.log(`    ${CASES} elements a view shape, FUZZ_SEED=${fuzzSeed}`);
    const connection = await network.create();
    arbiter = await deployArbiter(connection);
    batch = await connection.ethers.deployContract("BatchCaller");
  });

  Object.keys(VIEW_SHAPES).forEach((shape, number) => {
    it(`${shape}: reads the same elements`, async () => {
      const random = createRandom(fuzzSeed * 1000 + number);
      const cases: (Case & { truth: boolean })[] = [];
      while (cases.length < CASES) {
        const run = viewRun(shape, random);
        for (let taken = 0; taken < PER_RUN; taken++) {
          const element = random() % resultSize(run.graph.nodes[0]!);
          if (taken % 2 === 0) {
            cases.push({ ...caseOf(run, 0, element), truth: true });
          } else {
            const bits = bitsAt(run, 0, element) ^ (1n << BigInt(random() % 64));
            cases.push({ ...caseOf(alterElement(run, 0, element, bits), 0, element), truth: false });
          }
        }
      }
      const answers = await callAll(
        batch,
        arbiter,
        "check",
        cases.map(({ facts, evidence }) => [facts, evidence]),
      );
      answers.forEach((answer, i) => expect(answer, `case ${i}`).to.deep.equal({ value: cases[i]!.truth }));
    });
  });
});

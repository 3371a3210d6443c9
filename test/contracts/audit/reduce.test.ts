import { expect } from "chai";
import { network } from "hardhat";

import { REDUCE_FN, type ReduceFn } from "../../../src/audit/graph.js";
import type { BatchCaller, ReduceEvaluator } from "../../../typechain-types/index.js";
import { callAll } from "../../support/batch.js";
import { fuzzRuns, fuzzSeed } from "../../support/fuzz.js";
import { REDUCE_SIGNATURES } from "../../support/graphs.js";
import { reductionCase } from "../../support/reductions.js";
import { createRandom } from "../../support/samples.js";

/** Cases of each function; 20 times as many make the 5,000 of the long run. */
const CASES = fuzzRuns(250);

describe("ReduceEvaluator against the reference executor", () => {
  let evaluator: ReduceEvaluator;
  let batch: BatchCaller;

  before(async () => {
    console.log(`    ${CASES} cases a function, FUZZ_SEED=${fuzzSeed}`);
    const { ethers } = await network.create();
    evaluator = await ethers.deployContract("ReduceEvaluator");
    batch = await ethers.deployContract("BatchCaller");
  });

  for (const fn of Object.keys(REDUCE_FN) as ReduceFn[]) {
    it(`${fn} gives the same bits`, async () => {
      const random = createRandom(fuzzSeed * 1000 + REDUCE_FN[fn]);
      const signatures = REDUCE_SIGNATURES.filter((signature) => signature.fn === fn);
      const floats = signatures.filter(({ operands }) => operands[0] === "f32");
      const cases = Array.from({ length: CASES }, (_, i) =>
        // Half of the cases are of f32, where the function takes it.
        reductionCase(i % 2 === 0 ? floats[(i / 2) % floats.length]! : signatures[i % signatures.length]!, random),
      );
      const answers = await callAll(
        batch,
        evaluator,
        "reduce",
        cases.map(({ reduction }) => [reduction]),
      );
      answers.forEach((answer, i) => {
        const { label, expected, reduction } = cases[i]!;
        const values = reduction.values.map((bytes) => Buffer.from(bytes).toString("hex").slice(0, 2000)).join(" | ");
        expect(answer, `case ${i}: ${label}: ${values}`).to.deep.equal({ value: expected });
      });
    });
  }
});

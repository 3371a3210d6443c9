import { expect } from "chai";
import { network } from "hardhat";

import { DTYPE_BYTES, resultDType, resultSize } from "../../../src/audit/graph.js";
import type { Arbiter, BatchCaller } from "../../../typechain-types/index.js";
import { deployArbiter } from "../../support/arbiter.js";
import { callAll } from "../../support/batch.js";
import { fuzzRuns, fuzzSeed } from "../../support/fuzz.js";
import { randomGraph } from "../../support/graphs.js";
import { alterElement, bitsAt, type Case, caseOf, runGraph } from "../../support/runs.js";
import { createRandom } from "../../support/samples.js";
import { noiseTensor } from "../../support/tensors.js";

/** Random graphs; the long run takes 60 times as many. */
const GRAPHS = fuzzRuns(60);
const NODES = 5;

describe("Arbiter against the reference executor", () => {
  let arbiter: Arbiter;
  let batch: BatchCaller;

  before(async () => {
    const connection = await network.create();
    arbiter = await deployArbiter(connection);
    batch = await connection.ethers.deployContract("BatchCaller");
  });

  it("judges elements of all kinds of nodes, epilogues included", async () => {
    console.log(`      ${GRAPHS} graphs, FUZZ_SEED=${fuzzSeed}`);
    const random = createRandom(fuzzSeed);
    const cases: (Case & { truth: boolean; label: string })[] = [];
    for (let g = 0; g < GRAPHS; g++) {
      const graph = randomGraph(random(), NODES);
      const inputs = graph.inputs.map(({ dtype, shape }) => noiseTensor(dtype, shape, random()));
      const run = runGraph(graph, inputs);
      graph.nodes.forEach((node, index) => {
        const element = random() % resultSize(node);
        const steps = node.steps.map(({ fn }) => fn).join(" ");
        const label = `graph ${g}, node ${index}, ${node.fn} ${steps}, element ${element}`;
        cases.push({ ...caseOf(run, index, element), truth: true, label });
        // Any other bits are wrong, also those of another NaN.
        const bits = bitsAt(run, index, element) ^ (1n << BigInt(random() % (8 * DTYPE_BYTES[resultDType(node)])));
        cases.push({ ...caseOf(alterElement(run, index, element, bits), index, element), truth: false, label });
      });
    }
    const answers = await callAll(
      batch,
      arbiter,
      "check",
      cases.map(({ facts, evidence }) => [facts, evidence]),
    );
    answers.forEach((answer, i) => expect(answer, cases[i]!.label).to.deep.equal({ value: cases[i]!.truth }));
  });
});

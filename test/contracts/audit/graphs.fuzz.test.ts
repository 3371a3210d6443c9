import { expect } from "chai";
import fc from "fast-check";
import { network } from "hardhat";

import { evaluateElement } from "../../../src/audit/exec/reference/execute.js";
import { resultDType, resultSize } from "../../../src/audit/graph.js";
import type { Arbiter, BatchCaller } from "../../../typechain-types/index.js";
import { deployArbiter } from "../../support/arbiter.js";
import { callAll } from "../../support/batch.js";
import { fuzzRuns, fuzzSeed } from "../../support/fuzz.js";
import { anyGraph } from "../../support/graphs.js";
import { alterElement, type Case, caseOf, commitRun } from "../../support/runs.js";
import { noiseTensor } from "../../support/tensors.js";

/** Random graphs: `TOUCHSTONE_FUZZ_GRAPHS`, many more in a long run. */
const GRAPHS = Number(process.env["TOUCHSTONE_FUZZ_GRAPHS"] ?? fuzzRuns(60));

interface Asked extends Case {
  readonly consistent: boolean;
  readonly what: string;
}

/**
 * The first, the last and one random element of every node, asserted right and wrong. Tensors hold noise: what a trace asserts
 * of one element depends on nothing but the operands that it shows.
 */
function* casesOf(seed: number): Generator<Asked> {
  for (const { graph, seed: noise } of fc.sample(anyGraph(5), { seed, numRuns: GRAPHS })) {
    const inputs = graph.inputs.map(({ dtype, shape }, i) => noiseTensor(dtype, shape, noise + i));
    const results = graph.nodes.map((node, i) => noiseTensor(resultDType(node), [resultSize(node)], noise - i));
    const run = commitRun(graph, inputs, results);
    for (const [index, node] of graph.nodes.entries()) {
      const size = resultSize(node);
      for (const element of new Set([0, noise % size, size - 1])) {
        const bits = evaluateElement(graph, results, inputs, index, element);
        const what = `graph ${noise} of ${graph.nodes.length} nodes, node ${index} (${node.fn}), element ${element}`;
        // Not the lowest bit of a float: a NaN of any payload is committed as the same NaN.
        const other = resultDType(node) === "f32" ? 0x00800000n : 1n;
        for (const flip of [0n, other]) {
          const asked = caseOf(alterElement(run, index, element, bits ^ flip), index, element);
          yield { ...asked, what, consistent: flip === 0n };
        }
      }
    }
  }
}

describe("Arbiter over random graphs, against the reference executor", () => {
  let arbiter: Arbiter;
  let batch: BatchCaller;

  before(async () => {
    const connection = await network.create();
    arbiter = await deployArbiter(connection);
    batch = await connection.ethers.deployContract("BatchCaller");
  });

  it("takes the recomputed bits of any element as consistent, and any other as not", async function () {
    this.timeout(3_600_000);
    const cases = [...casesOf(fuzzSeed)];
    console.log(`      ${cases.length} cases of ${GRAPHS} graphs, FUZZ_SEED=${fuzzSeed}`);
    const calls = cases.map(({ facts, evidence }) => [facts, evidence]);
    const answers = await callAll(batch, arbiter, "check", calls);
    const wrong = cases.flatMap(({ what, consistent }, i) => {
      const answer = answers[i]!;
      if ("value" in answer && answer.value === consistent) return [];
      return [`${what}, asserted ${consistent ? "right" : "wrong"}: ${JSON.stringify(answer)}`];
    });
    expect(wrong).to.deep.equal([]);
  });
});

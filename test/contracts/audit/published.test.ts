import { expect } from "chai";
import { network } from "hardhat";

import { resultSize } from "../../../src/audit/graph.js";
import type { Arbiter, BatchCaller } from "../../../typechain-types/index.js";
import { deployArbiter } from "../../support/arbiter.js";
import { callAll } from "../../support/batch.js";
import { type GraphCase, graphOf, type ModelCase, published, tensorOf } from "../../support/published.js";
import { alterElement, bitsAt, type Case, caseOf, commitRun } from "../../support/runs.js";

describe("Arbiter against the published vectors", () => {
  let arbiter: Arbiter;
  let batch: BatchCaller;

  before(async () => {
    const connection = await network.create();
    arbiter = await deployArbiter(connection);
    batch = await connection.ethers.deployContract("BatchCaller");
  });

  const ask = (cases: readonly (readonly [unknown, unknown])[]) => callAll(batch, arbiter, "check", cases);

  it("evidence.json: every verdict", async () => {
    const { cases } = published("evidence.json") as {
      cases: readonly { name: string; verdict: string; facts: unknown; evidence: unknown }[];
    };
    const answers = await ask(cases.map(({ facts, evidence }) => [facts, evidence]));
    answers.forEach((answer, i) => {
      const { name, verdict } = cases[i]!;
      const given = "error" in answer ? answer.error : answer.value === true ? "consistent" : "inconsistent";
      expect(given, name).to.equal(verdict);
    });
    expect(answers).to.not.be.empty;
  });

  it("nodes.json and models.json: the first and the last element of every result", async () => {
    const { graphs } = published("nodes.json") as { graphs: readonly GraphCase[] };
    const { models } = published("models.json") as { models: readonly ModelCase[] };
    const cases: (Case & { truth: boolean; label: string })[] = [];
    for (const each of [...graphs, ...models]) {
      const run = commitRun(graphOf(each), each.inputs.map(tensorOf), each.results.map(tensorOf));
      run.graph.nodes.forEach((node, index) => {
        for (const element of new Set([0, resultSize(node) - 1])) {
          const label = `${each.name}, node ${index}, element ${element}`;
          cases.push({ ...caseOf(run, index, element), truth: true, label });
          const wrong = alterElement(run, index, element, bitsAt(run, index, element) ^ 1n);
          cases.push({ ...caseOf(wrong, index, element), truth: false, label });
        }
      });
    }
    const answers = await ask(cases.map(({ facts, evidence }) => [facts, evidence]));
    answers.forEach((answer, i) => expect(answer, cases[i]!.label).to.deep.equal({ value: cases[i]!.truth }));
  });
});

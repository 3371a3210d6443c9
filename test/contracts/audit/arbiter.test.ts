import { expect } from "chai";
import { network } from "hardhat";

import type { ReduceNode } from "../../../src/audit/graph.js";
import type { Arbiter } from "../../../typechain-types/index.js";
import { deployArbiter } from "../../support/arbiter.js";
import { floatTensor, graphOf, input, view, weight } from "../../support/graph-parts.js";
import { alterElement, bitsAt, caseOf, runGraph } from "../../support/runs.js";

describe("Arbiter", () => {
  let arbiter: Arbiter;

  before(async () => {
    arbiter = await deployArbiter(await network.create());
  });

  it("judges an element of a dot of 1,024 terms", async () => {
    const [rows, columns, terms] = [3, 100, 1024];
    const dot: ReduceNode = {
      kind: "reduce",
      fn: "dot",
      dtype: "f32",
      out: [rows, columns],
      red: [terms],
      operands: [
        view(input(0), rows * terms, [terms, 0, 1]),
        view(weight(0), columns * terms, [0, terms, 1]),
        view(weight(1), columns, [0, 1, 0]),
      ],
      steps: [],
      label: "",
    };
    const x = floatTensor([rows, terms], 1);
    const weights = [floatTensor([columns, terms], 2), floatTensor([columns], 3)];
    const run = runGraph(graphOf([dot], [x], weights), [x]);
    for (const element of [0, 105, rows * columns - 1]) {
      const { facts, evidence } = caseOf(run, 0, element);
      expect(await arbiter.check(facts, evidence)).to.equal(true);
      const wrong = caseOf(alterElement(run, 0, element, bitsAt(run, 0, element) ^ 1n), 0, element);
      expect(await arbiter.check(wrong.facts, wrong.evidence)).to.equal(false);
    }
  });
});

import { expect } from "chai";
import fc from "fast-check";
import { createExecutor, executeFast } from "../../../src/audit/exec/fast/execute.js";
import { executeReference } from "../../../src/audit/exec/reference/execute.js";
import { resultDType } from "../../../src/audit/graph.js";
import { assertProperty } from "../../support/fuzz.js";
import { anyGraph } from "../../support/graphs.js";
import { FLAVOURS, inFlavour } from "../../support/sample-tensors.js";
import { expectSameTrace } from "../../support/traces.js";

/** With relaxed SIMD, where the engine has it, and without. */
const CHOICES = ["best", "plain"] as const;

describe("fast executor", () => {
  for (const flavour of FLAVOURS) {
    it(`gives the reference's bits on any graph, ${flavour} numbers`, () => {
      assertProperty(
        fc.property(anyGraph(5), ({ graph: drawn, seed }) => {
          const { graph, inputs } = inFlavour(drawn, seed, flavour);
          const expected = executeReference(graph, inputs);
          for (const choice of CHOICES) expectSameTrace(graph, createExecutor(graph, choice).trace(inputs), expected);
        }),
        60,
      );
    });
  }

  it("answers with the outputs alone", () => {
    assertProperty(
      fc.property(anyGraph(6), ({ graph: drawn, seed }) => {
        const outputs = drawn.nodes.flatMap(({ out }, node) =>
          node % 2 === 1 ? [] : [{ name: `y${node}`, dtype: resultDType(drawn.nodes[node]!), shape: out, node }],
        );
        const { graph, inputs } = inFlavour({ ...drawn, outputs }, seed, "usual");
        const trace = executeFast(graph, inputs);
        expect(createExecutor(graph).answer(inputs)).to.deep.equal(outputs.map(({ node }) => trace[node]));
      }),
      30,
    );
  });
});

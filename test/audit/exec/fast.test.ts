import { expect } from "chai";
import fc from "fast-check";
import { readElement } from "../../../src/audit/exec/elements.js";
import { answer, executeFast } from "../../../src/audit/exec/fast/execute.js";
import { executeReference } from "../../../src/audit/exec/reference/execute.js";
import { type AuditGraph, resultDType, type Tensor } from "../../../src/audit/graph.js";
import { assertProperty } from "../../support/fuzz.js";
import { anyGraph } from "../../support/graphs.js";
import { FLAVOURS, inFlavour } from "../../support/sample-tensors.js";

/** Compares two traces bit by bit. */
export function expectSameTrace(graph: AuditGraph, actual: readonly Tensor[], expected: readonly Tensor[]): void {
  expected.forEach(({ dtype, data }, node) => {
    for (let i = 0; i < data.length; i++) {
      const [got, wanted] = [readElement(actual[node]!.data, dtype, i), readElement(data, dtype, i)];
      if (got !== wanted) {
        const what = JSON.stringify(graph.nodes[node], (_key, value: unknown) =>
          typeof value === "bigint" ? `0x${value.toString(16)}` : value,
        );
        expect.fail(`node ${node} element ${i}: 0x${got.toString(16)}, not 0x${wanted.toString(16)}; ${what}`);
      }
    }
  });
}

describe("fast executor", () => {
  for (const flavour of FLAVOURS) {
    it(`gives the reference's bits on any graph, ${flavour} numbers`, () => {
      assertProperty(
        fc.property(anyGraph(5), ({ graph: drawn, seed }) => {
          const { graph, inputs } = inFlavour(drawn, seed, flavour);
          expectSameTrace(graph, executeFast(graph, inputs), executeReference(graph, inputs));
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
        expect(answer(graph, inputs)).to.deep.equal(outputs.map(({ node }) => trace[node]));
      }),
      30,
    );
  });
});

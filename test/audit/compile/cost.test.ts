import { expect } from "chai";
import fc from "fast-check";
import { join } from "node:path";

import { type CostNode, costOf } from "../../../src/audit/compile/cost.js";
import { commitGraph } from "../../../src/audit/content.js";
import { proofSize, worstProof } from "../../../src/audit/cost.js";
import { type AuditGraph, type AuditNode, type Operand } from "../../../src/audit/graph.js";
import { assetsDir } from "../../support/conformance.js";
import { assertProperty } from "../../support/fuzz.js";
import { anyGraph } from "../../support/graphs.js";
import { compileCase, readCase } from "../../support/onnx-case.js";
import { SAMPLE_GRAPH } from "../../support/sample-graph.js";

/** A finished node as the compiler's estimate sees it. */
function costNodeOf(node: AuditNode): CostNode {
  const operand = (each: Operand): CostNode["operands"][0] => ({
    dtype: each.dtype,
    view: "guards" in each ? each : undefined,
    weight: each.source.kind === "weight",
  });
  return {
    ...node,
    attrBytes: node.kind === "gather" ? 8 * node.indices.length : node.fn === "argkth" ? 2 : 0,
    red: node.kind === "reduce" ? node.red : [],
    operands: node.operands.map(operand),
    steps: node.steps.map(({ fn, operands }) => ({ fn, operands: operands.map(operand) })),
  };
}

/** Compares the compiler's estimate of every node with the size of evidence, exact where all elements can be looked at. */
function expectBounded(graph: AuditGraph): void {
  const { encodings } = commitGraph(graph);
  const [nodeCount, inputs] = [graph.nodes.length, graph.inputs.length];
  graph.nodes.forEach((node, nodeIndex) => {
    const place = { nodeIndex, nodeCount, inputs, nodeBytes: encodings[nodeIndex]!.length };
    const exact = proofSize(node, place, 20_000);
    if (exact.element === undefined) return;
    expect(costOf(costNodeOf(node), nodeCount, inputs).bytes).to.be.at.least(exact.bytes);
  });
}

describe("compile: cost", function () {
  this.timeout(120_000);

  it("states no fewer bytes than the largest evidence of a node has", () => {
    assertProperty(
      fc.property(anyGraph(5), ({ graph }) => expectBounded(graph)),
      400,
    );
  });

  it("counts the roots of many inputs", () => {
    const [image] = SAMPLE_GRAPH.inputs;
    expectBounded({ ...SAMPLE_GRAPH, inputs: new Array<AuditGraph["inputs"][0]>(64).fill(image!) });
  });

  for (const name of ["mnist-8-cntk", "mnist-rten", "tract-keras-mlp"]) {
    it(`bounds the worst proof of ${name}, within a third`, () => {
      const { graph, report } = compileCase(readCase(join(assetsDir, name)));
      expectBounded(graph);
      const worst = worstProof(graph, commitGraph(graph).encodings);
      const stated = Math.max(...report.costs.map(({ bytes }) => bytes));
      console.log(`      ${name}: stated ${stated}, needed ${worst.bytes} at node ${worst.node}`);
      expect(stated).to.be.within(worst.bytes, worst.bytes * 1.34);
    });
  }
});

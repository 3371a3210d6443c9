import { expect } from "chai";

import { executeFast } from "../../src/audit/exec/fast/execute.js";
import { assertedTrace, buildEvidence } from "../../src/audit/evidence.js";
import { resultSize } from "../../src/audit/graph.js";
import { createInlineSink, type RootSink } from "../../src/audit/roots.js";
import { listTree, tensorTree } from "../../src/audit/tree.js";
import { createEvidencer } from "../../src/dispute/evidence.js";
import { traceOfTrees } from "../../src/dispute/trace.js";
import { honestClaim } from "../support/digits.js";

describe("evidencer", () => {
  it("makes the evidence that a run which keeps everything makes, for elements of every node", async () => {
    const { run, claim } = await honestClaim(0);
    const { model, inputs } = run;
    const { graph, commitment } = model;
    const trees = executeFast(graph, inputs).map((tensor) => tensorTree(tensor));
    const roots = listTree(trees.map((tree) => tree.root()));
    const memory = {
      inputs: inputs.map((tensor) => tensorTree(tensor)),
      weights: graph.weights.map((tensor) => tensorTree(tensor)),
      results: trees,
    };
    const evidencer = createEvidencer({ get: () => Promise.resolve(model) }, createInlineSink());
    const defence = await evidencer.defenceOf(claim);
    expect(defence.trace.root).to.equal(traceOfTrees(trees).root);
    for (const [nodeIndex, node] of graph.nodes.entries()) {
      for (const element of [0, resultSize(node) - 1]) {
        const asserted = assertedTrace({ roots, result: trees[nodeIndex]!, node, element });
        expect(defence.evidence({ asserted, node: nodeIndex, element }), `node ${nodeIndex}`).to.deep.equal(
          buildEvidence({ graph, commitment, memory, asserted, nodeIndex, element }),
        );
      }
    }
  });

  it("audits a claim once, and again after a failure", async () => {
    const { run, claim } = await honestClaim(0);
    let runs = 0;
    const inline = createInlineSink();
    const counting: RootSink = {
      add: inline.add,
      finish: () => {
        if (++runs === 1) throw new Error("out of memory");
        return inline.finish();
      },
    };
    const evidencer = createEvidencer({ get: () => Promise.resolve(run.model) }, counting);
    expect(await evidencer.auditOf(claim).catch(String)).to.include("out of memory");
    const audit = await evidencer.auditOf(claim);
    expect(audit.trace.root).to.equal(run.trace.root);
    expect((await evidencer.materialOf(claim)).trace === audit.trace).to.equal(true);
    // The failed run, its leftovers, and the good one.
    expect(runs).to.equal(3);
  });
});

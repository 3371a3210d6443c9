import { expect } from "chai";

import { toHex } from "../../src/audit/bytes.js";
import { executeFast } from "../../src/audit/exec/fast/execute.js";
import type { AuditGraph, Tensor } from "../../src/audit/graph.js";
import { createInlineSink } from "../../src/audit/roots.js";
import { commitRun, resultsAt } from "../../src/audit/run.js";
import { tensorTree } from "../../src/audit/tree.js";
import { traceOfRun, traceOfTrees } from "../../src/dispute/trace.js";
import { createHashPool } from "../../src/runtime/hashing/pool.js";
import { codeOf } from "../support/codes.js";
import { floatTensor, graphOf, input, nodeResult, view } from "../support/graph-parts.js";
import { digitModel } from "../support/digits.js";

/** Maps, each over the result of the one before. */
function chain(length: number, numel: number): { graph: AuditGraph; inputs: Tensor[] } {
  const x = floatTensor([numel], 1);
  const nodes = Array.from({ length }, (_, i) => ({
    ...({ kind: "map", fn: "sin", dtype: "f32", out: [numel], steps: [], label: `sin ${i}` } as const),
    operands: [view(i === 0 ? input(0) : nodeResult(i - 1), numel, [1])],
  }));
  const graph = graphOf(nodes, [x]);
  return {
    graph: { ...graph, outputs: [{ name: "y", dtype: "f32", shape: [numel, 1], node: length - 1 }] },
    inputs: [x],
  };
}

describe("committed runs", () => {
  const { model, digits } = digitModel();
  const samples = { digits: { graph: model.graph, inputs: [digits[0]!.image] }, chain: chain(6, 1000) };

  for (const [name, { graph, inputs }] of Object.entries(samples)) {
    const results = executeFast(graph, inputs);
    const whole = traceOfTrees(results.map((tensor) => tensorTree(tensor)));

    it(`${name}: answer and roots are those of a run that keeps everything`, async () => {
      const pool = createHashPool({ threads: 1, onFailure: () => undefined });
      for (const sink of [createInlineSink(), pool]) {
        const run = commitRun(graph, inputs, sink);
        expect(run.roots.map(toHex)).to.deep.equal(whole.roots);
        expect(traceOfRun(graph, inputs, run).root).to.equal(whole.root);
        expect(run.outputs).to.deep.equal(graph.outputs.map(({ node, shape }) => ({ ...results[node]!, shape })));
      }
      await pool.close();
    });

    it(`${name}: gives every tree again, alone and together, in any order`, () => {
      const run = commitRun(graph, inputs, createInlineSink());
      const all = graph.nodes.map((_, i) => i);
      const backwards = [...all].reverse();
      for (const nodes of [[0], [all.length - 1], all, backwards, [0, 0], []]) {
        const trace = traceOfRun(graph, inputs, run);
        for (const wanted of [nodes, ...nodes.map((node) => [node]), nodes]) {
          const roots = trace.trees(wanted).map((tree) => toHex(tree.root()));
          expect(roots).to.deep.equal(wanted.map((node) => whole.roots[node]));
        }
      }
      expect(codeOf(() => traceOfRun(graph, inputs, run).trees([all.length]))).to.equal("INTERNAL");
      expect(codeOf(() => whole.trees([-1]))).to.equal("INTERNAL");
    });
  }

  it("recompute no further than asked", () => {
    const { graph, inputs } = samples.chain;
    const broken = {
      ...graph,
      nodes: graph.nodes.map((node, i) => (i === 4 ? { ...node, dtype: "u8" as const } : node)),
    };
    expect(codeOf(() => executeFast(broken, inputs))).to.equal("NODE_ILL_FORMED");
    expect(resultsAt(broken, inputs, [3, 1])).to.deep.equal([3, 1].map((i) => executeFast(graph, inputs)[i]));
  });

  it("let go of recomputed results beyond 64 MiB, but of none that is asked for", () => {
    // 8 results of 12 MB.
    const { graph, inputs } = chain(8, 3_000_000);
    const run = { outputs: [floatTensor([1], 1)], roots: graph.nodes.map((_, i) => Uint8Array.of(i)) };
    const trace = traceOfRun(graph, inputs, run);
    const first = trace.trees([0, 1, 2, 3, 4, 5, 6]);
    expect(first.every((tree) => tree.numel === 3_000_000)).to.equal(true);
    const [kept] = trace.trees([6]);
    expect(kept === first[6]).to.equal(true);
    // Those asked for longest ago went.
    expect(trace.trees([5])[0] === first[5]).to.equal(true);
    expect(trace.trees([0])[0] === first[0]).to.equal(false);
  }).timeout(60_000);

  it("leave nothing behind when a run fails", () => {
    const { graph, inputs } = samples.chain;
    const sink = createInlineSink();
    sink.add(inputs[0]!);
    expect(codeOf(() => commitRun(graph, [], sink))).to.equal("INPUT_MISMATCH");
    expect(sink.finish()).to.deep.equal([]);
  });
});

import { expect } from "chai";
import fc from "fast-check";
import { commitGraph } from "../../src/audit/content.js";
import { proofSize, worstProof } from "../../src/audit/cost.js";
import { evidenceBytes } from "../../src/audit/evidence-size.js";
import { assertedTrace, buildEvidence } from "../../src/audit/evidence.js";
import { type AuditNode, type ReduceNode, resultSize, type View } from "../../src/audit/graph.js";
import { noiseRun, type NoiseRun } from "../support/executions.js";
import { assertProperty } from "../support/fuzz.js";
import { anyGraph } from "../support/graphs.js";
import { SAMPLE_GRAPH } from "../support/sample-graph.js";

function sizeOf(run: NoiseRun, nodeIndex: number, element: number): number {
  const { graph, memory, roots } = run;
  const node = graph.nodes[nodeIndex]!;
  const asserted = assertedTrace({ roots, result: memory.results[nodeIndex]!, node, element });
  return evidenceBytes(buildEvidence({ ...run, asserted, nodeIndex, element }));
}

function placeOf({ graph, commitment }: NoiseRun, nodeIndex: number) {
  const nodeBytes = commitment.encodings[nodeIndex]!.length;
  return { nodeIndex, nodeCount: graph.nodes.length, inputs: graph.inputs.length, nodeBytes };
}

describe("audit/cost", () => {
  it("is the size of the largest evidence, where every element is looked at", () => {
    assertProperty(
      fc.property(anyGraph(4), ({ graph, seed }) => {
        const run = noiseRun(graph, seed);
        graph.nodes.forEach((node, nodeIndex) => {
          if (node.kind === "gather" || resultSize(node) > 200) return;
          const sizes = Array.from({ length: resultSize(node) }, (_, e) => sizeOf(run, nodeIndex, e));
          const { bytes, element } = proofSize(node, placeOf(run, nodeIndex), Infinity);
          expect(bytes).to.equal(Math.max(...sizes));
          expect(sizes[element!]).to.equal(bytes);
        });
      }),
      60,
    );
  });

  it("is never less than the evidence of any element, however little work is allowed", () => {
    assertProperty(
      fc.property(anyGraph(6), fc.nat(), ({ graph, seed }, at) => {
        const run = noiseRun(graph, seed);
        graph.nodes.forEach((node, nodeIndex) => {
          const place = placeOf(run, nodeIndex);
          const actual = sizeOf(run, nodeIndex, at % resultSize(node));
          for (const budget of [0, 100, 1e6]) expect(proofSize(node, place, budget).bytes).to.be.at.least(actual);
        });
      }),
      400,
    );
  });

  it("bounds a large convolution tightly without looking at its elements", () => {
    const node = convolution(56, 64);
    const place = { nodeIndex: 3, nodeCount: 100, inputs: 1, nodeBytes: 300 };
    const exact = proofSize(node, place, Infinity);
    const bound = proofSize(node, place, 1e4);
    expect(bound.element).to.equal(undefined);
    expect(bound.bytes).to.be.within(exact.bytes, exact.bytes * 1.25);
  });

  it("names the worst node of a graph", () => {
    const { encodings } = commitGraph(SAMPLE_GRAPH);
    const worst = worstProof(SAMPLE_GRAPH, encodings);
    expect(worst.node).to.equal(0);
    const place = { nodeIndex: 0, nodeCount: 5, inputs: 1, nodeBytes: encodings[0]!.length };
    expect(worst).to.deep.equal({ ...proofSize(SAMPLE_GRAPH.nodes[0]!, place), node: 0 });
  });
});

/** A 3x3 convolution with padding, channels last. */
function convolution(side: number, channels: number): AuditNode {
  const guard = (dim: number, stride: number) => ({
    ...{ base: -1, divisor: 1, extent: side, stride },
    coef: [0, 1, 2, 3, 4, 5].map((d) => (d === dim || d === dim + 3 ? 1 : 0)),
  });
  const image: View = {
    ...{ source: { kind: "input", index: 0 }, dtype: "f32", numel: side * side * channels, base: 0, fill: 0n },
    coef: [0, 0, 0, 0, 0, 1],
    guards: [guard(0, side * channels), guard(1, channels)],
  };
  const filters: View = {
    ...{ source: { kind: "weight", index: 0 }, dtype: "f32", numel: 8 * 9 * channels, base: 0, fill: 0n, guards: [] },
    coef: [0, 0, 9 * channels, 3 * channels, channels, 1],
  };
  const node: ReduceNode = {
    ...{ kind: "reduce", fn: "dot", dtype: "f32", out: [side, side, 8], red: [3, 3, channels], steps: [], label: "" },
    operands: [image, filters],
  };
  return node;
}

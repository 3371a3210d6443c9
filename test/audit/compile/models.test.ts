import { expect } from "chai";
import { join } from "node:path";

import { compile } from "../../../src/audit/compile.js";
import { chainDepth } from "../../../src/audit/content.js";
import { executeFast } from "../../../src/audit/exec/fast/execute.js";
import type { AuditGraph } from "../../../src/audit/graph.js";
import { assertWellFormed } from "../../../src/audit/wellformed.js";
import { assetsDir } from "../../support/conformance.js";
import { compileCase, difference, outputsOf, readCase } from "../../support/onnx-case.js";

const graphOf = (name: string): AuditGraph => compileCase(readCase(join(assetsDir, name))).graph;

describe("compile: models", function () {
  this.timeout(120_000);

  for (const name of ["mnist-8-cntk", "mnist-rten", "tract-keras-mlp"]) {
    it(`${name} is well-formed and gives the expected outputs`, () => {
      const source = readCase(join(assetsDir, name));
      const { graph, inputs, report } = compileCase(source);
      assertWellFormed(graph, chainDepth(graph));
      const outputs = outputsOf(graph, executeFast(graph, inputs));
      outputs.forEach((output, i) => expect(difference(output, source.outputs[i]!)).to.equal(undefined));
      expect(report.worst.gas).to.be.lessThan(600_000);
      expect(report.exactOutputs).to.deep.equal([]);
    });
  }

  it("folds every bias and activation into its convolution, and transposes away", () => {
    const { nodes } = graphOf("mnist-8-cntk");
    expect(nodes.map(({ fn, steps }) => [fn, ...steps.map((step) => step.fn)].join("+"))).to.deep.equal([
      "dot+add+max",
      "max",
      "dot+add+max",
      "max",
      "dot+add",
    ]);
  });

  it("lays activations out with the channels last and weights in the order of the reduction", () => {
    const conv = graphOf("mnist-8-cntk").nodes[2]!;
    // Outputs h, w, m; reduced over kernel rows, columns and channels, which both operands read consecutively.
    expect(conv.out).to.deep.equal([14, 14, 16]);
    expect(conv.kind === "reduce" && conv.red).to.deep.equal([5, 5, 8]);
    const [activation, weight] = conv.operands;
    expect(activation && "coef" in activation && activation.coef.at(-1)).to.equal(1);
    expect(weight && "coef" in weight && weight.coef).to.deep.equal([0, 0, 200, 40, 8, 1]);
  });

  it("is deterministic", () => {
    const { model } = readCase(join(assetsDir, "mnist-rten"));
    const text = (): string =>
      JSON.stringify(compile(model), (_, v: unknown) => (typeof v === "bigint" ? String(v) : v));
    expect(text()).to.equal(text());
  });
});

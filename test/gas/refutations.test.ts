import { expect } from "chai";
import { dataLength } from "ethers";

import { expectSnapshot } from "../../scripts/checks/snapshot.js";
import type { ReduceNode } from "../../src/audit/graph.js";
import { floatTensor, graphOf, input, view, weight } from "../support/graph-parts.js";
import { connect } from "../support/protocol.js";
import { accuseReal, answerReal, deployReal, withOutput } from "../support/real-disputes.js";
import { alterElement, bitsAt, caseOf, type Run, runGraph } from "../support/runs.js";

const COLUMNS = 100;

/** One row of a matrix product over `terms` terms. */
function dense(terms: number): Run {
  const node: ReduceNode = {
    ...{ kind: "reduce", fn: "dot", dtype: "f32", out: [COLUMNS], red: [terms], steps: [], label: "dense" },
    operands: [
      view(input(0), terms, [0, 1]),
      view(weight(0), COLUMNS * terms, [terms, 1]),
      view(weight(1), COLUMNS, [1, 0]),
    ],
  };
  const x = floatTensor([terms], 1);
  return runGraph(withOutput(graphOf([node], [x], [floatTensor([COLUMNS, terms], 2), floatTensor([COLUMNS], 3)])), [x]);
}

/** A 3x3 convolution with padding over 7x7 positions of 512 channels, channels last, with two filters. */
function convolution(): Run {
  const [size, channels, filters] = [7, 512, 2];
  const row = size * channels;
  const guard = { base: -1, divisor: 1, extent: size };
  const node: ReduceNode = {
    ...{ kind: "reduce", fn: "dot", dtype: "f32", out: [size, size, filters], red: [3, 3, channels], label: "conv" },
    operands: [
      view(input(0), size * row, [0, 0, 0, 0, 0, 1], {
        guards: [
          { ...guard, stride: row, coef: [1, 0, 0, 1, 0, 0] },
          { ...guard, stride: channels, coef: [0, 1, 0, 0, 1, 0] },
        ],
      }),
      view(weight(0), filters * 9 * channels, [0, 0, 9 * channels, 3 * channels, channels, 1]),
      view(weight(1), filters, [0, 0, 1, 0, 0, 0]),
    ],
    steps: [],
  };
  const x = floatTensor([size, size, channels], 1);
  const weights = [floatTensor([filters, 3, 3, channels], 2), floatTensor([filters], 3)];
  return runGraph(withOutput(graphOf([node], [x], weights)), [x]);
}

describe("Gas of refutations", () => {
  const cases = {
    "dot, 1,024 terms": { run: () => dense(1024), element: 57, limit: 450_000n },
    // The middle of the image: no term is padding.
    "convolution 3x3, 512 channels": { run: convolution, element: 2 * (3 * 7 + 3), limit: 1_700_000n },
  } as const;

  it("of whole transactions: calldata, openings and the challenge manager included", async function () {
    this.timeout(300_000);
    const measured: Record<string, { transaction: bigint; calldata: number }> = {};
    for (const [name, { run, element, limit }] of Object.entries(cases)) {
      const chain = await connect();
      const truth = run();
      const suite = await deployReal(chain, truth);
      const claimId = await answerReal(chain, suite, truth);
      const trace = alterElement(truth, 0, element, bitsAt(truth, 0, element) ^ 0x10000n);
      const opened = await accuseReal(chain, suite, { claimId, answered: truth, trace, element });
      const { evidence } = caseOf(trace, 0, element);
      const response = await suite.manager.connect(chain.stranger).refute(opened, evidence);
      const transaction = (await response.wait())!.gasUsed;
      expect(transaction, name).to.be.below(limit);
      measured[name] = { transaction, calldata: dataLength(response.data) };
    }
    expectSnapshot("gas/refutations", measured);
  });
});

import { expect } from "chai";
import { getBytes, hexlify, toBigInt } from "ethers";
import fc from "fast-check";
import { network } from "hardhat";

import { resultSize } from "../../../src/audit/graph.js";
import type { Arbiter, BatchCaller } from "../../../typechain-types/index.js";
import { deployArbiter } from "../../support/arbiter.js";
import { callAll } from "../../support/batch.js";
import { fuzzRuns, fuzzSeed } from "../../support/fuzz.js";
import { anyGraph, dice } from "../../support/graphs.js";
import { type Case, caseOf, runGraph } from "../../support/runs.js";
import { tamper } from "../../support/tamper.js";
import { noiseTensor } from "../../support/tensors.js";

/** Random graphs with a true trace: `TOUCHSTONE_FUZZ_GRAPHS`, many more in a long run. */
const GRAPHS = Number(process.env["TOUCHSTONE_FUZZ_GRAPHS"] ?? fuzzRuns(40));
const TAMPERED_PER_GRAPH = 30;

/** Evidence about true traces, honest and spoilt. */
function* casesOf(seed: number): Generator<Case & { readonly what: string }> {
  for (const { graph, seed: noise } of fc.sample(anyGraph(4), { seed, numRuns: GRAPHS })) {
    if (graph.nodes.some((node) => resultSize(node) > 400)) continue;
    const inputs = graph.inputs.map(({ dtype, shape }, i) => noiseTensor(dtype, shape, noise + i));
    const run = runGraph(graph, inputs);
    const die = dice(noise);
    const any = (): Case => {
      const node = die.roll(graph.nodes.length);
      return caseOf(run, node, die.roll(resultSize(graph.nodes[node]!)));
    };
    for (let i = 0; i < TAMPERED_PER_GRAPH; i++) {
      const { facts, evidence } = any();
      const spoilt = i === 0 ? evidence : tamper(evidence, any().evidence, die);
      yield { facts, evidence: spoilt, what: `graph ${noise} of ${graph.nodes.length} nodes, evidence ${i}` };
    }
  }
}

describe("Arbiter over true traces", () => {
  let arbiter: Arbiter;
  let batch: BatchCaller;

  before(async () => {
    const connection = await network.create();
    arbiter = await deployArbiter(connection);
    batch = await connection.ethers.deployContract("BatchCaller");
  });

  it("can't be talked into finding a true trace inconsistent, and refuses with a named error", async function () {
    this.timeout(3_600_000);
    const cases = [...casesOf(fuzzSeed)];
    const answers = await callAll(
      batch,
      arbiter,
      "check",
      cases.map(({ facts, evidence }) => [facts, evidence]),
    );
    const refused = new Map<string, number>();
    const wrong = cases.flatMap(({ what }, i) => {
      const answer = answers[i]!;
      if ("value" in answer) return answer.value === true ? [] : [`${what}: inconsistent`];
      refused.set(answer.error, (refused.get(answer.error) ?? 0) + 1);
      return answer.error.startsWith("revert") ? [`${what}: ${answer.error.slice(0, 200)}`] : [];
    });
    console.log(
      `      ${cases.length} cases, FUZZ_SEED=${fuzzSeed}; refused: ${[...refused].map((r) => r.join(" ")).join(", ")}`,
    );
    expect(wrong).to.deep.equal([]);
  });

  it("can't be talked into it by calldata that no encoder would make", async function () {
    this.timeout(3_600_000);
    const address = await arbiter.getAddress();
    const die = dice(fuzzSeed);
    const cases = [...casesOf(fuzzSeed + 1)].filter((_, i) => i % 6 === 0);
    const data = cases.map(({ facts, evidence }) => {
      const call = getBytes(arbiter.interface.encodeFunctionData("check", [facts, evidence]));
      // The facts come from the caller's storage; evidence starts where the second offset says.
      const start = 4 + Number(toBigInt(call.subarray(36, 68)));
      for (let flips = 1 + die.roll(3); flips > 0; flips--) {
        // Offsets and lengths are small numbers, in the last bytes of a word that is otherwise zero.
        const word = start + 32 * die.roll(Math.floor((call.length - start) / 32));
        call[die.chance(80) ? word + 30 + die.roll(2) : word + die.roll(32)] = die.roll(256);
      }
      return call;
    });
    let refused = 0;
    for (let from = 0; from < data.length; from += 20) {
      const answers = await batch.callAll(address, data.slice(from, from + 20), { gasLimit: 16_777_216n });
      answers.forEach((answer, i) => {
        if (answer.ok) expect(toBigInt(answer.data), `calldata ${hexlify(data[from + i]!)}`).to.equal(1n);
        else refused++;
      });
    }
    console.log(`      ${data.length} cases, FUZZ_SEED=${fuzzSeed}; ${refused} refused`);
  });
});

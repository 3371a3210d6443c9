import { expect } from "chai";
import { hexlify, keccak256 } from "ethers";
import { network } from "hardhat";

import { toHex } from "../../../src/audit/bytes.js";
import { commitGraph } from "../../../src/audit/content.js";
import { decodeNode } from "../../../src/audit/decode.js";
import { DTYPE_CODE } from "../../../src/audit/graph.js";
import { allOperands, brokenRule, resultInfo, type TensorInfo } from "../../../src/audit/wellformed.js";
import { TouchstoneError } from "../../../src/errors.js";
import type { Arbiter, BatchCaller } from "../../../typechain-types/index.js";
import { deployArbiter } from "../../support/arbiter.js";
import { callAll } from "../../support/batch.js";
import { fuzzRuns, fuzzSeed } from "../../support/fuzz.js";
import { randomGraph } from "../../support/graphs.js";
import { createRandom } from "../../support/samples.js";

/** Random nodes, each taken as it is and with a few bytes changed. */
const NODES = fuzzRuns(150);
const CHANGES = 12;

/** What a node is by the TypeScript parser and rules; undefined where a rule outside of the node's bytes decides. */
function judge(encoding: Uint8Array): [elements: bigint, dtype: bigint] | undefined {
  try {
    const { node } = decodeNode(encoding);
    // Every tensor is as its first reader states it.
    const lists: Record<"input" | "weight" | "node", TensorInfo[]> = { input: [], weight: [], node: [] };
    for (const operand of allOperands(node)) {
      if ("guards" in operand) lists[operand.source.kind][operand.source.index] ??= operand;
    }
    const { input: inputs, weight: weights, node: nodes } = lists;
    const reason = brokenRule(node, { index: 2 ** 32, inputs, weights, nodes, nodeCount: 1, depth: 255 });
    if (reason === undefined) {
      const { numel, dtype } = resultInfo(node);
      return [BigInt(numel), BigInt(DTYPE_CODE[dtype])];
    }
    if (/^it reads (input|weight|node) /.test(reason)) return undefined;
  } catch (error) {
    if (!(error instanceof TouchstoneError)) throw error;
  }
  return [0n, 0n];
}

function change(encoding: Uint8Array, random: () => number): Uint8Array {
  const changed = encoding.slice();
  const any = (n: number): number => random() % n;
  switch (any(10)) {
    case 0:
      return changed.slice(0, any(changed.length));
    case 1:
      return Uint8Array.from([...changed, 0]);
    case 2:
    case 3:
    case 4:
      // The header, where most rules begin.
      changed[any(8)] = any(100);
      return changed;
    case 5:
      changed[any(changed.length)] = [0, 1, 0x7f, 0x80, 0xff][any(5)]!;
      return changed;
    default:
      changed[any(changed.length)]! += [1, 2, 4, 255][any(4)]!;
      return changed;
  }
}

describe("Arbiter's parser against the TypeScript one", () => {
  let arbiter: Arbiter;
  let batch: BatchCaller;

  before(async () => {
    const connection = await network.create();
    arbiter = await deployArbiter(connection);
    batch = await connection.ethers.deployContract("BatchCaller");
  });

  it("takes and refuses the same encodings", async () => {
    console.log(`      ${NODES} nodes, FUZZ_SEED=${fuzzSeed}`);
    const random = createRandom(fuzzSeed);
    const cases: { encoding: Uint8Array; expected: [bigint, bigint] }[] = [];
    for (let taken = 0; taken < NODES;) {
      for (const encoding of commitGraph(randomGraph(random(), 4)).encodings) {
        taken++;
        for (let i = 0; i <= CHANGES; i++) {
          let tried = encoding;
          for (let changes = i === 0 ? 0 : 1 + (random() % 2); changes > 0; changes--) tried = change(tried, random);
          const expected = judge(tried);
          if (expected !== undefined) cases.push({ encoding: tried, expected });
        }
      }
    }
    const refused = cases.filter(({ expected }) => expected[0] === 0n).length;
    console.log(`      ${cases.length} encodings, ${refused} of them ill-formed`);
    expect(refused).to.be.within(cases.length / 4, cases.length * 0.9);
    const answers = await callAll(
      batch,
      arbiter,
      "resultShape",
      cases.map(({ encoding }) => [keccak256(encoding), 1, 0, hexlify(encoding), []]),
    );
    answers.forEach((answer, i) => {
      const { encoding, expected } = cases[i]!;
      expect(answer, toHex(encoding)).to.deep.equal({ value: expected });
    });
  });
});

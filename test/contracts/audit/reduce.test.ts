import { expect } from "chai";
import { network } from "hardhat";

import { DTYPE_BYTES, REDUCE_FN, type ReduceFn } from "../../../src/audit/graph.js";
import type { BatchCaller, ReduceEvaluator } from "../../../typechain-types/index.js";
import { callAll } from "../../support/batch.js";
import { fuzzRuns, fuzzSeed } from "../../support/fuzz.js";
import { REDUCE_SIGNATURES } from "../../support/graphs.js";
import { caseOf, type ReductionCase, reductionCase } from "../../support/reductions.js";
import { createRandom } from "../../support/samples.js";

/** Cases of each function; 20 times as many make the 5,000 of the long run. */
const CASES = fuzzRuns(250);

const NEGATIVE = 0x80000000n;

describe("ReduceEvaluator against the reference executor", () => {
  let evaluator: ReduceEvaluator;
  let batch: BatchCaller;

  before(async () => {
    console.log(`    ${CASES} cases a function, FUZZ_SEED=${fuzzSeed}`);
    const { ethers } = await network.create();
    evaluator = await ethers.deployContract("ReduceEvaluator");
    batch = await ethers.deployContract("BatchCaller");
  });

  for (const fn of Object.keys(REDUCE_FN) as ReduceFn[]) {
    it(`${fn} gives the same bits`, async () => {
      const random = createRandom(fuzzSeed * 1000 + REDUCE_FN[fn]);
      const signatures = REDUCE_SIGNATURES.filter((signature) => signature.fn === fn);
      const floats = signatures.filter(({ operands }) => operands[0] === "f32");
      const cases = Array.from({ length: CASES }, (_, i) =>
        // Half of the cases are of f32, where the function takes it.
        reductionCase(i % 2 === 0 ? floats[(i / 2) % floats.length]! : signatures[i % signatures.length]!, random),
      );
      await expectSame(cases);
    });
  }

  it("dot adds products of zeros, infinities and NaN, with a bias or none, as binary32 does", async () => {
    const [zero, one, infinity, nan] = [0n, 0x3f800000n, 0x7f800000n, 0x7fc00000n];
    const signed = [zero, one, infinity].flatMap((bits) => [bits, bits | NEGATIVE]);
    const values = [...signed, nan];
    const products = values.flatMap((x) => values.map((y) => [x, y] as const));
    const second = [one, one | NEGATIVE, infinity, infinity | NEGATIVE].map((x) => [x, one] as const);
    await expectSame([
      ...products.flatMap((product) => [undefined, ...values].map((bias) => dotCase([product], bias))),
      ...products.flatMap((product) => second.map((other) => dotCase([product, other]))),
    ]);
  });

  it("argkth tells ties apart at the ends of every dtype, in both orders and at every rank", async () => {
    const signatures = REDUCE_SIGNATURES.filter(({ fn }) => fn === "argkth");
    await expectSame(
      signatures.flatMap((signature) => {
        const dtype = signature.operands[0]!;
        const ones = (1n << BigInt(8 * DTYPE_BYTES[dtype])) - 1n;
        // The least and the greatest value, as integers and as what the bits say.
        const bits = [0n, ones, 0n, ones >> 1n, (ones >> 1n) + 1n, ones, 0n];
        return bits.flatMap((_, rank) => [false, true].map((largest) => caseOf(signature, [bits], { rank, largest })));
      }),
    );
  });

  it("argmaxlast and argminlast find the last of equals, where all are least or greatest too", async () => {
    const signatures = REDUCE_SIGNATURES.filter(({ fn }) => fn === "argmaxlast" || fn === "argminlast");
    await expectSame(
      signatures.flatMap((signature) => {
        const ones = (1n << BigInt(8 * DTYPE_BYTES[signature.operands[0]!])) - 1n;
        return [0n, ones, ones >> 1n, (ones >> 1n) + 1n].map((bits) =>
          caseOf(signature, [Array.from({ length: 5 }, () => bits)], {}),
        );
      }),
    );
  });

  it("argkth looks at 4, 8 or 11 bits at a time: one below and at 128 and 4,096 terms", async () => {
    const random = createRandom(fuzzSeed);
    const signature = { fn: "argkth", operands: ["u8"], result: "i64" } as const;
    await expectSame(
      [127, 128, 4_095, 4_096].map((count) => {
        const bits = Array.from({ length: count }, () => BigInt(random() % 256));
        return caseOf(signature, [bits], { rank: random() % count, largest: count % 2 === 0 });
      }),
    );
  });

  it("dot multiplies mantissas of ones alone, in every lane of a word", async () => {
    const [one, ones] = [0x3f800000n, 0x3fffffffn];
    const signature = { fn: "dot", operands: ["f32", "f32"], result: "f32" } as const;
    await expectSame(
      Array.from({ length: 9 }, (_, lane) => {
        const some = Array.from({ length: 9 }, (__, i) => (i === lane ? ones : one));
        return [caseOf(signature, [some, Array(9).fill(one)], {}), caseOf(signature, [Array(9).fill(ones), some], {})];
      }).flat(),
    );
  });

  it("dot sums 16,384 terms and one more alike", async () => {
    const bits = [0x3f99999an];
    const signature = { fn: "dot", operands: ["f32", "f32"], result: "f32" } as const;
    await expectSame([16_384, 16_385].map((count) => caseOf(signature, [bits, bits], {}, count)));
  });

  const dotCase = (products: readonly (readonly [bigint, bigint])[], bias?: bigint): ReductionCase => {
    const operands = bias === undefined ? (["f32", "f32"] as const) : (["f32", "f32", "f32"] as const);
    const lists = [products.map(([x]) => x), products.map(([, y]) => y)];
    return caseOf({ fn: "dot", operands, result: "f32" }, lists, bias === undefined ? {} : { bias });
  };

  async function expectSame(cases: readonly ReductionCase[]): Promise<void> {
    const answers = await callAll(
      batch,
      evaluator,
      "reduce",
      cases.map(({ reduction }) => [reduction]),
    );
    answers.forEach((answer, i) => {
      const { label, expected, reduction } = cases[i]!;
      const values = reduction.values.map((bytes) => Buffer.from(bytes).toString("hex").slice(0, 2000)).join(" | ");
      expect(answer, `case ${i}: ${label}: ${values}`).to.deep.equal({ value: expected });
    });
  }
});

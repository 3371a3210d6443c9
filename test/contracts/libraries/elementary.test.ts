import { expect } from "chai";
import { network } from "hardhat";

import { exp, log } from "../../../src/audit/exec/reference/fixed.js";
import type { ElementaryHarness } from "../../../typechain-types/index.js";
import { fuzzSeed } from "../../support/fuzz.js";
import { createRandom } from "../../support/samples.js";

/** Bits of the exact values that errors are measured against; their own errors are below 2^-380. */
const SCALE = 400;

const shift = (value: bigint, by: number): bigint => (by >= 0 ? value << BigInt(by) : value >> BigInt(-by));
const size = (value: bigint): bigint => (value < 0n ? -value : value);

describe("errors of the elementary functions before rounding", () => {
  let harness: ElementaryHarness;
  const random = createRandom(fuzzSeed);
  const words = (count: number): bigint =>
    Array.from({ length: count }, () => BigInt(random())).reduce((value, word) => (value << 32n) | word, 0n);

  before(async () => {
    console.log(`    FUZZ_SEED=${fuzzSeed}`);
    const { ethers } = await network.create();
    harness = await ethers.deployContract("ElementaryHarness");
  });

  it("stay below 2^-117 for e^x", async () => {
    let worst = 0n;
    const corners = [0n, 1n, 1n << 126n, (1n << 133n) - 1n, 0x2c5c85fdf473de6af278ece600fcbdabn];
    const multiples = [1n, 2n, 77n, 183n].flatMap((k) =>
      [-1n, 0n, 1n].map((d) => k * 0x2c5c85fdf473de6af278ece600fcbdabn + d),
    );
    const some = Array.from({ length: 150 }, () => words(5) >> BigInt(27 + (random() % 100)));
    for (const t of [...corners, ...multiples, ...some]) {
      for (const negative of [false, true]) {
        const [mantissa, exponent] = await harness.power(negative, t);
        const exact = exp(shift(negative ? -t : t, SCALE - 126), SCALE);
        const difference = shift(mantissa, SCALE - 126 + Number(exponent) - exact.shift) - exact.mantissa;
        const relative = (size(difference) << BigInt(SCALE)) / exact.mantissa;
        if (relative > worst) worst = relative;
      }
    }
    console.log(`      worst: 2^${(worst.toString(2).length - SCALE).toString()}`);
    expect(worst < 1n << BigInt(SCALE - 117)).to.equal(true);
  });

  it("stay below 2^-120 of the value for ln x", async () => {
    let worst = 0n;
    const ones = [1n, 2n, 3n, 0x7fffn, 1n << 22n].flatMap((d) => [(1n << 23n) + d, (1n << 24n) - d]);
    const near = ones.flatMap((m) => [-24n, -23n, -22n, 60n].map((e) => [m, e] as const));
    const some = Array.from({ length: 300 }, () => [(words(1) >> 8n) + 1n, BigInt((random() % 254) - 149)] as const);
    // About 181/128, where the argument is halved.
    const middle = [-1n, 0n, 1n].map((d) => [(181n << 16n) + d, -23n] as const);
    for (const [m, e] of [...near, ...middle, ...some]) {
      const [negative, mantissa, exponent] = await harness.natural(m, e);
      const exact = log(m, Number(e), SCALE);
      expect(negative).to.equal(exact < 0n);
      if (exact === 0n) continue;
      const relative = (size(shift(mantissa, SCALE + Number(exponent)) - size(exact)) << BigInt(SCALE)) / size(exact);
      if (relative > worst) worst = relative;
    }
    console.log(`      worst: 2^${(worst.toString(2).length - SCALE).toString()}`);
    expect(worst < 1n << BigInt(SCALE - 120)).to.equal(true);
  });
});

import { expect } from "chai";
import { network } from "hardhat";

import type { Binary32Harness } from "../../../typechain-types/index.js";
import { fuzzSeed } from "../../support/fuzz.js";

type Case = { negative: boolean; mantissa: bigint; exponent: number; sticky: boolean };

const words = new Uint32Array(1);
const floats = new Float32Array(words.buffer);
const bitsOf = (x: number): bigint => ((floats[0] = x), BigInt(words[0]!));
const floatOf = (bits: bigint): number => ((words[0] = Number(bits)), floats[0]!);

/** RN by its definition: the nearest of two neighbours, compared as exact multiples of 2^(-149 or exponent). */
function nearest({ negative, mantissa, exponent, sticky }: Case): bigint {
  const unit = Math.min(exponent, -149) - 1;
  const value = ((mantissa << 1n) + (sticky ? 1n : 0n)) << BigInt(exponent - 1 - unit);
  const scaled = (bits: bigint): bigint => {
    const field = bits >> 23n;
    const fraction = bits & 0x7fffffn;
    const [m, e] = field === 0n ? [fraction, -149] : [fraction | 0x800000n, Number(field) - 150];
    return m << BigInt(e - unit);
  };
  // Infinity stands for 2^128 here, so that the search and the comparison need no special case.
  let low = 0n;
  let high = 0x7f800000n;
  if (value >= scaled(high)) low = high;
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (scaled(middle) <= value) low = middle;
    else high = middle;
  }
  const twice = 2n * value - scaled(low) - scaled(high);
  const bits = low === high || twice < 0n || (twice === 0n && (low & 1n) === 0n) ? low : high;
  return negative ? bits | 0x80000000n : bits;
}

function randomSource(seed: number): (bits: number) => bigint {
  let state = BigInt(seed);
  return (bits) => {
    let value = 0n;
    for (let have = 0; have < bits; have += 32) {
      state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn;
      value = (value << 32n) | (state >> 32n);
    }
    return value & ((1n << BigInt(bits)) - 1n);
  };
}

describe("Binary32", () => {
  let harness: Binary32Harness;
  const random = randomSource(fuzzSeed);

  before(async () => {
    console.log(`    FUZZ_SEED=${fuzzSeed}`);
    const { ethers } = await network.create();
    harness = await ethers.deployContract("Binary32Harness");
  });

  function roundingCases(count: number): Case[] {
    const cases: Case[] = [];
    for (let i = 0; i < count; i++) {
      const width = 25 + Number(random(8) % 231n);
      // Runs of zeros and ones after the 25th bit, so that many cases lie on and beside midpoints.
      const top = (1n << 24n) | random(24);
      const tail = [0n, 1n, (1n << BigInt(width - 25)) - 1n, random(width - 25)][Number(random(2))]!;
      const mantissa = (top << BigInt(width - 25)) | (tail & ((1n << BigInt(width - 25)) - 1n));
      const exponent = Number(random(9) % 300n) - 160 - width;
      cases.push({ negative: random(1) === 1n, mantissa, exponent, sticky: random(1) === 1n });
    }
    return cases;
  }

  it("rounds to nearest, ties to even, with subnormals and overflow", async () => {
    const cases = roundingCases(400);
    for (let exponent = -160; exponent < 130; exponent += 3) {
      cases.push({ negative: false, mantissa: random(24), exponent, sticky: false });
    }
    for (const exponent of [-(2 ** 40), -500, -405, -406, -407, -150, -149, 0, 127, 128, 2 ** 40]) {
      cases.push({ negative: true, mantissa: 0n, exponent, sticky: false });
      if (Math.abs(exponent) > 1000) continue;
      cases.push({ negative: false, mantissa: 1n, exponent, sticky: exponent <= -150 });
      cases.push({ negative: false, mantissa: (1n << 256n) - 1n, exponent, sticky: false });
      cases.push({ negative: false, mantissa: 1n << 255n, exponent, sticky: true });
      cases.push({ negative: false, mantissa: 1n << 255n, exponent, sticky: false });
    }
    const got = await harness.round(cases);
    cases.forEach((c, i) => {
      const label = `${c.negative ? "-" : ""}${c.mantissa}${c.sticky ? "+" : ""} * 2^${c.exponent}`;
      expect(got[i], label).to.equal(nearest({ ...c, exponent: Math.max(c.exponent, -1000) }));
    });
  });

  it("decides the rounding of an interval exactly when both ends agree", async () => {
    const bound = 5n;
    const cases = roundingCases(400)
      .map((c) => ({ ...c, mantissa: c.mantissa >> 1n, sticky: false }))
      .filter((c) => c.mantissa >> 60n > 0n);
    const [bits, decided] = await harness.roundWithin(cases, bound);
    let undecided = 0;
    cases.forEach((c, i) => {
      // The open interval: its ends are approached from inside.
      const low = nearest({ ...c, mantissa: c.mantissa - bound, sticky: true });
      const high = nearest({ ...c, mantissa: c.mantissa + bound - 1n, sticky: true });
      const label = `${c.mantissa} * 2^${c.exponent}`;
      expect(decided[i], label).to.equal(low === high);
      if (decided[i]) expect(bits[i], label).to.equal(low);
      else undecided++;
    });
    expect(undecided).to.be.greaterThan(20);
  });

  it("decides for zero where a shift takes all bits: 255 to 259 places", async () => {
    const mantissa = (1n << 255n) - 1n;
    const cases = [255, 256, 257, 258, 259].map((places) => ({
      ...{ negative: places % 2 === 1, mantissa, sticky: false },
      exponent: -149 - places,
    }));
    const [bits, decided] = await harness.roundWithin(cases, 1n);
    cases.forEach((c, i) => expect(bits[i], `2^${c.exponent}`).to.equal(nearest(c)));
    expect([...decided]).to.deep.equal(cases.map(() => true));
  });

  it("decodes and orders every class of number", async () => {
    const special = [0, 1, 2, 0x7fffff, 0x800000, 0x3f800000, 0x7f7fffff, 0x7f800000];
    const magnitudes = [...special, ...Array.from({ length: 20 }, () => Number(random(31) % 0x7f800000n))];
    const all = magnitudes.flatMap((m) => [BigInt(m), BigInt(m) | 0x80000000n]);
    const parts = await harness.decode(all);
    const [value, order] = await harness.keys(all);
    all.forEach((bits, i) => {
      const part = parts[i]!;
      const x = floatOf(bits);
      expect(part.negative).to.equal(bits >> 31n === 1n);
      expect(part.class).to.equal(x === 0 ? 0n : Number.isFinite(x) ? 1n : 2n);
      expect(part.mantissa < 1n << 24n).to.equal(true);
      const size = Number(part.mantissa) * 2 ** Number(part.exponent);
      if (part.class !== 2n) expect(bitsOf(part.negative ? -size : size)).to.equal(bits);
      all.forEach((other, j) => {
        const y = floatOf(other);
        expect(value[i]! < value[j]!).to.equal(x < y);
        expect(value[i] === value[j]).to.equal(x === y);
        expect(order[i]! < order[j]!).to.equal(x < y || (Object.is(x, -0) && Object.is(y, 0)));
      });
    });
  });

  it("puts every NaN in one place above infinity", async () => {
    const nans = [0x7fc00000n, 0x7f800001n, 0xffffffffn, 0xff800001n];
    const parts = await harness.decode(nans);
    const [value, order] = await harness.keys([...nans, 0x7f800000n]);
    for (let i = 0; i < nans.length; i++) {
      expect(parts[i]!.class).to.equal(3n);
      expect(parts[i]!.mantissa).to.equal(0n);
      expect(value[i]).to.equal(value[0]);
      expect(order[i]).to.equal(order[0]);
      expect(value[i]! > value[4]!).to.equal(true);
      expect(order[i]! > order[4]!).to.equal(true);
    }
  });
});

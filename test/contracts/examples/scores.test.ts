import { expect } from "chai";

import type { ScoresHarness } from "../../../typechain-types/index.js";
import { fuzzSeed } from "../../support/fuzz.js";
import { dice } from "../../support/graphs.js";
import { floatBytes } from "../../support/jobs.js";
import { connect, type Connection } from "../../support/protocol.js";

const bitsOf = (value: number): number => new DataView(floatBytes([value]).buffer).getUint32(0);

describe("Scores", () => {
  let chain: Connection;
  let scores: ScoresHarness;

  before(async () => {
    chain = await connect();
    scores = await chain.ethers.deployContract("ScoresHarness");
  });

  const best = async (...values: number[]) => Number(await scores.best(floatBytes(values)));
  const isClear = (values: readonly number[], atol: number, rtol = 0) =>
    scores.isClear(floatBytes(values), bitsOf(atol), bitsOf(rtol));

  it("finds the highest score, the first of equals", async () => {
    expect(await best(1, 3, 2)).to.equal(1);
    expect(await best(-5, -3, -4)).to.equal(1);
    expect(await best(0, -0, 0)).to.equal(0);
    expect(await best(2, 7, 7)).to.equal(1);
    expect(await best(-Infinity, -3e38, Infinity)).to.equal(2);
    expect(await best(NaN, -1, NaN)).to.equal(1);
    expect(await best(9)).to.equal(0);
  });

  it("refuses bytes that are no scores", async () => {
    for (const length of [0, 3, 5]) {
      await expect(scores.best(new Uint8Array(length)))
        .to.be.revertedWithCustomError(scores, "NotScores")
        .withArgs(length);
    }
  });

  it("is clear only beyond twice the absolute tolerance", async () => {
    // All exact in binary32: a lead of 0.5 against a tolerance of 0.25 is open, one more unit in the last place is not.
    expect(await isClear([1, 1.5], 0.25)).to.equal(false);
    expect(await isClear([1, 1.5 + 2 ** -23], 0.25)).to.equal(true);
    expect(await isClear([1, 1.5 - 2 ** -23], 0.25)).to.equal(false);
    expect(await isClear([-1, -1.5], 0.25)).to.equal(false);
    expect(await isClear([-1, -1.5 - 2 ** -22], 0.25)).to.equal(true);
    expect(await isClear([1, 1], 0)).to.equal(false);
    expect(await isClear([1, 1 + 2 ** -23], 0)).to.equal(true);
    // Every other score counts, wherever it stands.
    expect(await isClear([9, 0, 8.9], 0.25)).to.equal(false);
    expect(await isClear([9, 0, 8], 0.25)).to.equal(true);
  });

  it("takes what it can't judge for unclear", async () => {
    for (const odd of [NaN, Infinity, -Infinity, 3e38]) expect(await isClear([1, odd], 0.1)).to.equal(false);
    for (const rtol of [0.51, 1, 1e30]) expect(await isClear([1, 1e6], 0, rtol)).to.equal(false);
    expect(await isClear([1, 1e6], 3e38)).to.equal(false);
  });

  it(`is never clear where exact scores within the tolerance have another class on top (FUZZ_SEED=${fuzzSeed})`, async () => {
    const { roll } = dice(fuzzSeed);
    const unit = () => roll(1_000_001) / 1_000_000;
    let clear = 0;
    for (let i = 0; i < 300; i++) {
      const [atol, rtol] = [Math.fround(unit() * 2 ** -roll(20)), Math.fround(unit() * 0.4 * 2 ** -roll(20))];
      const scale = 2 ** (roll(40) - 20);
      const [x, spread] = [(unit() - 0.5) * scale, scale * 2 ** -roll(25)];
      const claimed = [x, x + (unit() - 0.5) * spread, x - unit() * scale].map(Math.fround);
      const said = await isClear(claimed, atol, rtol);
      if (said) clear++;
      const top = claimed.indexOf(Math.max(...claimed));
      // The exact score a behind a claimed one c satisfies |c - a| <= atol + rtol |a|; these are its extremes, in doubles.
      const lowest = (c: number) => (c - atol >= 0 ? (c - atol) / (1 + rtol) : (c - atol) / (1 - rtol));
      const highest = (c: number) => (c + atol >= 0 ? (c + atol) / (1 - rtol) : (c + atol) / (1 + rtol));
      const rivals = claimed.filter((_, k) => k !== top);
      const certain = rivals.every((c) => lowest(claimed[top]!) > highest(c));
      if (said) expect(certain, `${claimed.join(" ")} within ${atol}, ${rtol}`).to.equal(true);
    }
    expect(clear, "some are clear").to.be.within(20, 299);
  });
});

import { expect } from "chai";

import { environmentOf, parseFlags, randomTests, repeatOf, roundsOf } from "../../scripts/deep/plan.js";
import { codeOf } from "../support/codes.js";

describe("test:deep", () => {
  it("does 10,000 runs of 128 steps at a new seed, unless told otherwise", () => {
    expect(parseFlags([])).to.deep.equal({ runs: 10_000, depth: 128, json: false });
    const flags = ["--runs", "1", "--depth", "7", "--seed", "4000000", "--json"];
    expect(parseFlags(flags)).to.deep.equal({ runs: 1, depth: 7, seed: 4_000_000, json: true });
  });

  it("refuses numbers that are none, or out of range", () => {
    for (const flag of ["--runs", "--depth", "--seed"]) {
      for (const value of ["0", "-1", "1.5", "1e3", "0x10", "many", "", "1000000001"]) {
        expect(
          codeOf(() => parseFlags([`${flag}=${value}`])),
          `${flag} ${value}`,
        ).to.equal("OPTION_INVALID");
      }
    }
    expect(codeOf(() => parseFlags(["--seed", "4000001"]))).to.equal("OPTION_INVALID");
  });

  it("divides runs into rounds of CI's size, each at the next seed", () => {
    expect(roundsOf(255, 5)).to.deep.equal([{ seed: 5, runs: 255 }]);
    expect(roundsOf(256, 5)).to.deep.equal([{ seed: 5, runs: 256 }]);
    expect(roundsOf(257, 4_000_000)).to.deep.equal([
      { seed: 4_000_000, runs: 256 },
      { seed: 1, runs: 1 },
    ]);
    const all = roundsOf(10_000, 1);
    expect(all.reduce((sum, { runs }) => sum + runs, 0)).to.equal(10_000);
    expect(new Set(all.map(({ seed }) => seed)).size).to.equal(all.length);
  });

  it("repeats any round by the flags it names", () => {
    const round = roundsOf(300, 41).at(-1)!;
    const flags = parseFlags(repeatOf(round, 16).split(" -- ")[1]!.split(" "));
    expect(roundsOf(flags.runs, flags.seed!)).to.deep.equal([round]);
    expect(environmentOf(round, flags.depth)).to.deep.equal({
      FUZZ_SEED: "42",
      FUZZ_RUNS: `${44 / 256}`,
      FUZZ_STEPS: "16",
    });
  });

  it("takes the invariants, and tests that draw their cases, alone", () => {
    const some = ["test/invariant/StakingSums.t.sol", "test/invariant/extracts.test.ts", "test/scripts/counts.test.ts"];
    expect(randomTests(some)).to.deep.equal(some.slice(0, 2));
  });
});

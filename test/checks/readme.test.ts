import { expect } from "chai";

import { notInRun, shownOutput, stablePart } from "../../scripts/checks/readme.js";

const README = "# T\n\n<!-- demo output -->\n\n```text\nfirst 12,345 gas\n...\nlast\n```\n\nMore.\n";

describe("readme", () => {
  it("finds the shown output, and nothing where there is no marker", () => {
    expect(shownOutput(README)).to.deep.equal(["first 12,345 gas", "...", "last"]);
    expect(shownOutput("# T\n\n```text\nx\n```\n")).to.equal(undefined);
  });

  it("ignores gas, times, coins and ids", () => {
    const [a, b] = [
      "  day 1 00:00:34  ada takes 0.001 coins  0xfe..73  33,404 gas",
      "day 2 01:00:00 ada takes 2 coins 0xab..12 1 gas",
    ];
    expect(stablePart(a)).to.equal(stablePart(b));
  });

  it("tells lines that a run lacks or has in another order", () => {
    const shown = shownOutput(README) ?? [];
    expect(notInRun(shown, "first 9 gas\nmiddle\nlast\n")).to.deep.equal([]);
    expect(notInRun(shown, "first 9 gas\nmiddle\n")).to.deep.equal(["last"]);
    expect(notInRun(shown, "last\nfirst 9 gas\n")).to.deep.equal(["last"]);
  });
});

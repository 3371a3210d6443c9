import { expect } from "chai";

import { readCounts, summaryLine } from "../../scripts/test/counts.js";
import { groupTests } from "../../scripts/test/groups.js";

describe("test runner", () => {
  it("reads Mocha's counts, colours or not", () => {
    const output = "  3 passing (wrong\n\u001b[32m  12 passing\u001b[0m (2s)\n  2 pending\n  1 failing\n\n  1) fails\n";
    expect(readCounts("mocha", output, 1)).to.deep.equal({ passed: 12, failed: 1, skipped: 2 });
  });

  it("reads Hardhat's sum over both kinds of test, not Mocha's part of it", () => {
    const output =
      "  5 passing (1s)\n\n\n7 passing (2 solidity, 5 mocha)\n3 failing (3 solidity)\n1 skipped (1 mocha)\n";
    expect(readCounts("hardhat", output, 1)).to.deep.equal({ passed: 7, failed: 3, skipped: 1 });
  });

  it("counts a run that breaks off as a failure", () => {
    expect(readCounts("mocha", "  2 passing (1s)\n", 7)).to.deep.equal({ passed: 2, failed: 1, skipped: 0 });
    expect(readCounts("hardhat", "Compilation failed\n", 1)).to.deep.equal({ passed: 0, failed: 1, skipped: 0 });
    expect(readCounts("mocha", "", null)).to.deep.equal({ passed: 0, failed: 1, skipped: 0 });
  });

  it("counts a run without tests as a failure", () => {
    expect(readCounts("mocha", "\n  0 passing (1ms)\n", 0)).to.deep.equal({ passed: 0, failed: 1, skipped: 0 });
  });

  it("mentions skipped tests only where there are any", () => {
    expect(summaryLine({ passed: 3, failed: 0, skipped: 0 })).to.equal("3 passed, 0 failed");
    expect(summaryLine({ passed: 3, failed: 1, skipped: 2 })).to.equal("3 passed, 1 failed, 2 skipped");
  });

  it("sends tests that use the chain to Hardhat", () => {
    const files = ["test/gas/dot.test.ts", "test/audit/fast.test.ts", "test/attacks/forge.t.sol", "test/audit/help.ts"];
    expect(groupTests(files)).to.deep.equal({
      plain: ["test/audit/fast.test.ts"],
      chain: ["test/attacks/forge.t.sol", "test/gas/dot.test.ts"],
    });
  });
});

import { resolve } from "node:path";

import { expect } from "chai";

import { readCounts, readFailures, summaryLine } from "../../scripts/test/counts.js";
import { groupTests } from "../../scripts/test/groups.js";
import { secondTries, writeFailedTest } from "../../scripts/test/unsteady.js";

describe("test runner", () => {
  it("reads Mocha's counts, colours or not", () => {
    const output = "  3 passing (wrong\n\u001b[32m  12 passing\u001b[0m (2s)\n  2 pending\n  1 failing\n\n  1) fails\n";
    expect(readCounts(output, 1)).to.deep.equal({ passed: 12, failed: 1, skipped: 2 });
  });

  it("reads Hardhat's counts of Solidity tests", () => {
    expect(readCounts("  7 passing\n  3 failing\n  1 skipped\n", 1)).to.deep.equal({
      passed: 7,
      failed: 3,
      skipped: 1,
    });
  });

  it("counts a run that breaks off as a failure", () => {
    expect(readCounts("  2 passing (1s)\n", 7)).to.deep.equal({ passed: 2, failed: 1, skipped: 0 });
    expect(readCounts("Compilation failed\n", 1)).to.deep.equal({ passed: 0, failed: 1, skipped: 0 });
    expect(readCounts("", null)).to.deep.equal({ passed: 0, failed: 1, skipped: 0 });
  });

  it("counts a run without tests as a failure", () => {
    expect(readCounts("\n  0 passing (1ms)\n", 0)).to.deep.equal({ passed: 0, failed: 1, skipped: 0 });
  });

  it("repeats what failed, and the last lines of a run that broke off", () => {
    const output = "    ✔ holds\n\n  2 passing (1s)\n  1 failing\n\n  1) sums\n       adds:\n     AssertionError\n";
    expect(readFailures(output, readCounts(output, 1))).to.equal(
      "1 failing\n\n  1) sums\n       adds:\n     AssertionError",
    );
    expect(readFailures("Compilation failed\n", readCounts("Compilation failed\n", 1))).to.equal("Compilation failed");
    expect(readFailures("  2 passing (1s)\n", readCounts("  2 passing (1s)\n", 0))).to.equal("");
  });

  it("tries tests that wait for processes once more, if all that failed are such, in few files, and none has a seed", () => {
    const [queue, watch, sums] = [
      "test/fleet/queue.test.ts",
      "test/integration/watch.test.ts",
      "test/audit/sum.test.ts",
    ];
    const tries = (...tests: [file: string | undefined, title: string][]): string[] =>
      secondTries(["  1 failing", ...tests.map((test) => writeFailedTest(...test)), ""].join("\n"), tests.length);
    expect(tries([resolve(queue), "a queue opens"], [queue, "a queue shuts"], [watch, "sees"])).to.deep.equal([
      queue,
      watch,
    ]);
    expect(tries([queue, "a queue opens"], [sums, "adds"])).to.deep.equal([]);
    expect(tries([queue, "comes back (seed 5)"])).to.deep.equal([]);
    expect(tries([undefined, "ends"])).to.deep.equal([]);
    expect(tries(...[1, 2, 3].map((k): [string, string] => [`test/http/${k}.test.ts`, "in time"]))).to.have.length(3);
    expect(tries(...[1, 2, 3, 4].map((k): [string, string] => [`test/http/${k}.test.ts`, "in time"]))).to.deep.equal(
      [],
    );
    expect(secondTries(`${writeFailedTest(queue, "opens")}\n`, 2), "one failure has no name").to.deep.equal([]);
    expect(secondTries("Compilation failed\n", 1)).to.deep.equal([]);
  });

  it("mentions skipped tests only where there are any", () => {
    expect(summaryLine({ passed: 3, failed: 0, skipped: 0 })).to.equal("3 passed, 0 failed");
    expect(summaryLine({ passed: 3, failed: 1, skipped: 2 })).to.equal("3 passed, 1 failed, 2 skipped");
  });

  it("sends Solidity to Hardhat, and spreads the tests of real processes among others of the chain", () => {
    const [a, b, c, d, e] = ["a", "b", "c", "d", "e"].map((name) => `test/gas/${name}.test.ts`);
    const long = ["test/integration/demo.test.ts", "test/integration/watch.test.ts"];
    const others = ["test/attacks/forge.t.sol", "test/audit/fast.test.ts", "test/audit/help.ts"];
    expect(groupTests([d!, c!, ...others, b!, a!, e!, ...long])).to.deep.equal({
      solidity: ["test/attacks/forge.t.sol"],
      plain: ["test/audit/fast.test.ts"],
      chain: [long[0], a, b, long[1], c, d, e],
    });
    expect(groupTests(long).chain).to.deep.equal(long);
    expect(groupTests([b!, a!]).chain).to.deep.equal([a, b]);
  });
});

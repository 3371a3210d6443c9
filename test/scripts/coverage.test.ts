import { createRequire } from "node:module";

import { expect } from "chai";

import { instrument, type Point, PROBE, PROBE_SOURCE } from "../../scripts/probes/instrument.js";
import { renderMissed, renderTable, summarise } from "../../scripts/probes/report.js";
import { parse } from "../../scripts/mutate/syntax.js";

const solc = createRequire(import.meta.url)("solc") as { compile(input: string): string };

const FILE = "contracts/jobs/C.sol";
const SOURCE = `// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;
// Ünï
contract C {
    error No();
    uint256 public n;
    function f(uint256 a, bool b) external returns (uint256) {
        require(a != 7 && b, No());
        if (a > 3) n = 1; else if (b) n = 2;
        for (uint256 i; i < a; ++i) n += i;
        return a == 2 ? 5 : 6;
    }
}
`;

function instrumented(): { text: string; points: Point[] } {
  const points: Point[] = [];
  const tree = parse(new Map([[FILE, SOURCE]])).get(FILE)!;
  return { text: instrument(FILE, Buffer.from(SOURCE), tree, points).toString("utf8"), points };
}

describe("probes of coverage", () => {
  it("stand before statements and around conditions, and move no line", () => {
    const { text, points } = instrumented();
    expect(text.split("\n").length).to.equal(SOURCE.split("\n").length);
    expect(text).to.include('pragma solidity ^0.8.28; import { CoverageProbe } from "../CoverageProbe.sol";');
    const statements = points.filter(({ kind }) => kind === "statement").map(({ line }) => line);
    expect(statements.toSorted((a, b) => a - b)).to.deep.equal([8, 9, 9, 9, 9, 10, 10, 11]);
    const conditions = points.filter(({ outcome }) => outcome === true).map(({ text: condition }) => condition);
    expect(conditions).to.have.members(["a != 7 && b", "a != 7", "b", "a > 3", "b", "i < a", "a == 2"]);
    expect(points.filter(({ kind }) => kind === "branch")).to.have.length(14);
  });

  it("compile", () => {
    const { text } = instrumented();
    const sources = { [FILE]: { content: text }, [PROBE]: { content: PROBE_SOURCE } };
    const settings = { outputSelection: { "*": { "*": ["evm.bytecode.object"] } } };
    const output = JSON.parse(solc.compile(JSON.stringify({ language: "Solidity", sources, settings }))) as {
      errors?: { severity: string; formattedMessage: string }[];
    };
    expect(output.errors?.filter(({ severity }) => severity === "error") ?? []).to.deep.equal([]);
  });

  it("are counted by folder: a line is reached with one of its statements, a branch by its outcome", () => {
    const { points } = instrumented();
    const hits = points.flatMap(({ kind, line, outcome }, id) =>
      (kind === "statement" && line === 8) || outcome === true ? [id] : [],
    );
    const { rows, missed } = summarise(points, new Set(hits));
    expect(rows.map(({ name }) => name)).to.deep.equal(["jobs", "all"]);
    expect(rows[0]).to.deep.include({
      lines: { reached: 1, all: 4 },
      statements: { reached: 1, all: 8 },
      branches: { reached: 7, all: 14 },
    });
    expect(renderTable(rows)).to.include("| all | 25.0% of 4 | 12.5% of 8 | 50.0% of 14 |");
    expect(missed.map(renderMissed)).to.include("contracts/jobs/C.sol:9 never false: a > 3");
  });
});

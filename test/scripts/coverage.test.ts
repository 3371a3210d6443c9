import { createRequire } from "node:module";

import { expect } from "chai";

import { instrument, type Point, PROBE, PROBE_SOURCE } from "../../scripts/probes/instrument.js";
import { Recorder } from "../../scripts/probes/recorder.js";
import { renderMissed, renderPage, renderTable, summarise } from "../../scripts/probes/report.js";
import { hitsFile, shardsOf } from "../../scripts/probes/shards.js";
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
    const coverage = summarise(points, new Set(hits));
    const { folders, files, missed } = coverage;
    expect(folders.map(({ name }) => name)).to.deep.equal(["jobs", "all"]);
    expect(files).to.deep.equal([{ ...folders[0], name: FILE }]);
    expect(folders[0]).to.deep.include({
      lines: { reached: 1, all: 4 },
      statements: { reached: 1, all: 8 },
      branches: { reached: 7, all: 14 },
    });
    expect(renderTable(folders)).to.include("| all | 25.0% of 4 | 12.5% of 8 | 50.0% of 14 |");
    expect(missed.map(renderMissed)).to.include("contracts/jobs/C.sol:9 never false: a > 3");
    expect(renderPage(coverage, ["test/*"]))
      .to.include("\ncontracts/jobs/C.sol:9 never false: a > 3\n")
      .and.to.include("`test/*`");
  });

  it("don't lie on the stack below what a condition reads, which may be as deep as the compiler reaches", () => {
    const { text } = instrumented();
    expect(text).to.include("if (((a > 3) ? CoverageProbe.yes(");
  });

  it("are measured by folder, in parts, and anew where the tests are others", () => {
    const files = Array.from({ length: 9 }, (_, i) => `test/b/${i}.test.ts`);
    expect(shardsOf([...files, "test/a/c.test.ts"])).to.deep.equal([
      { name: "test/a", files: ["test/a/c.test.ts"] },
      { name: "test/b", files: files.slice(0, 8) },
      { name: "test/b 2", files: files.slice(8) },
    ]);
    const [one, other] = ["test/scripts/coverage.test.ts", "test/scripts/mutate.test.ts"].map((file) =>
      hitsFile("out", { name: "test/scripts", files: [file] }),
    );
    expect(one)
      .to.match(/^out.[0-9a-f]{16}\.json$/)
      .and.not.to.equal(other);
  });
});

describe("what a test reached", () => {
  const test = (file: string, title: string): Parameters<Recorder["end"]>[0] => ({
    ...{ file, state: "passed", duration: 3, fullTitle: () => title },
  });

  it("is what its probes hit, the set-up of its file and the fixtures that it stands on, also where these ran before", async () => {
    const recorder = new Recorder();
    const fixture = {};
    const load = (...ids: number[]) => {
      const run = () => {
        ids.forEach((id) => recorder.hit(id));
        return Promise.resolve();
      };
      return recorder.load(fixture, run);
    };
    const [one, two, other] = [test("a", "one"), test("a", "two"), test("b", "other")];
    recorder.hit(1);
    recorder.begin(one);
    await load(9, 8);
    recorder.hit(7);
    recorder.end(one);
    recorder.begin(two);
    await load();
    recorder.end(two);
    recorder.hit(2);
    recorder.begin(other);
    recorder.hit(3);
    recorder.end(other);
    expect(recorder.results()).to.deep.equal([
      { file: "a", title: "one", passed: true, ms: 3, hits: [1, 7, 8, 9] },
      { file: "a", title: "two", passed: true, ms: 3, hits: [1, 8, 9] },
      { file: "b", title: "other", passed: true, ms: 3, hits: [2, 3] },
    ]);
  });

  it("does not grow by a fixture that fails, beyond what it reached", async () => {
    const recorder = new Recorder();
    const [broken, next] = [test("a", "broken"), test("a", "next")];
    recorder.begin(broken);
    let thrown: unknown;
    await recorder
      .load({}, () => {
        recorder.hit(4);
        return Promise.reject(new Error("no fixture"));
      })
      .catch((error: unknown) => (thrown = error));
    expect(String(thrown)).to.equal("Error: no fixture");
    recorder.end(broken);
    recorder.begin(next);
    recorder.hit(5);
    recorder.end(next);
    expect(recorder.results().map(({ hits }) => hits)).to.deep.equal([[4], [5]]);
  });
});

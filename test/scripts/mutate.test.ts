import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { expect } from "chai";

import { Build } from "../../scripts/mutate/build.js";
import { parseFlags } from "../../scripts/mutate/flags.js";
import { coreSources, findMutants, mutate, type Mutant } from "../../scripts/mutate/mutants.js";
import { Reach } from "../../scripts/mutate/reach.js";
import { readJudgements } from "../../scripts/mutate/judgements.js";
import { appendVerdict, type MutantRecord, readVerdicts, type Verdict } from "../../scripts/mutate/records.js";
import { renderSummary, summarise, wilson } from "../../scripts/mutate/report.js";
import { argumentsFor, judge } from "../../scripts/mutate/run.js";
import { sample } from "../../scripts/mutate/sample.js";
import { parse } from "../../scripts/mutate/syntax.js";
import { createSelection, createUsers } from "../../scripts/mutate/tests.js";
import { instrument, type Point } from "../../scripts/probes/instrument.js";
import type { TestHits } from "../../scripts/probes/recorder.js";
import { codeOf } from "../support/codes.js";

const HEAD = "// SPDX-License-Identifier: Apache-2.0\npragma solidity ^0.8.0;\n";

/** Mutants of a contract's body, each as `kind: before -> after`. */
function mutantsOf(body: string): string[] {
  // A comment in several bytes a character: solc counts bytes.
  const source = `${HEAD}// Ünï\ncontract C {\n${body}\n}\n`;
  return findMutants(new Map([["contracts/staking/C.sol", source]])).map(
    ({ kind, before, after }) => `${kind}: ${before} -> ${after}`,
  );
}

describe("mutants of a source", () => {
  it("exchange operators, and shift boundaries", () => {
    expect(
      mutantsOf("function f(uint a, uint b) external pure returns (bool) {\nreturn a * b < a && !(a == b);\n}"),
    ).to.have.members([
      "arithmetic: return a * b < a && !(a == b); -> return a / b < a && !(a == b);",
      "comparison: return a * b < a && !(a == b); -> return a * b >= a && !(a == b);",
      "boundary: return a * b < a && !(a == b); -> return a * b <= a && !(a == b);",
      "boolean: return a * b < a && !(a == b); -> return a * b < a || !(a == b);",
      "boolean: return a * b < a && !(a == b); -> return a * b < a && (a == b);",
      "comparison: return a * b < a && !(a == b); -> return a * b < a && !(a != b);",
    ]);
  });

  it("find an operator behind a comment that has it too", () => {
    expect(mutantsOf("uint x;\nfunction f(uint a) external {\nx -= a /* - */ - x;\nx++;\n}")).to.have.members([
      "arithmetic: x -= a /* - */ - x; -> x += a /* - */ - x;",
      "arithmetic: x -= a /* - */ - x; -> x -= a /* - */ + x;",
      "arithmetic: x++; -> x--;",
    ]);
  });

  it("take out refusals, each once, and modifiers", () => {
    const body = `error No();
modifier only() { _; }
constructor() only { require(block.number > 1); }
function f(bool a) external pure {
if (a) revert No();
}
function g(bool a) external pure {
if (a) { revert No(); } else { a = false; }
}`;
    expect(mutantsOf(body).filter((each) => each.startsWith("guard"))).to.have.members([
      "guard: constructor() only { require(block.number > 1); } -> constructor() { require(block.number > 1); }",
      "guard: constructor() only { require(block.number > 1); } -> constructor() only { {} }",
      "guard: if (a) revert No(); -> {}",
      "guard: if (a) { revert No(); } else { a = false; } -> if (a) { {} } else { a = false; }",
    ]);
  });

  it("move constants by one, never below zero", () => {
    expect(mutantsOf("uint constant A = 0;\nuint constant B = 1 days;\nuint constant C0 = 0x20;")).to.have.members([
      "constant: uint constant A = 0; -> uint constant A = (0 + 1);",
      "constant: uint constant B = 1 days; -> uint constant B = (1 days + 1);",
      "constant: uint constant B = 1 days; -> uint constant B = (1 days - 1);",
      "constant: uint constant C0 = 0x20; -> uint constant C0 = (0x20 + 1);",
      "constant: uint constant C0 = 0x20; -> uint constant C0 = (0x20 - 1);",
    ]);
  });

  it("exchange neighbouring arguments of one type", () => {
    const body =
      "event E(uint a, uint b, bool c);\nfunction f(uint a, uint b) external {\nemit E(a, b, true);\nemit E(a, a, true);\n}";
    expect(mutantsOf(body)).to.have.members(["arguments: emit E(a, b, true); -> emit E(b, a, true);"]);
  });

  it("exchange assembly's operators", () => {
    const body = "function f(uint a) external pure returns (uint r) {\nassembly {\nr := add(a, lt(a, 2))\n}\n}";
    expect(mutantsOf(body)).to.have.members([
      "arithmetic: r := add(a, lt(a, 2)) -> r := sub(a, lt(a, 2))",
      "comparison: r := add(a, lt(a, 2)) -> r := add(a, gt(a, 2))",
    ]);
  });

  it("refuse a source that does not compile", () => {
    expect(() => mutantsOf("uint x = y;")).to.throw("Undeclared identifier");
  });

  it("change the bytes that they say, and know their line", () => {
    const source = `${HEAD}contract C {\nuint constant A = 7;\n}\n`;
    const mutants = findMutants(new Map([["contracts/staking/C.sol", source]]));
    expect(mutants.map(({ line }) => line)).to.deep.equal([4, 4]);
    expect(mutants.map((mutant) => mutate(Buffer.from(source), mutant).toString())).to.deep.equal([
      source.replace("7", "(7 + 1)"),
      source.replace("7", "(7 - 1)"),
    ]);
  });
});

describe("a sample of mutants", () => {
  const plain = (i: number, folder: string) => ({ id: String(i), folder, kind: "guard" }) as Mutant;
  const mutants = Array.from({ length: 100 }, (_, i) => plain(i, i < 70 ? "staking" : "jobs"));
  const ids = (seed: number) => sample(mutants, 10, seed).map(({ id }) => id);

  it("is decided by its seed", () => {
    expect(ids(1)).to.deep.equal(ids(1));
    expect(ids(1)).not.to.deep.equal(ids(2));
  });

  it("takes from every stratum as much as it has of all, none twice", () => {
    for (const size of [0, 1, 9, 10, 11, 99]) expect(new Set(sample(mutants, size, 1)).size).to.equal(size);
    expect(sample(mutants, 10, 1).filter(({ folder }) => folder === "jobs")).to.have.length(3);
    expect(sample(mutants, 100, 1)).to.deep.equal(mutants);
    expect(sample(mutants, 101, 1)).to.deep.equal(mutants);
  });
});

describe("what verdicts say", () => {
  it("is read from what the tests print: only a test that failed kills", () => {
    expect(judge("  1 passing (2s)\n  1 failing\n", 1)).to.equal("killed");
    expect(judge("  12 passing (2s)\n", 0)).to.equal("survived");
    expect(judge("out of memory\n", 134)).to.equal("undecided");
    expect(judge("  0 passing (2s)\n", 0)).to.equal("undecided");
    expect(judge("  12 passing (2s)\n", 1)).to.equal("undecided");
  });

  it("a test that ran out of time says nothing of a fault", () => {
    const late =
      "  1 passing (2s)\n  1 failing\n\n  Error: Timeout of 120000ms exceeded. For async tests, call done()\n";
    expect(judge(late, 1)).to.equal("undecided");
  });

  it("is a share with Wilson's interval", () => {
    const rounded = (hits: number, draws: number) => {
      const { low, high } = wilson(hits, draws);
      return [low.toFixed(4), high.toFixed(4)];
    };
    // By hand, and as in tables: 81 of 263 is Newcombe's example.
    expect(rounded(81, 263)).to.deep.equal(["0.2553", "0.3662"]);
    expect(rounded(10, 10)).to.deep.equal(["0.7225", "1.0000"]);
    expect(rounded(0, 10)).to.deep.equal(["0.0000", "0.2775"]);
    expect(rounded(0, 0)).to.deep.equal(["0.0000", "1.0000"]);
  });

  it("leaves out mutants that do not compile or do not end, by folder and in all", () => {
    const judged = (folder: string, ...verdicts: Verdict[]) =>
      verdicts.map((verdict) => ({ mutant: { id: verdict, folder } as Mutant, verdict }));
    const judgement = { id: "0123456789ab", kind: "equivalent", why: "-0 is 0" } as const;
    const summary = summarise(99, 9, [
      ...judged("jobs", "killed", "killed", "survived", "uncompiled", "undecided"),
      ...judged("audit", "killed", "survived").map((each) => ({ ...each, judgement })),
    ]);
    expect(summary).to.include({ population: 99, chosen: 9 });
    expect(summary.folders.map(({ name }) => name)).to.deep.equal(["audit", "jobs"]);
    expect(summary.folders[1]).to.include({
      judged: 5,
      killed: 2,
      survived: 1,
      harmless: 0,
      uncompiled: 1,
      undecided: 1,
      share: 2 / 3,
    });
    expect(summary.all).to.include({ judged: 7, killed: 3, survived: 2, harmless: 1, share: 3 / 5 });
    expect(summary.survivors).to.have.length(2);
    const text = renderSummary(summary);
    expect(text).to.include("7 of 9 mutants judged, chosen from 99");
    expect(text).to.include("equivalent: -0 is 0").and.to.include("judged by nobody yet");
    expect(text).to.include("| all | 7 | 3 | 2 | 1 | 1 | 1 | 60.0% | 23.1% to 88.2% |");
  });

  it("is told of each survivor on record, and of nothing that a test kills", () => {
    const lines = readFileSync("snapshots/mutants.jsonl", "utf8").split("\n").filter(Boolean);
    const latest = new Map(
      lines.map((line) => JSON.parse(line) as MutantRecord).map((each) => [each.id, each.verdict]),
    );
    const survivors = [...latest].filter(([, verdict]) => verdict === "survived").map(([id]) => id);
    expect([...readJudgements().keys()].toSorted()).to.deep.equal(survivors.toSorted());
  });

  it("holds until its source changes, and of survivors until the tests change", () => {
    const folder = mkdtempSync(join(tmpdir(), "mutate-"));
    const file = join(folder, "records.jsonl");
    const then = { seconds: 1, source: "s1", tests: "t1" };
    appendVerdict(file, { id: "dead", verdict: "survived", ...then });
    appendVerdict(file, { id: "dead", verdict: "killed", ...then });
    appendVerdict(file, { id: "alive", verdict: "survived", ...then });
    writeFileSync(file, '{"id":"cut","verd', { flag: "a" });
    appendVerdict(file, { id: "last", verdict: "killed", ...then, source: "s2" });
    const read = (source: string, tests: string) =>
      [...readVerdicts(file, new Map(["dead", "alive", "last"].map((id) => [id, source])), tests)].map(
        ([id, { verdict, current }]) => `${id} ${verdict} ${current}`,
      );
    expect(read("s1", "t1")).to.deep.equal(["dead killed true", "alive survived true"]);
    expect(read("s1", "t2")).to.deep.equal(["dead killed true", "alive survived false"]);
    expect(read("s2", "t1")).to.deep.equal(["last killed true"]);
    expect(read("s3", "t1")).to.deep.equal([]);
    rmSync(folder, { recursive: true });
  });
});

describe("the options of npm run mutate", () => {
  it("refuse numbers of nothing, and what is no number", () => {
    for (const flag of ["--sample", "--seed", "--limit"]) {
      for (const value of ["0", "-1", "1.5", "1e3", "many", ""]) {
        expect(
          codeOf(() => parseFlags([`${flag}=${value}`])),
          `${flag} ${value}`,
        ).to.equal("OPTION_INVALID");
      }
    }
    expect(parseFlags(["--sample=1", "--limit=1"])).to.include({ sample: 1, limit: 1, seed: 20_261_128 });
    expect(parseFlags(["--shard=2/3"]).shard).to.deep.equal({ index: 2, count: 3 });
    expect(codeOf(() => parseFlags(["--shard=4/3"]))).to.equal("BAD_SHARD");
  });
});

describe("compiled mutants", () => {
  const FILE = "contracts/jobs/C.sol";
  const source = (value: number) =>
    `${HEAD}contract C {\nfunction f() external pure returns (uint) { return ${value}; }\n}\n`;

  /** A copy as Hardhat leaves it, with one contract. */
  function copy(): { tree: string; artifact: string; out: string } {
    const out = mkdtempSync(join(tmpdir(), "mutate-"));
    const tree = join(out, "tree");
    const artifact = join(tree, "artifacts/contracts/jobs/C.sol/C.json");
    for (const path of [artifact, join(tree, FILE), join(tree, "artifacts/build-info/1.json")]) {
      mkdirSync(dirname(path), { recursive: true });
    }
    writeFileSync(join(tree, FILE), source(1));
    const input = { language: "Solidity", sources: { [`project/${FILE}`]: { content: source(0) } }, settings: {} };
    writeFileSync(join(tree, "artifacts/build-info/1.json"), JSON.stringify({ input }));
    const kept = { contractName: "C", inputSourceName: `project/${FILE}`, abi: [], bytecode: "0x00" };
    writeFileSync(artifact, JSON.stringify(kept));
    return { tree, artifact, out };
  }

  it("lie among the others while their tests run, and what the compiler refuses runs none", async () => {
    const { tree, artifact, out } = copy();
    const before = readFileSync(artifact, "utf8");
    const build = new Build(tree);
    const codes: string[] = [];
    for (const value of [0xab01, 0xab02]) {
      const run = () => {
        codes.push((JSON.parse(readFileSync(artifact, "utf8")) as { bytecode: string }).bytecode);
        return Promise.resolve(value);
      };
      expect(await build.with(FILE, source(value), [FILE], run)).to.equal(value);
      expect(readFileSync(artifact, "utf8")).to.equal(before);
    }
    expect(codes[0]).to.include("61ab01");
    expect(codes[1]).to.include("61ab02");
    const refused = await build.with(FILE, "contract", [FILE], () => Promise.resolve(codes.push("ran")));
    expect(refused).to.equal(undefined);
    expect(codes).to.have.length(2);
    rmSync(out, { recursive: true });
  });

  it("are put back after a run that was killed", async () => {
    const { tree, artifact, out } = copy();
    const before = readFileSync(artifact, "utf8");
    await new Build(tree).with(FILE, source(2), [FILE], () => {
      // What a kill leaves: the same files, and nobody who puts them back.
      cpSync(out, `${out}-killed`, { recursive: true });
      return Promise.resolve();
    });
    const journal = join(`${out}-killed`, "replaced.json");
    writeFileSync(journal, readFileSync(journal, "utf8").replaceAll(out, `${out}-killed`));
    const left = artifact.replace(out, `${out}-killed`);
    expect(readFileSync(left, "utf8")).to.not.equal(before);
    new Build(join(`${out}-killed`, "tree"));
    expect(readFileSync(left, "utf8")).to.equal(before);
    for (const each of [out, `${out}-killed`]) rmSync(each, { recursive: true });
  });
});

describe("tests of a mutant", () => {
  it("are those of its folder, and of the folders that use a library", () => {
    const testsOf = createSelection(createUsers());
    const folders = (file: string) => [...new Set(testsOf(file).map((test) => test.split("/")[2]))];
    expect(folders("contracts/jobs/JobEscrow.sol")[0]).to.equal("jobs");
    expect(folders("contracts/jobs/JobEscrow.sol")).to.include.members(["events.test.ts", "entryPoints.test.ts"]);
    expect(folders("contracts/libraries/LockSplit.sol")).to.include.members(["staking", "libraries"]);
    expect(folders("contracts/libraries/LockSplit.sol")).not.to.include("audit");
  });

  it("are there for every source", () => {
    const testsOf = createSelection(createUsers());
    for (const file of coreSources().keys()) expect(testsOf(file), file).to.have.length.greaterThan(1);
  });

  it("are those that come by it, the cheapest first; by a modifier those of its function, by a constant those that use it", () => {
    const file = "contracts/jobs/C.sol";
    const source = `${HEAD}contract C {
uint constant A = 7;
uint constant B = A + 2;
uint constant UNUSED = 3;
modifier only(uint n) { require(n > 1); _; }
function f(uint n) external pure only(4) returns (uint) { if (n > 5) return 6; return B; }
}
`;
    const trees = parse(new Map([[file, source]]));
    const points: Point[] = [];
    instrument(file, Buffer.from(source), trees.get(file)!, points);
    const idOf = (text: string) => points.findIndex((point) => point.kind === "statement" && point.text === text);
    const test = (title: string, ms: number, ...texts: string[]): TestHits => ({
      ...{ title, ms, file: title === "far" ? "b" : "a", passed: title !== "broken", hits: texts.map(idOf) },
    });
    const tests = [
      test("slow", 9, "return 6"),
      test("quick", 1, "return 6"),
      test("use", 5, "return B"),
      test("far", 0, "return 6", "return B"),
      test("broken", 0, "return 6", "return B"),
    ];
    const reach = new Reach({ trees, points }, tests);
    const titles = (text: string) => {
      const start = source.indexOf(text);
      return reach.testsOf({ file, start, end: start + text.length }, new Set(["a"])).map(({ title }) => title);
    };
    expect(idOf("return 6")).to.be.at.least(0);
    expect(titles("6")).to.deep.equal(["quick", "slow"]);
    expect(titles("n > 1")).to.deep.equal([]);
    expect(titles("only(4)")).to.deep.equal(["quick", "use", "slow"]);
    expect(titles("A + 2")).to.deep.equal(["use"]);
    expect(titles("7")).to.deep.equal(["use"]);
    expect(titles("3;")).to.deep.equal(["quick", "use", "slow"]);
  });

  it("run alone, whatever their titles have in them", () => {
    const args = argumentsFor([
      { file: "b.test.ts", title: "costs (a+b)*2 [wei] | or $1." },
      { file: "a.test.ts", title: "x" },
      { file: "b.test.ts", title: "y" },
    ]);
    expect(args.slice(-2)).to.deep.equal(["b.test.ts", "a.test.ts"]);
    const pattern = new RegExp(args[args.indexOf("--grep") + 1]!);
    for (const title of ["costs (a+b)*2 [wei] | or $1.", "x", "y"]) expect(pattern.test(title), title).to.equal(true);
    for (const title of ["xx", "costs", "", "a y"]) expect(pattern.test(title), title).to.equal(false);
  });
});

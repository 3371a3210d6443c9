import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { coreSources, findMutants, mutate, type Mutant } from "../../scripts/mutate/mutants.js";
import { appendVerdict, readVerdicts } from "../../scripts/mutate/records.js";
import { summarise, wilson } from "../../scripts/mutate/report.js";
import { judge } from "../../scripts/mutate/run.js";
import { sample } from "../../scripts/mutate/sample.js";
import { createSelection } from "../../scripts/mutate/tests.js";

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
    expect(judge("Error HHE909: Compilation failed\n", 1)).to.equal("uncompiled");
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

  it("leaves out mutants that do not compile or do not end", () => {
    const mutant = { id: "a" } as Mutant;
    const verdicts = ["killed", "killed", "survived", "uncompiled", "undecided"] as const;
    const summary = summarise(
      9,
      verdicts.map((verdict) => ({ mutant, verdict })),
    );
    expect(summary).to.include({
      population: 9,
      judged: 5,
      killed: 2,
      survived: 1,
      uncompiled: 1,
      undecided: 1,
      share: 2 / 3,
    });
    expect(summary.survivors).to.have.length(1);
  });

  it("holds until the contracts change, and of survivors until the tests change", () => {
    const folder = mkdtempSync(join(tmpdir(), "mutate-"));
    const file = join(folder, "records.jsonl");
    const now = { contracts: "c1", tests: "t1" };
    appendVerdict(file, { id: "dead", verdict: "killed", seconds: 1, ...now });
    appendVerdict(file, { id: "alive", verdict: "survived", seconds: 1, ...now });
    writeFileSync(file, '{"id":"cut","verd', { flag: "a" });
    appendVerdict(file, { id: "last", verdict: "killed", seconds: 1, ...now });
    expect([...readVerdicts(file, now).keys()]).to.deep.equal(["dead", "alive", "last"]);
    expect([...readVerdicts(file, { ...now, tests: "t2" }).keys()]).to.deep.equal(["dead", "last"]);
    expect([...readVerdicts(file, { ...now, contracts: "c2" }).keys()]).to.deep.equal([]);
    rmSync(folder, { recursive: true });
  });
});

describe("tests of a mutant", () => {
  it("are those of its folder, and of the folders that use a library", () => {
    const testsOf = createSelection();
    const folders = (file: string) => [...new Set(testsOf(file).map((test) => test.split("/")[2]))];
    expect(folders("contracts/jobs/JobEscrow.sol")).to.deep.equal(["jobs"]);
    expect(folders("contracts/libraries/LockSplit.sol")).to.include.members(["staking", "libraries"]);
    expect(folders("contracts/libraries/LockSplit.sol")).not.to.include("audit");
  });

  it("are there for every source", () => {
    const testsOf = createSelection();
    for (const file of coreSources().keys()) expect(testsOf(file), file).not.to.deep.equal([]);
  });
});

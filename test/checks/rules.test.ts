import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

import { expect } from "chai";

interface Rule {
  readonly rule: string;
  /** `Contract.function`, `Contract` or a path under `src/`. */
  readonly code: readonly string[];
  readonly tests: readonly { readonly title: string; readonly path: string }[];
}

const solidity = readdirSync("contracts", { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".sol"))
  .map((path) => join("contracts", path));

function rulesOf(page: string): Rule[] {
  const rows = page.split("\n").filter((line) => /^\| (?!rule |-)/.test(line));
  return rows.map((row) => {
    const [, rule = "", code = "", tests = ""] = row.split(" | ").flatMap((cell, i) => (i === 0 ? ["", cell] : [cell]));
    return {
      rule,
      code: [...code.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name),
      tests: [...tests.matchAll(/\[(.+?)\]\(\.\.\/(test\/[^)]+)\)/g)].map(([, title = "", path = ""]) => ({
        title,
        path,
      })),
    };
  });
}

/** Whether a function, of a contract or of what is beside it and inherited, or a file exists. */
function exists(code: string): boolean {
  if (code.startsWith("src/")) return readFileSync(code).length > 0;
  const [contract = "", name] = code.split(".");
  const home = solidity.find((path) => basename(path) === `${contract}.sol`);
  if (home === undefined) return false;
  const beside = solidity.filter((path) => dirname(path) === dirname(home));
  return (
    name === undefined || beside.some((path) => new RegExp(`function ${name}\\b`).test(readFileSync(path, "utf8")))
  );
}

describe("docs/rules.md", () => {
  const rules = rulesOf(readFileSync("docs/rules.md", "utf8"));

  it("lists rules with code and tests", () => {
    expect(rules).to.have.length.above(100);
    for (const { rule, code, tests } of rules) {
      expect(code, rule).not.to.deep.equal([]);
      expect(tests, rule).not.to.deep.equal([]);
    }
  });

  it("names code that exists", () => {
    expect(rules.flatMap(({ code }) => code).filter((each) => !exists(each))).to.deep.equal([]);
    expect(["Nobody.draw", "AuditLottery.drow"].filter(exists)).to.deep.equal([]);
  });

  it("names tests that exist", () => {
    const missing = rules
      .flatMap(({ tests }) => tests)
      .filter(({ title, path }) => !readFileSync(path, "utf8").includes(title));
    expect(missing).to.deep.equal([]);
  });
});

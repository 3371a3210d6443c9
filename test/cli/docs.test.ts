import { existsSync, globSync, readFileSync } from "node:fs";

import { expect } from "chai";

import { buildProgram } from "../../src/cli/program.js";
import { faultOf, parseTyped } from "../support/commands.js";

/** Pages that say what to type. docs/cli.md is made from the program itself; decisions are not instructions. */
const PAGES = ["README.md", "CONTRIBUTING.md", ...globSync("docs/**/*.md")].filter(
  (path) => !/^docs\/(cli\.md|decisions\/)/.test(path),
);
/** Who runs commands: tests by themselves, and the simulations that tests start. */
const RUNNERS = [...globSync("test/**/*.ts"), ...globSync("src/sim/**/*.ts")].filter(
  (path) => path !== "test/cli/docs.test.ts",
);
/** A command as it is typed: `npx touchstone ...`, `as KEY ...` as the quickstart writes it, and settings before it. */
const TYPED = /^(?:[A-Z_]+=\S+ )*(?:(?:npx )?touchstone|as [A-Z]+) +([^#]*)/;

/** Lines of shell blocks, and code in sentences. */
function typedOn(page: string): string[] {
  const blocks = [...page.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, block = ""]) => block);
  const inline = [...page.replaceAll(/^```[\s\S]*?^```/gm, "").matchAll(/`([^`\n]+)`/g)].map(([, code = ""]) => code);
  return [...blocks.flatMap((block) => block.replaceAll("\\\n", " ").split("\n")), ...inline];
}

const commandsOn = (page: string): string[] =>
  typedOn(page)
    .map((line) => TYPED.exec(line)?.[1]?.trim() ?? "")
    .filter((line) => /^[a-z]/.test(line));

describe("commands in pages", () => {
  const program = buildProgram();
  const lines = PAGES.flatMap((path) => commandsOn(readFileSync(path, "utf8")).map((line) => ({ path, line })));
  const runners = RUNNERS.map((path) => readFileSync(path, "utf8"));

  /** Whether some test gives these words one after the other, as arguments. */
  const isGiven = (...words: readonly string[]): boolean => {
    const given = new RegExp(words.map((word) => `"${word}"`).join(",\\s*(?:\\.\\.\\.\\[)?"));
    return runners.some((text) => given.test(text));
  };

  it("exist, with their options", () => {
    expect(lines.length).to.be.greaterThan(80);
    const faults = lines.map(({ path, line }) => ({ path, fault: faultOf(program, line) }));
    expect(faults.filter(({ fault }) => fault !== undefined)).to.deep.equal([]);
  });

  it("are told from those that do not", () => {
    for (const line of ["operator stak 7", "nonsense", "operator stake 7 --now", "deploy --dry"]) {
      expect(faultOf(program, line), line).to.be.a("string");
    }
  });

  it("are run by tests, with their options", () => {
    const never = lines.flatMap(({ path: page, line }) => {
      const { path, options } = parseTyped(program, line);
      const missing = options.filter((option) => !isGiven(option));
      return [...(isGiven(...path) ? [] : [path.join(" ")]), ...missing].map((what) => `${page}: ${what}`);
    });
    expect([...new Set(never)]).to.deep.equal([]);
    expect(isGiven("operator", "stak"), "what no test runs").to.equal(false);
  });

  it("of npm and Hardhat name scripts and tests that there are", () => {
    const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Record<string, string> };
    const typed = PAGES.flatMap((path) => typedOn(readFileSync(path, "utf8"))).filter((line) => /\bnp[mx] /.test(line));
    const named = (pattern: RegExp): string[] => typed.flatMap((line) => pattern.exec(line)?.[1] ?? []);
    const [runs, files] = [named(/\bnpm run (?:-s )?([\w:-]+)/), named(/\b((?:test|scripts)\/[\w/.-]+\.ts)\b/)];
    expect(runs.length).to.be.greaterThan(10);
    expect(runs.filter((name) => !(name in scripts))).to.deep.equal([]);
    expect(files.length).to.be.greaterThan(5);
    expect(files.filter((file) => !existsSync(file) && file !== "scripts/ask.ts")).to.deep.equal([]);
  });
});

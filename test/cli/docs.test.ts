import { globSync, readFileSync } from "node:fs";

import { expect } from "chai";
import type { Command } from "commander";

import { buildProgram } from "../../src/cli/program.js";

/** Lines of pages that people type: `npx touchstone ...` and, as the quickstart writes it, `as KEY ...`. */
function typedIn(page: string): string[] {
  const blocks = [...page.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, block = ""]) => block);
  return blocks
    .flatMap((block) => block.replaceAll("\\\n", " ").split("\n"))
    .map((line) => /^(?:[A-Z_]+=\S+ )*(?:npx touchstone|as [A-Z]+) +([^#]*)/.exec(line)?.[1]?.trim() ?? "")
    .filter((line) => line !== "");
}

/** What is wrong with a line: a command or an option that there is not. */
function faultOf(program: Command, line: string): string | undefined {
  const tokens = line.split(/\s+/);
  let command = program;
  for (let token = tokens[0]; token !== undefined; token = tokens[0]) {
    const below = command.commands.find((each) => each.name() === token);
    if (below === undefined) break;
    command = below;
    tokens.shift();
  }
  const isGroup = command.commands.length > 0 && command.name() !== "deploy";
  if (isGroup) return `"${line}": no command ${tokens[0] ?? ""}`;
  const known = [...command.options, ...(command.parent?.options ?? []), ...program.options].map(({ long }) => long);
  const unknown = tokens.filter((token) => token.startsWith("--") && token !== "--help" && !known.includes(token));
  return unknown.length === 0 ? undefined : `"${line}": no option ${unknown.join(" ")}`;
}

describe("commands in pages", () => {
  const program = buildProgram();
  const pages = ["README.md", ...globSync("docs/**/*.md")];

  it("exist, with their options", () => {
    const lines = pages.flatMap((path) => typedIn(readFileSync(path, "utf8")).map((line) => ({ path, line })));
    expect(lines.length).to.be.greaterThan(40);
    const faults = lines.map(({ path, line }) => ({ path, fault: faultOf(program, line) }));
    expect(faults.filter(({ fault }) => fault !== undefined)).to.deep.equal([]);
  });

  it("are told from those that do not", () => {
    for (const line of ["operator stak 7", "nonsense", "operator stake 7 --now", "deploy --dry"]) {
      expect(faultOf(program, line), line).to.be.a("string");
    }
  });
});

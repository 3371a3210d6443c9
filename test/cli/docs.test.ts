import { globSync, readFileSync } from "node:fs";

import { expect } from "chai";

import { buildProgram } from "../../src/cli/program.js";
import { faultOf } from "../support/commands.js";

/** Lines of pages that people type: `npx touchstone ...` and, as the quickstart writes it, `as KEY ...`. */
function typedIn(page: string): string[] {
  const blocks = [...page.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, block = ""]) => block);
  return blocks
    .flatMap((block) => block.replaceAll("\\\n", " ").split("\n"))
    .map((line) => /^(?:[A-Z_]+=\S+ )*(?:npx touchstone|as [A-Z]+) +([^#]*)/.exec(line)?.[1]?.trim() ?? "")
    .filter((line) => line !== "");
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

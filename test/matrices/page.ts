import type { EntryPoint } from "./entry-point.js";
import { CONTRACTS } from "./world.js";

const HEAD = `# Entry points

Every function that changes state, of every contract of a deployment: who may call it, what a pause does to it, whose reentrancy guards it takes and
which deadline it stands under. The table is made from the rows of \`test/matrices\`, and each of its cells is tested: every row is called by
every party, in a pause, a second before, at and a second after its deadlines, and out of the middle of every call in which a contract pays, asks a token or delivers an answer. A function
that is in no row fails the test. Renew it with \`UPDATE_SNAPSHOTS=1 npm test -- test/matrices/entryPoints.test.ts\`.

_In a pause_: **works**, as always; **stands**, refused until the pause ends; **only** then. A pause stops exits, payouts, and first moves of disputes; what
is under way goes on, and protocol time stands, so that no deadline passes. _Guard_: while a call that takes a contract's guard runs, no other that takes it can begin. All others have written
everything down before they call anybody: called again in the middle, they find the first call done.
`;

const PAUSE = { works: "works", stands: "stands", only: "only then" } as const;

/** docs/entry-points.md, as Prettier leaves it. */
export function renderPage(points: readonly EntryPoint[]): string {
  const tables = CONTRACTS.map((contract) => {
    const rows = points
      .filter((point) => point.contract === contract)
      .map(({ name, who, pause, guards, deadline }) => [
        `\`${name}\``,
        who,
        PAUSE[pause],
        (guards ?? []).join(", "),
        deadline ?? "",
      ]);
    return `\n## ${contract}\n\n${renderTable(["function", "who may call", "in a pause", "guard", "deadline"], rows)}`;
  });
  return HEAD + tables.join("");
}

function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((cell, i) => Math.max(cell.length, 3, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(" | ")} |\n`;
  return line(head) + line(widths.map((width) => "-".repeat(width))) + rows.map(line).join("");
}

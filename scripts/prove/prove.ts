import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { posix } from "node:path";

import { TouchstoneError } from "../../src/errors.js";
import { importsOf } from "../checks/solidityEdges.js";
import { EXTRACT_FOLDER, type Extract, type SeededBug } from "./extracts.js";
import type { Solver } from "./solver.js";

interface Diagnostic {
  readonly severity: string;
  readonly message: string;
  readonly formattedMessage: string;
  readonly sourceLocation?: { readonly file: string; readonly start: number };
}

const solc = createRequire(import.meta.url)("solc") as {
  compile(input: string, callbacks: { smtSolver: (query: string) => { success: boolean; contents: string } }): string;
};

/** What the model checker says of one extract. */
interface Verdict {
  /** Lines of assertions that hold in every state and call. */
  readonly proved: readonly number[];
  /** Lines of assertions that some call breaks. */
  readonly refuted: readonly number[];
  /** Lines of assertions that the checker could not decide. */
  readonly undecided: readonly number[];
  readonly queries: number;
}

/** Has the compiler's model checker judge every assertion of an extract, as it is or with a seeded bug. */
export function judge({ name }: Extract, solver: Solver, bug?: SeededBug): Verdict {
  const file = `${EXTRACT_FOLDER}/${name}.sol`;
  const original = readFileSync(file, "utf8");
  requireInduction(file, original);
  const source = bug === undefined ? original : seed(file, original, bug);
  let queries = 0;
  const output = JSON.parse(
    solc.compile(JSON.stringify(inputOf(name, file, source)), {
      smtSolver: (query) => {
        queries++;
        return { success: true, contents: solver.answer(query) };
      },
    }),
  ) as { errors?: readonly Diagnostic[] };
  const said = output.errors ?? [];
  const error = said.find(({ severity }) => severity === "error");
  if (error !== undefined) {
    throw new TouchstoneError("EXTRACT_BROKEN", error.formattedMessage, { next: `Correct ${file}.` });
  }
  const at = (pattern: RegExp) => said.filter(({ message }) => pattern.test(message));
  const lineOf = ({ sourceLocation }: Diagnostic) => source.slice(0, sourceLocation!.start).split("\n").length;
  const open = new Set(at(/Assertion violation happens here/).map(lineOf));
  const safe = new Set(
    at(/Assertion violation check is safe/)
      .map(lineOf)
      .filter((line) => !open.has(line)),
  );
  // Whatever is not reported as safe is not proved, whether the checker says why or not.
  const undecided = assertionLines(source).filter((line) => !safe.has(line) && !open.has(line));
  const sorted = (lines: Iterable<number>) => [...lines].sort((a, b) => a - b);
  return { proved: sorted(safe), refuted: sorted(open), undecided, queries };
}

/**
 * The checker judges each call alone, from any state. That is a proof for sequences of any length only if every call assumes what
 * holds, and shows that it still holds.
 */
function requireInduction(file: string, source: string): void {
  const calls = [...source.matchAll(/function (\w+)\([^)]*\)([^{;]*)\{/g)];
  const open = calls.find(([, , tail]) => /\b(external|public)\b/.test(tail!) && !/\b(keeps|view|pure)\b/.test(tail!));
  if (open !== undefined) {
    throw new TouchstoneError("STEP_UNPROVED", `${file}: ${open[1]!} has no modifier keeps`, { next: "Add it." });
  }
}

function seed(file: string, source: string, { find, replace }: SeededBug): string {
  if (source.split(find).length !== 2) {
    throw new TouchstoneError("BUG_NOT_SEEDED", `${file} does not contain exactly once: ${find}`, {
      next: "Adapt scripts/prove/extracts.ts to the extract.",
    });
  }
  return source.replace(find, replace);
}

function assertionLines(source: string): number[] {
  return source.split("\n").flatMap((line, i) => (/^\s*assert\(/.test(line) ? [i + 1] : []));
}

function inputOf(name: string, file: string, source: string) {
  const imported = importsOf(source).map((path) => posix.join(posix.dirname(file), path));
  const sources = new Map<string, { content: string }>([[file, { content: source }]]);
  for (const path of imported) addSource(path, sources);
  return {
    language: "Solidity",
    sources: Object.fromEntries(sources),
    settings: {
      modelChecker: {
        // Proofs by induction: for the whole contract at once (engine `chc`) Z3 needs minutes for each assertion, or gives up.
        engine: "bmc",
        targets: ["assert"],
        contracts: { [file]: [name] },
        solvers: ["smtlib2"],
        showProvedSafe: true,
        showUnproved: true,
      },
      outputSelection: { "*": { "*": [] } },
    },
  };
}

function addSource(path: string, sources: Map<string, { content: string }>): void {
  if (sources.has(path)) return;
  const content = readFileSync(path, "utf8");
  sources.set(path, { content });
  for (const next of importsOf(content)) addSource(posix.join(posix.dirname(path), next), sources);
}

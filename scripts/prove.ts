/**
 * `npm run prove [-- --only ChallengeLife] [--json]`: proves promises of docs/protocol.md on extracted state machines, for sequences of
 * any length, and shows of each proof that it fails at a seeded bug. Solidity's model checker asks, Z3 answers; both come from npm.
 */
import { Command } from "commander";

import { TouchstoneError } from "../src/errors.js";
import { EXTRACT_FOLDER, EXTRACTS } from "./prove/extracts.js";
import { judge } from "./prove/prove.js";
import { createSolver } from "./prove/solver.js";

const flags = new Command("prove")
  .description("Proves promises on extracted state machines, and refutes seeded bugs.")
  .option("--only <names>", "extracts, separated by commas")
  .option("--json", "one record a line")
  .parse()
  .opts<{ only?: string; json?: boolean }>();

const names = flags.only?.split(",") ?? EXTRACTS.map(({ name }) => name);
const unknown = names.find((name) => !EXTRACTS.some((each) => each.name === name));
if (unknown !== undefined) {
  throw new TouchstoneError("UNKNOWN_EXTRACT", `there is no extract ${unknown}`, {
    next: `Name some of ${EXTRACTS.map(({ name }) => name).join(", ")}.`,
  });
}

const solver = createSolver();
let failures = 0;
for (const extract of EXTRACTS.filter(({ name }) => names.includes(name))) {
  for (const bug of [undefined, ...extract.bugs]) {
    const started = Date.now();
    const { proved, refuted, undecided, queries } = judge(extract, solver, bug);
    const ok = bug === undefined ? refuted.length + undecided.length === 0 && proved.length > 0 : refuted.length > 0;
    if (!ok) failures++;
    const seconds = (Date.now() - started) / 1000;
    const record = { extract: extract.name, promises: extract.promises, ok, proved, undecided, queries, seconds };
    if (flags.json) {
      console.log(JSON.stringify({ ...record, bug: bug?.what ?? null, refuted }));
      continue;
    }
    const at = (lines: readonly number[]) =>
      lines.map((line) => `${EXTRACT_FOLDER}/${extract.name}.sol:${line}`).join(" ");
    const how = `${queries} queries, ${seconds.toFixed(1)} s`;
    if (bug === undefined) {
      const verdict = ok ? "proved " : "FAILED ";
      console.log(
        `${verdict} ${extract.name}: promises ${extract.promises.join(", ")}; ${proved.length} assertions, ${how}`,
      );
      if (refuted.length > 0) console.log(`  broken ${at(refuted)}`);
      if (undecided.length > 0) console.log(`  undecided ${at(undecided)}`);
    } else {
      const verdict = ok ? `refuted at ${at(refuted)}` : "NOT FOUND";
      console.log(`  seeded (${bug.promise}) ${bug.what}: ${verdict}; ${how}`);
    }
  }
}
await solver.close();
if (failures > 0) process.exitCode = 1;
// Z3's own threads outlive their worker.
process.exit();

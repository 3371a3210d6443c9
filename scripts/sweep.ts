/**
 * `npm run sweep -- --function exp [--shard 3/16] [--json]`: compares the shipped executor with an independent oracle at all 2^32
 * operands of a function of one operand. Records lie in --out by block, so that a run that was ended resumes where it was, and
 * shards may run anywhere and be concatenated. `--summary` writes what all records together say.
 */
import { writeFileSync } from "node:fs";

import { Command } from "commander";

import { TouchstoneError } from "../src/errors.js";
import { updateDocument } from "./bench/document.js";
import { describeMachine } from "./bench/machine.js";
import { renderText } from "./bench/render.js";
import type { Report } from "./bench/section.js";
import { fingerprint } from "./sweep/fingerprint.js";
import { createOracle } from "./sweep/oracle.js";
import { readRecords, recordsFile } from "./sweep/records.js";
import { FUNCTIONS, parseShard, sweep } from "./sweep/run.js";
import { summarise, SUMMARY_FILE, table } from "./sweep/summary.js";

const flags = new Command("sweep")
  .description("The shipped executor against an independent oracle, at every operand.")
  .option("--function <names>", "functions, separated by commas", FUNCTIONS.join(","))
  .option("--shard <i/n>", "every n-th block of 2^25 operands", "1/1")
  .option("--out <folder>", "where records lie", "cache/sweep")
  .option("--json", "one record a line on the output")
  .option("--summary", "sweep nothing: sum up the records in snapshots/sweep.json and docs/benchmarks.md")
  .parse()
  .opts<{ function: string; shard: string; out: string; json?: boolean; summary?: boolean }>();

const code = fingerprint();
const functions = flags.function.split(",");
const unknown = functions.find((name) => !FUNCTIONS.includes(name));
if (unknown !== undefined) {
  throw new TouchstoneError("UNKNOWN_FUNCTION", `there is no sweep of ${unknown}`, {
    next: `Name some of ${FUNCTIONS.join(", ")}.`,
  });
}

if (flags.summary) {
  const rows = functions
    .map((fn) => summarise(fn, readRecords(recordsFile(flags.out, fn), code)))
    .filter(({ inputs }) => inputs > 0);
  writeFileSync(SUMMARY_FILE, `${JSON.stringify({ code, functions: rows }, undefined, 2)}\n`);
  const report: Report = {
    name: "sweep",
    command: "npm run sweep",
    date: new Date().toISOString().slice(0, 10),
    tables: [table(rows)],
  };
  console.log(renderText(report));
  await updateDocument("docs/benchmarks.md", report, describeMachine());
} else {
  const shard = parseShard(flags.shard);
  const oracle = await createOracle();
  for (const fn of functions) {
    let mismatches = 0;
    sweep(oracle, fn, {
      shard,
      folder: flags.out,
      code,
      onBlock: (record, left) => {
        mismatches += record.mismatches.length;
        if (flags.json) console.log(JSON.stringify(record));
        else
          console.error(
            `${fn} block ${record.block}: ${record.mismatches.length} mismatches, ${record.seconds.toFixed(1)} s, ${left} left`,
          );
      },
    });
    if (mismatches > 0) process.exitCode = 1;
  }
}

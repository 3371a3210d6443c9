/**
 * `npm run sweep -- --function exp [--shard 3/16] [--json]`: compares the shipped executor with an independent oracle at all 2^32
 * operands of a function of one operand. Records lie in --out by block, so that a run that was ended resumes where it was, and
 * shards may run anywhere and be concatenated. `--summary` adds what they say to the committed summary. `--pairs 100000000` compares functions
 * of two operands at random pairs.
 */
import { readFileSync, writeFileSync } from "node:fs";

import { Command } from "commander";

import { DTYPE_BYTES } from "../src/audit/graph.js";
import { TouchstoneError } from "../src/errors.js";
import { updateDocument } from "./bench/document.js";
import { describeMachine } from "./bench/machine.js";
import { renderText } from "./bench/render.js";
import type { Report } from "./bench/section.js";
import { fingerprint, fingerprints } from "./sweep/fingerprint.js";
import { createOracle } from "./sweep/oracle.js";
import { createPairOracle, PAIR_FUNCTIONS, PAIRS, shippedPairs } from "./sweep/pairs.js";
import { appendLine, pairsFile, readPairs, readRecords, recordsFile } from "./sweep/records.js";
import { FUNCTIONS, kindOf, sweep } from "./sweep/run.js";
import { mergeSummaries, type Summaries, summarise, SUMMARY_FILE, sweepTables } from "./sweep/summary.js";
import { parseShard, type Shard, WHOLE } from "./support/flags.js";

const flags = new Command("sweep")
  .description("The shipped executor against an independent oracle, at every operand.")
  .option("--function <names>", "functions, separated by commas; all without it")
  .option("--pairs <n>", "random pairs of the functions of two operands, instead", Number)
  .option("--seed <n>", "of the random pairs", Number, 20261128)
  .option("--shard <i/n>", "every n-th block of 2^25 operands", parseShard, WHOLE)
  .option("--out <folder>", "where records lie", "cache/sweep")
  .option("--json", "one record a line on the output")
  .option("--summary", "sweep nothing: add the records to snapshots/sweep.json and docs/benchmarks.md")
  .parse()
  .opts<{
    function?: string;
    pairs?: number;
    seed: number;
    shard: Shard;
    out: string;
    json?: boolean;
    summary?: boolean;
  }>();

const known = flags.pairs === undefined ? FUNCTIONS : [...PAIR_FUNCTIONS.keys()];
const functions = flags.function?.split(",") ?? known;
const unknown = functions.find((name) => !known.includes(name));
if (unknown !== undefined) {
  throw new TouchstoneError("UNKNOWN_FUNCTION", `there is no sweep of ${unknown}`, {
    next: `Name some of ${known.join(", ")}.`,
  });
}

if (flags.pairs !== undefined) {
  const oracle = await createPairOracle();
  const chunks = Math.ceil(flags.pairs / PAIRS);
  for (const name of functions) {
    const pair = PAIR_FUNCTIONS.get(name)!;
    // All pairs of bytes are one chunk.
    const count = DTYPE_BYTES[pair.dtypes[0]!] === 1 ? 1 : chunks;
    const started = process.cpuUsage();
    const difference = oracle.compare(name, flags.seed, count, shippedPairs(pair));
    const { user, system } = process.cpuUsage(started);
    const record = {
      function: name,
      code: fingerprint("pairs"),
      seed: flags.seed,
      pairs: count * PAIRS,
      difference:
        difference === undefined ? null : [...difference.operands, difference.got].map((bits) => bits.toString(16)),
      seconds: (user + system) / 1e6,
    };
    appendLine(pairsFile(flags.out), record);
    console.log(JSON.stringify(record));
    if (difference !== undefined) process.exitCode = 1;
  }
} else if (flags.summary) {
  const code = fingerprints();
  const rows = FUNCTIONS.map((fn) => summarise(fn, readRecords(recordsFile(flags.out, fn), code[kindOf(fn)])));
  const summaries = mergeSummaries(
    { code, functions: rows.filter(({ inputs }) => inputs > 0), pairs: readPairs(pairsFile(flags.out), code.pairs) },
    JSON.parse(readFileSync(SUMMARY_FILE, "utf8")) as Summaries,
    { functions: FUNCTIONS, pairs: [...PAIR_FUNCTIONS.keys()] },
    kindOf,
  );
  writeFileSync(SUMMARY_FILE, `${JSON.stringify(summaries, undefined, 2)}\n`);
  const report: Report = {
    name: "sweep",
    command: "npm run sweep",
    date: new Date().toISOString().slice(0, 10),
    tables: sweepTables(summaries),
  };
  console.log(renderText(report));
  await updateDocument("docs/benchmarks.md", report, describeMachine());
} else {
  const oracle = await createOracle();
  for (const fn of functions) {
    let mismatches = 0;
    sweep(oracle, fn, {
      shard: flags.shard,
      folder: flags.out,
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

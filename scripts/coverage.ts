/**
 * `npm run coverage [-- --tests <glob...>] [--write]`: which lines, statements and branches of the contracts the tests reach. Works in a
 * copy of the tree, whose contracts have probes. What finished tests reached is kept, so that a run that was ended goes on where it
 * was.
 */
import { existsSync, globSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { dirname, join, resolve } from "node:path";

import { Command } from "commander";

import { TouchstoneError } from "../src/errors.js";
import type { Children } from "../src/sim/driver/children.js";
import { runInPlace } from "../src/sim/run.js";
import { lockFile } from "../src/store/lock.js";
import { writeDocument } from "./bench/document.js";
import { syncTree } from "./mutate/tree.js";
import { PROBE, PROBE_SOURCE } from "./probes/instrument.js";
import { renderMissed, renderPage, renderTable, summarise } from "./probes/report.js";
import { COVERING_TESTS, hitsFile, readHits, type Shard, shardsOf } from "./probes/shards.js";
import { probeContracts } from "./probes/sources.js";
import { exitCodeOf } from "./support/run-tests.js";
import { readCounts, summaryLine } from "./test/counts.js";

const flags = new Command("coverage")
  .description("Which lines, statements and branches of the contracts the tests reach.")
  .option("--tests <globs...>", "tests to run", [...COVERING_TESTS])
  .option("--out <folder>", "where the copy of the tree and what was reached lie", "cache/coverage")
  .option("--write", "keep the figures in docs/coverage.md")
  .parse()
  .opts<{ tests: string[]; out: string; write?: boolean }>();

const HARDHAT = join(dirname(createRequire(import.meta.url).resolve("hardhat/package.json")), "dist/src/cli.js");
const CONFIG = "scripts/probes/hardhat.config.ts";

const release = lockFile(join(flags.out, "lock"), "The copy of the tree that has probes");
const tree = resolve(flags.out, "tree");
syncTree(tree);
const { points, sources } = probeContracts();
for (const [file, source] of sources) writeFileSync(join(tree, file), source);
writeFileSync(join(tree, PROBE), PROBE_SOURCE);
// Named before the tests start: somebody may edit the tree meanwhile, of which the copy knows nothing.
const left = shardsOf(flags.tests.flatMap((glob) => globSync(glob))).map((shard) => ({
  ...shard,
  kept: resolve(hitsFile(join(flags.out, "hits"), shard)),
}));
const hits = new Set<number>();
await runInPlace("coverage", async ({ children }) => {
  // Before the first tests, so that no two processes compile.
  const { output, code } = await hardhat(children, "compiler", ["--build-profile", "default", "build"]);
  if (code !== 0) {
    throw new TouchstoneError("NO_COVERAGE", `the contracts with probes do not compile:\n${output}`, {
      next: "Correct scripts/probes/instrument.ts.",
    });
  }
  await Promise.all(
    Array.from({ length: availableParallelism() }, async () => {
      for (let shard = left.shift(); shard !== undefined; shard = left.shift()) await measure(children, shard);
    }),
  );
  return true;
});
release();
const coverage = summarise(points, hits);
for (const point of coverage.missed) console.log(renderMissed(point));
console.log(`${renderTable(coverage.files)}\n\n${renderTable(coverage.folders)}`);
if (flags.write) await writeDocument("docs/coverage.md", renderPage(coverage, flags.tests));

/** Runs the tests of a shard, unless that was done before, and adds what they reached. */
async function measure(children: Children, { name, files, kept }: Shard & { kept: string }): Promise<void> {
  if (existsSync(kept)) console.log(`=== ${name}: kept`);
  else {
    mkdirSync(dirname(kept), { recursive: true });
    const started = Date.now();
    const { output, code } = await hardhat(children, name, ["test", "mocha", ...files], kept);
    if (!existsSync(kept)) {
      throw new TouchstoneError("NO_COVERAGE", `${name} ended before it reached any contract:\n${output}`, {
        next: "Read what its tests say.",
      });
    }
    const seconds = ((Date.now() - started) / 1000).toFixed(0);
    console.log(`=== ${name}: ${summaryLine(readCounts(output, code))}, ${seconds} s`);
  }
  for (const test of readHits(kept)) for (const id of test.hits) hits.add(id);
}

/** @throws TouchstoneError `TESTS_ENDED` where a signal ended it. */
async function hardhat(
  children: Children,
  name: string,
  args: readonly string[],
  file?: string,
): Promise<{ output: string; code: number }> {
  let output = "";
  const end = await children.start({
    ...{ name, args: [HARDHAT, "--config", CONFIG, ...args], cwd: tree },
    settings: file === undefined ? {} : { COVERAGE_HITS: file },
    onLine: (line) => (output += `${line}\n`),
  }).ended;
  return { output, code: exitCodeOf(end, name, "Start the command again; what was finished is kept.") };
}

/**
 * `npm run coverage [-- --tests <glob...>] [--keep]`: which lines, statements and branches of the contracts the tests reach. Works in a
 * copy of the tree, whose contracts have probes.
 */
import { spawnSync } from "node:child_process";
import { existsSync, globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

import { Command } from "commander";

import { TouchstoneError } from "../src/errors.js";
import { lockFile } from "../src/store/lock.js";
import { instrument, type Point, PROBE, PROBE_SOURCE } from "./probes/instrument.js";
import { renderMissed, renderTable, summarise } from "./probes/report.js";
import { parse } from "./mutate/syntax.js";
import { syncTree } from "./mutate/tree.js";

const { tests, out } = new Command("coverage")
  .description("Which lines, statements and branches of the contracts the tests reach.")
  .option("--tests <globs...>", "tests to run", ["test/contracts/**/*.test.ts", "test/attacks/*.test.ts"])
  .option("--out <folder>", "where the copy of the tree lies", "cache/coverage")
  .parse()
  .opts<{ tests: string[]; out: string }>();

/** Not on the way to a chain, or only for testnets. */
const LEFT_OUT = /^contracts\/(mocks|examples|token|interfaces)\//;

const release = lockFile(join(out, "lock"), "The copy of the tree that has probes");
const tree = join(out, "tree");
syncTree(tree);
const files = globSync("contracts/**/*.sol").map((file) => file.replaceAll("\\", "/"));
const sources = new Map(
  files
    .filter((file) => !LEFT_OUT.test(file))
    .sort()
    .map((file) => [file, readFileSync(file, "utf8")]),
);
const points: Point[] = [];
for (const [file, syntax] of parse(sources)) {
  writeFileSync(join(tree, file), instrument(file, Buffer.from(sources.get(file)!), syntax, points));
}
writeFileSync(join(tree, PROBE), PROBE_SOURCE);

const hitsFile = join(out, "hits.json");
rmSync(hitsFile, { force: true });
const hardhat = join(dirname(createRequire(import.meta.url).resolve("hardhat/package.json")), "dist/src/cli.js");
const chosen = tests.flatMap((glob) => globSync(glob)).sort();
const args = [hardhat, "--config", "scripts/probes/hardhat.config.ts", "test", "mocha", ...chosen];
spawnSync(process.execPath, args, { cwd: tree, stdio: ["ignore", "inherit", "inherit"] });
release();
if (!existsSync(hitsFile)) {
  throw new TouchstoneError("NO_COVERAGE", "the tests ended before they reached any contract", {
    next: "Read what they said above.",
  });
}
const { rows, missed } = summarise(points, new Set(JSON.parse(readFileSync(hitsFile, "utf8")) as number[]));
for (const point of missed) console.log(renderMissed(point));
console.log(renderTable(rows));

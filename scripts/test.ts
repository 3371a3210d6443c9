/**
 * `npm test [-- files]`: runs every test, or those named, and ends with one line of counts.
 */
import { spawn } from "node:child_process";
import { globSync } from "node:fs";

import { addCounts, NO_TESTS, readCounts, summaryLine, type Counts } from "./test/counts.js";
import { groupTests } from "./test/groups.js";

const named = process.argv.slice(2);
const files = named.length > 0 ? named : globSync(["test/**/*.test.ts", "test/**/*.t.sol"]);
const { plain, chain } = groupTests(files.map((file) => file.replaceAll("\\", "/").replace(/^\.\//, "")));

const runs = [
  { title: "without a chain", runner: "mocha", args: ["--parallel"], tests: plain },
  { title: "on a chain", runner: "hardhat", args: ["test"], tests: chain },
] as const;

let total = NO_TESTS;
for (const { title, runner, args, tests } of runs) {
  if (tests.length === 0) continue;
  console.log(`\n=== Tests ${title}: ${tests.length} files`);
  const started = Date.now();
  const counts = await run(runner, [...args, ...tests]);
  console.log(`=== Tests ${title}: ${summaryLine(counts)}, ${((Date.now() - started) / 1000).toFixed(1)} s`);
  total = addCounts(total, counts);
}
if (total === NO_TESTS) {
  console.error("No test file matches. Name files under test/ that end in .test.ts or .t.sol.");
  process.exitCode = 1;
}
console.log(`\n${summaryLine(total)}`);
if (total.failed > 0) process.exitCode = 1;

/** Runs one test runner, showing its output as it comes. */
function run(runner: "mocha" | "hardhat", args: readonly string[]): Promise<Counts> {
  return new Promise((resolve, reject) => {
    const child = spawn(runner, args, { stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      process.stdout.write(text);
    });
    child.on("error", reject);
    const finish = (exitCode: number | null) => resolve(readCounts(runner, output, exitCode));
    child.on("close", finish);
    // A process that a test left behind may hold the pipe open: don't wait for it.
    child.on("exit", (exitCode) => setTimeout(finish, 2000, exitCode).unref());
  });
}

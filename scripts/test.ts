/**
 * `npm test [-- files]`: runs every test, or those named, repeats what it said of failures, and ends with one line of counts. Of a run of all, what a
 * loaded machine may have failed is tried once more, alone.
 */
import { spawn } from "node:child_process";
import { globSync } from "node:fs";
import { availableParallelism } from "node:os";

import { renderText } from "./bench/render.js";
import { callsTable, countCalls } from "./test/calls.js";
import { addCounts, NO_TESTS, readCounts, readFailures, summaryLine } from "./test/counts.js";
import { groupTests } from "./test/groups.js";
import { secondTries } from "./test/unsteady.js";

const named = process.argv.slice(2);
const files = named.length > 0 ? named : globSync(["test/**/*.test.ts", "test/**/*.t.sol"]);
const { solidity, plain, chain } = groupTests(files.map((file) => file.replaceAll("\\", "/").replace(/^\.\//, "")));

// Mocha itself would leave a core free, and of two cores use one.
const alone = ["mocha", "--reporter", "scripts/test/reporter.ts"];
const mocha = [...alone, "--parallel", "--jobs", `${availableParallelism()}`];
const runs = [
  { title: "in Solidity", command: ["hardhat", "test", "solidity"], tests: solidity },
  { title: "without a chain", command: mocha, tests: plain },
  { title: "on a chain", command: mocha, tests: chain },
];

let total = NO_TESTS;
const failures: string[] = [];
for (const { title, command, tests } of runs) {
  if (tests.length === 0) continue;
  console.log(`\n=== Tests ${title}: ${tests.length} files`);
  const started = Date.now();
  const { result, calls } = await countCalls((settings) => run([...command, ...tests], settings));
  const { output, exitCode } = result;
  if (calls.length > 0) console.log(renderText({ tables: [callsTable(calls)] }));
  let counts = readCounts(output, exitCode);
  console.log(`=== Tests ${title}: ${summaryLine(counts)}, ${((Date.now() - started) / 1000).toFixed(1)} s`);
  if (counts.failed > 0) {
    const unsteady = named.length === 0 && (await allPass(secondTries(output, counts.failed)));
    const verdict = unsteady ? "Unsteady (passed alone; mend it)" : "Failed";
    failures.push(`=== ${verdict} ${title}: ${readFailures(output, counts)}`);
    if (unsteady) counts = { ...counts, passed: counts.passed + counts.failed, failed: 0 };
  }
  total = addCounts(total, counts);
}
if (total === NO_TESTS) {
  console.error("No test file matches. Name files under test/ that end in .test.ts or .t.sol.");
  process.exitCode = 1;
}
for (const failure of failures) console.log(`\n${failure}`);
console.log(`\n${summaryLine(total)}`);
if (total.failed > 0) process.exitCode = 1;

/** Runs test files one after the other, with nothing beside them. False where there are none, or one fails. */
async function allPass(tests: readonly string[]): Promise<boolean> {
  for (const test of tests) {
    console.log(`\n=== Once more, alone: ${test}`);
    if ((await run([...alone, test])).exitCode !== 0) return false;
  }
  return tests.length > 0;
}

/** Runs one test runner, showing its output as it comes. */
function run(
  [command = "", ...args]: readonly string[],
  settings: Readonly<Record<string, string>> = {},
): Promise<{ output: string; exitCode: number | null }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, ...settings } });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      process.stdout.write(text);
    });
    child.on("error", reject);
    const finish = (exitCode: number | null): void => resolve({ output, exitCode });
    child.on("close", finish);
    // A process that a test left behind may hold the pipe open: don't wait for it.
    child.on("exit", (exitCode) => setTimeout(finish, 2000, exitCode).unref());
  });
}

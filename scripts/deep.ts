/**
 * `npm run test:deep [-- --runs 512 --depth 128 --seed 7 --json]`: the invariants and all other random tests, 10,000 runs of 128
 * steps, at seeds that no earlier call has tried. A round that fails says how to repeat it; the others still run.
 */
import { randomInt } from "node:crypto";
import { globSync } from "node:fs";

import { runInPlace } from "../src/sim/run.js";
import { environmentOf, parseFlags, randomTests, repeatOf, roundsOf } from "./deep/plan.js";
import { runTests } from "./support/run-tests.js";

const { runs, depth, json, seed = randomInt(1, 4_000_000) } = parseFlags(process.argv.slice(2));
const files = randomTests(globSync(["test/**/*.test.ts", "test/**/*.t.sol"]));
const rounds = roundsOf(runs, seed);
say({ seed, runs, depth, rounds: rounds.length, files: files.length }, () => {
  return `seed ${seed}: ${runs} runs of ${depth} steps in ${rounds.length} rounds, ${files.length} files`;
});

const ok = await runInPlace("deep", async ({ children }) => {
  let failed = 0;
  for (const round of rounds) {
    const started = Date.now();
    const tests = { name: `round-${round.seed}`, files, settings: environmentOf(round, depth) };
    const passed = await runTests(children, tests, json ? console.error : console.log);
    if (!passed) failed++;
    const seconds = (Date.now() - started) / 1000;
    const repeat = repeatOf(round, depth);
    say({ ...round, depth, ok: passed, seconds, repeat }, () => {
      return `=== seed ${round.seed}: ${passed ? "passed" : `FAILED, repeat with: ${repeat}`}; ${seconds.toFixed(0)} s`;
    });
  }
  return failed === 0;
});
if (!ok) process.exitCode = 1;

function say(record: object, text: () => string): void {
  console.log(json ? JSON.stringify(record) : text());
}

/**
 * `npm run test:deep [-- --runs 512 --depth 128 --seed 7 --json]`: the invariants and all other random tests, 10,000 runs of 128
 * steps, at seeds that no earlier call has tried. A round that fails says how to repeat it; the others still run.
 */
import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { globSync } from "node:fs";

import { environmentOf, parseFlags, randomTests, repeatOf, roundsOf } from "./deep/plan.js";

const { runs, depth, json, seed = randomInt(1, 4_000_000) } = parseFlags(process.argv.slice(2));
const files = randomTests(globSync(["test/**/*.test.ts", "test/**/*.t.sol"]));
const rounds = roundsOf(runs, seed);
say({ seed, runs, depth, rounds: rounds.length, files: files.length }, () => {
  return `seed ${seed}: ${runs} runs of ${depth} steps in ${rounds.length} rounds, ${files.length} files`;
});

for (const round of rounds) {
  const started = Date.now();
  const child = spawn("tsx", ["scripts/test.ts", ...files], {
    stdio: ["ignore", json ? process.stderr : "inherit", "inherit"],
    env: { ...process.env, ...environmentOf(round, depth) },
  });
  const [code] = (await once(child, "close")) as [number | null];
  const ok = code === 0;
  if (!ok) process.exitCode = 1;
  const seconds = (Date.now() - started) / 1000;
  const repeat = repeatOf(round, depth);
  say({ ...round, depth, ok, seconds, repeat }, () => {
    return `=== seed ${round.seed}: ${ok ? "passed" : `FAILED, repeat with: ${repeat}`}; ${seconds.toFixed(0)} s`;
  });
}

function say(record: object, text: () => string): void {
  console.log(json ? JSON.stringify(record) : text());
}

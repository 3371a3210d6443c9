import { readFileSync } from "node:fs";

import { Command } from "commander";

import { whole } from "../support/flags.js";

/** Sequences of a Solidity test in CI, and so in a round: each round is CI's amount at another seed, within CI's time limits. */
const ROUND = 256;
/** Plays are seeded with a thousand times the seed, which stays below 2^32. */
const MOST_SEED = 4_000_000;

interface DeepFlags {
  readonly runs: number;
  readonly depth: number;
  /** Chosen anew by each call, unless it is given. */
  readonly seed?: number;
  readonly json: boolean;
}

interface Round {
  readonly seed: number;
  readonly runs: number;
}

/** Flags of `npm run test:deep`; prints help and ends the process where that is asked. */
export function parseFlags(args: readonly string[]): DeepFlags {
  return new Command("test:deep")
    .description("Random tests at depth: CI's, in rounds, each with another seed. The first line says the first seed.")
    .option(
      "--runs <n>",
      `sequences of each Solidity test; others in proportion, by rounds of ${ROUND}`,
      whole("runs", 1e9),
      10_000,
    )
    .option("--depth <n>", "steps of each sequence and play", whole("depth", 1e4), 128)
    .option("--seed <n>", "of the first round, to repeat it; else chosen anew", whole("seed", MOST_SEED))
    .option("--json", "one record a line on the output, the tests' own words on the error output", false)
    .parse(args, { from: "user" })
    .opts<DeepFlags>();
}

/** Rounds of `ROUND` runs, the last of what is left, at one seed after the other. */
export function roundsOf(runs: number, seed: number): Round[] {
  return Array.from({ length: Math.ceil(runs / ROUND) }, (_, i) => ({
    seed: ((seed + i - 1) % MOST_SEED) + 1,
    runs: Math.min(ROUND, runs - i * ROUND),
  }));
}

/** What test/support/fuzz.ts, test/invariant/Sequences.sol and hardhat.config.ts read. */
export function environmentOf({ seed, runs }: Round, depth: number) {
  return { FUZZ_SEED: `${seed}`, FUZZ_RUNS: `${runs / ROUND}`, FUZZ_STEPS: `${depth}` };
}

/** Those of `files` whose cases are random: all Solidity tests, and whatever takes seed or number from test/support/fuzz.ts. */
export function randomTests(files: readonly string[]): string[] {
  return files
    .filter((file) => file.endsWith(".t.sol") || readFileSync(file, "utf8").includes("support/fuzz.js"))
    .sort();
}

/** The command that repeats one round. */
export function repeatOf({ seed, runs }: Round, depth: number): string {
  return `npm run test:deep -- --seed ${seed} --runs ${runs} --depth ${depth}`;
}

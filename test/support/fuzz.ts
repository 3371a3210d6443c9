import fc from "fast-check";

/** Seed of every property test: `FUZZ_SEED` where it is set (the long run rotates it), else 1. */
export const fuzzSeed = Number(process.env["FUZZ_SEED"] ?? 1);

/** Factor on the number of cases: `FUZZ_RUNS` where it is set, else 1. */
const factor = Number(process.env["FUZZ_RUNS"] ?? 1);

/** Asserts a property over `runs` cases and prints the seed that repeats them. */
export function assertProperty<T>(property: fc.IProperty<T>, runs: number): void {
  const numRuns = Math.ceil(runs * factor);
  console.log(`      ${numRuns} cases, FUZZ_SEED=${fuzzSeed}`);
  fc.assert(property, { seed: fuzzSeed, numRuns });
}

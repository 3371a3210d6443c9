import fc from "fast-check";

/** Seed of every property test: `FUZZ_SEED` where it is set (the long run rotates it), else 1. */
export const fuzzSeed = Number(process.env["FUZZ_SEED"] ?? 1);

/** Factor on the number of cases: `FUZZ_RUNS` where it is set, else 1. */
const factor = Number(process.env["FUZZ_RUNS"] ?? 1);

/** Number of cases in place of the usual one. */
export const fuzzRuns = (usual: number): number => Math.ceil(usual * factor);

/** Steps of a random play: `FUZZ_STEPS` where it is set, else the usual number. */
export const fuzzSteps = (usual: number): number => Number(process.env["FUZZ_STEPS"] ?? usual);

/** Whether cases are those of CI: only of these is it known which kinds of step succeed. */
export const asInCi = ["FUZZ_SEED", "FUZZ_RUNS", "FUZZ_STEPS"].every((name) => process.env[name] === undefined);

/** Number of cases of a differential test: TOUCHSTONE_FUZZ_CASES where it is set, else `usual` times FUZZ_RUNS. */
export function fuzzCases(usual: number): number {
  const wanted = process.env["TOUCHSTONE_FUZZ_CASES"];
  return wanted === undefined ? Math.ceil(usual * factor) : Number(wanted);
}

/** Asserts a property over `runs` cases and prints the seed that repeats them. */
export function assertProperty<T>(property: fc.IProperty<T>, runs: number): void {
  const numRuns = fuzzRuns(runs);
  console.log(`      ${numRuns} cases, FUZZ_SEED=${fuzzSeed}`);
  fc.assert(property, { seed: fuzzSeed, numRuns });
}

/** As `assertProperty`, for properties that ask the chain. */
export async function assertAsyncProperty<T>(property: fc.IAsyncProperty<T>, runs: number): Promise<void> {
  const numRuns = fuzzRuns(runs);
  console.log(`      ${numRuns} cases, FUZZ_SEED=${fuzzSeed}`);
  await fc.assert(property, { seed: fuzzSeed, numRuns });
}

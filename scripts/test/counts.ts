import { stripVTControlCharacters } from "node:util";

/** How many tests ended how. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export const NO_TESTS: Counts = { passed: 0, failed: 0, skipped: 0 };

/** Mocha prints `  3 passing (2s)`, Hardhat's own summary `3 passing (2 mocha, 1 solidity)`; neither prints a zero. */
const SUMMARIES = {
  mocha: { passed: /^ {2}(\d+) passing \(/, failed: /^ {2}(\d+) failing$/, skipped: /^ {2}(\d+) pending$/ },
  hardhat: { passed: /^(\d+) passing \(/, failed: /^(\d+) failing \(/, skipped: /^(\d+) (?:skipped|todo) \(/ },
} as const;

/**
 * Counts of one finished run. A run that fails without naming a failed test (it did not compile, it crashed, it was killed) counts
 * as one failure, and so does one that succeeds without having run a test.
 */
export function readCounts(runner: keyof typeof SUMMARIES, output: string, exitCode: number | null): Counts {
  const lines = stripVTControlCharacters(output).split("\n");
  const last = (pattern: RegExp): number => Number(lines.map((line) => pattern.exec(line)?.[1]).findLast(Boolean) ?? 0);
  const { passed, failed, skipped } = SUMMARIES[runner];
  const counts = { passed: last(passed), failed: last(failed), skipped: last(skipped) };
  const ranSomething = counts.passed + counts.failed + counts.skipped > 0;
  const saysFailure = exitCode !== 0 || !ranSomething;
  return saysFailure && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

/** The last line of `npm test`. */
export function summaryLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

export function addCounts(a: Counts, b: Counts): Counts {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}

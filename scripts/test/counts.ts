import { stripVTControlCharacters } from "node:util";

/** How many tests ended how. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export const NO_TESTS: Counts = { passed: 0, failed: 0, skipped: 0 };

/** What Mocha and Hardhat print at the end, `  3 passing (2s)`. Neither prints a zero. */
const SUMMARY = {
  passed: /^ *(\d+) passing\b/,
  failed: /^ *(\d+) failing\b/,
  skipped: /^ *(\d+) (?:pending|skipped)\b/,
} as const;

export const linesOf = (output: string): string[] => stripVTControlCharacters(output).split("\n");

/**
 * Counts of one finished run. A run that fails without naming a failed test (it did not compile, it crashed, it was killed) counts
 * as one failure, and so does one that succeeds without having run a test.
 */
export function readCounts(output: string, exitCode: number | null): Counts {
  const lines = linesOf(output);
  const last = (pattern: RegExp): number => Number(lines.map((line) => pattern.exec(line)?.[1]).findLast(Boolean) ?? 0);
  const counts = { passed: last(SUMMARY.passed), failed: last(SUMMARY.failed), skipped: last(SUMMARY.skipped) };
  const ranSomething = counts.passed + counts.failed + counts.skipped > 0;
  const saysFailure = exitCode !== 0 || !ranSomething;
  return saysFailure && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

/** What a run says of its failures, from their number on; of a run that broke off, its last lines. */
export function readFailures(output: string, { failed }: Counts): string {
  if (failed === 0) return "";
  const lines = linesOf(output);
  const from = lines.findLastIndex((line) => SUMMARY.failed.test(line));
  return (from < 0 ? lines.slice(-20) : lines.slice(from)).join("\n").trim();
}

/** The last line of `npm test`. */
export function summaryLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

export function addCounts(a: Counts, b: Counts): Counts {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}

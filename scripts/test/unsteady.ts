/** Which failed tests may be tried once more, alone: those that a loaded machine can fail, docs/decisions/0020-second-tries.md. */
import { relative, resolve } from "node:path";

import { linesOf } from "./counts.js";

/** What begins the lines that `reporter.ts` adds. */
export const FAILED_IN = "failed in ";

/** Folders of `test/` whose tests wait for other processes. */
const WAITING_FOLDERS: ReadonlySet<string> = new Set([
  ...["bin", "chain", "cli", "client", "fleet", "http", "integration", "runtime", "scripts", "sim", "store", "worker"],
]);

/** Of more files than these something is broken. */
const MOST_FILES = 3;

export function writeFailedTest(file: string | undefined, title: string): string {
  return FAILED_IN + JSON.stringify([file ?? "", title]);
}

/**
 * Files of the failed tests of a run, where all of them may be tried again. A test that names its seed may not: it tries other numbers
 * each time, and what it found once is found.
 * @param output what Mocha printed by `reporter.ts`
 * @param failed how many tests failed
 * @returns paths relative to the repository; empty where the verdict stands
 */
export function secondTries(output: string, failed: number): string[] {
  const tests = linesOf(output)
    .filter((line) => line.startsWith(FAILED_IN))
    .map((line) => JSON.parse(line.slice(FAILED_IN.length)) as [file: string, title: string])
    .map(([file, title]) => ({ file: relative(".", resolve(file)).replaceAll("\\", "/"), title }));
  const files = [...new Set(tests.map(({ file }) => file))];
  const mayAll = tests.every(
    ({ file, title }) => WAITING_FOLDERS.has(file.split("/")[1] ?? "") && !/\bseed\b/i.test(title),
  );
  return mayAll && tests.length === failed && files.length <= MOST_FILES ? files : [];
}

import { TouchstoneError } from "../../src/errors.js";
import type { Children } from "../../src/sim/driver/children.js";

/**
 * The exit code of a process that ended.
 * @throws TouchstoneError `TESTS_ENDED` where a signal ended it, so that nobody starts further ones after Ctrl-C.
 */
export function exitCodeOf(end: string, name: string, next = "Start the command again."): number {
  if (/^\d+$/.test(end)) return Number(end);
  throw new TouchstoneError("TESTS_ENDED", `${end} ended ${name}`, { next, retryable: true });
}

/**
 * Runs test files as `npm test` does, in processes that end with this one, however it ends.
 * @param settings environment variables for them
 * @returns whether all passed
 * @throws TouchstoneError `TESTS_ENDED` where a signal ended them.
 */
export async function runTests(
  children: Children,
  { name, files, settings }: { name: string; files: readonly string[]; settings: Readonly<Record<string, string>> },
  onLine: (line: string) => void,
): Promise<boolean> {
  const args = ["--import", "tsx", "scripts/test.ts", ...files];
  const end = await children.start({ name, args, settings, onLine }).ended;
  return exitCodeOf(end, `the tests of ${name}`) === 0;
}

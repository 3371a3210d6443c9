export interface TestGroups {
  /** Run by Hardhat, on all cores. */
  readonly solidity: readonly string[];
  /** Run by Mocha, a file at a time on each core; those of real processes first, because they are the longest. */
  readonly typescript: readonly string[];
}

/**
 * Sorts test files into the two groups.
 * @param files paths relative to the repository, with `/`; files that are no tests are left out.
 */
export function groupTests(files: readonly string[]): TestGroups {
  const sorted = [...files].sort();
  const tests = sorted.filter((file) => file.endsWith(".test.ts"));
  const isLong = (file: string): boolean => file.startsWith("test/integration/");
  return {
    solidity: sorted.filter((file) => file.endsWith(".t.sol")),
    typescript: [...tests.filter(isLong), ...tests.filter((file) => !isLong(file))],
  };
}

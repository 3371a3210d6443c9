/** Folders of `test/` whose tests use the chain. */
const CHAIN_FOLDERS: ReadonlySet<string> = new Set([
  "contracts",
  "attacks",
  "integration",
  "gas",
  "invariant",
  "matrices",
]);

export interface TestGroups {
  /** Run by Hardhat. */
  readonly solidity: readonly string[];
  /** Run by Mocha in this order, a file at a time on each core. */
  readonly plain: readonly string[];
  /** Likewise, apart from the others: Hardhat's matchers change Chai's in whatever process loads them. */
  readonly chain: readonly string[];
}

/**
 * Sorts test files into groups.
 * @param files paths relative to the repository, with `/`; files that are no tests are left out.
 */
export function groupTests(files: readonly string[]): TestGroups {
  const sorted = [...files].sort();
  const folderOf = (file: string): string => file.split("/")[1] ?? "";
  const tests = sorted.filter((file) => file.endsWith(".test.ts"));
  const chain = tests.filter((file) => CHAIN_FOLDERS.has(folderOf(file)));
  const startsProcesses = (file: string): boolean => folderOf(file) === "integration";
  return {
    solidity: sorted.filter((file) => file.endsWith(".t.sol")),
    plain: tests.filter((file) => !chain.includes(file)),
    chain: spread(
      chain.filter(startsProcesses),
      chain.filter((file) => !startsProcesses(file)),
    ),
  };
}

/** `some` evenly among `others`, from the first place on: tests that need all cores should not meet each other. */
function spread<T>(some: readonly T[], others: readonly T[]): T[] {
  const between = Math.floor(others.length / Math.max(1, some.length));
  const mixed = some.flatMap((each, i) => [each, ...others.slice(i * between, (i + 1) * between)]);
  return [...mixed, ...others.slice(some.length * between)];
}

/** Folders of `test/` whose tests use the chain and therefore run inside Hardhat; all others run in parallel under Mocha. */
const CHAIN_FOLDERS: ReadonlySet<string> = new Set([
  "contracts",
  "attacks",
  "integration",
  "gas",
  "invariant",
  "matrices",
]);

export interface TestGroups {
  /** Tests without a chain. */
  readonly plain: readonly string[];
  /** Tests that use the chain, Solidity tests included. */
  readonly chain: readonly string[];
}

/**
 * Sorts test files into the two groups.
 * @param files paths relative to the repository, with `/`; files that are no tests are left out.
 */
export function groupTests(files: readonly string[]): TestGroups {
  const plain: string[] = [];
  const chain: string[] = [];
  for (const file of [...files].sort()) {
    const folder = file.split("/")[1] ?? "";
    if (file.endsWith(".t.sol")) chain.push(file);
    else if (!file.endsWith(".test.ts")) continue;
    else (CHAIN_FOLDERS.has(folder) ? chain : plain).push(file);
  }
  return { plain, chain };
}

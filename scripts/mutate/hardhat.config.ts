/**
 * Hardhat as mutation testing uses it, in a copy of the tree: legacy code generation for every contract, a minute for all where the IR
 * takes several. Some contracts exceed the size limit that way, so the test chain has none. The first test that fails ends a run.
 */
import { createRequire } from "node:module";

import { defineConfig } from "hardhat/config";

import base from "../../hardhat.config.js";

export default defineConfig({
  ...base,
  solidity: {
    version: "0.8.37",
    path: createRequire(import.meta.url).resolve("solc/soljson.js"),
    settings: { evmVersion: "cancun", optimizer: { enabled: true, runs: 200 } },
  },
  networks: { default: { type: "edr-simulated", chainType: "l1", allowUnlimitedContractSize: true } },
  // No test's own limit: a busy machine would kill mutants by it. --limit ends a run that takes for ever.
  test: { mocha: { timeout: 0, bail: true } },
});

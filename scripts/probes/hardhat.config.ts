/**
 * Hardhat as coverage uses it, in a copy of the tree that has probes: all tests run, and what probes report is kept. Through the IR:
 * with a probe in it more than one condition is too deep for the stack otherwise.
 */
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";

import { defineConfig } from "hardhat/config";
import type { HardhatPlugin } from "hardhat/types/plugins";

import base from "../mutate/hardhat.config.js";

const hits = new Set<number>();

const probes: HardhatPlugin = {
  id: "touchstone-coverage",
  hookHandlers: {
    network: () =>
      Promise.resolve({
        default: () =>
          Promise.resolve({
            onCoverageData: (_context: unknown, tags: readonly string[]) => {
              for (const tag of tags) hits.add(Number(`0x${tag}`));
              return Promise.resolve();
            },
          }),
      }),
  },
};

process.on("exit", () => {
  if (hits.size > 0) writeFileSync("../hits.json", JSON.stringify([...hits].sort((a, b) => a - b)));
});

export default defineConfig({
  ...base,
  solidity: {
    version: "0.8.37",
    path: createRequire(import.meta.url).resolve("solc/soljson.js"),
    settings: { evmVersion: "cancun", viaIR: true, optimizer: { enabled: true, runs: 1 } },
  },
  plugins: [...(base.plugins ?? []), probes],
  networks: {
    default: {
      type: "edr-simulated",
      chainType: "l1",
      allowUnlimitedContractSize: true,
      blockGasLimit: false,
      transactionGasCap: false,
    },
  },
  // Probes cost gas: a test that counts it fails here, and is judged elsewhere.
  test: { mocha: { timeout: 0, bail: false } },
});

/**
 * Hardhat as coverage uses it, in a copy of the tree that has probes: as mutation testing does, but all tests run, and what probes report is
 * kept.
 */
import { writeFileSync } from "node:fs";

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

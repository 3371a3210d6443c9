import { createRequire } from "node:module";

import hardhatToolboxMochaEthers from "@nomicfoundation/hardhat-toolbox-mocha-ethers";
import { defineConfig } from "hardhat/config";

// The compiler comes from npm, so a build needs no download and is the same on every machine.
const compiler = {
  version: "0.8.37",
  path: createRequire(import.meta.url).resolve("solc/soljson.js"),
};

export default defineConfig({
  plugins: [hardhatToolboxMochaEthers],
  solidity: {
    profiles: {
      // What is deployed and what the gas snapshots measure.
      default: {
        ...compiler,
        settings: {
          evmVersion: "cancun",
          viaIR: true,
          optimizer: { enabled: true, runs: 1_000_000 },
        },
      },
      // Legacy code generation: seconds instead of minutes while writing contracts.
      dev: {
        ...compiler,
        settings: {
          evmVersion: "cancun",
          viaIR: false,
          optimizer: { enabled: true, runs: 200 },
        },
      },
      // `hardhat build` and the coverage run ask for this name.
      production: {
        ...compiler,
        settings: {
          evmVersion: "cancun",
          viaIR: true,
          optimizer: { enabled: true, runs: 1_000_000 },
        },
      },
    },
  },
  typechain: { outDir: "typechain-types" },
  paths: { ignition: "deploy", tests: { mocha: "test" } },
  test: { mocha: { timeout: 120_000 } },
});

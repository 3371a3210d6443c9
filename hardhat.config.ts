import { createRequire } from "node:module";

import hardhatToolboxMochaEthers from "@nomicfoundation/hardhat-toolbox-mocha-ethers";
import { configVariable, defineConfig } from "hardhat/config";

// The compiler comes from npm, so a build needs no download and is the same on every machine.
const compiler = {
  version: "0.8.37",
  path: createRequire(import.meta.url).resolve("solc/soljson.js"),
};

// Layouts are compared with committed ones (test/contracts/snapshots.test.ts); asking for them changes no code.
const outputSelection = { "*": { "*": ["storageLayout"] } };

const viaIr = (runs: number) => ({
  evmVersion: "cancun",
  viaIR: true,
  optimizer: { enabled: true, runs },
  outputSelection,
});

// Optimised for many runs, or without the IR, these exceed the size limit of contracts; their work is state and money, not
// arithmetic.
const compact = {
  "contracts/jobs/JobEscrow.sol": { ...compiler, settings: viaIr(1_000) },
  "contracts/staking/OperatorStaking.sol": { ...compiler, settings: viaIr(200) },
  "contracts/challenges/ChallengeManager.sol": { ...compiler, settings: viaIr(200) },
  "contracts/receipts/ReceiptEscrow.sol": { ...compiler, settings: viaIr(200) },
};

// As in test/support/fuzz.ts. Without them the runner's own seed, which is fixed, and 256 sequences.
const { FUZZ_SEED, FUZZ_RUNS = "1", CALLS_FOLDER } = process.env;
const fuzz = {
  runs: Math.ceil(256 * Number(FUZZ_RUNS)),
  ...(FUZZ_SEED === undefined ? {} : { seed: `0x${BigInt(FUZZ_SEED).toString(16).padStart(64, "0")}` }),
};

// Where random sequences write what they called (scripts/test/calls.ts).
const fsPermissions = CALLS_FOLDER === undefined ? {} : { dangerouslyWriteDirectory: [CALLS_FOLDER] };

export default defineConfig({
  plugins: [hardhatToolboxMochaEthers],
  solidity: {
    profiles: {
      // What is deployed and what the gas snapshots measure.
      default: {
        compilers: [{ ...compiler, settings: viaIr(1_000_000) }],
        overrides: compact,
      },
      // Legacy code generation: seconds instead of minutes while writing contracts.
      dev: {
        compilers: [
          {
            ...compiler,
            settings: {
              evmVersion: "cancun",
              viaIR: false,
              optimizer: { enabled: true, runs: 200 },
              outputSelection,
            },
          },
        ],
        overrides: compact,
      },
      // `hardhat build` and the coverage run ask for this name.
      production: {
        compilers: [{ ...compiler, settings: viaIr(1_000_000) }],
        overrides: compact,
      },
    },
  },
  networks: {
    // Any JSON-RPC node. Keys come from Hardhat's encrypted keystore: `npx hardhat keystore set DEPLOYER_KEY`.
    localhost: { type: "http", chainType: "l1", url: process.env["TOUCHSTONE_RPC_URL"] ?? "http://127.0.0.1:8545" },
    testnet: {
      type: "http",
      chainType: "generic",
      url: configVariable("TESTNET_RPC_URL"),
      accounts: [configVariable("DEPLOYER_KEY")],
    },
  },
  typechain: { outDir: "typechain-types" },
  paths: { ignition: "deploy", tests: { mocha: "test" } },
  test: { mocha: { timeout: 120_000 }, solidity: { fuzz, fsPermissions } },
});

/**
 * Hardhat as coverage uses it, in a copy of the tree that has probes: all tests run, and what each of them reached is kept in the file
 * that COVERAGE_HITS names.
 */
import { writeFileSync } from "node:fs";

import { defineConfig } from "hardhat/config";
import type { HardhatPlugin } from "hardhat/types/plugins";

import base from "../mutate/hardhat.config.js";
import { Recorder } from "./recorder.js";

const recorder = new Recorder();

const probes: HardhatPlugin = {
  id: "touchstone-coverage",
  dependencies: () => [import("@nomicfoundation/hardhat-network-helpers")],
  hookHandlers: {
    network: () =>
      Promise.resolve({
        default: () =>
          Promise.resolve({
            onCoverageData: (_context: unknown, tags: readonly string[]) => {
              for (const tag of tags) recorder.hit(Number(`0x${tag}`));
              return Promise.resolve();
            },
            // Probes cost gas: a call has all that there is, whatever its test allows.
            onRequest: (context, connection, request, next) => {
              const [call] = (request.method === "eth_call" ? request.params : []) as { gas?: unknown }[];
              if (call !== undefined) delete call.gas;
              return next(context, connection, request);
            },
            newConnection: async (context, next) => {
              const connection = await next(context);
              const helpers = connection.networkHelpers;
              const load = helpers.loadFixture.bind(helpers);
              helpers.loadFixture = (fixture) => recorder.load(fixture, () => load(fixture));
              return connection;
            },
          }),
      }),
  },
};

// Tests that a signal ends leave no file, so that they run again.
process.on("exit", () => {
  const file = process.env["COVERAGE_HITS"];
  const results = recorder.results();
  if (file !== undefined && results.length > 0) writeFileSync(file, JSON.stringify(results));
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
  test: {
    mocha: {
      timeout: 0,
      // Probes cost gas: a test that counts it fails here, and is judged elsewhere.
      bail: false,
      rootHooks: {
        beforeEach(this: Mocha.Context) {
          recorder.begin(this.currentTest!);
        },
        afterEach(this: Mocha.Context) {
          recorder.end(this.currentTest!);
        },
      },
    },
  },
});

/**
 * Hardhat as mutation testing uses it, in a copy of the tree: legacy code generation for every contract, which takes seconds where the
 * IR takes minutes. Some contracts exceed the size limit that way, so the test chain has none.
 */
import { defineConfig } from "hardhat/config";

import base from "../../hardhat.config.js";

const dev = base.solidity;
if (dev === undefined || typeof dev !== "object" || !("profiles" in dev)) throw new Error("no profiles");

export default defineConfig({
  ...base,
  solidity: { profiles: { default: { compilers: dev.profiles["dev"].compilers } } },
  networks: { default: { type: "edr-simulated", chainType: "l1", allowUnlimitedContractSize: true } },
  test: { mocha: { timeout: 120_000, bail: true } },
});

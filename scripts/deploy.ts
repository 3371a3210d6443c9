/**
 * Deploys the suite to the chosen network and writes its address book. Resumes where an interrupted run stopped.
 *
 *   npx hardhat run scripts/deploy.ts --network localhost
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

import hre from "hardhat";

import TouchstoneModule from "../deploy/modules/Touchstone.js";
import { deploymentPath, readDeployment, writeDeployment } from "../src/chain/deployment.js";
import { readSettings } from "../src/config/settings.js";

/** Chain id of Hardhat's own node. */
const LOCAL = 31_337;

const connection = await hre.network.getOrCreate();
const { ethers, ignition } = connection;
const chainId = Number((await ethers.provider.getNetwork()).chainId);
const block = await ethers.provider.getBlockNumber();

// The first block tells one local chain from the next, which has the same id.
const genesis = (await ethers.provider.getBlock(0))?.hash?.slice(2, 10) ?? "";

const contracts = await ignition.deploy(TouchstoneModule, {
  deploymentId: `touchstone-${chainId}-${genesis}`,
  parameters: fileURLToPath(
    new URL(`../deploy/parameters/${chainId === LOCAL ? "localhost" : "testnet"}.json`, import.meta.url),
  ),
});
const addresses = Object.fromEntries(
  await Promise.all(Object.entries(contracts).map(async ([name, contract]) => [name, await contract.getAddress()])),
) as Record<keyof typeof contracts, string>;

const settings = readSettings();
const path = settings.deployment ?? deploymentPath(settings.home, chainId);
const known = existsSync(path) ? readDeployment(path, chainId) : undefined;
const {
  token,
  hub,
  registry,
  staking,
  profiles,
  fees,
  arbiter,
  challenges,
  offers,
  jobs,
  receipts,
  accountLens,
  claimLens,
} = addresses;
// A run that finds everything deployed keeps the block at which it began: there may be events since.
const start = known?.hub === hub ? known.block : block;
writeDeployment(path, {
  chainId,
  block: start,
  token,
  hub,
  registry,
  staking,
  profiles,
  fees,
  arbiter,
  challenges,
  offers,
  jobs,
  receipts,
  accountLens,
  claimLens,
});
console.log(JSON.stringify({ chainId, addressBook: path, ...addresses }, null, 2));

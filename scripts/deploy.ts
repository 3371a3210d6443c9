/**
 * Deploys the suite to the chosen network, reads it back and writes its address book; goes on where an interrupted run stopped.
 * The same as `npx touchstone deploy`, with the account that Hardhat has for the network.
 *
 *   npx hardhat run scripts/deploy.ts --network localhost
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import hre from "hardhat";

import { deploymentPath } from "../src/chain/deployment.js";
import { readSettings } from "../src/config/settings.js";
import { createArtifacts } from "../src/deploy/artifacts.js";
import { deploySuite, journalName } from "../src/deploy/goal.js";
import { networkOf } from "../src/deploy/networks.js";
import { parametersFor } from "../src/deploy/parameters.js";

const { ethers, provider: node } = await hre.network.getOrCreate();
const { provider } = ethers;
const chainId = Number((await provider.getNetwork()).chainId);
const [deployer] = await ethers.getSigners();
const network = networkOf(chainId);
if (deployer === undefined) throw new Error("The network has no account: set its key with `npx hardhat keystore set`.");
if (network === undefined)
  throw new Error(`No parameters are kept for chain ${chainId}: see \`npx touchstone deploy --help\`.`);

const root = fileURLToPath(new URL("..", import.meta.url));
const settings = readSettings();
const book = settings.deployment ?? deploymentPath(settings.home, chainId);
const { contracts } = await deploySuite(
  {
    ...{ provider, node, deployer: deployer.address, artifacts: createArtifacts(join(root, "artifacts")) },
    onProgress: () => undefined,
  },
  {
    ...{ network, book, parameters: parametersFor(network, join(root, "deploy/parameters")) },
    journal: join(dirname(book), await journalName(provider, chainId)),
  },
);
console.log(JSON.stringify({ chainId, addressBook: book, ...contracts }, null, 2));

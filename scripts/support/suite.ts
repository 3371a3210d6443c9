import hre from "hardhat";

import { deploymentPath, readDeployment } from "../../src/chain/deployment.js";
import { createSender, type Sender } from "../../src/chain/sender.js";
import { connectSuite, type Suite } from "../../src/chain/suite.js";
import type { SaltKey } from "../../src/dispute/make-accusation.js";
import { readSettings, type Settings } from "../../src/config/settings.js";

/** The deployed suite on Hardhat's chosen network, and a sender for the network's first account. */
export async function connectHardhat(): Promise<{
  settings: Settings;
  suite: Suite;
  sender: Sender;
  signer: SaltKey;
}> {
  const { ethers } = await hre.network.getOrCreate();
  const settings = readSettings();
  const chainId = Number((await ethers.provider.getNetwork()).chainId);
  const book = settings.deployment ?? deploymentPath(settings.home, chainId);
  const suite = connectSuite(ethers.provider, readDeployment(book, chainId));
  const [signer] = await ethers.getSigners();
  if (signer === undefined) throw new Error("The network has no account: set its key with `npx hardhat keystore set`.");
  const sender = createSender({ provider: suite.provider, signer, errors: suite.abi });
  return { settings, suite, sender, signer };
}

/** A setting of one script, from its environment variable. */
export function setting(name: string, example: string): string {
  const value = process.env[name];
  if (value === undefined || value === "") throw new Error(`Set ${name}, e.g. ${name}=${example}`);
  return value;
}

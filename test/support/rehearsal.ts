import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

import { expect } from "chai";
import { getAddress } from "ethers";

import type { DeploymentNetwork } from "../../src/deploy/networks.js";
import type { Anvil } from "../../scripts/support/anvil.js";
import type { Terminal } from "./terminal.js";

interface Rehearsal {
  readonly chain: Anvil;
  readonly network: DeploymentNetwork;
  readonly user: Terminal;
  /** Its account, and the name by which the terminal knows its key. */
  readonly deployer: string;
  readonly folder: string;
}

/** What of a whole deployment is sent before the deployer's process is killed. */
const SENT_BEFORE = 4;

/**
 * A deployment as on a testnet, by its commands: blocks at the network's pace, the deployer killed in the middle, resumed, everything
 * read back, payloads written.
 */
export async function rehearse({ chain, network, user, deployer, folder }: Rehearsal): Promise<void> {
  const sent = (): Promise<number> => chain.provider.getTransactionCount(deployer);
  await chain.provider.send("evm_setIntervalMining", [network.blockTime]);
  const seats = { governor: getAddress(`0x${"a1".repeat(20)}`), guardian: getAddress(`0x${"b2".repeat(20)}`) };
  const seated = ["--governor", seats.governor, "--guardian", seats.guardian];
  const withSeats = await user.run("deployer", "deploy", "--dry-run", ...seated);
  expect(withSeats["parameters"]).to.include(seats);
  const plan = await user.run("deployer", "deploy", "--dry-run");
  const steps = (plan["steps"] as object[]).length;
  expect(await sent(), "a dry run sends nothing").to.equal(0);

  const first = user.start("deployer", () => undefined, "deploy");
  while (first.isRunning() && (await sent()) <= SENT_BEFORE) await new Promise((resolve) => setTimeout(resolve, 100));
  expect(first.isRunning(), "killed in the middle").to.equal(true);
  first.kill("SIGKILL");
  await first.ended;
  const deployed = await user.run("deployer", "deploy");
  expect(deployed.error).to.equal(undefined);
  expect(await sent(), "nothing twice").to.equal(steps);
  const again = await user.run("deployer", "deploy");
  expect(again["contracts"]).to.deep.equal(deployed["contracts"]);
  expect(await sent()).to.equal(steps);
  expect(await user.run("deployer", "deploy", "check")).to.include({ failed: 0 });
  const verification = join(folder, "verification");
  const payloads = await user.run("deployer", "deploy", "verify", verification);
  expect((payloads["contracts"] as string[]).length).to.be.greaterThan(15);
  rmSync(verification, { recursive: true });
  const book = JSON.parse(readFileSync(String(deployed["addressBook"]), "utf8")) as { readonly chainId: number };
  expect(book.chainId).to.equal(network.chainId);
  await chain.provider.send("evm_setIntervalMining", [0]);
  await chain.provider.send("evm_setAutomine", [true]);
}

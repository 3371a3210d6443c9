import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { expect } from "chai";
import { id } from "ethers";

import { deployHub, type ParameterChange } from "./hub.js";
import { type Connection, deployProtocol, PARAMS, stake, TOKEN } from "./protocol.js";

/** Lock ids by name. */
export const lockId = (name: string): string => id(name);

/** Staking beside a toy source that locks at a test's word; the owner has 100 tokens staked. */
export async function deployStaking(connection: Connection, parameters: ParameterChange = {}) {
  const { ethers } = connection;
  const { token } = await deployProtocol(connection);
  const hub = await deployHub(connection, { parameters });
  const manager = await ethers.deployContract("ToyManager", [hub, PARAMS.inclusionDelay, 0]);
  const staking = await ethers.deployContract("OperatorStaking", [token, hub, true]);
  const source = await ethers.deployContract("ToySource", [manager]);
  const other = await ethers.deployContract("ToySource", [manager]);
  await hub.seal(manager, [source, other], []);
  await stake(connection, { token, staking }, 100n * TOKEN);
  return { hub, token, staking, source, other };
}

export type StakingSetup = Awaited<ReturnType<typeof deployStaking>>;

/** Sums that must agree in every state where no pool has retired: what is owed is owed to somebody, and is there. */
export async function expectSolvent({ token, staking }: StakingSetup, accounts: readonly { address: string }[]) {
  let sum = await staking.pendingBurn();
  for (const { address } of accounts) {
    for (const pool of [await staking.ownPool(address), await staking.delegatedPool(address)]) {
      expect(pool.locked, `locked of ${address}`).to.be.at.most(pool.active + pool.exiting);
      sum += pool.active + pool.exiting;
    }
    sum += await staking.rewardOf(address);
  }
  const owed = await staking.totalOwed();
  const balance = await token.balanceOf(staking);
  expect(sum, "sum of stakes, rewards and pending burn").to.equal(owed);
  expect(balance, "token balance").to.be.at.least(owed);
}

/** Delegates tokens of the deployer's to the connection's owner, or to another operator. */
export async function delegate(
  { deployer, owner }: Connection,
  { token, staking }: Pick<StakingSetup, "token" | "staking">,
  holder: HardhatEthersSigner,
  amount: bigint,
  operator = owner.address,
) {
  await token.connect(deployer).transfer(holder, amount);
  await token.connect(holder).approve(staking, amount);
  return staking.connect(holder).deposit(operator, amount);
}

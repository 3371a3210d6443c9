import { ZeroAddress } from "ethers";

import { connectSuite, type Suite } from "../../src/chain/suite.js";
import type { Connection, deployWithOperator } from "./protocol.js";

/** What roles work with, over contracts that a test has deployed. */
export async function suiteOf(
  chain: Connection,
  setup: Awaited<ReturnType<typeof deployWithOperator>>,
): Promise<Suite> {
  const names = ["token", "hub", "registry", "staking", "profiles", "offers", "jobs", "receipts"] as const;
  const addresses = Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await setup[name].getAddress()] as const)),
  ) as Record<(typeof names)[number], string>;
  const { chainId } = await chain.ethers.provider.getNetwork();
  return connectSuite(chain.ethers.provider, {
    ...addresses,
    chainId: Number(chainId),
    block: 0,
    fees: await setup.staking.delegatorFees(),
    arbiter: ZeroAddress,
    lottery: ZeroAddress,
    accountLens: ZeroAddress,
    claimLens: ZeroAddress,
    challenges: await setup.manager.getAddress(),
  });
}

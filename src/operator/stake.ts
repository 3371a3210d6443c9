import type { TransactionReceipt } from "ethers";

import type { Sender } from "../chain/sender.js";
import type { Suite } from "../chain/suite.js";

/** Adds to the sender's stake; asks for the allowance first where it is missing. */
export async function depositStake(suite: Suite, sender: Sender, amount: bigint): Promise<TransactionReceipt> {
  const { token, staking, deployment } = suite;
  if ((await token.allowance(sender.address, deployment.staking)) < amount) {
    await sender.send(await token.approve.populateTransaction(deployment.staking, amount));
  }
  return sender.send(await staking.deposit.populateTransaction(amount));
}

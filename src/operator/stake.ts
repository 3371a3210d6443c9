import type { TransactionReceipt } from "ethers";

import type { Sender } from "../chain/sender.js";
import type { Suite } from "../chain/suite.js";

/** Lets the staking contract take `amount` of the sender's tokens, where it may not yet. */
export async function allowStake({ token, deployment }: Suite, sender: Sender, amount: bigint): Promise<void> {
  if ((await token.allowance(sender.address, deployment.staking)) < amount) {
    await sender.send(await token.approve.populateTransaction(deployment.staking, amount));
  }
}

/** Adds to an operator's stake: to its own where the sender is the operator, as a delegation otherwise. */
export async function depositStake(
  suite: Suite,
  sender: Sender,
  { amount, operator = sender.address }: { readonly amount: bigint; readonly operator?: string },
): Promise<TransactionReceipt> {
  await allowStake(suite, sender, amount);
  return sender.send(await suite.staking.deposit.populateTransaction(operator, amount));
}

import type { Sender } from "../chain/sender.js";
import type { Suite } from "../chain/suite.js";
import { readChallenge } from "./logs.js";
import { tolerantSend } from "./protocol.js";

/** Withdraws what disputes have credited to the sender: bonds, prices and rewards. Returns whether there was anything. */
export async function collectFromDisputes(suite: Suite, sender: Sender): Promise<boolean> {
  const { challenges, staking } = suite;
  const done = ["NothingToWithdraw"];
  const [credit, reward] = await Promise.all([challenges.creditOf(sender.address), staking.rewardOf(sender.address)]);
  if (credit > 0n) await tolerantSend(sender, await challenges.withdraw.populateTransaction(sender.address), done);
  if (reward > 0n) await tolerantSend(sender, await staking.withdrawReward.populateTransaction(sender.address), done);
  return credit > 0n || reward > 0n;
}

/** Takes back the prices of the sender's demands in a challenge that was lost or settled. Returns whether there were any. */
export async function refundDemands(
  suite: Suite,
  sender: Sender,
  challengeId: string,
  sinceBlock: number,
): Promise<boolean> {
  const { challenges } = suite;
  const { demands } = await readChallenge(suite, challengeId, sinceBlock);
  let any = false;
  for (const { position, demander } of demands) {
    if (demander !== sender.address) continue;
    const { refunded } = await challenges.demandAt(challengeId, position);
    if (refunded) continue;
    const call = await challenges.refundDemand.populateTransaction(challengeId, position);
    if (await tolerantSend(sender, call, ["NothingToRefund"])) any = true;
  }
  return any;
}

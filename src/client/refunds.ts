import type { Sender } from "../chain/sender.js";
import type { Suite } from "../chain/suite.js";

export interface Refund {
  readonly what: "job fees" | "receipt credits" | "rewards";
  /** A token, or zero for the native coin. */
  readonly currency: string;
  readonly amount: bigint;
}

/**
 * Takes everything that a consumer is owed: fees of jobs that were not answered, were void or wrong, its part of slashes, and
 * what receipts credited to it.
 */
export async function collectRefunds({ suite, sender }: { suite: Suite; sender: Sender }): Promise<Refund[]> {
  const { accountLens, jobs, receipts, staking, deployment } = suite;
  const account = sender.address;
  const { rewards, fees } = await accountLens.owedTo(account);
  const refunds: Refund[] = [];
  for (const { currency, jobs: jobFees, receipts: credits } of fees) {
    if (jobFees > 0n) {
      await sender.send(await jobs.withdrawTo.populateTransaction(currency, account));
      refunds.push({ what: "job fees", currency, amount: jobFees });
    }
    if (credits > 0n) {
      await sender.send(await receipts.withdrawTo.populateTransaction(currency, account));
      refunds.push({ what: "receipt credits", currency, amount: credits });
    }
  }
  if (rewards > 0n) {
    await sender.send(await staking.withdrawReward.populateTransaction(account));
    refunds.push({ what: "rewards", currency: deployment.token, amount: rewards });
  }
  return refunds;
}

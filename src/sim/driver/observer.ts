import type { LogDescription, TransactionDescription } from "ethers";

import type { Suite } from "../../chain/suite.js";

/** One mined transaction, as the chain shows it. */
export interface Step {
  readonly block: number;
  /** Chain time, seconds. */
  readonly time: number;
  readonly from: string;
  /** Undefined where it created a contract or calls something outside the suite. */
  readonly call: TransactionDescription | undefined;
  readonly creates: string | undefined;
  readonly gas: number;
  /** What the sender paid for gas, in wei. */
  readonly fee: bigint;
  readonly reverted: boolean;
  readonly value: bigint;
  readonly events: readonly LogDescription[];
  readonly hash: string;
}

/** Reads what happened on the chain, block by block; knows nothing of what roles say about themselves. */
export function createObserver(suite: Suite, from: number): { next: () => Promise<Step[]> } {
  const { provider, abi } = suite;
  let block = from;

  async function stepsOf(number: number): Promise<Step[]> {
    const found = await provider.getBlock(number, true);
    if (found === null) return [];
    return Promise.all(
      found.prefetchedTransactions.map(async (transaction) => {
        const receipt = await provider.getTransactionReceipt(transaction.hash);
        const events = (receipt?.logs ?? []).flatMap((log) => abi.parseLog(log) ?? []);
        return {
          block: number,
          time: found.timestamp,
          from: transaction.from,
          call: transaction.to === null ? undefined : (abi.parseTransaction(transaction) ?? undefined),
          creates: receipt?.contractAddress ?? undefined,
          gas: Number(receipt?.gasUsed ?? 0n),
          fee: receipt?.fee ?? 0n,
          reverted: receipt?.status === 0,
          value: transaction.value,
          events,
          hash: transaction.hash,
        };
      }),
    );
  }

  return {
    next: async () => {
      const head = await provider.getBlockNumber();
      const steps: Step[] = [];
      for (; block <= head; block++) steps.push(...(await stepsOf(block)));
      return steps;
    },
  };
}

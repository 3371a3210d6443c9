import type { Block, LogDescription, TransactionDescription } from "ethers";

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

/** What happened since the last look. */
export interface News {
  /** Steps that were told earlier and are on no block any more. */
  readonly undone: readonly Step[];
  readonly steps: readonly Step[];
}

/** More blocks than any reorganisation takes back. */
const KEPT = 128;

/** Reads what happened on the chain, block by block; knows nothing of what roles say about themselves. */
export function createObserver(suite: Suite, from: number): { next: () => Promise<News> } {
  const { provider, abi } = suite;
  /** The newest blocks that were read. */
  const read: { readonly number: number; readonly hash: string; readonly steps: readonly Step[] }[] = [];

  async function stepsOf(found: Block): Promise<Step[]> {
    const { number } = found;
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
      const [undone, told]: [Step[], Step[]] = [[], []];
      for (let last = read.at(-1); last !== undefined; last = read.at(-1)) {
        if ((await provider.getBlock(last.number))?.hash === last.hash) break;
        undone.push(...last.steps);
        read.pop();
      }
      const head = await provider.getBlockNumber();
      for (let number = (read.at(-1)?.number ?? from - 1) + 1; number <= head; number++) {
        const found = await provider.getBlock(number, true);
        // Taken back while it was being read: the next look finds what came instead.
        if (found === null || found.hash === null || (read.length > 0 && found.parentHash !== read.at(-1)?.hash)) break;
        const steps = await stepsOf(found);
        told.push(...steps);
        read.push({ number, hash: found.hash, steps });
        if (read.length > KEPT) read.shift();
      }
      return { undone, steps: told };
    },
  };
}

import type { Log, LogDescription } from "ethers";

import type { Suite } from "./suite.js";

/** One event of the suite. */
export interface SuiteEvent {
  readonly contract: "registry" | "staking" | "jobs" | "receipts" | "challenges" | "lottery";
  readonly name: string;
  readonly args: LogDescription["args"];
  readonly block: number;
  readonly transaction: string;
}

interface Cursor {
  readonly block: number;
  readonly hash: string;
}

/** Where the feed remembers how far it has read; a collection of a role's state is one. */
export interface Cursors {
  get(key: string): Cursor | undefined;
  put(key: string, cursor: Cursor): void;
}

/** The newest block and the events since the last call that was acknowledged. */
export interface Batch {
  readonly head: number;
  /** Protocol time, in which all deadlines are; chain time without the seconds of pauses. */
  readonly now: number;
  readonly events: readonly SuiteEvent[];
  /** Remembers that the events are handled; call it in the same `atomically` as the writes they cause. */
  acknowledge(): void;
}

/** Blocks per log query; public endpoints commonly refuse more. */
const PAGE = 2_000;
/** How far to go back when the last block seen is no longer in the chain. */
const REWIND = 64;

/**
 * Follows the suite's events from a persisted cursor. After a reorganisation the blocks since the fork, and some before,
 * are delivered again: handlers must not mind seeing an event twice.
 */
export function createFeed(suite: Suite, cursors: Cursors): { next(): Promise<Batch> } {
  const { provider, deployment } = suite;
  const contracts: Readonly<Record<string, SuiteEvent["contract"]>> = {
    [deployment.registry.toLowerCase()]: "registry",
    [deployment.staking.toLowerCase()]: "staking",
    [deployment.jobs.toLowerCase()]: "jobs",
    [deployment.receipts.toLowerCase()]: "receipts",
    [deployment.challenges.toLowerCase()]: "challenges",
    [deployment.lottery.toLowerCase()]: "lottery",
  };

  function decode(log: Log): SuiteEvent | undefined {
    const contract = contracts[log.address.toLowerCase()];
    const description = contract && suite.abi.parseLog(log);
    if (!contract || !description) return undefined;
    return {
      contract,
      name: description.name,
      args: description.args,
      block: log.blockNumber,
      transaction: log.transactionHash,
    };
  }

  async function start(): Promise<number> {
    const cursor = cursors.get("events");
    if (cursor === undefined) return deployment.block;
    const block = await provider.getBlock(cursor.block);
    if (block?.hash === cursor.hash) return cursor.block + 1;
    return Math.max(deployment.block, cursor.block - REWIND);
  }

  return {
    next: async () => {
      const head = await provider.getBlock("latest");
      if (head === null || head.hash === null) return { head: 0, now: 0, events: [], acknowledge: () => undefined };
      const { number, hash } = head;
      const events: SuiteEvent[] = [];
      for (let from = await start(); from <= number; from += PAGE) {
        const toBlock = Math.min(from + PAGE - 1, number);
        const logs = await provider.getLogs({ address: Object.keys(contracts), fromBlock: from, toBlock });
        for (const log of logs) {
          const event = decode(log);
          if (event) events.push(event);
        }
      }
      return {
        head: number,
        now: Number(await suite.hub.time({ blockTag: number })),
        events,
        acknowledge: () => cursors.put("events", { block: number, hash }),
      };
    },
  };
}

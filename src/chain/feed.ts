import type { Log, LogDescription } from "ethers";

import { TouchstoneError } from "../errors.js";
import { logsOf, PAGE } from "./logs.js";
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

/** Where the feed remembers how far it has read; a role's state is one. */
export interface FeedState {
  collection<T>(name: string): { get(key: string): T | undefined; put(key: string, value: T): void };
  atomically<R>(work: () => R): R;
}

/** The newest block, up to which all events are written down. */
export interface Moment {
  readonly head: number;
  /** Protocol time, in which all deadlines are; chain time without the seconds of pauses. */
  readonly now: number;
}

export interface Feed {
  /**
   * Reads the events since the last time, up to the newest block, a page of blocks at a time. `write` and the place up to which is read
   * are one unit of work for each page: what was read is never read again, however long the whole takes and whatever ends it.
   */
  follow(write: (events: readonly SuiteEvent[]) => void): Promise<Moment>;
}

/** How far to go back when the last block seen is no longer in the chain. */
const REWIND = 64;

/**
 * Follows the suite's events from a persisted cursor. After a reorganisation the blocks since the fork, and some before,
 * are delivered again: handlers must not mind seeing an event twice.
 */
export function createFeed(suite: Suite, state: FeedState): Feed {
  const { provider, deployment } = suite;
  const cursors = state.collection<Cursor>("cursor");
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

  /** Hash of the last block of a page, asked before its logs are: a fork between the two is noticed the next time. */
  async function hashOf(block: number): Promise<string> {
    const hash = (await provider.getBlock(block))?.hash;
    if (hash !== undefined && hash !== null) return hash;
    throw new TouchstoneError("RPC_BEHIND", `The node does not know block ${block}, which it told of.`, {
      retryable: true,
    });
  }

  return {
    follow: async (write) => {
      const head = await provider.getBlock("latest");
      if (head === null || head.hash === null) return { head: 0, now: 0 };
      let from = await start();
      do {
        const to = Math.min(from + PAGE - 1, head.number);
        const hash = to === head.number ? head.hash : await hashOf(to);
        const logs = await logsOf(provider, { address: Object.keys(contracts) }, from, to);
        const events = logs.map(decode).filter((event) => event !== undefined);
        state.atomically(() => {
          write(events);
          cursors.put("events", { block: to, hash });
        });
        from = to + 1;
      } while (from <= head.number);
      return { head: head.number, now: Number(await suite.hub.time({ blockTag: head.number })) };
    },
  };
}

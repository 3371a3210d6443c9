import { toQuantity, Transaction } from "ethers";

import type { World } from "../driver/world.js";
import { drawBelow } from "../random.js";

/*
 * Reorganisations of a development chain that can (anvil's). The fork that wins has what consumers and cheats sent, and nothing of what
 * honest roles did: whatever they did has to be done again, before its deadline, and once.
 */

/** As deep as roles look. */
export const DEEPEST = 64;

export interface Reorganisation {
  /** Blocks that were taken back. */
  readonly depth: number;
  /** Transactions of honest roles in them. */
  readonly lost: number;
}

/** Blocks without transactions, so that more than what roles just did is taken back. */
export async function padBlocks({ provider }: Pick<World, "provider">, count: number): Promise<void> {
  if (count > 0) await provider.send("anvil_mine", [toQuantity(count)]);
}

/**
 * Takes the newest blocks back, at most down to `floor`, which stays; returns undefined where there are none. Nothing is mined
 * meanwhile: what comes then waits for the fork's first new block.
 */
export async function reorganise(
  { provider, isHonestKey }: Pick<World, "provider" | "isHonestKey">,
  floor: number,
  random: () => number,
): Promise<Reorganisation | undefined> {
  await provider.send("evm_setAutomine", [false]);
  try {
    const head = await provider.getBlockNumber();
    const most = Math.min(DEEPEST, head - floor);
    if (most < 1) return undefined;
    const depth = 1 + drawBelow(random, most);
    const kept: [string, number][] = [];
    let lost = 0;
    for (let i = 0; i < depth; i++) {
      const block = await provider.getBlock(head - depth + 1 + i, true);
      for (const transaction of block?.prefetchedTransactions ?? []) {
        if (isHonestKey(transaction.from)) lost++;
        else kept.push([Transaction.from(transaction).serialized, i]);
      }
    }
    await provider.send("anvil_reorg", [depth, kept]);
    return { depth, lost };
  } finally {
    await provider.send("evm_setAutomine", [true]);
    // Every role has to look again, and what waited gets its block.
    await provider.send("evm_mine", []);
  }
}

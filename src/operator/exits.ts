import type { Suite } from "../chain/suite.js";

export interface ListedExit {
  readonly exitId: number;
  /** Tokens that would leave now. */
  readonly amount: bigint;
  /** Protocol time from which it may leave. */
  readonly readyAt: bigint;
  /** Whether no lock stands any more that it backed. */
  readonly unlocked: boolean;
}

/** All exits of a holder that have neither left nor been cancelled. */
export async function listExits({ staking }: Suite, operator: string, holder: string): Promise<ListedExit[]> {
  const { exitCount } = await staking.position(operator, holder);
  const exits = await Promise.all(
    Array.from({ length: Number(exitCount) }, async (_, exitId) => {
      const { amount, readyAt, unlocked } = await staking.exit(operator, holder, exitId);
      return { exitId, amount, readyAt, unlocked };
    }),
  );
  return exits.filter(({ readyAt }) => readyAt !== 0n);
}

/** Numbers of the exits that may leave now. */
export async function readyExits(suite: Suite, operator: string, holder: string): Promise<number[]> {
  const [exits, now] = await Promise.all([listExits(suite, operator, holder), suite.hub.time()]);
  return exits.filter(({ readyAt, unlocked }) => readyAt <= now && unlocked).map(({ exitId }) => exitId);
}

import { expect } from "chai";
import type { BaseContract } from "ethers";

import type { Connection } from "./protocol.js";

/** What becomes of a call: it goes through, or a contract refuses it by name. */
export type Outcome = "taken" | { readonly by: BaseContract; readonly error: string };

/** Outcomes at -1, 0 and +1. */
export type Around = readonly [Outcome, Outcome, Outcome];

/** A call that is refused before its time, and goes through from then on. */
export const from = (by: BaseContract, error: string): Around => [{ by, error }, "taken", "taken"];

/** A call that goes through up to here, and is refused beyond. */
export const upTo = (by: BaseContract, error: string): Around => ["taken", "taken", { by, error }];

/** A call that is refused up to here, and goes through beyond. */
export const after = (by: BaseContract, error: string): Around => [{ by, error }, { by, error }, "taken"];

/** A call that goes through before, and is refused from here on. */
export const before = (by: BaseContract, error: string): Around => ["taken", { by, error }, { by, error }];

async function expectOutcome(offset: bigint, outcome: Outcome, act: () => Promise<unknown>): Promise<void> {
  if (outcome === "taken") {
    await act();
  } else {
    await expect(act(), `at ${offset}`).to.be.revertedWithCustomError(outcome.by, outcome.error);
  }
}

/** Tries the same one below, at and one above a value, each time from the same state. */
export async function aroundValue(
  { networkHelpers }: Connection,
  value: bigint | number,
  outcomes: Around,
  act: (value: bigint) => Promise<unknown>,
): Promise<void> {
  for (const [i, outcome] of outcomes.entries()) {
    const snapshot = await networkHelpers.takeSnapshot();
    const offset = BigInt(i) - 1n;
    await expectOutcome(offset, outcome, () => act(BigInt(value) + offset));
    await snapshot.restore();
  }
}

/** Does the same one second before, in and one second after a second, each time from the same state. */
export async function aroundSecond(
  chain: Connection,
  second: bigint | number,
  outcomes: Around,
  act: () => Promise<unknown>,
): Promise<void> {
  await aroundValue(chain, second, outcomes, async (at) => {
    await chain.networkHelpers.time.setNextBlockTimestamp(at);
    await act();
  });
}

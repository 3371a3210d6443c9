import type { ContractTransaction, TransactionReceipt } from "ethers";

import type { Sender } from "../chain/sender.js";
import { TouchstoneError } from "../errors.js";

/** `ChallengeStatus` of `contracts/types/Challenge.sol`. */
export const ChallengeStatus = { None: 0, Open: 1, Upheld: 2, Refuted: 3, Unanswered: 4, Settled: 5 } as const;

/** `ClaimStatus` of `contracts/types/Claim.sol`. */
export const ClaimStatus = {
  None: 0,
  Assigned: 1,
  Answered: 2,
  Refunded: 3,
  Final: 4,
  Wrong: 5,
  Void: 6,
  Unbacked: 7,
  Drawing: 8,
} as const;

/** What one of such numbers is called. */
export const nameOf = (codes: Readonly<Record<string, number>>, code: number): string =>
  Object.entries(codes).find(([, value]) => value === code)?.[0] ?? `unknown (${code})`;

export const claimStatusName = (code: number): string => nameOf(ClaimStatus, code);
export const challengeStatusName = (code: number): string => nameOf(ChallengeStatus, code);

/** Longest list of tensor roots that rides along with a challenge. */
export const INLINE_ROOTS = 2_048;

/** `waiting`: nothing is due yet. `acted`: look again soon. `done`: nothing will ever be due. */
export type Progress = "waiting" | "acted" | "done";

/**
 * Sends a transaction that somebody else may have made unnecessary: refusals named in `alreadyDone` are success.
 * @returns the receipt, or undefined when there was nothing left to do.
 */
export async function tolerantSend(
  sender: Sender,
  transaction: ContractTransaction,
  alreadyDone: readonly string[],
): Promise<TransactionReceipt | undefined> {
  try {
    return await sender.send(transaction);
  } catch (thrown) {
    if (thrown instanceof TouchstoneError && alreadyDone.includes(thrown.code)) return undefined;
    throw thrown;
  }
}

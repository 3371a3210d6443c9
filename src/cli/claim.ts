import { existsSync } from "node:fs";

import { answeredClaim } from "../dispute/challenge-claim.js";
import { type ClaimRecord, fetchClaim, type ReceiptClaim, receiptsOf } from "../dispute/claims.js";
import { TouchstoneError } from "../errors.js";
import { openState, type RoleName, roleState } from "../store/state.js";
import type { Context } from "./context.js";

/** Who keeps receipts with their bytes. */
const KEEPERS: readonly RoleName[] = ["watcher", "client", "worker"];

function keptReceipt(home: string, account: string, claimId: string): ReceiptClaim | undefined {
  for (const path of KEEPERS.map((role) => roleState(home, role, account)).filter(existsSync)) {
    const state = openState(path);
    try {
      const receipt = receiptsOf(state).get(claimId);
      if (receipt !== undefined) return receipt;
    } finally {
      state.close();
    }
  }
  return undefined;
}

/**
 * An answered claim by its id: a job with what the chain published, or a receipt that a role with this process's key keeps.
 * @throws TouchstoneError `CLAIM_UNKNOWN`.
 */
export async function claimAtHand(ctx: Context, claimId: string): Promise<ClaimRecord> {
  const suite = await ctx.suite();
  if ((await fetchClaim(suite, claimId)) !== undefined) return answeredClaim(suite, claimId);
  const { signerUrl, keystore, privateKey } = ctx.settings.key;
  // Looking at jobs takes no key.
  const named = [signerUrl, keystore, privateKey].some((each) => each !== undefined);
  const receipt = named ? keptReceipt(ctx.settings.home, (await ctx.wallet()).address, claimId) : undefined;
  if (receipt !== undefined) return receipt;
  throw new TouchstoneError("CLAIM_UNKNOWN", `No job ${claimId} was requested, and no receipt of it is kept here.`, {
    next: "Check the id and TOUCHSTONE_DEPLOYMENT, or use the key that bought, sold or watched the receipt; `touchstone evidence import` takes one over.",
  });
}

import { z } from "zod";

import type { Suite } from "../chain/suite.js";
import { fetchClaim, receiptsOf } from "../dispute/claims.js";
import { submissionOf } from "../dispute/submission.js";
import { TouchstoneError } from "../errors.js";
import type { Catalogue } from "../models/catalogue.js";
import { fromWire, receiptSubmission } from "../receipts/wire.js";
import type { State } from "../store/state.js";
import type { createIntake } from "./intake.js";

/*
 * Evidence that one watcher hands to another as a file. A job's bytes are on the chain, so its id is enough; a receipt travels with
 * its signature and all bytes. Whoever imports it believes nothing of it: signature, roots and window are checked as for any receipt.
 */

const schema = z.object({
  format: z.literal(1),
  chainId: z.number().int().positive(),
  /** The challenge manager of the deployment. */
  challenges: z.string(),
  claimId: z.string().regex(/^0x[0-9a-f]{64}$/),
  /** Left out where the claim is a job. */
  receipt: receiptSubmission.optional(),
});

interface Tools {
  readonly suite: Suite;
  readonly state: State;
}

/** @throws TouchstoneError `CLAIM_UNKNOWN` where neither this state nor the chain has the claim. */
export async function exportBundle(
  { suite, state, catalogue }: Tools & { catalogue: Catalogue },
  claimId: string,
): Promise<object> {
  const { chainId, challenges } = suite.deployment;
  const known = { format: 1, chainId, challenges, claimId };
  const receipt = receiptsOf(state).get(claimId);
  if (receipt !== undefined) return { ...known, receipt: submissionOf(await catalogue.get(receipt.modelId), receipt) };
  if ((await fetchClaim(suite, claimId)) !== undefined) return known;
  throw new TouchstoneError("CLAIM_UNKNOWN", `Nothing is known of claim ${claimId}.`, {
    next: "Name the watcher's state with --state, or check the id and TOUCHSTONE_DEPLOYMENT.",
  });
}

/**
 * Verifies a bundle and has its claim checked by the watcher whose state this is.
 * @throws TouchstoneError `BODY_INVALID`, `BUNDLE_FOREIGN`, or the intake's refusal of the receipt.
 */
export async function importBundle(
  { suite }: Pick<Tools, "suite">,
  intake: ReturnType<typeof createIntake>,
  json: unknown,
): Promise<string> {
  const { chainId, challenges, claimId, receipt } = fromWire(schema, json);
  const ours = suite.deployment;
  if (chainId !== ours.chainId || challenges !== ours.challenges) {
    throw new TouchstoneError("BUNDLE_FOREIGN", `The bundle is about ${challenges} on chain ${chainId}.`, {
      next: "Import it where TOUCHSTONE_RPC_URL and TOUCHSTONE_DEPLOYMENT name that deployment.",
    });
  }
  if (receipt === undefined) return intake.check(claimId);
  const kept = await intake.submit(receipt);
  if (kept.claimId === claimId) return claimId;
  throw new TouchstoneError("BUNDLE_FOREIGN", `The receipt in it makes claim ${kept.claimId}, not ${claimId}.`);
}

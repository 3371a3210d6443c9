import type { Logger } from "pino";

import { createFeed } from "../chain/feed.js";
import type { PassResult } from "../chain/role.js";
import type { Sender } from "../chain/sender.js";
import type { Suite } from "../chain/suite.js";
import { createAccuser, type Accusation } from "../dispute/accuse.js";
import { claimsOf, recordClaim, type ClaimRecord } from "../dispute/claims.js";
import { collectFromDisputes } from "../dispute/collect.js";
import type { Evidencer } from "../dispute/evidence.js";
import { makeAccusation, type SaltKey } from "../dispute/make-accusation.js";
import { TouchstoneError } from "../errors.js";
import type { State } from "../store/state.js";
import type { Lie } from "./lies/lie.js";
import { createLyingEvidencer } from "./lies/lying.js";

export interface LiarOptions {
  readonly suite: Suite;
  readonly sender: Sender;
  readonly signer: SaltKey;
  readonly state: State;
  readonly evidencer: Evidencer;
  readonly lie: Lie;
  /** The claim that it accuses. */
  readonly claimId: string;
  readonly seed: number;
  readonly log: Logger;
}

/**
 * A false challenger: accuses one claim with an altered trace and then behaves as an honest accuser would, supplying every
 * demand that it can.
 */
export function createLiar(options: LiarOptions): { pass: () => Promise<PassResult> } {
  const { suite, sender, signer, state, evidencer, lie, claimId, seed, log } = options;
  const claims = claimsOf(state);
  const accusations = state.collection<Accusation>("accusation");
  const feed = createFeed(suite, state);
  const accuser = createAccuser({ suite, sender, log });
  const lying = createLyingEvidencer(evidencer, lie, seed);
  let silent = false;

  async function accusationOf(claim: ClaimRecord): Promise<Accusation> {
    const known = accusations.get(claimId);
    if (known !== undefined) return known;
    const { finding, node } = await lying.asserted(claim);
    const made = await makeAccusation({ suite, evidencer: lying, challenger: sender.address, signer, claim, finding });
    accusations.put(claimId, made);
    log.info({ event: "lied", challengeId: made.challengeId, claimId, node }, "made up a trace");
    return made;
  }

  return {
    pass: async () => {
      const { head, now } = await feed.follow((events) => {
        for (const event of events) recordClaim(state, suite.deployment.jobs, event);
      });
      const claim = claims.get(claimId);
      if (claim === undefined || claim.outputs.length === 0) return { head, acted: false };
      try {
        const progress = await accuser.advance(await accusationOf(claim), () => lying.materialOf(claim), now, head);
        const acted = progress === "acted" || (progress === "done" && (await collectFromDisputes(suite, sender)));
        return { head, acted };
      } catch (thrown) {
        if (!(thrown instanceof TouchstoneError) || thrown.code !== "PREIMAGE_UNKNOWN") throw thrown;
        if (!silent) log.info({ event: "silent", claimId }, "asked for what it does not have");
        silent = true;
        return { head, acted: false };
      }
    },
  };
}

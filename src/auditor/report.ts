import type { Suite } from "../chain/suite.js";
import type { Accusation } from "../dispute/accuse.js";
import type { JobClaim } from "../dispute/claims.js";
import { saltOf, type SaltKey } from "../dispute/make-accusation.js";

/**
 * Makes a report that finds nothing wrong: an assertion of the trace against the auditor's own seat, which shows no deviation.
 */
export async function agreementOn(parts: {
  suite: Suite;
  auditor: string;
  reporter: string;
  signer: SaltKey;
  claim: JobClaim;
  traceRoot: string;
}): Promise<Accusation> {
  const { suite, auditor, reporter, signer, claim, traceRoot } = parts;
  const source = suite.deployment.lottery;
  const claimId = await suite.lottery.seatIdOf(claim.claimId, auditor);
  const salt = await saltOf(suite, signer, { source, claimId, traceRoot, output: 0, element: 0 });
  const challengeId = await suite.challenges.challengeIdOf(reporter, source, claimId, traceRoot, 0, 0, salt);
  return {
    ...{ source, claimId, modelId: claim.modelId, challengeId, traceRoot, salt },
    ...{ output: 0, element: 0, node: 0, sinceBlock: claim.block, agrees: true },
  };
}

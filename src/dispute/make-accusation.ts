import { randomBytes } from "node:crypto";

import { toHex } from "../audit/bytes.js";
import type { Suite } from "../chain/suite.js";
import type { Accusation } from "./accuse.js";
import type { ClaimRecord } from "./claims.js";
import type { Evidencer } from "./evidence.js";
import type { Finding } from "./examine.js";

/** Draws the salt of a new challenge. Store the result before acting on it: without the salt a commitment is worthless. */
export async function makeAccusation(parts: {
  suite: Suite;
  evidencer: Evidencer;
  challenger: string;
  claim: ClaimRecord;
  finding: Finding;
}): Promise<Accusation> {
  const { suite, evidencer, challenger, claim, finding } = parts;
  const { trace } = await evidencer.auditOf(claim);
  const { claimId, source, modelId, block } = claim;
  const { output, element, node } = finding;
  const salt = toHex(randomBytes(32));
  const challengeId = await suite.challenges.challengeIdOf(
    challenger,
    source,
    claimId,
    trace.root,
    output,
    element,
    salt,
  );
  return {
    source,
    claimId,
    modelId,
    challengeId,
    traceRoot: trace.root,
    salt,
    output,
    element,
    node,
    sinceBlock: block,
    ...(claim.receipt === undefined ? {} : { receipt: claim.receipt }),
  };
}

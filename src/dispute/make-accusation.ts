import { keccak256 } from "ethers";

import type { Suite } from "../chain/suite.js";
import type { Accusation } from "./accuse.js";
import type { ClaimRecord } from "./claims.js";
import type { Evidencer } from "./evidence.js";
import type { Finding } from "./examine.js";

/** Signs a text, the same text always the same way (RFC 6979), as wallets do. */
export interface SaltKey {
  signMessage(message: string): Promise<string>;
}

/**
 * The salt that a key always gives one challenge. Nobody without the key can guess it; and who has the key but lost everything else
 * comes to the same salt again, so that no commitment is ever worthless.
 */
export async function saltOf(
  { deployment }: Suite,
  signer: SaltKey,
  challenge: Pick<Accusation, "source" | "claimId" | "traceRoot" | "output" | "element">,
): Promise<string> {
  const { source, claimId, traceRoot, output, element } = challenge;
  const { chainId, challenges } = deployment;
  const parts = ["Touchstone challenge", chainId, challenges, source, claimId, traceRoot, output, element];
  return keccak256(await signer.signMessage(parts.join("\n")));
}

/** Makes a challenge. */
export async function makeAccusation(parts: {
  suite: Suite;
  evidencer: Evidencer;
  challenger: string;
  signer: SaltKey;
  claim: ClaimRecord;
  finding: Finding;
}): Promise<Accusation> {
  const { suite, evidencer, challenger, signer, claim, finding } = parts;
  const { trace } = await evidencer.auditOf(claim);
  const { claimId, source, modelId, block } = claim;
  const { output, element, node } = finding;
  const salt = await saltOf(suite, signer, { source, claimId, traceRoot: trace.root, output, element });
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

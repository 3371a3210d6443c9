import type { ClaimRecord } from "../../dispute/claims.js";
import type { Evidencer } from "../../dispute/evidence.js";
import { randomFor } from "../random.js";
import type { Assertion, Lie } from "./lie.js";

/** An evidencer that shows an altered trace in place of the true one; the same one each time, also after a restart. */
export function createLyingEvidencer(
  evidencer: Evidencer,
  lie: Lie,
  seed: number,
): Evidencer & { readonly asserted: (claim: ClaimRecord) => Promise<Assertion> } {
  const assertions = new Map<string, Promise<Assertion>>();
  const asserted = (claim: ClaimRecord): Promise<Assertion> => {
    const { claimId } = claim;
    const known = assertions.get(claimId);
    const made = known ?? evidencer.auditOf(claim).then((run) => lie(run, claim, randomFor(seed, claimId)));
    assertions.set(claimId, made);
    return made;
  };
  return {
    ...evidencer,
    asserted,
    auditOf: async (claim) => ({ ...(await evidencer.auditOf(claim)), trace: (await asserted(claim)).trace }),
    materialOf: async (claim) => ({ ...(await evidencer.materialOf(claim)), trace: (await asserted(claim)).trace }),
  };
}

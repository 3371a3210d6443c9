import type { Logger } from "pino";

import type { Sender } from "../chain/sender.js";
import type { Suite } from "../chain/suite.js";
import { TouchstoneError } from "../errors.js";
import type { State } from "../store/state.js";
import { createAccuser, type Accusation } from "./accuse.js";
import { type ClaimRecord, claimsOf, fetchClaim, type JobClaim, receiptsOf } from "./claims.js";
import type { Evidencer } from "./evidence.js";
import { compareWithAudit } from "./examine.js";
import { makeAccusation, type SaltKey } from "./make-accusation.js";
import { ChallengeStatus } from "./protocol.js";

/** Pauses between looks for the block after the commitment. */
const PAUSE_MS = 1_000;
const TRIES = 180;

/**
 * Reads an answered claim from the chain.
 * @throws TouchstoneError `CLAIM_UNKNOWN` where it was never requested, or not answered yet.
 */
export async function answeredClaim(suite: Suite, claimId: string): Promise<JobClaim> {
  const claim = await fetchClaim(suite, claimId);
  if (claim !== undefined && claim.outputs.length > 0) return claim;
  const fault = claim === undefined ? "was never requested" : "is not answered yet";
  throw new TouchstoneError("CLAIM_UNKNOWN", `Job ${claimId} ${fault} on this deployment.`, {
    next: "Check the id and TOUCHSTONE_DEPLOYMENT.",
  });
}

/**
 * Audits one claim and, where it is wrong, commits to a challenge and opens it. The accusation is in `state` before anything is
 * sent, where a watcher with the same state and key finds it and carries it to its end.
 * @throws TouchstoneError `ANSWER_RIGHT` where a challenge would lose its bond.
 */
export async function challengeClaim(parts: {
  suite: Suite;
  sender: Sender;
  signer: SaltKey;
  evidencer: Evidencer;
  state: State;
  claim: ClaimRecord;
  log: Logger;
}): Promise<{ accusation: Accusation; verdict: "wrong" | "void" }> {
  const { suite, sender, signer, evidencer, state, claim, log } = parts;
  const { model, outputs } = await evidencer.auditOf(claim);
  const finding = compareWithAudit(model, outputs, claim.outputs);
  if (finding === undefined) {
    throw new TouchstoneError("ANSWER_RIGHT", `The answer of claim ${claim.claimId} is right.`, {
      next: "Leave it alone: a challenge would be refuted and lose its bond.",
    });
  }
  const accusation = await makeAccusation({ suite, evidencer, challenger: sender.address, signer, claim, finding });
  state.atomically(() => {
    if (claim.receipt === undefined) claimsOf(state).put(claim.claimId, claim);
    else receiptsOf(state).put(claim.claimId, claim);
    state.collection<Accusation>("accusation").put(accusation.challengeId, accusation);
  });
  const accuser = createAccuser({ suite, sender, log });
  for (let tries = 0; tries < TRIES; tries++) {
    const head = await suite.provider.getBlock("latest");
    if (head !== null) {
      const now = Number(await suite.hub.time());
      await accuser.advance(accusation, () => evidencer.materialOf(claim), now, head.number);
      const { status } = await suite.challenges.challenge(accusation.challengeId);
      if (Number(status) !== ChallengeStatus.None) return { accusation, verdict: finding.verdict };
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  throw new TouchstoneError("CHALLENGE_NOT_OPENED", `Challenge ${accusation.challengeId} is committed, not opened.`, {
    next: "Run `touchstone watch` with the same key: it opens the challenge while the commitment lasts.",
    retryable: true,
  });
}

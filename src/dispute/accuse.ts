import { ZeroHash } from "ethers";
import type { Logger } from "pino";

import { IClaimSource__factory } from "../../typechain-types/index.js";
import { makeSupply, ROOT_LIST } from "../audit/subtree.js";
import type { TensorTree } from "../audit/tree.js";
import { baseFeeAhead } from "../chain/fees.js";
import type { Sender } from "../chain/sender.js";
import type { Suite } from "../chain/suite.js";
import { TouchstoneError } from "../errors.js";
import type { Metrics } from "../metrics.js";
import { present, refusalOf } from "../receipts/present.js";
import { fetchClaim, type ReceiptClaim } from "./claims.js";
import { readChallenge, type DemandLog } from "./logs.js";
import { openElement, openResult } from "./openings.js";
import { ChallengeStatus, ClaimStatus, INLINE_ROOTS, tolerantSend, type Progress } from "./protocol.js";
import type { Trace } from "./trace.js";

/** A challenge that this process makes. Stored before the first transaction, so that a crash never loses the salt. */
export interface Accusation {
  readonly source: string;
  readonly claimId: string;
  readonly modelId: string;
  readonly challengeId: string;
  readonly traceRoot: string;
  readonly salt: string;
  /** The deviating output element, and the node that produces this output. */
  readonly output: number;
  readonly element: number;
  readonly node: number;
  /** An auditor's report that nothing deviates: it shows no element, and output and element are zero. */
  readonly agrees?: true;
  /** Block from which the challenge's events are read. */
  readonly sinceBlock: number;
  /** What has to be presented before it can be challenged. */
  readonly receipt?: ReceiptClaim["receipt"];
}

/** What is needed to act for an accusation; recomputed from the claim's bytes, never stored. */
export interface Material {
  readonly trace: Trace;
  /** Trees of the claimed outputs. */
  readonly claimed: readonly TensorTree[];
}

export interface Accuser {
  /** Does the next thing an accusation needs, if anything is due at chain time `now`. */
  advance(accusation: Accusation, material: () => Promise<Material>, now: number, head: number): Promise<Progress>;
}

const NO_DEVIATION = {
  claimed: { tensor: 0, element: 0, roots: [], leaf: "0x", proof: [] },
  traced: { root: ZeroHash, listProof: [], leaf: "0x", proof: [] },
};

/** Refusals of `execute` that pass by themselves: other challenges against the same claim come first. */
const NOT_YET = ["ChallengeWindowOpen", "WrongsStand", "SharerUndecided", "SharersNotCounted", "AirGapRunning"];

export interface AccuserOptions {
  readonly suite: Suite;
  readonly sender: Sender;
  readonly log: Logger;
  readonly metrics?: Pick<Metrics, "margin">;
}

/** Carries challenges from commitment to payment. Every step looks at the chain first, so it can be repeated after a crash. */
export function createAccuser({ suite, sender, log, metrics }: AccuserOptions): Accuser {
  const { challenges } = suite;

  async function open(accusation: Accusation, { trace, claimed }: Material): Promise<void> {
    const { source, claimId, output, element, node, salt, modelId, traceRoot } = accusation;
    if (trace.root !== traceRoot) {
      throw new TouchstoneError("TRACE_CHANGED", `The audit trace of claim ${claimId} is not the committed one.`, {
        next: "The model file or this version of the suite changed since the commitment; it expires by itself.",
      });
    }
    const deviation = accusation.agrees
      ? NO_DEVIATION
      : { claimed: openElement(claimed, output, element), traced: openResult(trace, node, element) };
    const roots = trace.roots.length <= INLINE_ROOTS ? [...trace.roots] : [];
    const value = await challenges.bondFor(modelId, await baseFeeAhead(suite.provider));
    const sent = await tolerantSend(
      sender,
      await challenges.openChallenge.populateTransaction(source, claimId, traceRoot, deviation, roots, salt, { value }),
      ["ChallengeExists"],
    );
    log.info(
      { event: "opened", challengeId: accusation.challengeId, claimId, output, element, gas: sent?.gasUsed.toString() },
      "opened a challenge",
    );
  }

  async function canBePresented({ claimId, receipt }: Accusation): Promise<boolean> {
    if (receipt !== undefined) return (await refusalOf(suite, receipt)) === undefined;
    return Number((await suite.jobs.job(claimId)).status) === ClaimStatus.Answered;
  }

  /** Shows a receipt, or a job's terms, to the contracts: of their own they keep too little to judge a dispute. */
  async function show({ claimId, receipt }: Accusation): Promise<void> {
    if (receipt !== undefined) {
      await present(suite, sender, receipt);
    } else {
      const known = await fetchClaim(suite, claimId);
      if (known !== undefined) await sender.send(await suite.jobs.present.populateTransaction(known.terms));
    }
    log.info({ event: "presented", claimId }, "presented a claim");
  }

  async function supply({ challengeId }: Accusation, { position }: DemandLog, { trace }: Material): Promise<void> {
    const tree = position.node === ROOT_LIST ? trace.list : trace.trees([position.node])[0]!;
    const shown = makeSupply(tree, position);
    const call =
      "leaf" in shown
        ? await challenges.supplyLeaf.populateTransaction(challengeId, position, shown.leaf)
        : await challenges.supplyHashes.populateTransaction(challengeId, position, [...shown.hashes]);
    const sent = await tolerantSend(sender, call, ["AlreadySupplied", "WrongChallengeStatus"]);
    const gas = sent?.gasUsed.toString();
    log.info({ event: "supplied", challengeId, ...position, gas }, "answered a demand");
  }

  async function commitAndOpen(
    accusation: Accusation,
    material: () => Promise<Material>,
    now: number,
    head: number,
  ): Promise<Progress> {
    const { challengeId, source, claimId } = accusation;
    const claim = await IClaimSource__factory.connect(source, suite.provider).claim(claimId);
    // Shown only after the commitment, so that nobody hears of the fraud by it.
    const hidden = Number(claim.status) === ClaimStatus.None;
    if (hidden && !(await canBePresented(accusation))) return "done";
    const isOpen = Number(claim.status) === ClaimStatus.Answered && now <= Number(claim.challengeDeadline);
    if (!hidden && !isOpen) return "done";
    const { committedBlock } = await challenges.commitmentOf(sender.address, challengeId);
    if (committedBlock === 0n) {
      const sent = await sender.send(await challenges.commitChallenge.populateTransaction(challengeId));
      log.info({ event: "committed", challengeId, claimId, gas: sent.gasUsed.toString() }, "committed to a challenge");
      return "acted";
    }
    if (BigInt(head) < committedBlock) return "waiting";
    if (hidden) {
      await show(accusation);
      return "acted";
    }
    await open(accusation, await material());
    metrics?.margin.observe({ deadline: "challenge" }, Number(claim.challengeDeadline) - now);
    return "acted";
  }

  return {
    advance: async (accusation, material, now, head) => {
      const { challengeId } = accusation;
      const state = await challenges.challenge(challengeId);
      switch (Number(state.status)) {
        case ChallengeStatus.None:
          return commitAndOpen(accusation, material, now, head);
        case ChallengeStatus.Open: {
          if (state.outstanding > 0n) {
            const { demands } = await readChallenge(suite, challengeId, accusation.sinceBlock);
            const due = demands.find((d) => d.graceDeadline === undefined && now < d.supplyDeadline);
            if (due === undefined) return "waiting";
            await supply(accusation, due, await material());
            metrics?.margin.observe({ deadline: "supply" }, due.supplyDeadline - now);
            return "acted";
          }
          if (now <= Number(state.lastDeadline)) return "waiting";
          const call = await challenges.resolve.populateTransaction(challengeId);
          await tolerantSend(sender, call, ["WrongChallengeStatus"]);
          log.info({ event: "resolved", challengeId }, "the challenge stood");
          return "acted";
        }
        case ChallengeStatus.Upheld: {
          const contest = await challenges.contest(state.source, state.claimId);
          if (!contest.settled && now < Number(state.executableAt)) return "waiting";
          const call = contest.settled
            ? await challenges.settle.populateTransaction(challengeId)
            : await challenges.execute.populateTransaction(challengeId);
          const sent = await tolerantSend(sender, call, [...NOT_YET, "WrongChallengeStatus", "ClaimNotChallengeable"]);
          if (sent === undefined) return "waiting";
          log.info({ event: "executed", challengeId, gas: sent.gasUsed.toString() }, "the claim is settled");
          return "acted";
        }
        default:
          return "done";
      }
    },
  };
}

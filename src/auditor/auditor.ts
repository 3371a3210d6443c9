import type { Logger } from "pino";

import { createFeed, type SuiteEvent } from "../chain/feed.js";
import { stepAll, stepEach, type PassResult } from "../chain/role.js";
import type { Sender } from "../chain/sender.js";
import type { Suite } from "../chain/suite.js";
import { createAccuser, type Accusation } from "../dispute/accuse.js";
import { claimsOf, createForgetting, recordClaim, type JobClaim } from "../dispute/claims.js";
import { collectFromDisputes } from "../dispute/collect.js";
import { createEndings } from "../dispute/endings.js";
import type { Evidencer } from "../dispute/evidence.js";
import { compareWithAudit } from "../dispute/examine.js";
import type { Guard } from "../dispute/guard.js";
import { makeAccusation, type SaltKey } from "../dispute/make-accusation.js";
import { ChallengeStatus, ClaimStatus, tolerantSend } from "../dispute/protocol.js";
import type { Metrics } from "../metrics.js";
import type { State } from "../store/state.js";
import { agreementOn } from "./report.js";
import { Lot, SeatStatus } from "./protocol.js";

export interface AuditorOptions {
  readonly suite: Suite;
  readonly sender: Sender;
  /** The auditor's owner, whose stake is set aside; the sender is it, or its worker. */
  readonly auditor: string;
  readonly signer: SaltKey;
  readonly state: State;
  readonly evidencer: Evidencer;
  readonly guard: Guard;
  readonly log: Logger;
  readonly metrics?: Pick<Metrics, "margin">;
}

const keys = (entries: readonly { readonly key: string }[]): string[] => entries.map(({ key }) => key);

/**
 * Audits the jobs that it is drawn for: starts their audits, runs the model with the audit machine, reports, and collects what
 * that earns. Every step looks at the chain first, so it can be repeated after a crash; and what is over is remembered for as long
 * as a reorganisation can undo it.
 */
export function createAuditor(options: AuditorOptions): { readonly pass: () => Promise<PassResult> } {
  const { suite, sender, signer, auditor, state, evidencer, guard, log } = options;
  const { lottery, jobs, challenges } = suite;
  /** Answered jobs whose lot is not known yet, and jobs that this auditor has a seat for. */
  const lots = state.collection<{ since: number }>("lot");
  const seats = state.collection<{ since: number }>("seat");
  const reports = state.collection<Accusation>("report");
  const endings = createEndings(state);
  const feed = createFeed(suite, state);
  const accuser = createAccuser(options);
  const forgetSome = createForgetting(suite, claimsOf(state), endings);

  const seatOf = async (jobId: string) => lottery.seat(await lottery.seatIdOf(jobId, auditor));

  function record(event: SuiteEvent): void {
    const claim = recordClaim(state, suite.deployment.jobs, event);
    if (claim !== undefined && event.name === "JobAnswered") lots.put(claim.claimId, { since: event.block });
    if (event.contract !== "lottery" || event.name !== "AuditDrawn") return;
    const drawn = event.args.getValue("auditors") as string[];
    if (drawn.includes(auditor)) seats.put(event.args.getValue("jobId") as string, { since: event.block });
  }

  /** Starts the audit of a job that is drawn; returns whether it did. */
  async function draw(claim: JobClaim): Promise<boolean> {
    const { claimId: jobId } = claim;
    const call = await lottery.draw.populateTransaction(claim.terms);
    const sent = await tolerantSend(sender, call, ["NotDrawn", "NobodyToAudit"]);
    if (sent !== undefined) log.info({ event: "audit-drawn", jobId, gas: sent.gasUsed.toString() }, "started an audit");
    return sent !== undefined;
  }

  /** Looks whether a job is drawn, and forgets it when that is done with. */
  async function look(jobId: string, head: number): Promise<boolean> {
    const lot = Number(await lottery.lotOf(jobId));
    const claim = claimsOf(state).get(jobId);
    const key = `lot ${jobId}`;
    if (lot === Lot.Pending) {
      endings.goesOn(key);
      return false;
    }
    if (lot === Lot.Drawn && claim !== undefined && (await draw(claim))) return true;
    if (endings.isFinal(key, head)) lots.delete(jobId);
    return false;
  }

  /** What this auditor says of a claim, made once. */
  async function reportOn(claim: JobClaim): Promise<Accusation> {
    const known = reports.get(claim.claimId);
    if (known !== undefined) return known;
    const { model, outputs, trace } = await evidencer.auditOf(claim);
    const finding = compareWithAudit(model, outputs, claim.outputs);
    const report =
      finding === undefined
        ? await agreementOn({ suite, auditor, reporter: sender.address, signer, claim, traceRoot: trace.root })
        : await makeAccusation({ suite, evidencer, challenger: sender.address, signer, claim, finding });
    reports.put(claim.claimId, report);
    return report;
  }

  async function commit(claim: JobClaim, commitDeadline: number, now: number): Promise<boolean> {
    if (now > commitDeadline) return false;
    const { challengeId, agrees } = await reportOn(claim);
    const call = await lottery.commit.populateTransaction(claim.claimId, auditor, challengeId);
    if ((await tolerantSend(sender, call, ["WrongSeatStatus", "CommitClosed"])) === undefined) return false;
    const verdict = agrees ? "right" : "deviates";
    log.info({ event: "audit-committed", jobId: claim.claimId, verdict }, `audited: the answer ${verdict}`);
    return true;
  }

  /** Whether the chain would end this auditor's part now. */
  async function isDue(jobId: string, report: string, reportDeadline: number, now: number): Promise<boolean> {
    const [{ status }, challenge] = await Promise.all([jobs.job(jobId), challenges.challenge(report)]);
    switch (Number(challenge.status)) {
      case ChallengeStatus.None:
        return now > reportDeadline || Number(status) === ClaimStatus.Void;
      case ChallengeStatus.Open:
        return false;
      case ChallengeStatus.Refuted:
      case ChallengeStatus.Unanswered:
        return true;
      default:
        return Number(status) !== ClaimStatus.Answered;
    }
  }

  async function settle(jobId: string): Promise<boolean> {
    const call = await lottery.settle.populateTransaction(jobId, auditor);
    if ((await tolerantSend(sender, call, ["NotSettleable"])) === undefined) return false;
    const { status } = await seatOf(jobId);
    log.info({ event: "audit-settled", jobId, status: Number(status) }, "an audit is over");
    return true;
  }

  async function collect(): Promise<boolean> {
    let acted = await collectFromDisputes(suite, sender);
    for (const currency of await suite.hub.currencies()) {
      if ((await lottery.earned(auditor, currency)) === 0n) continue;
      await tolerantSend(sender, await lottery.collect.populateTransaction(auditor, currency), ["NothingToCollect"]);
      acted = true;
    }
    if (acted) log.info({ event: "collected" }, "withdrew pay, bonds and rewards");
    return acted;
  }

  /** Does the next thing that a seat needs. */
  async function advance(jobId: string, now: number, head: number): Promise<boolean> {
    const [seat, audit] = await Promise.all([seatOf(jobId), lottery.audit(jobId)]);
    const [commitDeadline, reportDeadline] = [Number(audit.commitDeadline), Number(audit.reportDeadline)];
    const claim = claimsOf(state).get(jobId);
    const status = Number(seat.status);
    const key = `seat ${jobId}`;
    const open = status === SeatStatus.Picked || status === SeatStatus.Committed;
    if (status === SeatStatus.Picked && claim !== undefined && (await commit(claim, commitDeadline, now))) return true;
    if (open && (await isDue(jobId, seat.report, reportDeadline, now)) && (await settle(jobId))) return true;

    const report = reports.get(jobId);
    const reported = report !== undefined && claim !== undefined && status !== SeatStatus.Picked;
    // A report that finds nothing is shown when nobody can commit any more; one that finds something is an accusation at once.
    if (reported && !(report.agrees && now <= commitDeadline)) {
      const progress = await accuser.advance(report, () => evidencer.materialOf(claim), now, head);
      if (progress !== "done") {
        endings.goesOn(key);
        return progress === "acted";
      }
    }
    if (open) {
      endings.goesOn(key);
    } else if (endings.isFinal(key, head)) {
      seats.delete(jobId);
      reports.delete(jobId);
    }
    return false;
  }

  const each = (jobIds: readonly string[], step: (jobId: string) => Promise<boolean>): Promise<boolean> =>
    stepEach(jobIds, step, {
      ...{ log, event: "audit-failed", message: "cannot advance an audit; will try again" },
      about: (jobId) => ({ jobId }),
    });

  /** Forgets jobs that are settled and in which nothing runs that it has a part in. */
  async function forget(head: number): Promise<false> {
    const needed = new Set([...keys(lots.entries()), ...keys(seats.entries()), ...guard.disputed()]);
    await forgetSome(needed, head);
    return false;
  }

  return {
    pass: async () => {
      const { head, now } = await feed.follow((events) => {
        events.forEach(record);
        guard.record(events);
      });
      const steps = [
        () => each(keys(lots.entries()), (jobId) => look(jobId, head)),
        () => each(keys(seats.entries()), (jobId) => advance(jobId, now, head)),
        () => guard.advance(now, head),
        (acted: boolean) => !acted && forget(head),
        (acted: boolean) => !acted && collect(),
      ];
      return { head, acted: await stepAll(steps, log) };
    },
  };
}

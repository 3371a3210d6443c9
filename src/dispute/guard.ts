import type { Logger } from "pino";

import type { SuiteEvent } from "../chain/feed.js";
import { stepEach } from "../chain/role.js";
import type { Sender } from "../chain/sender.js";
import type { Suite } from "../chain/suite.js";
import type { Metrics } from "../metrics.js";
import type { State } from "../store/state.js";
import type { Accusation } from "./accuse.js";
import { findClaim, type ClaimRecord } from "./claims.js";
import { createDefender } from "./defend.js";
import { createEndings } from "./endings.js";
import type { Evidencer } from "./evidence.js";
import { ChallengeStatus } from "./protocol.js";

interface ChallengeRecord {
  readonly challengeId: string;
  readonly claimId: string;
  readonly block: number;
  /** An auditor's report: its claim is the auditor's seat at the lottery. */
  readonly isReport?: true;
  /** The job that a report is about, once it was asked for. */
  readonly jobId?: string;
}

/** `SHARING_WINDOW` of `contracts/challenges/ContestDesk.sol`, and `Verdict.Wrong`. */
const SHARING_SECONDS = 3_600n;
const WRONG = 1n;
/** How a challenge ends that leaves its claim alone. */
const LOST: ReadonlySet<number> = new Set([ChallengeStatus.Refuted, ChallengeStatus.Unanswered]);

/** Watches challenges of others and ends the false ones. */
export interface Guard {
  record(events: readonly SuiteEvent[]): void;
  /** Does what is due at protocol time `now` in block `head`; returns whether anything was sent. */
  advance(now: number, head: number): Promise<boolean>;
  /** Claims that may still have to be shown for a defence: not to be forgotten, even where they are settled. */
  disputed(): ReadonlySet<string>;
}

export interface GuardOptions {
  readonly suite: Suite;
  readonly sender: Sender;
  readonly state: State;
  readonly evidencer: Evidencer;
  readonly log: Logger;
  readonly metrics?: Pick<Metrics, "margin">;
}

/**
 * Defends every claim that this process has recorded, against everybody's challenges but its own, and refutes false reports that
 * auditors make of them. A truthful trace equals our own audit run and is left alone.
 */
export function createGuard({ suite, sender, state, evidencer, log, metrics }: GuardOptions): Guard {
  const challenges = state.collection<ChallengeRecord>("foreign-challenge");
  const accusations = state.collection<Accusation>("accusation");
  const lottery = suite.deployment.lottery.toLowerCase();
  const endings = createEndings(state);
  /** Where nothing was left to do: looked at again only in another block, which may have undone it. */
  const doneAt = new Map<string, number>();
  const defender = createDefender({ suite, sender, log, ...(metrics === undefined ? {} : { metrics }) });

  async function claimOf(record: ChallengeRecord): Promise<ClaimRecord | undefined> {
    if (record.isReport === undefined) return findClaim(state, record.claimId);
    const jobId = record.jobId ?? (await suite.lottery.seat(record.claimId)).jobId;
    if (record.jobId === undefined) challenges.put(record.challengeId, { ...record, jobId });
    return findClaim(state, jobId);
  }

  /**
   * Whether the price of a demand comes back when the challenge is lost. One that stands beside our own against the same claim may end
   * otherwise: settled with the claim, and paid for what it answered. Only one that could share our reward is decided before ours acts.
   */
  async function isRepaid({ challengeId, claimId }: ChallengeRecord): Promise<boolean> {
    const own = accusations.entries().find(({ value }) => value.claimId === claimId);
    if (own === undefined) return true;
    const [ours, theirs] = await Promise.all([
      suite.challenges.challenge(own.value.challengeId),
      suite.challenges.challenge(challengeId),
    ]);
    if (LOST.has(Number(ours.status))) return true;
    return theirs.verdict === WRONG && theirs.openedAt <= ours.openedAt + SHARING_SECONDS;
  }

  async function defend(record: ChallengeRecord, now: number, head: number): Promise<boolean> {
    const { challengeId: key } = record;
    if (doneAt.get(key) === head) return false;
    const claim = await claimOf(record);
    if (claim === undefined && record.isReport) {
      // It is about a job that this process has nothing to do with.
      challenges.delete(key);
      return false;
    }
    const defence = claim && (() => evidencer.defenceOf(claim));
    const progress = await defender.advance(key, record.block, defence, now, () => isRepaid(record));
    if (progress !== "done") {
      endings.goesOn(key);
      return progress === "acted";
    }
    doneAt.set(key, head);
    if (endings.isFinal(key, head)) {
      challenges.delete(key);
      doneAt.delete(key);
    }
    return false;
  }

  return {
    record: (events) => {
      for (const event of events) {
        if (event.contract !== "challenges" || event.name !== "ChallengeOpened") continue;
        const [challengeId, challenger, claimId, source] = ["challengeId", "challenger", "claimId", "source"].map(
          (name) => event.args.getValue(name) as string,
        ) as [string, string, string, string];
        if (challenger === sender.address) continue;
        const record = { challengeId, claimId, block: event.block };
        if (source.toLowerCase() === lottery) challenges.put(challengeId, { ...record, isReport: true });
        else if (findClaim(state, claimId) !== undefined) challenges.put(challengeId, record);
      }
    },
    advance: (now, head) =>
      stepEach(
        challenges.entries().map(({ value }) => value),
        (challenge) => defend(challenge, now, head),
        {
          ...{ log, event: "defence-failed", message: "cannot advance a defence" },
          about: ({ challengeId }) => ({ challengeId }),
        },
      ),
    disputed: () => new Set(challenges.entries().map(({ value }) => value.jobId ?? value.claimId)),
  };
}

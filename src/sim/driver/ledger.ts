import type { LogDescription, Result } from "ethers";

import type { JobTermsStruct } from "../../../typechain-types/interfaces/IJobEscrow.js";
import type { Suite } from "../../chain/suite.js";
import { readChallenge } from "../../dispute/logs.js";
import { SeatStatus } from "../../auditor/protocol.js";
import { ChallengeStatus, ClaimStatus } from "../../dispute/protocol.js";

export interface JobEntry {
  readonly jobId: string;
  readonly operator: string;
  readonly modelId: string;
  readonly consumer: string;
  readonly status: number;
  readonly deadline: number;
  readonly challengeDeadline: number;
  readonly terms: JobTermsStruct;
}

export interface ChallengeEntry {
  readonly challengeId: string;
  /** The contract that the claim is of. */
  readonly source: string;
  readonly claimId: string;
  readonly challenger: string;
  readonly block: number;
  readonly status: number;
}

/** Stake that was reserved for a payer's receipts, and what is left of its deposit. */
export interface ReservationEntry {
  readonly reservation: string;
  readonly operator: string;
  readonly payer: string;
  readonly currency: string;
  readonly status: number;
  readonly balance: bigint;
  /** First second in which its stake can be released. */
  readonly releasableAt: number;
  /** When its thawing deposit can leave; zero if nothing thaws. */
  readonly thawedAt: number;
}

/** One auditor's part of an audit. */
export interface SeatEntry {
  /** The claim that its report is a challenge to, where it finds nothing; and the id of its lock. */
  readonly seatId: string;
  readonly jobId: string;
  readonly auditor: string;
  readonly status: number;
  /** What the auditor has committed to: a challenge's id. */
  readonly report: string;
  readonly commitDeadline: number;
  readonly reportDeadline: number;
}

/** What the chain knows of all jobs, reservations, challenges and audits: the driver's only source for what happened. */
export interface Ledger {
  jobs(): Promise<readonly JobEntry[]>;
  reservations(): Promise<readonly ReservationEntry[]>;
  challenges(): Promise<readonly ChallengeEntry[]>;
  seats(): Promise<readonly SeatEntry[]>;
  /** First seconds after `now` in which something becomes possible: an expiry, a finalisation, a release, a report, a resolution, an execution. */
  deadlines(now: number): Promise<readonly number[]>;
}

/** `ReservationStatus.Active` of `contracts/interfaces/IReceiptEscrow.sol`. */
const ACTIVE = 1;

export function createLedger({ jobs, challenges, receipts, lottery, ...suite }: Suite): Ledger {
  const { provider, deployment, abi } = suite;

  async function logsOf(address: string, topic: string): Promise<{ event: LogDescription; block: number }[]> {
    const logs = await provider.getLogs({ address, topics: [topic], fromBlock: deployment.block, toBlock: "latest" });
    return logs.flatMap((log) => {
      const event = abi.parseLog(log);
      return event === null ? [] : [{ event, block: log.blockNumber }];
    });
  }

  const jobEntries = async (): Promise<JobEntry[]> => {
    const { topicHash } = jobs.interface.getEvent("JobRequested");
    const requested = await logsOf(deployment.jobs, topicHash);
    return Promise.all(
      requested.map(async ({ event }) => {
        const jobId = event.args.getValue("jobId") as string;
        const terms = (event.args.getValue("terms") as Result).toObject() as JobTermsStruct;
        const { operator, status, deadline, challengeDeadline } = await jobs.job(jobId);
        const [modelId, consumer] = [terms.modelId as string, terms.consumer as string];
        return {
          terms,
          jobId,
          operator,
          modelId,
          consumer,
          status: Number(status),
          deadline: Number(deadline),
          challengeDeadline: Number(challengeDeadline),
        };
      }),
    );
  };

  const reservationEntries = async (): Promise<ReservationEntry[]> => {
    const { topicHash } = receipts.interface.getEvent("ReservationActivated");
    const activated = await logsOf(deployment.receipts, topicHash);
    return Promise.all(
      activated.map(async ({ event }) => {
        const reservation = event.args.getValue("reservation") as string;
        const r = await receipts.reservationOf(reservation);
        return {
          reservation,
          operator: r.operator,
          payer: r.payer,
          currency: r.currency,
          status: Number(r.status),
          balance: r.balance,
          releasableAt: Number(r.end + r.window) + 1,
          thawedAt: Number(r.thawedAt),
        };
      }),
    );
  };

  async function challengeStates() {
    const { topicHash } = challenges.interface.getEvent("ChallengeOpened");
    const opened = await logsOf(deployment.challenges, topicHash);
    return Promise.all(
      opened.map(async ({ event, block }) => {
        const challengeId = event.args.getValue("challengeId") as string;
        return { challengeId, block, state: await challenges.challenge(challengeId) };
      }),
    );
  }

  async function deadlinesOfChallenge(challengeId: string, block: number, lastDeadline: number): Promise<number[]> {
    const { demands } = await readChallenge({ ...suite, jobs, challenges, receipts, lottery }, challengeId, block);
    const unanswered = demands.filter(({ graceDeadline }) => graceDeadline === undefined);
    return [lastDeadline + 1, ...unanswered.map(({ supplyDeadline }) => supplyDeadline + 1)];
  }

  const seatEntries = async (): Promise<SeatEntry[]> => {
    const drawn = await logsOf(deployment.lottery, lottery.interface.getEvent("AuditDrawn").topicHash);
    const seats = drawn.flatMap(({ event }) => {
      const jobId = event.args.getValue("jobId") as string;
      return (event.args.getValue("auditors") as string[]).map((auditor) => ({ jobId, auditor }));
    });
    return Promise.all(
      seats.map(async ({ jobId, auditor }) => {
        const seatId = await lottery.seatIdOf(jobId, auditor);
        const [{ status, report }, audit] = await Promise.all([lottery.seat(seatId), lottery.audit(jobId)]);
        const [commitDeadline, reportDeadline] = [Number(audit.commitDeadline), Number(audit.reportDeadline)];
        return { seatId, jobId, auditor, status: Number(status), report, commitDeadline, reportDeadline };
      }),
    );
  };

  return {
    jobs: jobEntries,
    seats: seatEntries,
    reservations: reservationEntries,
    challenges: async () =>
      (await challengeStates()).map(({ challengeId, block, state }) => ({
        challengeId,
        block,
        source: state.source,
        claimId: state.claimId,
        challenger: state.challenger,
        status: Number(state.status),
      })),
    deadlines: async (now) => {
      const due: number[] = [];
      for (const { status, deadline, challengeDeadline } of await jobEntries()) {
        if (status === ClaimStatus.Assigned) due.push(deadline + 1);
        if (status === ClaimStatus.Answered) due.push(challengeDeadline + 1);
      }
      for (const { status, releasableAt, thawedAt } of await reservationEntries()) {
        if (status === ACTIVE) due.push(releasableAt);
        due.push(thawedAt);
      }
      for (const { status, commitDeadline, reportDeadline } of await seatEntries()) {
        if (status === SeatStatus.Picked || status === SeatStatus.Committed) {
          due.push(commitDeadline + 1, reportDeadline + 1);
        }
      }
      for (const { challengeId, block, state } of await challengeStates()) {
        if (Number(state.status) === ChallengeStatus.Upheld) due.push(Number(state.executableAt));
        if (Number(state.status) !== ChallengeStatus.Open) continue;
        due.push(...(await deadlinesOfChallenge(challengeId, block, Number(state.lastDeadline))));
      }
      return due.filter((at) => at > now);
    },
  };
}

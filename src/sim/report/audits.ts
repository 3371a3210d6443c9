import { ZeroAddress, type LogDescription, type Result } from "ethers";

import { seatStatusName } from "../../auditor/protocol.js";
import type { Suite } from "../../chain/suite.js";
import type { Ledger } from "../driver/ledger.js";
import { amountOf, renderTable } from "./format.js";
import type { Outcomes } from "./outcomes.js";

/** What became of one auditor's part in one audit. */
export interface SeatOutcome {
  readonly jobId: string;
  readonly auditor: string;
  readonly status: string;
  /** How it should have ended, by what was reported and what is true. */
  readonly expected: string;
  readonly currency: string;
  readonly pay: bigint;
  /** Stake tokens that burnt. */
  readonly slashed: bigint;
}

/** How an auditor's part has to end. */
function expectedEnd(
  { jobs, challenges }: Pick<Outcomes, "jobs" | "challenges">,
  { jobId, report }: { readonly jobId: string; readonly report: string },
): string {
  const job = jobs.find((each) => each.jobId === jobId);
  const opened = challenges.find(({ challengeId }) => challengeId === report);
  if (opened === undefined) return job?.status === "Void" ? "Released" : "Missed";
  if (!opened.truthful) return "Slashed";
  if (opened.isReport && job?.deviates === true) return "Slashed";
  return opened.isReport && job?.status === "Final" ? "Paid" : "Released";
}

/** Reads from the chain what became of audits, and judges it by what is true. */
export async function readAudits(
  { suite, ledger }: { readonly suite: Suite; readonly ledger: Ledger },
  outcomes: Pick<Outcomes, "jobs" | "challenges">,
): Promise<SeatOutcome[]> {
  const { provider, deployment, abi, lottery, staking } = suite;
  const eventsOf = async (address: string, topic: string): Promise<LogDescription[]> => {
    const logs = await provider.getLogs({ address, topics: [topic], fromBlock: deployment.block });
    return logs.flatMap((log) => abi.parseLog(log) ?? []);
  };
  const [drawn, settled, slashes] = await Promise.all([
    eventsOf(deployment.lottery, lottery.interface.getEvent("AuditDrawn").topicHash),
    eventsOf(deployment.lottery, lottery.interface.getEvent("SeatSettled").topicHash),
    eventsOf(deployment.staking, staking.interface.getEvent("Slashed").topicHash),
  ]);
  const text = (event: LogDescription, name: string): string => event.args.getValue(name) as string;
  const big = (event: LogDescription | undefined, name: string): bigint =>
    event === undefined ? 0n : (event.args.getValue(name) as bigint);
  return (await ledger.seats()).map(({ seatId, jobId, auditor, status, report }) => {
    const draw = drawn.find((event) => text(event, "jobId") === jobId);
    const { currency } = (draw?.args.getValue("audit") as Result).toObject() as { currency: string };
    const end = settled.find((event) => text(event, "jobId") === jobId && text(event, "auditor") === auditor);
    const slash = slashes.find((event) => text(event, "lockId") === seatId);
    return {
      ...{ jobId, auditor, currency },
      status: seatStatusName(status),
      expected: expectedEnd(outcomes, { jobId, report }),
      pay: big(end, "pay"),
      slashed: big(slash, "amount"),
    };
  });
}

/** How one auditor fared. Amounts as decimal text. */
export interface AuditorReport {
  readonly auditor: string;
  readonly audits: number;
  readonly paid: number;
  /** Ended without pay, and without a fault: the answer was wrong, and it said so. */
  readonly released: number;
  readonly missed: number;
  readonly slashed: number;
  readonly coins: string;
  readonly tokens: string;
  readonly stakeSlashed: string;
}

/** How audits went. */
export interface AuditReport {
  /** Answers that were audited. */
  readonly jobs: number;
  readonly auditors: readonly AuditorReport[];
  /** What is not as it should be. */
  readonly problems: readonly string[];
}

/** Sums audits up. */
export function reportAudits(seats: readonly SeatOutcome[], nameOf: (address: string) => string): AuditReport {
  const sum = (of: readonly SeatOutcome[], amount: (seat: SeatOutcome) => bigint): string =>
    amountOf(of.reduce((total, seat) => total + amount(seat), 0n));
  const names = [...new Set(seats.map(({ auditor }) => auditor))];
  return {
    jobs: new Set(seats.map(({ jobId }) => jobId)).size,
    auditors: names.map((auditor) => {
      const own = seats.filter((seat) => seat.auditor === auditor);
      const ended = (status: string): number => own.filter((seat) => seat.status === status).length;
      return {
        auditor: nameOf(auditor),
        audits: own.length,
        ...{ paid: ended("Paid"), released: ended("Released"), missed: ended("Missed"), slashed: ended("Slashed") },
        coins: sum(own, ({ currency, pay }) => (currency === ZeroAddress ? pay : 0n)),
        tokens: sum(own, ({ currency, pay }) => (currency === ZeroAddress ? 0n : pay)),
        stakeSlashed: sum(own, ({ slashed }) => slashed),
      };
    }),
    problems: seats.flatMap(({ auditor, status, expected }) =>
      status === expected ? [] : [`an audit by ${nameOf(auditor)} ended as ${status}, not ${expected}`],
    ),
  };
}

export const renderAudits = ({ jobs, auditors }: AuditReport): string[] =>
  jobs === 0
    ? []
    : [
        `  answers audited: ${jobs}`,
        ...renderTable([
          ["auditor", "audits", "paid", "released", "missed", "slashed", "earned", "stake lost"],
          ...auditors.map((a) => [
            a.auditor,
            ...[a.audits, a.paid, a.released, a.missed, a.slashed].map(String),
            `${a.coins} coins${a.tokens === "0" ? "" : `, ${a.tokens} tokens`}`,
            `${a.stakeSlashed} tokens`,
          ]),
        ]),
      ];

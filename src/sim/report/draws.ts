import { ZeroAddress, type LogDescription } from "ethers";

import type { Suite } from "../../chain/suite.js";
import { amountOf } from "./format.js";
import type { JobOutcome } from "./outcomes.js";

/** What became of draws and deadlines, from the events of the job escrow. */
export interface DrawOutcomes {
  /** Jobs whose request named nobody. */
  readonly jobs: ReadonlySet<string>;
  /** Every draw that named an operator, in order. */
  readonly drawn: readonly { readonly jobId: string; readonly operator: string }[];
  /** Every missed deadline, in order. The penalty burns. */
  readonly missed: readonly {
    readonly jobId: string;
    readonly operator: string;
    readonly penalty: bigint;
    /** Whether another operator was drawn for it, rather than its fee refunded. */
    readonly redrawn: boolean;
  }[];
}

/** Reads draws and missed deadlines from the chain. */
export async function readDraws({ provider, deployment, jobs, abi }: Suite): Promise<DrawOutcomes> {
  const names = ["JobRequested", "JobAssigned", "JobMissed", "JobExpired"] as const;
  const topics = [names.map((name) => jobs.interface.getEvent(name).topicHash)];
  const logs = await provider.getLogs({ address: deployment.jobs, topics, fromBlock: deployment.block });
  const events = logs.flatMap((log) => abi.parseLog(log) ?? []);
  const text = (event: LogDescription, name: string): string => event.args.getValue(name) as string;
  const of = (wanted: string): LogDescription[] => events.filter(({ name }) => name === wanted);
  const expired = new Set(of("JobExpired").map((event) => text(event, "jobId")));
  const missed = of("JobMissed");
  const lastOf = new Map(missed.map((event) => [text(event, "jobId"), event]));
  const unnamed = of("JobRequested").filter((event) => text(event, "operator") === ZeroAddress);
  return {
    jobs: new Set(unnamed.map((event) => text(event, "jobId"))),
    drawn: of("JobAssigned").map((event) => ({ jobId: text(event, "jobId"), operator: text(event, "operator") })),
    missed: missed.map((event) => {
      const jobId = text(event, "jobId");
      return {
        jobId,
        operator: text(event, "operator"),
        penalty: event.args.getValue("penalty") as bigint,
        // An expiry ends a job, so that only the last miss can belong to it.
        redrawn: !(expired.has(jobId) && lastOf.get(jobId) === event),
      };
    }),
  };
}

/** How draws and deadlines went. Amounts as decimal text. */
export interface DrawReport {
  /** Jobs that named nobody. */
  readonly jobs: number;
  readonly final: number;
  /** Draws that named an operator: one for each job and for each one drawn again. */
  readonly draws: number;
  /** Deadlines missed, by anybody. */
  readonly missed: number;
  /** Of those, jobs for which another operator was drawn. */
  readonly redrawn: number;
  readonly tokensBurnt: string;
}

/** Sums draws and missed deadlines up. */
export function reportDraws(outcomes: readonly JobOutcome[], { jobs, drawn, missed }: DrawOutcomes): DrawReport {
  return {
    jobs: jobs.size,
    final: outcomes.filter(({ jobId, status }) => jobs.has(jobId) && status === "Final").length,
    draws: drawn.length,
    missed: missed.length,
    redrawn: missed.filter(({ redrawn }) => redrawn).length,
    tokensBurnt: amountOf(missed.reduce((sum, { penalty }) => sum + penalty, 0n)),
  };
}

export const renderDraws = (r: DrawReport): string[] =>
  r.jobs === 0 && r.missed === 0
    ? []
    : [
        `  jobs drawn: ${r.jobs}, final ${r.final}; deadlines missed: ${r.missed}, tokens burnt ${r.tokensBurnt}, drawn again ${r.redrawn}`,
      ];

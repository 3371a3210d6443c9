import type { LogDescription } from "ethers";

import type { Suite } from "../../chain/suite.js";

/** What became of draws and deadlines, from the events of the job escrow. */
export interface DrawOutcomes {
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
  const names = ["JobAssigned", "JobMissed", "JobExpired"] as const;
  const topics = [names.map((name) => jobs.interface.getEvent(name).topicHash)];
  const logs = await provider.getLogs({ address: deployment.jobs, topics, fromBlock: deployment.block });
  const events = logs.flatMap((log) => abi.parseLog(log) ?? []);
  const text = (event: LogDescription, name: string): string => event.args.getValue(name) as string;
  const of = (wanted: string): LogDescription[] => events.filter(({ name }) => name === wanted);
  const expired = new Set(of("JobExpired").map((event) => text(event, "jobId")));
  const missed = of("JobMissed");
  const lastOf = new Map(missed.map((event) => [text(event, "jobId"), event]));
  return {
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

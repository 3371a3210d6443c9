import type { LogDescription, Result } from "ethers";

import type { JobTermsStruct } from "../../../typechain-types/interfaces/IJobEscrow.js";
import type { Suite } from "../../chain/suite.js";
import { readChallenge } from "../../dispute/logs.js";
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
  readonly claimId: string;
  readonly challenger: string;
  readonly block: number;
  readonly status: number;
}

/** What the chain knows of all jobs and challenges: the driver's only source for what happened. */
export interface Ledger {
  jobs(): Promise<readonly JobEntry[]>;
  challenges(): Promise<readonly ChallengeEntry[]>;
  /** First seconds after `now` in which something becomes possible: an expiry, a finalisation, a resolution, an execution. */
  deadlines(now: number): Promise<readonly number[]>;
}

export function createLedger({ jobs, challenges, ...suite }: Suite): Ledger {
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
    const { demands } = await readChallenge({ ...suite, jobs, challenges }, challengeId, block);
    const unanswered = demands.filter(({ graceDeadline }) => graceDeadline === undefined);
    return [lastDeadline + 1, ...unanswered.map(({ supplyDeadline }) => supplyDeadline + 1)];
  }

  return {
    jobs: jobEntries,
    challenges: async () =>
      (await challengeStates()).map(({ challengeId, block, state }) => ({
        challengeId,
        block,
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
      for (const { challengeId, block, state } of await challengeStates()) {
        if (Number(state.status) === ChallengeStatus.Upheld) due.push(Number(state.executableAt));
        if (Number(state.status) !== ChallengeStatus.Open) continue;
        due.push(...(await deadlinesOfChallenge(challengeId, block, Number(state.lastDeadline))));
      }
      return due.filter((at) => at > now);
    },
  };
}

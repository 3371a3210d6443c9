import { baseFeeAhead } from "../chain/fees.js";
import type { Suite } from "../chain/suite.js";
import type { JobClaim } from "./claims.js";
import { claimStatusName } from "./protocol.js";

/** Of what a slash rewards, challengers get 70%; rewards are half of the operator's own part (docs/protocol.md, Money). */
const CHALLENGERS_PERCENT = 70n;
const REWARDED_HALF = 2n;

/** What a challenge of one answer would cost, earn and take. */
export interface Quote {
  readonly jobId: string;
  readonly status: string;
  /** A challenge can be opened now. */
  readonly open: boolean;
  readonly openChallenges: bigint;
  /** In wei; back if the challenge stands. */
  readonly bond: bigint;
  /** Wei for everything from the commitment to the withdrawal, at `baseFee`. */
  readonly cost: bigint;
  readonly baseFee: bigint;
  /** Gas of the model's largest proof, which a refuter would pay. */
  readonly worstProofGas: bigint;
  readonly lock: bigint;
  /** The operator's own part of the lock, which rewards come from. */
  readonly ownPart: bigint;
  /** Stake tokens for a single challenger. */
  readonly reward: bigint;
  /** Protocol times. */
  readonly openBefore: bigint;
  readonly finalAtWorst: bigint;
  /** Seconds. */
  readonly refutationWindow: bigint;
  readonly airGap: bigint;
}

/** Reads everything that speaks for or against a challenge, before anything is spent. */
export async function quoteChallenge(suite: Suite, claim: JobClaim): Promise<Quote> {
  const { provider, hub, challenges, registry, jobs, staking, claimLens, deployment } = suite;
  const { claimId, modelId } = claim;
  const baseFee = await baseFeeAhead(provider);
  const market = { baseFee, dataPrice: 0n, tokenPrice: 0n };
  const [bond, model, clocks, job, [, floors], life] = await Promise.all([
    challenges.bondFor(modelId, baseFee),
    registry.model(modelId),
    hub.challengeParams(),
    jobs.job(claimId),
    claimLens.floorsOf(modelId, market),
    claimLens.claimLife(deployment.jobs, claimId),
  ]);
  const { own } = await staking.lockOf(deployment.jobs, job.operator, claimId);
  return {
    jobId: claimId,
    status: claimStatusName(Number(job.status)),
    open: life.challenge.chainTime !== 0n && claimStatusName(Number(job.status)) === "Answered",
    openChallenges: job.openChallenges,
    ...{ bond, cost: floors.lock.cost, baseFee },
    worstProofGas: model.maxProofGas,
    lock: job.lock,
    ownPart: own,
    reward: ((own / REWARDED_HALF) * CHALLENGERS_PERCENT) / 100n,
    openBefore: job.challengeDeadline,
    finalAtWorst: life.worst.time,
    refutationWindow: clocks.refutationWindow,
    airGap: clocks.airGap,
  };
}

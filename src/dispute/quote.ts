import { baseFeeAhead } from "../chain/fees.js";
import type { Suite } from "../chain/suite.js";
import { refusalOf } from "../receipts/present.js";
import type { ClaimRecord, JobClaim, ReceiptClaim } from "./claims.js";
import { ClaimStatus, claimStatusName } from "./protocol.js";

/** Of what a slash rewards, challengers get 70%; rewards are half of the operator's own part (docs/protocol.md, Money). */
const CHALLENGERS_PERCENT = 70n;
const REWARDED_HALF = 2n;

/** What a challenge of one answer would cost, earn and take. */
export interface Quote {
  readonly claimId: string;
  /** A receipt that nobody presented is none yet. */
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
  /** Stake behind the answer; behind all receipts of a reservation together. */
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

/** Where a claim stands, and what backs it. */
interface Standing {
  readonly status: number;
  readonly open: boolean;
  readonly openChallenges: bigint;
  readonly openBefore: bigint;
  /** What the stake is locked for: the job, or the reservation. */
  readonly lockId: string;
  readonly floor: "lock" | "reservation";
}

async function jobStanding({ jobs }: Suite, { claimId }: JobClaim): Promise<Standing> {
  const { status, challengeDeadline, openChallenges } = await jobs.job(claimId);
  const answered = Number(status) === ClaimStatus.Answered;
  const named = { lockId: claimId, floor: "lock" } as const;
  return { status: Number(status), open: answered, openChallenges, openBefore: challengeDeadline, ...named };
}

async function receiptStanding(suite: Suite, { claimId, receipt: signed }: ReceiptClaim): Promise<Standing> {
  const { reservation, issuedAt } = signed.receipt;
  const [{ status }, { openChallenges, window }, issued, refusal] = await Promise.all([
    suite.receipts.claim(claimId),
    suite.receipts.reservationOf(reservation),
    suite.hub.timeAt(issuedAt),
    refusalOf(suite, signed),
  ]);
  const presented = Number(status) !== ClaimStatus.None;
  const open = presented ? Number(status) === ClaimStatus.Answered : refusal === undefined;
  const named = { lockId: reservation, floor: "reservation" } as const;
  return { status: Number(status), open, openChallenges, openBefore: issued + window, ...named };
}

/** Reads everything that speaks for or against a challenge, before anything is spent. */
export async function quoteChallenge(suite: Suite, claim: ClaimRecord): Promise<Quote> {
  const { provider, hub, challenges, registry, staking, claimLens } = suite;
  const { claimId, modelId, source, operator } = claim;
  const baseFee = await baseFeeAhead(provider);
  const market = { baseFee, dataPrice: 0n, tokenPrice: 0n };
  const standing = await (claim.receipt === undefined ? jobStanding(suite, claim) : receiptStanding(suite, claim));
  const { status, open, openChallenges, openBefore, lockId, floor } = standing;
  const [bond, model, clocks, [, floors], [, , finality], { amount, own }, now] = await Promise.all([
    challenges.bondFor(modelId, baseFee),
    registry.model(modelId),
    hub.challengeParams(),
    claimLens.floorsOf(modelId, market),
    claimLens.finalityOf(modelId),
    staking.lockOf(source, operator, lockId),
    hub.time(),
  ]);
  const worst = finality.find((each) => BigInt(each.source) === BigInt(source));
  const afterWindow = worst === undefined ? 0n : worst.worstCase - worst.challengeWindow;
  return {
    claimId,
    status: claimStatusName(status),
    open: open && now <= openBefore,
    openChallenges,
    ...{ bond, cost: floors[floor].cost, baseFee },
    worstProofGas: model.maxProofGas,
    lock: amount,
    ownPart: own,
    reward: ((own / REWARDED_HALF) * CHALLENGERS_PERCENT) / 100n,
    openBefore,
    finalAtWorst: openBefore + afterWindow,
    refutationWindow: clocks.refutationWindow,
    airGap: clocks.airGap,
  };
}

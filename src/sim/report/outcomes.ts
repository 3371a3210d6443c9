import type { LogDescription } from "ethers";

import type { Suite } from "../../chain/suite.js";
import { fetchClaim, type ReceiptClaim } from "../../dispute/claims.js";
import type { Evidencer } from "../../dispute/evidence.js";
import { compareWithAudit } from "../../dispute/examine.js";
import { challengeStatusName, claimStatusName } from "../../dispute/protocol.js";
import type { Ledger } from "../driver/ledger.js";

/** What became of a job, and what should have. */
export interface JobOutcome {
  readonly jobId: string;
  readonly operator: string;
  readonly consumer: string;
  /** What its fee is paid in; the zero address for the native coin. */
  readonly currency: string;
  readonly status: string;
  /** Whether it was answered and the exact verdict on the answer is *wrong*: recomputed here, from the published bytes. */
  readonly deviates: boolean;
  /** What the operator was credited of the fee; zero where the job is not final. */
  readonly earned: bigint;
}

/** What became of an answer by receipt; its status is `None` where nobody presented it. */
export interface ReceiptOutcome {
  readonly claimId: string;
  readonly reservation: string;
  readonly operator: string;
  readonly status: string;
  readonly deviates: boolean;
}

export interface ChallengeOutcome {
  readonly challengeId: string;
  readonly claimId: string;
  /** Whether it is an auditor's report that finds nothing: its claim is the auditor's seat. */
  readonly isReport: boolean;
  readonly challenger: string;
  readonly status: string;
  /** Whether it asserts the true trace. */
  readonly truthful: boolean;
  readonly bond: bigint;
  /** Of a lost challenge: what of the bond went to the defence, and what burnt. */
  readonly reward: bigint;
  readonly burnt: bigint;
}

export interface SlashOutcome {
  readonly operator: string;
  /** A job, or a reservation. */
  readonly lockId: string;
  readonly amount: bigint;
  readonly burnt: bigint;
  /** Whom the rest was credited to. */
  readonly rewards: readonly { readonly account: string; readonly amount: bigint }[];
}

export interface Outcomes {
  readonly jobs: readonly JobOutcome[];
  readonly receipts: readonly ReceiptOutcome[];
  readonly challenges: readonly ChallengeOutcome[];
  /** Without those of auditors. */
  readonly slashes: readonly SlashOutcome[];
  /** Slashes for answers that were right. There must be none. */
  readonly falseSlashes: readonly SlashOutcome[];
  /** Wrong answers that became final. There must be none. */
  readonly missed: readonly (JobOutcome | ReceiptOutcome)[];
  /** Coins that the challenge manager still owes to anybody. */
  readonly coinsOwed: bigint;
}

const text = (event: LogDescription, name: string): string => event.args.getValue(name) as string;
const big = (event: LogDescription, name: string): bigint => event.args.getValue(name) as bigint;

async function eventsOf(suite: Suite, address: string): Promise<LogDescription[]> {
  const { provider, deployment, abi } = suite;
  const logs = await provider.getLogs({ address, fromBlock: deployment.block, toBlock: "latest" });
  return logs.flatMap((log) => abi.parseLog(log) ?? []);
}

function slashesOf(events: readonly LogDescription[]): SlashOutcome[] {
  return events
    .filter(({ name }) => name === "Slashed")
    .map((slashed) => {
      const lockId = text(slashed, "lockId");
      return {
        operator: text(slashed, "operator"),
        lockId,
        amount: big(slashed, "amount"),
        burnt: big(slashed, "burnt"),
        rewards: events
          .filter((event) => event.name === "Rewarded" && text(event, "lockId") === lockId)
          .map((event) => ({ account: text(event, "account"), amount: big(event, "amount") })),
      };
    });
}

/** Fees without the parts of others, by job. */
function earningsOf(events: readonly LogDescription[]): Map<string, bigint> {
  const final = events.filter(({ name }) => name === "JobFinalised");
  const others = ["toDelegators", "royalty", "auditShare"];
  return new Map(
    final.map((event) => [
      text(event, "jobId"),
      others.reduce((left, name) => left - big(event, name), big(event, "fee")),
    ]),
  );
}

async function readReceipts(
  { receipts }: Suite,
  evidencer: Evidencer,
  bought: readonly ReceiptClaim[],
): Promise<ReceiptOutcome[]> {
  const outcomes: ReceiptOutcome[] = [];
  for (const claim of bought) {
    const { claimId, operator, receipt } = claim;
    const { model, outputs } = await evidencer.auditOf(claim);
    outcomes.push({
      claimId,
      reservation: receipt.receipt.reservation,
      operator,
      status: claimStatusName(Number((await receipts.claim(claimId)).status)),
      deviates: compareWithAudit(model, outputs, claim.outputs)?.verdict === "wrong",
    });
  }
  return outcomes;
}

/**
 * Reads from the chain how everything ended, and recomputes what the answers should have been.
 * @param bought answers by receipt, whose bytes only those have who bought them
 */
export async function readOutcomes(
  { suite, ledger }: { readonly suite: Suite; readonly ledger: Ledger },
  evidencer: Evidencer,
  bought: readonly ReceiptClaim[],
): Promise<Outcomes> {
  const jobs: JobOutcome[] = [];
  const paid = earningsOf(await eventsOf(suite, suite.deployment.jobs));
  for (const { jobId, operator, consumer, status, terms } of await ledger.jobs()) {
    const claim = await fetchClaim(suite, jobId);
    let deviates = false;
    if (claim !== undefined && claim.outputs.length > 0) {
      const { model, outputs } = await evidencer.auditOf(claim);
      deviates = compareWithAudit(model, outputs, claim.outputs)?.verdict === "wrong";
    }
    const [currency, earned] = [terms.currency as string, paid.get(jobId) ?? 0n];
    jobs.push({ jobId, operator, consumer, currency, status: claimStatusName(status), deviates, earned });
  }
  const receipts = await readReceipts(suite, evidencer, bought);
  const events = await eventsOf(suite, suite.deployment.challenges);
  const seats = new Map((await ledger.seats()).map(({ seatId, jobId }) => [seatId, jobId]));
  const challenges: ChallengeOutcome[] = [];
  for (const { challengeId, claimId, challenger, status } of await ledger.challenges()) {
    const of = (...names: string[]): LogDescription | undefined =>
      events.find((event) => names.includes(event.name) && text(event, "challengeId") === challengeId);
    const [opened, lost] = [of("ChallengeOpened"), of("ChallengeRefuted", "ChallengeUnanswered")];
    const audited = seats.get(claimId);
    const claim = bought.find((each) => each.claimId === claimId) ?? (await fetchClaim(suite, audited ?? claimId));
    const truth = claim && (await evidencer.auditOf(claim)).trace.root;
    challenges.push({
      challengeId,
      claimId,
      isReport: audited !== undefined,
      challenger,
      status: challengeStatusName(status),
      truthful: opened !== undefined && text(opened, "traceRoot") === truth,
      bond: opened === undefined ? 0n : big(opened, "bond"),
      reward: lost === undefined ? 0n : big(lost, "reward"),
      burnt: lost === undefined ? 0n : big(lost, "burnt"),
    });
  }
  const slashed = slashesOf(await eventsOf(suite, suite.deployment.staking));
  const slashes = slashed.filter(({ lockId }) => !seats.has(lockId));
  const wrong = [...jobs, ...receipts].filter(({ deviates }) => deviates);
  const isWrong = new Set(wrong.map((each) => ("jobId" in each ? each.jobId : each.reservation)));
  return {
    jobs,
    receipts,
    challenges,
    slashes,
    falseSlashes: slashes.filter(({ lockId }) => !isWrong.has(lockId)),
    missed: wrong.filter(({ status }) => status !== "Wrong"),
    coinsOwed: await suite.challenges.totalOwed(),
  };
}

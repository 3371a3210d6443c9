import { ZeroAddress, type LogDescription, type Result } from "ethers";

import type { JobEntry, ReservationEntry } from "../driver/ledger.js";
import type { World } from "../driver/world.js";

/** One account's stake with one operator: its own, or delegated. */
export interface Pair {
  readonly operator: string;
  readonly holder: string;
}

/** What contracts said about money, summed up. Currencies by address, the zero address for the native coin. */
export interface ChainEvents {
  readonly jobs: readonly JobEntry[];
  readonly reservations: readonly ReservationEntry[];
  readonly currencies: readonly string[];
  /** What a registration leaves behind. */
  readonly deposit: bigint;
  readonly positions: readonly Pair[];
  readonly delegations: readonly Pair[];
  /** Publishers, one for each registration. */
  readonly registrations: readonly string[];
  /** Stake tokens from the faucet, by account. */
  readonly dripped: ReadonlyMap<string, bigint>;
  /** The audit pool's share of each final job. */
  readonly final: ReadonlyMap<string, bigint>;
  /** What the consumer got back of the fee of each job whose answer was wrong or void. */
  readonly undone: ReadonlyMap<string, bigint>;
  /** What vouchers paid, by reservation. */
  readonly collected: ReadonlyMap<string, bigint>;
  /** Credited to delegators, by currency; how many credits, settlements and payments rounded it. */
  readonly toDelegators: ReadonlyMap<string, bigint>;
  readonly roundings: number;
  /** What audits came to. */
  readonly audits: readonly {
    readonly auditor: string;
    readonly currency: string;
    /** Earned by reports that stood. */
    readonly pay: bigint;
  }[];
  /** What the lottery took out of the pool, and what it paid to auditors and their delegators, by currency. */
  readonly fromPool: ReadonlyMap<string, bigint>;
  readonly paidOut: readonly { readonly auditor: string; readonly currency: string; readonly amount: bigint }[];
  /** Coins of bonds and surcharges that burnt. */
  readonly coinsBurnt: bigint;
  readonly slashes: readonly {
    readonly operator: string;
    readonly amount: bigint;
    readonly own: bigint;
    readonly burnt: bigint;
  }[];
  /** Stake tokens that burnt so that an operator could leave jail. */
  readonly releaseFees: ReadonlyMap<string, bigint>;
  /** Stake tokens from slashes, by account. */
  readonly rewards: ReadonlyMap<string, bigint>;
}

const text = (event: LogDescription, name: string): string => event.args.getValue(name) as string;
const big = (event: LogDescription, name: string): bigint => event.args.getValue(name) as bigint;

function sumBy(events: readonly LogDescription[], key: string, amount: string): Map<string, bigint> {
  const sums = new Map<string, bigint>();
  for (const event of events) sums.set(text(event, key), (sums.get(text(event, key)) ?? 0n) + big(event, amount));
  return sums;
}

/** Reads all events of the suite, and what came of jobs and reservations. */
export async function readEvents({ suite, ledger }: World): Promise<ChainEvents> {
  const { provider, deployment, abi } = suite;
  const from = async (address: string): Promise<LogDescription[]> => {
    const logs = await provider.getLogs({ address, fromBlock: deployment.block, toBlock: "latest" });
    return logs.flatMap((log) => abi.parseLog(log) ?? []);
  };
  const [staking, fees, jobs, receipts, challenges, registry, token, lottery] = await Promise.all(
    (["staking", "fees", "jobs", "receipts", "challenges", "registry", "token", "lottery"] as const).map((name) =>
      from(deployment[name]),
    ),
  );
  const named = (events: readonly LogDescription[] | undefined, ...names: string[]): LogDescription[] =>
    (events ?? []).filter(({ name }) => names.includes(name));
  const pairs = new Map<string, Pair>();
  for (const event of named(staking, "Deposited")) {
    const pair = { operator: text(event, "operator"), holder: text(event, "holder") };
    pairs.set(`${pair.operator} ${pair.holder}`, pair);
  }
  const positions = [...pairs.values()];
  const ends = named(challenges, "ChallengeRefuted", "ChallengeUnanswered");
  const burnt = [
    ...ends.map((event) => big(event, "burnt")),
    ...named(challenges, "Demanded").map((event) => big(event, "surcharge")),
  ];
  const currencyOf = new Map(
    named(lottery, "AuditDrawn").map((event) => {
      const { currency } = (event.args.getValue("audit") as Result).toObject() as { currency: string };
      return [text(event, "jobId"), currency];
    }),
  );
  return {
    jobs: await ledger.jobs(),
    reservations: await ledger.reservations(),
    currencies: await suite.hub.currencies(),
    deposit: (await suite.registry.parameters()).deposit,
    positions,
    delegations: positions.filter(({ operator, holder }) => operator !== holder),
    registrations: named(registry, "ModelRegistered").map((event) => text(event, "publisher")),
    dripped: sumBy(named(token, "Dripped"), "account", "amount"),
    final: sumBy(named(jobs, "JobFinalised"), "jobId", "auditShare"),
    undone: sumBy(named(jobs, "ClaimWrong", "ClaimVoid"), "claimId", "refund"),
    collected: sumBy(named(receipts, "Collected"), "reservation", "amount"),
    toDelegators: sumBy(named(fees, "FeesCredited"), "currency", "amount"),
    roundings: named(fees, "FeesCredited", "SharesChanged", "FeesCollected").length,
    audits: named(lottery, "SeatSettled").map((event) => ({
      auditor: text(event, "auditor"),
      currency: currencyOf.get(text(event, "jobId")) ?? ZeroAddress,
      pay: big(event, "pay"),
    })),
    fromPool: sumBy(named(jobs, "AuditPoolCollected"), "currency", "amount"),
    paidOut: named(lottery, "PayCollected").map((event) => ({
      auditor: text(event, "auditor"),
      currency: text(event, "currency"),
      amount: big(event, "amount") + big(event, "toDelegators"),
    })),
    coinsBurnt: burnt.reduce((a, b) => a + b, 0n),
    slashes: named(staking, "Slashed", "Penalised").map((event) => ({
      operator: text(event, "operator"),
      amount: big(event, "amount"),
      own: big(event, "own"),
      // Of a penalty nobody has a part.
      burnt: big(event, event.name === "Slashed" ? "burnt" : "amount"),
    })),
    releaseFees: sumBy(named(staking, "JailLeft"), "operator", "fee"),
    rewards: sumBy(named(staking, "Rewarded"), "account", "amount"),
  };
}

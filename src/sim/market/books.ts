import { ZeroAddress } from "ethers";

import type { JobEntry } from "../driver/ledger.js";
import type { World } from "../driver/world.js";
import { amountOf, renderTable } from "../report/format.js";
import { readEvents, type ChainEvents } from "./events.js";
import { balanceOf, earnedBy, escrowedFor, holdingsOf } from "./holdings.js";

/** What a role gained; negative what it lost. Coins are without the gas that it paid. */
export interface Gain {
  readonly role: string;
  readonly coins: bigint;
  /** In the token that fees are paid in beside the native coin. */
  readonly tokens: bigint;
  readonly stake: bigint;
}

/** Who gained and lost what, and whether that is what the contracts say they paid and burnt. */
export interface Books {
  readonly gains: readonly Gain[];
  /** What does not add up; empty if all is well. */
  readonly problems: readonly string[];
}

export interface FeeToken {
  readonly address: string;
  readonly holder: string;
  /** What the holder had of it at the start. */
  readonly supply: bigint;
}

type Sums = Omit<Gain, "role">;
const NOTHING: Sums = { coins: 0n, tokens: 0n, stake: 0n };
const add = (a: Sums, b: Sums): Sums => ({
  coins: a.coins + b.coins,
  tokens: a.tokens + b.tokens,
  stake: a.stake + b.stake,
});
const total = (all: readonly Sums[]): Sums => all.reduce(add, NOTHING);
const sum = (values: Iterable<bigint>): bigint => [...values].reduce((a, b) => a + b, 0n);

/** An operator's worker key is the same role. */
const roleOf = (name: string): string => name.replace(/'s worker$/, "");

/** What is left to the audit pool of a job whose answer was wrong or void. */
function leftByUndone({ undone }: ChainEvents, { jobId, terms }: JobEntry): bigint {
  const refund = undone.get(jobId);
  return refund === undefined ? 0n : BigInt(terms.fee) - refund;
}

/** What consumers paid for answers, in one currency: by jobs with their gas, and by vouchers. */
function spentBy(events: ChainEvents, account: string, currency: string): bigint {
  const { jobs, reservations, final, collected } = events;
  let spent = 0n;
  for (const job of jobs) {
    const { jobId, consumer, terms } = job;
    if (consumer !== account) continue;
    const isFinal = final.has(jobId);
    if (terms.currency === currency) spent += isFinal ? BigInt(terms.fee) : leftByUndone(events, job);
    if (isFinal && currency === ZeroAddress) spent += BigInt(terms.gasFee) + BigInt(terms.callbackFee);
  }
  for (const { reservation, payer, currency: paidIn } of reservations) {
    if (payer === account && paidIn === currency) spent += collected.get(reservation) ?? 0n;
  }
  return spent;
}

/** Audit shares of answered jobs in one currency. */
function auditSharesOf(events: ChainEvents, currency: string): bigint {
  const paid = events.jobs.filter(({ terms }) => terms.currency === currency);
  return sum(paid.map((job) => (events.final.get(job.jobId) ?? 0n) + leftByUndone(events, job)));
}

/** What the lottery paid to auditors and their delegators in one currency; to one auditor, where one is named. */
const paidOutIn = ({ paidOut }: ChainEvents, currency: string, auditor?: string): bigint =>
  sum(
    paidOut.flatMap((each) =>
      each.currency === currency && (auditor ?? each.auditor) === each.auditor ? [each.amount] : [],
    ),
  );

/** Every coin and token of every contract is owed to somebody or burnt. */
async function checkContracts(world: World, events: ChainEvents, accounts: readonly string[]): Promise<string[]> {
  const { suite } = world;
  const { jobs, receipts, challenges, staking, deployment } = suite;
  const problems: string[] = [];
  const expect = (what: string, has: bigint, owes: bigint, dust = 0n): void => {
    if (has < owes || has - owes > dust) problems.push(`${what} has ${has} and owes ${owes}`);
  };
  const sumOf = async (read: (account: string) => Promise<bigint>): Promise<bigint> =>
    sum(await Promise.all(accounts.map(read)));
  for (const currency of events.currencies) {
    const escrow = (of: "jobs" | "receipts" | "registry") =>
      sum(accounts.map((account) => escrowedFor(events, account, currency)[of]));
    const credits = (of: typeof jobs | typeof receipts) => sumOf((account) => of.creditOf(currency, account));
    const owed = (await credits(jobs)) + (await jobs.auditPool(currency)) + escrow("jobs");
    expect(`the job escrow (${currency})`, await balanceOf(suite, currency, deployment.jobs), owed);
    const deposits = (await credits(receipts)) + escrow("receipts");
    expect(`the receipt escrow (${currency})`, await balanceOf(suite, currency, deployment.receipts), deposits);
    const earned = await sumOf((account) => earnedBy(suite, events, account, currency));
    const held = await balanceOf(suite, currency, deployment.fees);
    expect(`the delegators' fees (${currency})`, held, earned, BigInt(events.roundings));
    const registered = escrow("registry");
    expect(`the registry (${currency})`, await balanceOf(suite, currency, deployment.registry), registered);
    const inLottery = (events.fromPool.get(currency) ?? 0n) - paidOutIn(events, currency);
    expect(`the audit lottery (${currency})`, await balanceOf(suite, currency, deployment.lottery), inLottery);
  }
  const owed = await sumOf((account) => challenges.creditOf(account));
  expect(
    "the challenge manager",
    await balanceOf(suite, ZeroAddress, deployment.challenges),
    owed + (await challenges.totalBurnt()),
  );
  expect("the staking contract", await suite.token.balanceOf(deployment.staking), await staking.totalOwed());
  return problems;
}

/**
 * Reads what everybody gained from balances, credits and positions, and compares it with what the contracts' events say they
 * paid, took and burnt.
 */
export async function readBooks(world: World, feeToken?: FeeToken): Promise<Books> {
  const { suite, actors } = world;
  const events = await readEvents(world);
  const everybody = await actors.all();
  const problems = await checkContracts(
    world,
    events,
    everybody.map(({ address }) => address),
  );
  const gains = new Map<string, Sums>();
  const byAddress = new Map<string, Sums>();
  const record = (role: string, gained: Sums): void => void gains.set(role, add(gains.get(role) ?? NOTHING, gained));
  for (const { name, address } of everybody) {
    const given = new Map(feeToken?.holder === address ? [[feeToken.address, feeToken.supply]] : []);
    const { fees, stake } = await holdingsOf(world, events, address, given);
    const tokens = feeToken === undefined ? 0n : (fees.get(feeToken.address) ?? 0n);
    const gained = { coins: fees.get(ZeroAddress) ?? 0n, tokens, stake };
    byAddress.set(address, gained);
    record(roleOf(name), gained);
  }
  // What the lottery has collected and not paid out is the pool's still.
  const pool = async (currency: string | undefined) =>
    currency === undefined
      ? 0n
      : (await suite.jobs.auditPool(currency)) + (await balanceOf(suite, currency, suite.deployment.lottery));
  record("audit pool", { coins: await pool(ZeroAddress), tokens: await pool(feeToken?.address), stake: 0n });
  const burnt = sum(events.slashes.map((slash) => slash.burnt)) + sum(events.releaseFees.values());
  record("burnt", { coins: await suite.challenges.totalBurnt(), tokens: 0n, stake: burnt });

  const dust = BigInt(events.roundings + events.slashes.length + events.positions.length);
  const agree = (what: string, gained: bigint, paid: bigint, allowed = 0n): void => {
    const off = gained > paid ? gained - paid : paid - gained;
    if (off > allowed) problems.push(`${what}: gained ${gained}, the contracts say ${paid}`);
  };
  const gainOf = (address: string): Sums => byAddress.get(address) ?? NOTHING;

  const all = total([...gains.values()]);
  agree("all coins together", all.coins, 0n, dust);
  agree("all fee tokens together", all.tokens, 0n, dust);
  agree("all stake tokens together", all.stake, 0n, dust);
  agree("coins burnt", await suite.challenges.totalBurnt(), events.coinsBurnt);

  const consumers = new Set(events.jobs.map(({ consumer }) => consumer));
  for (const consumer of consumers) {
    const name = actors.nameOf(consumer) ?? consumer;
    agree(`${name}'s coins`, -gainOf(consumer).coins, spentBy(events, consumer, ZeroAddress));
    if (feeToken === undefined) continue;
    agree(`${name}'s tokens`, -gainOf(consumer).tokens, spentBy(events, consumer, feeToken.address));
  }
  const delegators = new Set(events.delegations.map(({ holder }) => holder));
  const operators = new Set(
    events.positions.flatMap(({ operator, holder }) => (operator === holder ? [operator] : [])),
  );
  const delegated = total([...delegators].map(gainOf));
  agree("delegators' coins", delegated.coins, events.toDelegators.get(ZeroAddress) ?? 0n, dust);
  agree("delegators' tokens", delegated.tokens, events.toDelegators.get(feeToken?.address ?? "") ?? 0n, dust);
  agree("delegators' stake", -delegated.stake, sum(events.slashes.map(({ amount, own }) => amount - own)), dust);
  for (const { address, name } of everybody) {
    if (delegators.has(address)) continue;
    const lost = events.slashes.filter(({ operator }) => operators.has(address) && operator === address);
    const paid = sum(lost.map(({ own }) => own)) + (events.releaseFees.get(address) ?? 0n);
    const expected = (events.rewards.get(address) ?? 0n) - paid;
    agree(`${name}'s stake`, gainOf(address).stake, expected, dust);
  }
  for (const currency of events.currencies) {
    const left = auditSharesOf(events, currency) - paidOutIn(events, currency);
    agree(`the audit pool (${currency})`, await pool(currency), left);
    for (const auditor of new Set(events.audits.map((audit) => audit.auditor))) {
      const pays = events.audits.filter((audit) => audit.auditor === auditor && audit.currency === currency);
      const due = await suite.lottery.earned(auditor, currency);
      const what = `${actors.nameOf(auditor) ?? auditor}'s pay for audits (${currency})`;
      agree(what, paidOutIn(events, currency, auditor) + due, sum(pays.map(({ pay }) => pay)));
    }
  }
  return { gains: [...gains].map(([role, gained]) => ({ role, ...gained })), problems };
}

/** What is shown of an amount: five decimals. */
const SHOWN = 10n ** 13n;

/** An amount with its sign, rounded to what is shown; what is too small for that is none. */
export function signed(amount: bigint): string {
  const size = amount < 0n ? -amount : amount;
  const text = amountOf(((size + SHOWN / 2n) / SHOWN) * SHOWN);
  return text === "0" ? text : `${amount < 0n ? "-" : "+"}${text}`;
}

/** A table of who gained and lost what; who did neither is left out. */
export function renderGains(gains: readonly Record<keyof Gain, string>[]): string[] {
  const moved = gains.filter(({ coins, tokens, stake }) => ![coins, tokens, stake].every((amount) => amount === "0"));
  return renderTable([
    ["gained and lost", "coins", "fee tokens", "stake"],
    ...moved.map(({ role, coins, tokens, stake }) => [role, coins, tokens, stake]),
  ]);
}

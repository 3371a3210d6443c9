import { ZeroAddress } from "ethers";

import type { Suite } from "../../chain/suite.js";
import { listExits } from "../../operator/exits.js";
import { ClaimStatus } from "../../dispute/protocol.js";
import { START_BALANCE } from "../driver/actors.js";
import type { World } from "../driver/world.js";
import type { ChainEvents } from "./events.js";

/** What an account has or lacks against the start: by currency of fees (zero address: native coin), and in stake tokens. */
export interface Holdings {
  readonly fees: ReadonlyMap<string, bigint>;
  readonly stake: bigint;
}

const RETIRED_PAGE = 64;

const sum = (values: readonly bigint[]): bigint => values.reduce((a, b) => a + b, 0n);

export function balanceOf({ provider, token }: Suite, currency: string, account: string): Promise<bigint> {
  return currency === ZeroAddress
    ? provider.getBalance(account)
    : (token.attach(currency) as typeof token).balanceOf(account);
}

/** Fees that an account has earned as a delegator and not collected, in one currency. */
export async function earnedBy(
  { staking, fees }: Suite,
  { delegations }: ChainEvents,
  account: string,
  currency: string,
): Promise<bigint> {
  // Nobody delegates to the zero address: what is named there was settled already, in any pool.
  const settled = await fees.earned(ZeroAddress, 0, currency, account);
  let earned = settled;
  for (const { operator, holder } of delegations) {
    if (holder !== account) continue;
    const { generation } = await staking.delegatedPool(operator);
    for (let g = 0n; g <= generation; g++) earned += (await fees.earned(operator, g, currency, account)) - settled;
  }
  return earned;
}

/** Stake of an account with all operators, queued exits and what is left in retired pools included. */
async function stakeOf(suite: Suite, { positions }: ChainEvents, account: string): Promise<bigint> {
  const { staking, accountLens } = suite;
  let stake = 0n;
  for (const { operator, holder } of positions) {
    if (holder !== account) continue;
    stake += (await staking.position(operator, holder)).amount;
    stake += sum((await listExits(suite, operator, holder)).map(({ amount }) => amount));
    const [retired] = await accountLens.retiredPositions(operator, holder, 0, RETIRED_PAGE);
    stake += sum(retired.map(({ amount }) => amount));
  }
  return stake;
}

/** What stands in escrow for an account: deposits for vouchers, fees of jobs that have not ended, deposits of registrations. */
export function escrowedFor(
  { jobs, reservations, registrations, deposit }: ChainEvents,
  account: string,
  currency: string,
): { readonly jobs: bigint; readonly receipts: bigint; readonly registry: bigint } {
  const native = currency === ZeroAddress;
  let fees = 0n;
  for (const { consumer, status, terms } of jobs) {
    if (consumer !== account || (status !== ClaimStatus.Assigned && status !== ClaimStatus.Answered)) continue;
    if (terms.currency === currency) fees += BigInt(terms.fee);
    if (native) fees += BigInt(terms.gasFee) + BigInt(terms.callbackFee);
  }
  const paid = reservations.filter((r) => r.payer === account && r.currency === currency);
  const published = registrations.filter((publisher) => publisher === account).length;
  return {
    jobs: fees,
    receipts: sum(paid.map(({ balance }) => balance)),
    registry: native ? deposit * BigInt(published) : 0n,
  };
}

/** All that one account has now, gas left out of account, less what it was given to start with. */
export async function holdingsOf(
  world: World,
  events: ChainEvents,
  account: string,
  given: ReadonlyMap<string, bigint>,
): Promise<Holdings> {
  const { suite } = world;
  const owed = await suite.accountLens.owedTo(account);
  const fees = new Map<string, bigint>();
  for (const { currency, jobs, receipts } of owed.fees) {
    const escrow = escrowedFor(events, account, currency);
    let has = (await balanceOf(suite, currency, account)) + jobs + receipts;
    has += (await earnedBy(suite, events, account, currency)) + sum(Object.values(escrow));
    if (currency === ZeroAddress) has += owed.challenges + world.gasPaidBy(account) - START_BALANCE;
    fees.set(currency, has - (given.get(currency) ?? 0n));
  }
  const wallet = await suite.token.balanceOf(account);
  const stake = wallet + owed.rewards + (await stakeOf(suite, events, account)) - (events.dripped.get(account) ?? 0n);
  return { fees, stake };
}

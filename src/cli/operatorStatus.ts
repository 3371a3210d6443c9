import { formatEther, ZeroAddress } from "ethers";

import type { Suite } from "../chain/suite.js";
import { days, table } from "./io.js";

/** One sum that an account of the operator's can withdraw. */
interface Claimable {
  readonly what: string;
  readonly account: string;
  /** A token, or zero for the native coin. */
  readonly currency: string;
  readonly amount: bigint;
}

/** Exits looked at; an owner with more uses `stake show`. */
const EXITS = 100;

/** Everything about an operator that its owner decides by; all of one block. */
export async function statusOf({ accountLens, hub, token, provider }: Suite, operator: string) {
  const blockTag = await provider.getBlockNumber();
  const [account, [exits], time, { missPenalty }, paused, stakeToken] = await Promise.all([
    accountLens.operatorAccount(operator, { blockTag }),
    accountLens.exits(operator, operator, 0, EXITS, { blockTag }),
    hub.time({ blockTag }),
    hub.jobParams({ blockTag }),
    hub.isPaused({ blockTag }),
    token.getAddress(),
  ]);
  const { own, delegated, freeStake, stake, draws, drawWeight, reserved, reservationCap, conduct, commission } =
    account;
  const claimable: Claimable[] = [];
  const seen = new Set<string>();
  for (const { account: holder, challenges, rewards, fees } of [account.owner, account.payout, account.hotKey]) {
    if (holder === ZeroAddress || seen.has(holder)) continue;
    seen.add(holder);
    claimable.push(
      { what: "bonds and demands", account: holder, currency: ZeroAddress, amount: challenges },
      { what: "rewards", account: holder, currency: stakeToken, amount: rewards },
      ...fees.flatMap(({ currency, jobs, receipts: vouchers }) => [
        { what: "fees of jobs", account: holder, currency, amount: jobs },
        { what: "fees of receipts", account: holder, currency, amount: vouchers },
      ]),
    );
  }
  return {
    ...{ operator, block: blockTag, paused, worker: account.worker, pendingWorker: account.pendingWorker },
    payout: account.terms.payout,
    commission,
    own: { active: own.active, exiting: own.exiting, locked: own.locked },
    delegated: { active: delegated.active, exiting: delegated.exiting, locked: delegated.locked },
    ...{ free: freeStake, drawStake: draws.current, drawWeight, reserved, reservationCap },
    exits: exits.map(({ exitId, exit, withdrawable }) => ({
      ...{ exitId, amount: exit.amount, withdrawable },
      waits: exit.readyAt > time ? exit.readyAt - time : 0n,
    })),
    claimable: claimable.filter(({ amount }) => amount > 0n),
    strikes: conduct.strikes,
    jailed: conduct.jailed,
    releaseFee: account.releaseFee,
    exposure: {
      /** What stands behind claims now: all of it is lost if they are wrong. */
      locked: own.locked + delegated.locked,
      /** What can be slashed at all, queued exits included. */
      slashable: stake,
      /** What missing the deadlines of everything that is locked would burn, in basis points of the locks. */
      missPenalty,
    },
  };
}

export type OperatorStatus = Awaited<ReturnType<typeof statusOf>>;

const tokens = (value: bigint): string => `${formatEther(value)} tokens`;
const either = (address: string, otherwise: string): string => (address === ZeroAddress ? otherwise : address);

export function renderStatus(s: OperatorStatus): string {
  const { exposure, own, delegated } = s;
  const conduct = s.jailed
    ? `in jail; leaving costs ${tokens(s.releaseFee)}`
    : `${s.strikes} in this epoch, not in jail`;
  return table([
    ["operator", s.operator, s.paused ? "the protocol is paused" : ""],
    [
      "worker",
      either(s.worker, "none: nobody answers"),
      s.pendingWorker === ZeroAddress ? "" : `proposed: ${s.pendingWorker}`,
    ],
    ["payout", either(s.payout, s.operator), `commission ${Number(s.commission) / 100}%`],
    ["", "active", "leaving", "locked"],
    ["own stake", formatEther(own.active), formatEther(own.exiting), formatEther(own.locked)],
    ["delegated", formatEther(delegated.active), formatEther(delegated.exiting), formatEther(delegated.locked)],
    ["free for claims", tokens(s.free)],
    ["for draws", tokens(s.drawStake)],
    ["reserved", `${tokens(s.reserved)} of at most ${formatEther(s.reservationCap)}`],
    ["exposure", `${tokens(exposure.locked)} back claims, ${formatEther(exposure.slashable)} can be slashed at all`],
    ["strikes", conduct],
    ...(s.exits.length === 0 ? [["exits", "none"]] : []),
    ...s.exits.map(({ exitId, amount, withdrawable, waits }) => [
      `exit ${exitId}`,
      tokens(amount),
      withdrawable ? "can leave now" : waits > 0n ? `in ${days(waits)} days` : "waits for locks",
    ]),
    ...(s.claimable.length === 0 ? [["to collect", "nothing"]] : []),
    ...s.claimable.map(({ what, account, currency, amount }) => [
      "to collect",
      `${formatEther(amount)} ${currency === ZeroAddress ? "coins" : currency}`,
      `${what}, by ${account}`,
    ]),
  ]);
}

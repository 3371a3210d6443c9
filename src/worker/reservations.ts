import type { Logger } from "pino";

import type { SuiteEvent } from "../chain/feed.js";
import type { Sender } from "../chain/sender.js";
import type { Suite } from "../chain/suite.js";
import { tolerantSend } from "../dispute/protocol.js";
import type { State } from "../store/state.js";
import { accountsOf, ReservationStatus, type Account } from "./till.js";

/** Looks after an operator's reservations: collects vouchers, ends what is no longer paid for, frees stake. */
export interface Reservations {
  record(events: readonly SuiteEvent[]): void;
  /** Does what is due; returns whether anything was sent. */
  advance(): Promise<boolean>;
}

/** Vouchers in one transaction. */
const BATCH = 100;

export function createReservations(options: {
  suite: Suite;
  sender: Sender;
  state: State;
  operator: string;
  /** Vouchers are collected as soon as one pays this much, or sooner where the payer wants its deposit back. */
  collectFrom: bigint;
  log: Logger;
}): Reservations {
  const { suite, sender, state, operator, collectFrom, log } = options;
  const { receipts } = suite;
  const known = state.collection<{ since: number }>("reservation");
  const accounts = accountsOf(state);

  /** What a voucher would pay now. */
  const payable = (account: Account | undefined, r: { collected: bigint; balance: bigint }): bigint => {
    const owed = (account?.voucher.cumulative ?? 0n) - r.collected;
    return owed <= 0n ? 0n : owed < r.balance ? owed : r.balance;
  };

  async function collect(due: readonly Account[]): Promise<boolean> {
    const vouchers = due.slice(0, BATCH).map(({ voucher: { reservation, cumulative, signature } }) => ({
      voucher: { reservation, cumulative },
      signature,
    }));
    if (vouchers.length === 0) return false;
    const sent = await tolerantSend(sender, await receipts.collect.populateTransaction(vouchers), [
      "NothingToCollect",
      "Paused",
    ]);
    if (sent === undefined) return false;
    log.info(
      { event: "collected-vouchers", count: vouchers.length, gas: sent.gasUsed.toString() },
      "collected vouchers",
    );
    return true;
  }

  return {
    record: (events) => {
      for (const { contract, name, args, block } of events) {
        if (contract !== "receipts" || name !== "ReservationActivated") continue;
        if (args.getValue("operator") === operator) known.put(args.getValue("reservation") as string, { since: block });
      }
    },
    advance: async () => {
      const due: Account[] = [];
      let acted = false;
      const time = await suite.hub.time();
      for (const { key } of known.entries()) {
        const r = await receipts.reservationOf(key);
        const account = accounts.get(key);
        const pays = payable(account, r);
        const running = Number(r.status) === ReservationStatus.Active && time < r.end;
        // What the payer takes back is no longer there to pay with.
        const leaving = r.thawing > 0n || !running;
        if (account !== undefined && pays > 0n && (leaving || pays >= collectFrom)) due.push(account);
        if (running && r.thawing >= r.balance) {
          await tolerantSend(sender, await receipts.endReservation.populateTransaction(key), ["AlreadyEnded"]);
          log.info({ event: "ended", reservation: key }, "ended a reservation whose deposit is leaving");
          acted = true;
        } else if (
          Number(r.status) === ReservationStatus.Active &&
          time > r.end + r.window &&
          r.openChallenges === 0n
        ) {
          const sent = await tolerantSend(sender, await receipts.release.populateTransaction(key), [
            "WrongReservationStatus",
            "Paused",
          ]);
          if (sent) log.info({ event: "released", reservation: key }, "the stake of a reservation is free");
          acted = acted || sent !== undefined;
        } else if (Number(r.status) > ReservationStatus.Active && pays === 0n) {
          known.delete(key);
          accounts.delete(key);
        }
      }
      return (await collect(due)) || acted;
    },
  };
}

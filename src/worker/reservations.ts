import type { Logger } from "pino";

import { explainRevert } from "../chain/errors.js";
import type { SuiteEvent } from "../chain/feed.js";
import { stepAll } from "../chain/role.js";
import type { Sender } from "../chain/sender.js";
import type { Suite } from "../chain/suite.js";
import { createEndings } from "../dispute/endings.js";
import { tolerantSend } from "../dispute/protocol.js";
import type { State } from "../store/state.js";
import { accountsOf, ReservationStatus, type Account } from "./till.js";

/** Looks after an operator's reservations: collects vouchers, ends what is no longer paid for, frees stake. */
export interface Reservations {
  record(events: readonly SuiteEvent[]): void;
  /** Does what is due in block `head`; returns whether anything was sent. */
  advance(head: number): Promise<boolean>;
}

type Reservation = Awaited<ReturnType<Suite["receipts"]["reservationOf"]>>;

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
  const endings = createEndings(state);

  /** What a voucher would pay now. */
  const payable = (account: Account | undefined, r: { collected: bigint; balance: bigint }): bigint => {
    const owed = (account?.voucher.cumulative ?? 0n) - r.collected;
    return owed <= 0n ? 0n : owed < r.balance ? owed : r.balance;
  };

  const signed = ({ voucher: { reservation, cumulative, signature } }: Account) => ({
    voucher: { reservation, cumulative },
    signature,
  });

  /** Those of some accounts whose vouchers pay: a payer's contract may have changed its mind, and each of these costs gas. */
  async function paying(some: readonly Account[]): Promise<Account[]> {
    try {
      const amounts = await receipts.collect.staticCall(some.map(signed));
      return some.filter((_, i) => (amounts[i] ?? 0n) > 0n);
    } catch (thrown) {
      const code = explainRevert(suite.abi, thrown)?.code;
      if (code === "NothingToCollect" || code === "Paused") return [];
      throw thrown;
    }
  }

  async function collect(due: readonly Account[]): Promise<boolean> {
    for (let from = 0; from < due.length; from += BATCH) {
      const vouchers = (await paying(due.slice(from, from + BATCH))).map(signed);
      if (vouchers.length === 0) continue;
      const sent = await tolerantSend(sender, await receipts.collect.populateTransaction(vouchers), [
        "NothingToCollect",
        "Paused",
      ]);
      if (sent === undefined) continue;
      log.info(
        { event: "collected-vouchers", count: vouchers.length, gas: sent.gasUsed.toString() },
        "collected vouchers",
      );
      return true;
    }
    return false;
  }

  /** Does what one reservation needs; returns whether anything was sent. */
  async function tend(key: string, r: Reservation, time: bigint): Promise<boolean> {
    const isActive = Number(r.status) === ReservationStatus.Active;
    if (isActive && time < r.end && r.thawing >= r.balance) {
      await tolerantSend(sender, await receipts.endReservation.populateTransaction(key), ["AlreadyEnded"]);
      log.info({ event: "ended", reservation: key }, "ended a reservation whose deposit is leaving");
      return true;
    }
    if (!isActive || time <= r.end + r.window || r.openChallenges > 0n) return false;
    const sent = await tolerantSend(sender, await receipts.release.populateTransaction(key), [
      "WrongReservationStatus",
      "Paused",
    ]);
    if (sent) log.info({ event: "released", reservation: key }, "the stake of a reservation is free");
    return sent !== undefined;
  }

  return {
    record: (events) => {
      for (const { contract, name, args, block } of events) {
        if (contract !== "receipts" || name !== "ReservationActivated") continue;
        if (args.getValue("operator") === operator) known.put(args.getValue("reservation") as string, { since: block });
      }
    },
    advance: async (head) => {
      const due: Account[] = [];
      const time = await suite.hub.time();
      const steps = known.entries().map(({ key }) => async (): Promise<boolean> => {
        const r = await receipts.reservationOf(key);
        const account = accounts.get(key);
        const pays = payable(account, r);
        const running = Number(r.status) === ReservationStatus.Active && time < r.end;
        // What the payer takes back is no longer there to pay with.
        const leaving = r.thawing > 0n || !running;
        if (account !== undefined && pays > 0n && (leaving || pays >= collectFrom)) due.push(account);
        if (Number(r.status) <= ReservationStatus.Active || pays > 0n) {
          endings.goesOn(key);
          return tend(key, r, time);
        }
        if (endings.isFinal(key, head)) {
          known.delete(key);
          accounts.delete(key);
        }
        return false;
      });
      return stepAll([...steps, () => collect(due)], log);
    },
  };
}

import { Interface } from "ethers";

import type { Suite } from "../chain/suite.js";
import { HttpError } from "../http/server.js";
import { RESERVATION_UNKNOWN } from "../receipts/wire.js";
import { signerOf } from "../receipts/keys.js";
import { receiptDomain, voucherDigest, type Voucher } from "../receipts/typed-data.js";
import type { Collection, State } from "../store/state.js";
import type { ChainView, Reservation } from "./view.js";

export interface SignedVoucher extends Voucher {
  readonly signature: string;
}

/** What this operator counts under one reservation. */
export interface Account {
  readonly reservation: string;
  readonly payer: string;
  readonly currency: string;
  /** Prices of all answers so far. */
  readonly spent: bigint;
  /** The newest voucher; the one to collect with. */
  readonly voucher: SignedVoucher;
}

export const accountsOf = (state: State): Collection<Account> => state.collection("account");

/** A price that is set aside until its answer is given. */
export interface Charge {
  readonly reservation: string;
  /** Of the reservation's parameters. */
  readonly version: number;
  /** The account with this price in it; to be stored with the answer, in the same `atomically`. */
  account(): Account;
  /** Ends the setting aside: after the answer is stored, or where there is none. */
  end(): void;
}

/** Decides whether a request is paid. */
export interface Till {
  /**
   * Sets a price aside. Requests under one reservation may be at work together: each needs a voucher for all before it, too.
   * @throws HttpError 402 with `price` and `spent` where the voucher is missing, wrong, short or not covered by the deposit;
   * 409 where the reservation can't carry a receipt.
   */
  charge(voucher: SignedVoucher | undefined, price: bigint): Promise<Charge>;
}

/** `ReservationStatus` of `contracts/interfaces/IReceiptEscrow.sol`. */
export const ReservationStatus = { None: 0, Active: 1, Released: 2, Slashed: 3 } as const;

/** Receipts are not issued in the last seconds of a reservation: the client must still see it alive. */
const MARGIN_SECONDS = 60n;

const ERC1271 = new Interface(["function isValidSignature(bytes32 hash, bytes signature) view returns (bytes4)"]);
const ERC1271_VALID = "0x1626ba7e";

/** Whether a payer's contract accepts a voucher that its key did not sign, as `ReceiptEscrow` would ask it. */
async function isAccepted(suite: Suite, payer: string, digest: string, signature: string): Promise<boolean> {
  if ((await suite.provider.getCode(payer)) === "0x") return false;
  const gas = await suite.receipts.SIGNATURE_GAS();
  const data = ERC1271.encodeFunctionData("isValidSignature", [digest, signature]);
  // The transaction's own cost comes on top of what the contract may use.
  const answer = await suite.provider.call({ to: payer, data, gasLimit: gas + 60_000n }).catch(() => "0x");
  return answer.length === 66 && answer.startsWith(ERC1271_VALID);
}

export interface TillOptions {
  readonly suite: Suite;
  readonly view: ChainView;
  readonly operator: string;
  readonly accounts: Collection<Account>;
}

export function createTill({ suite, view, operator, accounts }: TillOptions): Till {
  const domain = receiptDomain(suite.deployment.chainId, suite.deployment.receipts);
  /** Prices of requests at work, by reservation. */
  const aside = new Map<string, bigint>();

  const spentOf = (reservation: string): bigint =>
    (accounts.get(reservation)?.spent ?? 0n) + (aside.get(reservation) ?? 0n);

  const unpaid = (message: string, next: string, price: bigint, spent: bigint): HttpError =>
    new HttpError(402, "PAYMENT_REQUIRED", message, { next, details: { price, spent } });

  /** Why a voucher does not pay, by what is known of its reservation. */
  function refusal(r: Reservation, time: bigint, voucher: SignedVoucher, price: bigint): HttpError | undefined {
    const { reservation, cumulative } = voucher;
    if (Number(r.status) === ReservationStatus.None) {
      const message = `Reservation ${reservation} is not on the chain, as far as this operator's nodes know.`;
      return new HttpError(409, RESERVATION_UNKNOWN, message, {
        next: "Where it was accepted just now, ask again in a moment. Nothing was charged.",
        headers: { "retry-after": "1" },
      });
    }
    if (Number(r.status) !== ReservationStatus.Active || r.operator !== operator || time + MARGIN_SECONDS > r.end) {
      return new HttpError(409, "RESERVATION_CLOSED", `No receipt can be issued under reservation ${reservation}.`, {
        next: "Ask for an offer with POST /v1/reservations and accept it on-chain.",
      });
    }
    const spent = spentOf(reservation);
    const due = spent + price;
    if (cumulative < due) {
      return unpaid(`The voucher says ${cumulative}, ${due} is due.`, "Sign the sum that is due.", price, spent);
    }
    if (due > r.collected + r.balance - r.thawing) {
      return unpaid(`The deposit does not cover ${due}.`, "Deposit more, or end the thaw.", price, spent);
    }
    return undefined;
  }

  function setAside({ payer, currency, version }: Reservation, voucher: SignedVoucher, price: bigint): Charge {
    const { reservation, cumulative } = voucher;
    aside.set(reservation, (aside.get(reservation) ?? 0n) + price);
    let isOpen = true;
    return {
      reservation,
      version: Number(version),
      account: () => {
        const known = accounts.get(reservation);
        const newest = known !== undefined && known.voucher.cumulative >= cumulative ? known.voucher : voucher;
        return { reservation, payer, currency, spent: (known?.spent ?? 0n) + price, voucher: newest };
      },
      end: () => {
        if (!isOpen) return;
        isOpen = false;
        const left = (aside.get(reservation) ?? 0n) - price;
        if (left > 0n) aside.set(reservation, left);
        else aside.delete(reservation);
      },
    };
  }

  return {
    charge: async (voucher, price) => {
      if (voucher === undefined) {
        const next = "Send a voucher of a reservation with this operator.";
        throw unpaid(`An answer costs ${price}.`, next, price, 0n);
      }
      const { timestamp, ...seen } = await view.moment();
      let { time } = seen;
      let r = await view.reservation(voucher.reservation, false);
      let refused = refusal(r, time, voucher, price);
      if (refused !== undefined) {
        r = await view.reservation(voucher.reservation, true);
        refused = refusal(r, time, voucher, price);
      }
      // A reservation that is newer than the view: nothing can be issued under it before its start. Chain time never lags protocol time.
      if (time < r.start || BigInt(timestamp) < r.start) {
        ({ time } = await view.moment(true));
        refused = refusal(r, time, voucher, price);
      }
      if (refused !== undefined) throw refused;
      const { signature, ...promise } = voucher;
      const digest = voucherDigest(domain, promise);
      if (signerOf(digest, signature) !== r.payer) {
        if (!(await isAccepted(suite, r.payer, digest, signature))) {
          const spent = spentOf(voucher.reservation);
          throw unpaid(`The voucher is not signed by ${r.payer}.`, "Sign with the reservation's payer.", price, spent);
        }
        // Another request may have been set aside meanwhile.
        refused = refusal(r, time, voucher, price);
        if (refused !== undefined) throw refused;
      }
      // Between the last look and here nothing else has happened.
      return setAside(r, voucher, price);
    },
  };
}

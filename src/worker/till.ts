import { verifyTypedData, type TypedDataDomain, Interface } from "ethers";

import type { Suite } from "../chain/suite.js";
import { HttpError } from "../http/server.js";
import { receiptDomain, TYPES, voucherDigest, type Voucher } from "../receipts/typed-data.js";
import type { Collection, State } from "../store/state.js";

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

/** Decides whether a request is paid. */
export interface Till {
  /**
   * @returns the account as it will be when the answer is given; the caller stores it then.
   * @throws HttpError 402 with `price` and `spent` where the voucher is missing, wrong, short or not covered by the deposit;
   * 409 where the reservation can't carry a receipt.
   */
  charge(voucher: SignedVoucher | undefined, price: bigint): Promise<Account>;
}

/** `ReservationStatus` of `contracts/interfaces/IReceiptEscrow.sol`. */
export const ReservationStatus = { None: 0, Active: 1, Released: 2, Slashed: 3 } as const;

/** Receipts are not issued in the last seconds of a reservation: the client must still see it alive. */
const MARGIN_SECONDS = 60n;

const ERC1271 = new Interface(["function isValidSignature(bytes32 hash, bytes signature) view returns (bytes4)"]);
const ERC1271_VALID = "0x1626ba7e";

/** Whether a voucher is its payer's: signed by its key, or accepted by its contract, as `ReceiptEscrow` would ask. */
async function isSigned(suite: Suite, domain: TypedDataDomain, payer: string, signed: SignedVoucher): Promise<boolean> {
  const { signature, ...voucher } = signed;
  try {
    const types = { Voucher: [...TYPES.voucher.Voucher] };
    if (verifyTypedData(domain, types, voucher, signature) === payer) return true;
  } catch {
    // Not the form of a key's signature; a contract may still know it.
  }
  if ((await suite.provider.getCode(payer)) === "0x") return false;
  const [gas, digest] = [await suite.receipts.SIGNATURE_GAS(), voucherDigest(domain, voucher)];
  const data = ERC1271.encodeFunctionData("isValidSignature", [digest, signature]);
  // The transaction's own cost comes on top of what the contract may use.
  const answer = await suite.provider.call({ to: payer, data, gasLimit: gas + 60_000n }).catch(() => "0x");
  return answer.length === 66 && answer.startsWith(ERC1271_VALID);
}

export function createTill(options: { suite: Suite; operator: string; accounts: Collection<Account> }): Till {
  const { suite, operator, accounts } = options;
  const domain = receiptDomain(suite.deployment.chainId, suite.deployment.receipts);
  return {
    charge: async (voucher, price) => {
      const short = (message: string, spent: bigint, next: string): HttpError =>
        new HttpError(402, "PAYMENT_REQUIRED", message, { next, details: { price, spent } });
      if (voucher === undefined) {
        throw short(`An answer costs ${price}.`, 0n, "Send a voucher of a reservation with this operator.");
      }
      const { reservation, cumulative } = voucher;
      const [r, time] = await Promise.all([suite.receipts.reservationOf(reservation), suite.hub.time()]);
      if (Number(r.status) !== ReservationStatus.Active || r.operator !== operator || time + MARGIN_SECONDS > r.end) {
        throw new HttpError(409, "RESERVATION_CLOSED", `No receipt can be issued under reservation ${reservation}.`, {
          next: "Ask for an offer with POST /v1/reservations and accept it on-chain.",
        });
      }
      const spent = accounts.get(reservation)?.spent ?? 0n;
      const due = spent + price;
      if (cumulative < due) {
        throw short(`The voucher says ${cumulative}, ${due} is due.`, spent, "Sign the sum that is due.");
      }
      if (due > r.collected + r.balance - r.thawing) {
        throw short(`The deposit does not cover ${due}.`, spent, "Deposit more, or end the thaw.");
      }
      if (!(await isSigned(suite, domain, r.payer, voucher))) {
        throw short(`The voucher is not signed by ${r.payer}.`, spent, "Sign with the reservation's payer.");
      }
      const known = accounts.get(reservation)?.voucher;
      const newest = known !== undefined && known.cumulative >= cumulative ? known : voucher;
      return { reservation, payer: r.payer, currency: r.currency, spent: due, voucher: newest };
    },
  };
}

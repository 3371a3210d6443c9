import type { Sender } from "../chain/sender.js";
import { explainRevert } from "../chain/errors.js";
import type { Suite } from "../chain/suite.js";
import { TouchstoneError } from "../errors.js";
import { receiptDigest, receiptDomain, type Receipt } from "./typed-data.js";

export interface SignedReceipt {
  readonly receipt: Receipt;
  readonly signature: string;
}

/** Id of the claim that a receipt makes on this deployment. */
export const claimIdOf = ({ deployment }: Suite, receipt: Receipt): string =>
  receiptDigest(receiptDomain(deployment.chainId, deployment.receipts), receipt);

/**
 * Asks the contract whether a receipt would be a claim now: signed by the operator's key, issued under a reservation that
 * stands, inside its window.
 * @returns undefined if it would, or is one already; else the contract's refusal.
 */
export async function refusalOf(
  suite: Suite,
  { receipt, signature }: SignedReceipt,
): Promise<TouchstoneError | undefined> {
  try {
    await suite.receipts.present.staticCall(receipt, signature);
    return undefined;
  } catch (thrown) {
    const refusal = explainRevert(suite.abi, thrown);
    if (refusal === undefined) throw thrown;
    return refusal.code === "ReceiptPresentedBefore" ? undefined : refusal;
  }
}

/** Makes a receipt a claim. Returns whether this took a transaction: somebody else may have done it. */
export async function present(suite: Suite, sender: Sender, { receipt, signature }: SignedReceipt): Promise<boolean> {
  try {
    await sender.send(await suite.receipts.present.populateTransaction(receipt, signature));
    return true;
  } catch (thrown) {
    if (thrown instanceof TouchstoneError && thrown.code === "ReceiptPresentedBefore") return false;
    throw thrown;
  }
}

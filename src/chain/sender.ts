import type { ContractTransaction, Interface, Provider, Signer, TransactionReceipt } from "ethers";
import { isError } from "ethers";

import { TouchstoneError, messageOf } from "../errors.js";
import { explainRevert } from "./errors.js";

/** Sends transactions of one key, one after the other, and waits for each to be mined. */
export interface Sender {
  readonly address: string;
  /**
   * Simulates, signs, broadcasts and waits for one confirmation.
   * @throws TouchstoneError with the contract's error name as code when the contract refuses; nothing is spent then.
   */
  send(transaction: ContractTransaction): Promise<TransactionReceipt>;
}

export interface SenderOptions {
  readonly provider: Provider;
  /** Signs and broadcasts: a wallet connected to the provider, or any other signer. */
  readonly signer: Pick<Signer, "sendTransaction"> & { readonly address: string };
  /** All errors that the called contracts may return. */
  readonly errors: Interface;
  /** Called with every mined transaction, e.g. to add up gas. */
  readonly onMined?: (receipt: TransactionReceipt) => void;
}

const NONCE_TRIES = 4;

export function createSender({ provider, signer, errors, onMined }: SenderOptions): Sender {
  let last: Promise<unknown> = Promise.resolve();

  async function sendNow(transaction: ContractTransaction): Promise<TransactionReceipt> {
    for (let attempt = 1; ; attempt++) {
      try {
        const estimate = await provider.estimateGas({ ...transaction, from: signer.address });
        // A margin, because storage may change between the estimate and the block.
        const sent = await signer.sendTransaction({ ...transaction, gasLimit: (estimate * 6n) / 5n });
        const receipt = await sent.wait(1);
        if (receipt === null || receipt.status !== 1) {
          throw new TouchstoneError("TRANSACTION_REVERTED", `Transaction ${sent.hash} was mined and reverted.`, {
            next: "State changed while it was pending; run the command again.",
            retryable: true,
          });
        }
        onMined?.(receipt);
        return receipt;
      } catch (thrown) {
        if (thrown instanceof TouchstoneError) throw thrown;
        const nonceRace = isError(thrown, "NONCE_EXPIRED") || isError(thrown, "REPLACEMENT_UNDERPRICED");
        if (nonceRace && attempt < NONCE_TRIES) continue;
        const revert = explainRevert(errors, thrown);
        if (revert) throw revert;
        if (isError(thrown, "INSUFFICIENT_FUNDS")) {
          throw new TouchstoneError("INSUFFICIENT_FUNDS", `${signer.address} cannot pay for the transaction.`, {
            next: "Send native coin to this address.",
            cause: thrown,
          });
        }
        throw new TouchstoneError("RPC_FAILED", `The node did not take the transaction: ${messageOf(thrown)}`, {
          next: "Check the RPC endpoint with `touchstone doctor`.",
          retryable: true,
          cause: thrown,
        });
      }
    }
  }

  return {
    address: signer.address,
    send: (transaction) => {
      const mine = last.then(() => sendNow(transaction));
      last = mine.catch(() => undefined);
      return mine;
    },
  };
}

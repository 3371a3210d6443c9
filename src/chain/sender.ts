import type { ContractTransaction, Interface, Provider, TransactionReceipt, Wallet, HDNodeWallet } from "ethers";
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
  readonly key: Wallet | HDNodeWallet;
  /** All errors that the called contracts may return. */
  readonly errors: Interface;
  /** Called with every mined transaction, e.g. to add up gas. */
  readonly onMined?: (receipt: TransactionReceipt) => void;
}

const NONCE_TRIES = 4;

export function createSender({ provider, key, errors, onMined }: SenderOptions): Sender {
  const signer = key.connect(provider);
  let last: Promise<unknown> = Promise.resolve();

  async function sendNow(transaction: ContractTransaction): Promise<TransactionReceipt> {
    for (let attempt = 1; ; attempt++) {
      try {
        const estimate = await provider.estimateGas({ ...transaction, from: key.address });
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
          throw new TouchstoneError("INSUFFICIENT_FUNDS", `${key.address} cannot pay for the transaction.`, {
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
    address: key.address,
    send: (transaction) => {
      const mine = last.then(() => sendNow(transaction));
      last = mine.catch(() => undefined);
      return mine;
    },
  };
}

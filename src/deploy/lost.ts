import { trackTransaction, wipe, type EIP1193Provider } from "@nomicfoundation/ignition-core";
import type { Provider } from "ethers";

import { TouchstoneError } from "../errors.js";
import type { Artifacts } from "./artifacts.js";
import { readJournal } from "./journal.js";

/** A transaction that the journal knows as prepared only: whoever prepared it died before it could say that it was sent. */
interface Lost {
  readonly futureId: string;
  readonly nonce: number;
}

/** Transactions that were prepared and, as far as the journal knows, never sent. */
function lostOf(journal: string): Lost[] {
  const lost = new Map<string, Lost>();
  for (const { type, futureId = "", networkInteractionId = 0, nonce = 0 } of readJournal(journal)) {
    const key = `${futureId} ${networkInteractionId}`;
    if (type === "TRANSACTION_PREPARE_SEND") lost.set(key, { futureId, nonce });
    else if (type === "TRANSACTION_SEND") lost.delete(key);
    else if (type === "WIPE_APPLY") {
      for (const [each, { futureId: of }] of lost) if (of === futureId) lost.delete(each);
    }
  }
  return [...lost.values()];
}

/** The mined transaction of an account with a nonce; the first block after which the account has sent more, by bisection. */
async function minedAt(provider: Provider, sender: string, nonce: number): Promise<string | undefined> {
  let [low, high] = [0, await provider.getBlockNumber()];
  if ((await provider.getTransactionCount(sender, high)) <= nonce) return undefined;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((await provider.getTransactionCount(sender, middle)) > nonce) high = middle;
    else low = middle + 1;
  }
  const block = await provider.getBlock(low, true);
  return block?.prefetchedTransactions.find((sent) => sent.from === sender && sent.nonce === nonce)?.hash;
}

/**
 * Tells Ignition what became of transactions that a dead process may have sent: those that were mined are taken into the
 * journal, those that nobody knows are forgotten and will be sent again.
 * @throws TouchstoneError `DEPLOYMENT_PENDING` while one waits to be mined.
 */
export async function recoverLost(tools: {
  readonly journal: string;
  readonly provider: Provider;
  readonly node: EIP1193Provider;
  readonly sender: string;
  readonly artifacts: Artifacts;
}): Promise<{ readonly found: readonly string[]; readonly forgotten: readonly string[] }> {
  const { journal, provider, node, sender, artifacts } = tools;
  const [found, forgotten]: [string[], string[]] = [[], []];
  for (const { futureId, nonce } of lostOf(journal)) {
    const hash = await minedAt(provider, sender, nonce);
    if (hash !== undefined) {
      await trackTransaction(journal, hash, node, 1);
      found.push(futureId);
    } else if ((await provider.getTransactionCount(sender, "pending")) > nonce) {
      throw new TouchstoneError("DEPLOYMENT_PENDING", `The transaction of ${futureId} waits to be mined.`, {
        next: "Run the command again when it is.",
        retryable: true,
      });
    } else {
      await wipe(journal, artifacts, futureId);
      forgotten.push(futureId);
    }
  }
  return { found, forgotten };
}

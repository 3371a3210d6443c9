import type { ReceiptClaim } from "../dispute/claims.js";
import { submissionOf } from "../dispute/submission.js";
import { ask } from "../http/ask.js";
import { submissionAnswer } from "../receipts/wire.js";
import type { ClientModel } from "./infer.js";

const TIMEOUT_MS = 60_000;
const LIMIT = 64 * 1024;

/** Sends a receipt with its bytes to a watcher, which checks it and challenges a wrong one. */
export async function sendReceipt(watcher: URL, model: ClientModel, claim: ReceiptClaim): Promise<void> {
  const options = { timeoutMs: TIMEOUT_MS, limit: LIMIT };
  await ask(new URL("/v1/receipts", watcher), submissionAnswer, submissionOf(model, claim), options);
}

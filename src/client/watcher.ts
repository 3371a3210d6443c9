import { encodeBase64 } from "ethers";
import { z } from "zod";

import type { ReceiptClaim } from "../dispute/claims.js";
import { ask } from "../http/ask.js";
import type { TensorSpec, WireTensor } from "../receipts/wire.js";
import type { ClientModel } from "./infer.js";

const TIMEOUT_MS = 60_000;
const LIMIT = 64 * 1024;

/** Sends a receipt with its bytes to a watcher, which checks it and challenges a wrong one. */
export async function sendReceipt(watcher: URL, model: ClientModel, claim: ReceiptClaim): Promise<void> {
  const wire = (specs: readonly TensorSpec[], bytes: readonly string[]): WireTensor[] =>
    specs.map(({ dtype, shape }, i) => ({
      dtype,
      shape: [...shape],
      data: encodeBase64(bytes[i] ?? "0x"),
    }));
  const inputs = wire(model.graph.inputs, claim.inputs);
  const outputs = wire(model.graph.outputs, claim.outputs);
  const answer = z.object({ claimId: z.string() });
  await ask(
    new URL("/v1/receipts", watcher),
    answer,
    { ...claim.receipt, inputs, outputs },
    {
      timeoutMs: TIMEOUT_MS,
      limit: LIMIT,
    },
  );
}

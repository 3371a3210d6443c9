import { z } from "zod";

import type { ReceiptClaim } from "../dispute/claims.js";
import { ask } from "../http/ask.js";
import type { PreparedModel } from "../models/prepared.js";
import type { WireTensor } from "../receipts/wire.js";

const TIMEOUT_MS = 60_000;
const LIMIT = 64 * 1024;

/** Sends a receipt with its bytes to a watcher, which checks it and challenges a wrong one. */
export async function sendReceipt(watcher: URL, model: PreparedModel, claim: ReceiptClaim): Promise<void> {
  const wire = (specs: PreparedModel["graph"]["inputs" | "outputs"], bytes: readonly string[]): WireTensor[] =>
    specs.map(({ dtype, shape }, i) => ({
      dtype,
      shape: [...shape],
      data: Buffer.from((bytes[i] ?? "0x").slice(2), "hex").toString("base64"),
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

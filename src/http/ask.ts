import type { z } from "zod";

import { TouchstoneError, messageOf } from "../errors.js";
import { fromWire, toWire, wireError } from "../receipts/wire.js";

/** An endpoint refused: its code, and what it added. */
export class RefusedError extends TouchstoneError {
  readonly status: number;
  /** With 402: what the endpoint counts under the reservation, and what it asks. */
  readonly spent: bigint | undefined;
  readonly price: bigint | undefined;

  constructor(status: number, error: z.infer<typeof wireError>["error"]) {
    super(error.code, error.message, error.next === undefined ? {} : { next: error.next });
    this.status = status;
    this.spent = error.spent;
    this.price = error.price;
  }
}

export interface AskOptions {
  readonly timeoutMs: number;
  /** Most bytes to read of an answer. */
  readonly limit: number;
}

async function readLimited(response: Response, limit: number): Promise<string> {
  const decoder = new TextDecoder();
  let [text, size] = ["", 0];
  // A reader, because not every browser's streams can be iterated over.
  const reader = (response.body as ReadableStream<Uint8Array> | null)?.getReader();
  while (reader !== undefined) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > limit) {
      await reader.cancel();
      throw new TouchstoneError("ANSWER_TOO_LONG", `the answer is longer than ${limit} bytes`);
    }
    text += decoder.decode(value, { stream: true });
  }
  return text + decoder.decode();
}

/**
 * Sends JSON to an endpoint, or asks it for some where there is no body, and parses the answer.
 * @throws RefusedError where the endpoint says no; TouchstoneError `ENDPOINT_FAILED` (retryable) where it does not answer as
 * agreed.
 */
export async function ask<T extends z.ZodType>(
  url: URL,
  schema: T,
  body: object | undefined,
  { timeoutMs, limit }: AskOptions,
): Promise<z.infer<T>> {
  let status: number;
  let json: unknown;
  try {
    const response = await fetch(url, {
      signal: AbortSignal.timeout(timeoutMs),
      redirect: "error",
      ...(body === undefined
        ? {}
        : { method: "POST", headers: { "content-type": "application/json" }, body: toWire(body) }),
    });
    status = response.status;
    json = JSON.parse(await readLimited(response, limit));
  } catch (cause) {
    throw new TouchstoneError("ENDPOINT_FAILED", `${url.origin} did not answer: ${messageOf(cause)}.`, {
      next: "Try again: the same request is never charged twice. If it stays silent, name another operator.",
      retryable: true,
      cause,
    });
  }
  if (status < 200 || status > 299) throw new RefusedError(status, fromWire(wireError, json).error);
  return fromWire(schema, json);
}

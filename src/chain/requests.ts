import { FetchRequest, makeError, type FetchCancelSignal, type GetUrlResponse } from "ethers";

import { messageOf, TouchstoneError } from "../errors.js";

/*
 * Requests to nodes and signers. ethers' own wait for ever for whoever sends a byte now and then, take as many as come, and leave
 * the connection of an answer that they gave up open: months of that use up a process.
 */

/** Most bytes of one answer, unpacked. Logs of a page of blocks are far below it. */
const MOST_BYTES = 256 * 2 ** 20;

/** One error for every failure of a connection, in the words of what failed. */
const broken = (message: string, cause?: unknown): TouchstoneError =>
  new TouchstoneError("RPC_FAILED", message, {
    next: "Check the RPC endpoint with `touchstone doctor`.",
    retryable: true,
    cause,
  });

/** `fetch` says no more than that it failed; what it was caused by says why. */
function reasonOf(cause: unknown): string {
  const inner = cause instanceof Error && cause.cause !== undefined ? messageOf(cause.cause) : "";
  return inner === "" ? messageOf(cause) : inner;
}

async function bytesOf(response: Response): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  const reader = (response.body as ReadableStream<Uint8Array> | null)?.getReader();
  while (reader !== undefined) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > MOST_BYTES) throw broken(`the answer is longer than ${MOST_BYTES} bytes`);
    parts.push(value);
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Names and passwords in addresses, which `fetch` refuses. */
function withoutLogin(address: string): { url: URL; headers: Record<string, string> } {
  const url = new URL(address);
  if (url.username === "" && url.password === "") return { url, headers: {} };
  const login = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  [url.username, url.password] = ["", ""];
  const authorization = `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(login)))}`;
  return { url, headers: { authorization } };
}

async function getUrl(request: FetchRequest, signal?: FetchCancelSignal): Promise<GetUrlResponse> {
  const { method, body, timeout } = request;
  const ending = new AbortController();
  const timer = setTimeout(() => ending.abort(), timeout);
  signal?.addListener(() => ending.abort());
  try {
    const { url, headers } = withoutLogin(request.url);
    // `fetch` counts the body by itself.
    const { "content-length": _, ...others } = request.headers;
    const response = await fetch(url, {
      ...{ method, headers: { ...others, ...headers }, redirect: "error", signal: ending.signal },
      body: body as Uint8Array<ArrayBuffer> | null,
    });
    const bytes = await bytesOf(response);
    const { status: statusCode, statusText: statusMessage } = response;
    return { statusCode, statusMessage, headers: Object.fromEntries(response.headers), body: bytes };
  } catch (cause) {
    if (signal?.cancelled === true) throw makeError("request cancelled", "CANCELLED");
    if (ending.signal.aborted) throw makeError("request timeout", "TIMEOUT");
    throw cause instanceof TouchstoneError ? cause : broken(reasonOf(cause), cause);
  } finally {
    clearTimeout(timer);
    // Whatever is still to come of the answer is not waited for.
    ending.abort();
  }
}

/** A request that is over, and its connection with it, when `timeoutMs` are. */
export function requestTo(url: string, timeoutMs: number): FetchRequest {
  const request = new FetchRequest(url);
  request.timeout = timeoutMs;
  request.getUrlFunc = getUrl;
  return request;
}

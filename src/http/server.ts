import Fastify, { type FastifyInstance } from "fastify";
import type { Logger } from "pino";

import { TouchstoneError, messageOf } from "../errors.js";
import { toWire } from "../receipts/wire.js";
import { allowBrowsers } from "./cors.js";

/** A refusal that the other side can do something about. */
export class HttpError extends TouchstoneError {
  readonly status: number;
  /** Added to the body's `error`. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    status: number,
    code: string,
    message: string,
    options: { next?: string; details?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(code, message, options);
    this.status = status;
    this.details = options.details ?? {};
  }
}

export interface HttpOptions {
  /** Largest body, in bytes. */
  readonly bodyLimit: number;
  /** Longest time to receive a whole request, against slow clients. */
  readonly timeoutMs: number;
  readonly log: Logger;
}

/** Codes of errors about what was sent, from below the HTTP layer. */
const BAD_REQUEST: ReadonlySet<string> = new Set(["BODY_INVALID", "TENSORS_WRONG", "TENSOR_BYTES"]);

function statusOf(thrown: unknown): number {
  if (thrown instanceof HttpError) return thrown.status;
  if (thrown instanceof TouchstoneError) return BAD_REQUEST.has(thrown.code) ? 400 : 500;
  // Fastify's own: body too large, not JSON, wrong content type.
  const { statusCode } = thrown as { statusCode?: number };
  return statusCode !== undefined && statusCode < 500 ? statusCode : 500;
}

/** An HTTP server that answers in JSON, errors included. Nothing of an internal failure leaves the process. */
export function createHttp({ bodyLimit, timeoutMs, log }: HttpOptions): FastifyInstance {
  const server = Fastify({
    bodyLimit,
    requestTimeout: timeoutMs,
    connectionTimeout: timeoutMs,
    forceCloseConnections: true,
    logger: false,
  });
  server.setReplySerializer(toWire);
  allowBrowsers(server);
  server.setErrorHandler((thrown: unknown, _request, reply) => {
    const status = statusOf(thrown);
    if (status === 500) {
      log.error({ event: "http-failed", err: thrown }, messageOf(thrown));
      return reply.code(500).send({ error: { code: "INTERNAL", message: "The request failed here." } });
    }
    const known = thrown instanceof TouchstoneError;
    const error = {
      code: known ? thrown.code : "REQUEST_INVALID",
      message: messageOf(thrown),
      ...(known && thrown.next !== undefined ? { next: thrown.next } : {}),
      ...(thrown instanceof HttpError ? thrown.details : {}),
    };
    return reply.code(status).send({ error });
  });
  server.setNotFoundHandler((request, reply) =>
    reply.code(404).send({ error: { code: "NOT_FOUND", message: `There is no ${request.method} ${request.url}.` } }),
  );
  return server;
}

/** `host:port`. */
export interface Listen {
  readonly host: string;
  readonly port: number;
}

/** Serves HTTP beside a role until the signal aborts; does nothing where the role was not told where to listen. */
export async function serveBeside(
  server: FastifyInstance,
  { at, log, signal }: { at: Listen | undefined; log: Logger; signal: AbortSignal },
): Promise<void> {
  if (at === undefined) return;
  signal.addEventListener("abort", () => void server.close());
  const address = await server.listen(at);
  log.info({ event: "listening", at: address }, `listening at ${address}`);
}

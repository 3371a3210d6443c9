import rateLimit from "@fastify/rate-limit";
import Fastify, { type FastifyInstance, type FastifyRequest } from "fastify";
import type { Logger } from "pino";

import { TouchstoneError, messageOf } from "../errors.js";
import type { Metrics } from "../metrics.js";
import { toWire } from "../receipts/wire.js";
import { allowBrowsers } from "./cors.js";

/** A refusal that the other side can do something about. */
export class HttpError extends TouchstoneError {
  readonly status: number;
  /** Added to the body's `error`. */
  readonly details: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: string,
    message: string,
    options: {
      next?: string;
      details?: Readonly<Record<string, unknown>>;
      headers?: Readonly<Record<string, string>>;
    } = {},
  ) {
    super(code, message, options);
    this.status = status;
    this.details = options.details ?? {};
    this.headers = options.headers ?? {};
  }
}

/** Whether a role can be relied on now; `reason` where not. */
export interface Health {
  readonly ok: boolean;
  readonly reason?: string;
  readonly [detail: string]: unknown;
}

export interface HttpOptions {
  /** Largest body, in bytes. */
  readonly bodyLimit: number;
  /** Longest time to receive a whole request, against slow clients. */
  readonly timeoutMs: number;
  readonly log: Logger;
  /** Requests with bodies at a time; more are refused before their bodies are read. */
  readonly maxInFlight?: number;
  /** Requests of one address in a minute. */
  readonly perMinute?: number;
  readonly metrics?: Metrics;
  readonly health?: () => Promise<Health>;
  /** The OpenAPI document of the routes that are added. */
  readonly openapi?: object;
}

/** Codes of errors about what was sent, from below the HTTP layer. */
const BAD_REQUEST: ReadonlySet<string> = new Set(["BODY_INVALID", "TENSORS_WRONG", "TENSOR_BYTES", "FIELD_RANGE"]);
/** How often slow requests are looked for. */
const LOOK_MS = 1_000;
/** Longest time that requests at work may take once the process is told to stop. */
const DRAIN_MS = 20_000;
const CLOSE_MS = 50;
const MAX_CONNECTIONS = 2_048;
/** Own routes of every role: neither counted nor limited, so that a flood does not hide what it does. */
const OPERATIONAL: ReadonlySet<string> = new Set(["/health", "/metrics"]);

function statusOf(thrown: unknown): number {
  if (thrown instanceof HttpError) return thrown.status;
  if (thrown instanceof TouchstoneError) return BAD_REQUEST.has(thrown.code) ? 400 : 500;
  // Fastify's own: body too large, not JSON, wrong content type.
  const { statusCode } = thrown as { statusCode?: number };
  return statusCode !== undefined && statusCode < 500 ? statusCode : 500;
}

const codeOf = (status: number): string => (status === 429 ? "RATE_LIMITED" : "REQUEST_INVALID");

function answerErrors(server: FastifyInstance, log: Logger): void {
  server.setErrorHandler((thrown: unknown, _request, reply) => {
    const status = statusOf(thrown);
    if (status === 500) {
      log.error({ event: "http-failed", err: thrown }, messageOf(thrown));
      return reply.code(500).send({ error: { code: "INTERNAL", message: "The request failed here." } });
    }
    const known = thrown instanceof TouchstoneError;
    const error = {
      code: known ? thrown.code : codeOf(status),
      message: messageOf(thrown),
      ...(known && thrown.next !== undefined ? { next: thrown.next } : {}),
      ...(thrown instanceof HttpError ? thrown.details : {}),
    };
    if (thrown instanceof HttpError) reply.headers(thrown.headers);
    return reply.code(status).send({ error });
  });
  server.setNotFoundHandler((request, reply) =>
    reply.code(404).send({ error: { code: "NOT_FOUND", message: `There is no ${request.method} ${request.url}.` } }),
  );
}

export const busy = (count: number): HttpError =>
  new HttpError(503, "BUSY", `${count} requests are at work.`, {
    next: "Try again in a moment.",
    headers: { "retry-after": "1" },
  });

/** Refuses what would be too much at a time before any of its body is read. */
function limitInFlight(server: FastifyInstance, most: number): void {
  let count = 0;
  server.addHook("onRequest", (request, reply, next) => {
    if (request.method === "GET") {
      next();
    } else if (count >= most) {
      next(busy(count));
    } else {
      count++;
      // The answer is out, or the connection is gone.
      reply.raw.once("close", () => count--);
      next();
    }
  });
}

function measure(server: FastifyInstance, { registry, requests }: Metrics): void {
  server.addHook("onResponse", (request, reply, next) => {
    const route = request.routeOptions.url ?? "none";
    if (!OPERATIONAL.has(route)) {
      requests.observe({ route, method: request.method, status: reply.statusCode }, reply.elapsedTime / 1_000);
    }
    next();
  });
  server.get("/metrics", async (_request, reply) => {
    const text = await registry.metrics();
    return reply.header("content-type", registry.contentType).serializer(String).send(text);
  });
}

/**
 * An HTTP server that answers in JSON, errors included. Nothing of an internal failure leaves the process.
 *
 * @param routes adds the role's own routes
 */
export function createHttp(options: HttpOptions, routes: (server: FastifyInstance) => void): FastifyInstance {
  const { bodyLimit, timeoutMs, log, maxInFlight, perMinute, metrics, health, openapi } = options;
  const server = Fastify({
    bodyLimit,
    requestTimeout: timeoutMs,
    http: { headersTimeout: timeoutMs, connectionsCheckingInterval: LOOK_MS },
    forceCloseConnections: "idle",
    logger: false,
  });
  server.server.maxConnections = MAX_CONNECTIONS;
  server.setReplySerializer(toWire);
  allowBrowsers(server);
  answerErrors(server, log);
  if (maxInFlight !== undefined) limitInFlight(server, maxInFlight);
  if (perMinute !== undefined) {
    const allowList = ({ url }: FastifyRequest): boolean => OPERATIONAL.has(url);
    void server.register(rateLimit, { max: perMinute, timeWindow: 60_000, allowList });
  }
  if (metrics !== undefined) measure(server, metrics);
  if (health !== undefined) {
    server.get("/health", async (_request, reply) => {
      const state = await health();
      return reply.code(state.ok ? 200 : 503).send(state);
    });
  }
  if (openapi !== undefined) server.get("/openapi.json", () => openapi);
  server.addHook("preClose", (done) => {
    // Connections that are kept alive after their last answer would hold up the end.
    const closing = setInterval(() => server.server.closeIdleConnections(), CLOSE_MS);
    server.server.once("close", () => clearInterval(closing));
    done();
  });
  // Plug-ins see only routes that are added after them.
  void server.register((scope, _options, done) => {
    routes(scope);
    done();
  });
  return server;
}

/** `host:port`. */
export interface Listen {
  readonly host: string;
  readonly port: number;
}

/**
 * Serves HTTP beside a role until the signal aborts; does nothing where the role was not told where to listen.
 * @returns waits until every request that was at work then is answered, or has had its time
 */
export async function serveBeside(
  server: FastifyInstance,
  { at, log, signal }: { at: Listen | undefined; log: Logger; signal: AbortSignal },
): Promise<() => Promise<void>> {
  // Told to stop while it was getting ready, a role has nothing to serve.
  if (at === undefined || signal.aborted) return () => Promise.resolve();
  const drained = new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => {
      const late = setTimeout(() => server.server.closeAllConnections(), DRAIN_MS);
      void server.close().finally(() => {
        clearTimeout(late);
        resolve();
      });
    });
  });
  const address = await server.listen(at);
  log.info({ event: "listening", at: address }, `listening at ${address}`);
  return () => drained;
}

import { setTimeout } from "node:timers/promises";

import { AckPolicy, DiscardPolicy, type JetStreamManager, RetentionPolicy, StorageType } from "@nats-io/jetstream";
import { connect, nanos, type NatsConnection, type NodeConnectionOptions } from "@nats-io/transport-node";
import type { Logger } from "pino";

import { messageOf, TouchstoneError } from "../errors.js";
import { ALL_WORK, STREAM, workSubject } from "./messages.js";

/** A queue that nobody acknowledges work to for so long gives it to another host. */
const ACK_WAIT_MS = 5_000;
/** How many hosts one request may take down before it is given up. */
const MOST_DELIVERIES = 3;
/** Consumers of models that no host serves any more are forgotten. */
const UNUSED_MS = 3_600_000;
const RECONNECT_MS = 1_000;

/** How long a host may take between two signs that it is at work on a request. */
export const WORKING_MS = ACK_WAIT_MS / 4;

export interface StreamLimits {
  /** Work older than this is thrown away: nobody waits for it any more. */
  readonly deadlineMs: number;
  /** Most requests that wait or are at work. */
  readonly depth: number;
}

/**
 * Connection options of a queue's addresses. Name and password are taken out of the URL, so that no message or log of the client can
 * hold them; `tls` insists on TLS, where plain `nats` takes it if the server offers it.
 *
 * @param urls `nats://` or `tls://`, of one cluster, with the same credentials
 */
export function connectionOptions(urls: readonly string[]): NodeConnectionOptions {
  const parsed = urls.map((url) => new URL(url));
  const { username, password } = parsed.find((url) => url.username !== "") ?? { username: "", password: "" };
  const [user, pass] = [decodeURIComponent(username), decodeURIComponent(password)];
  return {
    servers: parsed.map(({ host }) => host),
    ...(user !== "" && pass !== "" ? { user, pass } : {}),
    ...(user !== "" && pass === "" ? { token: user } : {}),
    ...(parsed.some(({ protocol }) => protocol === "tls:") ? { tls: {} } : {}),
  };
}

/**
 * Connects, however long it takes, and stays connected until it is closed: a queue that is away comes back.
 * @returns undefined where the signal came first
 */
export async function connectQueue(
  urls: readonly string[],
  { name, log, signal }: { readonly name: string; readonly log: Logger; readonly signal: AbortSignal },
): Promise<NatsConnection | undefined> {
  let told = "";
  while (!signal.aborted) {
    try {
      return await connect({
        ...connectionOptions(urls),
        name,
        maxReconnectAttempts: -1,
        reconnectTimeWait: RECONNECT_MS,
        // A password that is changed on the server first must not end a host.
        ignoreAuthErrorAbort: true,
      });
    } catch (thrown) {
      const reason = messageOf(thrown);
      if (reason !== told) log.warn({ event: "queue-away", reason }, `the queue cannot be reached: ${reason}`);
      told = reason;
      await pause(RECONNECT_MS, signal);
    }
  }
  return undefined;
}

/** Waits, but not longer than until the signal. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal }).catch(() => undefined);
}

/** Tells when a connection goes and comes back, until it is closed. */
export async function followConnection(
  connection: NatsConnection,
  log: Logger,
  onChange: (isHere: boolean) => void,
): Promise<void> {
  for await (const { type } of connection.status()) {
    if (type !== "disconnect" && type !== "reconnect") continue;
    const isHere = type === "reconnect";
    if (isHere) log.info({ event: "queue-back" }, "the queue is back");
    else log.warn({ event: "queue-lost" }, "the queue is away");
    onChange(isHere);
  }
}

/** Makes the stream, or changes its limits to these. Work in it survives the queue's own restart. */
export async function ensureStream(manager: JetStreamManager, { deadlineMs, depth }: StreamLimits): Promise<void> {
  const limits = { max_age: nanos(deadlineMs), max_msgs: depth, subjects: [ALL_WORK] };
  try {
    await manager.streams.info(STREAM);
    await manager.streams.update(STREAM, limits);
  } catch {
    await manager.streams.add({
      ...{ ...limits, name: STREAM, storage: StorageType.File },
      // Work leaves the stream when it is acknowledged, and what is too much is refused, never dropped.
      ...{ retention: RetentionPolicy.Workqueue, discard: DiscardPolicy.New, max_consumers: -1 },
    });
  }
}

/**
 * The place in the queue of one model, which all hosts that serve it share.
 * @throws TouchstoneError `QUEUE_NOT_READY` while no gateway has made the stream.
 */
export async function ensureConsumer(manager: JetStreamManager, contentId: string): Promise<void> {
  try {
    await manager.consumers.add(STREAM, {
      ...{ durable_name: contentId, filter_subject: workSubject(contentId), ack_policy: AckPolicy.Explicit },
      ...{ ack_wait: nanos(ACK_WAIT_MS), max_deliver: MOST_DELIVERIES, inactive_threshold: nanos(UNUSED_MS) },
    });
  } catch (cause) {
    throw new TouchstoneError(
      "QUEUE_NOT_READY",
      "The queue has no stream for work yet, or does not let this host use it.",
      {
        next: "Start the gateway (`touchstone worker run` with TOUCHSTONE_QUEUE_URL), and look at the queue's permissions.",
        retryable: true,
        cause,
      },
    );
  }
}

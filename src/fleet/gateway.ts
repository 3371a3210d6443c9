import { randomBytes } from "node:crypto";

import {
  jetstream,
  jetstreamManager,
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
} from "@nats-io/jetstream";
import type { Msg, NatsConnection } from "@nats-io/transport-node";
import type { Logger } from "pino";

import type { Tensor } from "../audit/graph.js";
import { messageOf, TouchstoneError } from "../errors.js";
import type { Metrics } from "../metrics.js";
import type { PreparedModel } from "../models/prepared.js";
import { tensorsOf } from "../receipts/wire.js";
import {
  answerSubject,
  decodeAnswer,
  decodePresence,
  encodeWork,
  PRESENCE,
  STREAM,
  workSubject,
  type Answer,
} from "./messages.js";
import { connectQueue, ensureStream, followConnection, type StreamLimits } from "./queue.js";

/** Many hosts that answer for one gateway, which keeps the key. */
export interface Fleet {
  /** Whether a living host serves a model. */
  serves(contentId: string): boolean;
  /**
   * Has one request answered by some host.
   * @throws TouchstoneError `FLEET_NO_HOST`, `FLEET_TOO_LARGE`: no host can answer it. `FLEET_BUSY`, `FLEET_LATE`: none does now.
   * `FLEET_REFUSED`, `FLEET_GAVE_UP`, `FLEET_WRONG`: hosts cannot answer this one.
   */
  run(model: PreparedModel, inputs: readonly Tensor[]): Promise<Tensor[]>;
  close(): Promise<void>;
}

export interface FleetOptions extends StreamLimits {
  readonly urls: readonly string[];
  readonly log: Logger;
  readonly metrics: Pick<Metrics, "hosts" | "queueDepth" | "redeliveries">;
}

const LOOK_MS = 500;
/** A host that said nothing between so many looks, 5 s, is dead. Time would count against hosts also while this process heard nobody. */
const SILENT_LOOKS = 10;
const DEPTH_LOOK_MS = 1_000;
const PUBLISH_MS = 2_000;
const MOST_HOSTS = 4_096;
/** The server's error for a stream with `max_msgs` messages. */
const QUEUE_FULL = 10_077;
/** Where the server says that it gave up on a message. */
const GAVE_UP = `$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.${STREAM}.*`;

interface Pending {
  readonly model: PreparedModel;
  readonly resolve: (outputs: Tensor[]) => void;
  readonly reject: (reason: unknown) => void;
  /** Its number in the stream, once it is there. */
  seq?: number;
}

interface Link {
  readonly connection: NatsConnection;
  readonly stream: JetStreamClient;
  readonly manager: JetStreamManager;
}

const retry = "Try again in a moment.";
const noHost = (contentId: string): TouchstoneError =>
  new TouchstoneError("FLEET_NO_HOST", `No inference host serves ${contentId} now.`, {
    next: "Look at the hosts' logs (docs/operations.md, NoHost). The gateway answers by itself meanwhile.",
    retryable: true,
  });

export function createFleet({ urls, log, metrics, ...limits }: FleetOptions): Fleet {
  /** What each serves, and the look that it was last heard before. */
  const hosts = new Map<string, { readonly models: ReadonlySet<string>; readonly heard: number }>();
  let looks = 0;
  const pending = new Map<string, Pending>();
  const answerTo = answerSubject();
  const closing = new AbortController();
  let link: Link | undefined;

  const serves = (contentId: string): boolean =>
    link !== undefined &&
    !link.connection.isClosed() &&
    [...hosts.values()].some(({ models }) => models.has(contentId));

  function settle(id: string, outcome: (waiting: Pending) => void): void {
    const waiting = pending.get(id);
    if (waiting === undefined) return;
    pending.delete(id);
    outcome(waiting);
  }

  function hear({ data }: Msg): void {
    try {
      const { host, models } = decodePresence(data);
      if (!hosts.has(host)) {
        if (hosts.size >= MOST_HOSTS) return;
        log.info({ event: "host-came", host, models: models.length }, `inference host ${host} is here`);
      }
      hosts.set(host, { models: new Set(models), heard: looks });
      metrics.hosts.set(hosts.size);
    } catch (err) {
      log.warn({ event: "fleet-message", err }, "a message about a host is not understood");
    }
  }

  /** An answer is used once: a second one, of a host that was taken for dead, changes nothing. */
  function accept({ id, host, delivery, failure, outputs }: Answer): void {
    if (delivery > 1) metrics.redeliveries.inc(delivery - 1);
    settle(id, ({ model, resolve, reject }) => {
      if (failure !== undefined) {
        reject(new TouchstoneError("FLEET_REFUSED", `Host ${host} has no answer: ${failure.code}: ${failure.message}`));
        return;
      }
      try {
        resolve(tensorsOf(outputs, model.graph.outputs, "output"));
      } catch (cause) {
        log.error({ event: "host-wrong", host, err: cause }, `inference host ${host} answered what the model has not`);
        reject(new TouchstoneError("FLEET_WRONG", `Host ${host} answered what the model has not: ${messageOf(cause)}`));
      }
    });
  }

  function receive(message: Msg): void {
    try {
      accept(decodeAnswer(message.data));
    } catch (err) {
      log.warn({ event: "fleet-message", err }, "an answer is not understood");
    }
    // Whatever became of it, the host need not send it again.
    message.respond();
  }

  /** So many hosts took a request and none answered it: the input may be what ended them. */
  function giveUp({ data }: Msg): void {
    let seq: number | undefined;
    try {
      ({ stream_seq: seq } = JSON.parse(Buffer.from(data).toString("utf8")) as { stream_seq?: number });
    } catch (err) {
      log.warn({ event: "fleet-message", err }, "a message of the queue is not understood");
    }
    if (seq === undefined) return;
    void link?.manager.streams.deleteMessage(STREAM, seq, false).catch(() => undefined);
    const [id] = [...pending].find(([, waiting]) => waiting.seq === seq) ?? [];
    if (id === undefined) return;
    const message = "Several hosts took this request, and none of them lived to answer it.";
    settle(id, ({ reject }) => reject(new TouchstoneError("FLEET_GAVE_UP", message)));
  }

  function look(): void {
    looks++;
    for (const [host, { heard }] of hosts) {
      if (looks - heard <= SILENT_LOOKS) continue;
      hosts.delete(host);
      metrics.hosts.set(hosts.size);
      log.warn({ event: "host-gone", host }, `inference host ${host} is silent`);
    }
    for (const [id, { model }] of pending) {
      if (!serves(model.contentId)) settle(id, ({ reject }) => reject(noHost(model.contentId)));
    }
  }

  async function lookAtDepth(): Promise<void> {
    const info = await link?.manager.streams.info(STREAM);
    if (info !== undefined) metrics.queueDepth.set(info.state.messages);
  }

  async function open(): Promise<void> {
    const connection = await connectQueue(urls, { name: "touchstone gateway", log, signal: closing.signal });
    if (connection === undefined) return;
    const manager = await jetstreamManager(connection, { checkAPI: false });
    const ensure = async (): Promise<void> => {
      try {
        await ensureStream(manager, limits);
      } catch (err) {
        log.error({ event: "queue-unusable", err }, `the queue has no stream for work: ${messageOf(err)}`);
      }
    };
    await ensure();
    const listen = (subject: string, take: (message: Msg) => void): void => {
      const callback = (err: Error | null, message: Msg): void => {
        if (err === null) take(message);
        else
          log.error({ event: "queue-refused", subject, err }, `the queue gives nothing of ${subject}: ${err.message}`);
      };
      connection.subscribe(subject, { callback });
    };
    listen(answerTo, receive);
    listen(PRESENCE, hear);
    listen(GAVE_UP, giveUp);
    // A queue that lost its disk comes back empty.
    void followConnection(connection, log, (isHere) => {
      if (isHere) void ensure();
    });
    link = { connection, manager, stream: jetstream(connection) };
    log.info(
      { event: "queue-open", server: connection.getServer(), limit: connection.info?.max_payload },
      "queue open",
    );
  }

  const looking = setInterval(look, LOOK_MS);
  const looksAtDepth = setInterval(() => void lookAtDepth().catch(() => undefined), DEPTH_LOOK_MS);
  const opened = open();

  async function send({ connection, stream }: Link, contentId: string, frame: Uint8Array, id: string): Promise<number> {
    const limit = connection.info?.max_payload ?? 0;
    if (frame.length > limit) {
      throw new TouchstoneError("FLEET_TOO_LARGE", `The request has ${frame.length} bytes, the queue takes ${limit}.`, {
        next: "Raise max_payload in the queue's configuration (docs/operations.md, Inference hosts).",
      });
    }
    try {
      // The queue knows a message again that is sent twice.
      return (await stream.publish(workSubject(contentId), frame, { msgID: id, timeout: PUBLISH_MS })).seq;
    } catch (cause) {
      if (cause instanceof JetStreamApiError && cause.code === QUEUE_FULL) {
        throw new TouchstoneError("FLEET_BUSY", `${limits.depth} requests wait for a host.`, {
          next: retry,
          retryable: true,
        });
      }
      log.warn({ event: "queue-refused", err: cause }, `the queue does not take work: ${messageOf(cause)}`);
      throw noHost(contentId);
    }
  }

  return {
    serves,
    run: async (model, inputs) => {
      const { contentId } = model;
      if (link === undefined || !serves(contentId)) throw noHost(contentId);
      const id = randomBytes(16).toString("hex");
      const frame = encodeWork({ id, contentId, answerTo }, inputs);
      const answered = new Promise<Tensor[]>((resolve, reject) => pending.set(id, { model, resolve, reject }));
      const late = setTimeout(() => {
        const message = `No host answered within ${limits.deadlineMs / 1_000} s.`;
        settle(id, ({ reject }) =>
          reject(new TouchstoneError("FLEET_LATE", message, { next: retry, retryable: true })),
        );
      }, limits.deadlineMs);
      // The answer may be here before the queue's word that it has the work.
      const sent = send(link, contentId, frame, id).then(
        (seq) => {
          const waiting = pending.get(id);
          if (waiting !== undefined) waiting.seq = seq;
        },
        (reason: unknown) => settle(id, ({ reject }) => reject(reason)),
      );
      try {
        return await answered;
      } finally {
        clearTimeout(late);
        void sent;
      }
    },
    close: async () => {
      closing.abort();
      clearInterval(looking);
      clearInterval(looksAtDepth);
      for (const [id, { model }] of pending) settle(id, ({ reject }) => reject(noHost(model.contentId)));
      await opened;
      await link?.connection.close();
    },
  };
}

import { randomBytes } from "node:crypto";

import { jetstream, jetstreamManager, type Consumer, type JsMsg } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import type { Logger } from "pino";

import { numelOf } from "../audit/bytes.js";
import { DTYPE_BYTES, type Tensor } from "../audit/graph.js";
import { messageOf, TouchstoneError } from "../errors.js";
import type { Metrics } from "../metrics.js";
import type { PreparedModel } from "../models/prepared.js";
import { tensorsOf, type TensorSpec } from "../receipts/wire.js";
import type { SelfTest } from "../worker/self-test.js";
import { decodeWork, encodeAnswer, encodePresence, PRESENCE, STREAM, type Work } from "./messages.js";
import { connectQueue, ensureConsumer, followConnection, pause, WORKING_MS } from "./queue.js";

export interface HostOptions {
  readonly urls: readonly string[];
  /** What it may answer for. Each is served once it answered like the audit machine, and while it does. */
  readonly models: readonly PreparedModel[];
  readonly selfTest: SelfTest;
  /** Requests of one model at a time. */
  readonly concurrency: number;
  /** Names it to gateways and in logs. */
  readonly name: string;
  readonly log: Logger;
  readonly metrics: Pick<Metrics, "answers" | "atWork">;
  /** Lets it finish what is at work, and end. */
  readonly signal: AbortSignal;
}

export interface InferenceHost {
  /** Content ids that it answers for now; none while the queue is away. */
  serves(): string[];
  /** Settles when it ended. */
  readonly done: Promise<void>;
}

const PRESENCE_MS = 1_000;
/** How long one question for work stays open; a host that is told to stop waits for it. */
const ASK_MS = 2_000;
const RETRY_MS = 1_000;
/** A gateway that does not take an answer within this gets it by another try. */
const GATEWAY_MS = 3_000;
const TEST_LOOK_MS = 5_000;
/** Room for the header of an answer. */
const HEADER_BYTES = 16 * 1024;

const bytesOf = (specs: readonly TensorSpec[]): number =>
  specs.reduce((sum, { dtype, shape }) => sum + DTYPE_BYTES[dtype] * numelOf(shape), HEADER_BYTES);

/**
 * Answers for gateways: takes work from the queue, runs it natively, and acknowledges it when the gateway has the answer. It has no key and
 * knows no chain. A process that dies loses nothing: the queue gives what it had taken to another one.
 */
export function createInferenceHost(options: HostOptions): InferenceHost {
  const { selfTest, concurrency, log, metrics, signal } = options;
  const host = `${options.name}-${randomBytes(4).toString("hex")}`;
  /** Models that have a native runtime here. */
  const models: PreparedModel[] = [];
  let isConnected = false;
  let atWork = 0;

  const serves = (): string[] =>
    isConnected
      ? models.filter((model) => selfTest.maintenance(model) === undefined).map(({ contentId }) => contentId)
      : [];

  /** Loads and tests a model; returns whether it may be served, now or after a later test. */
  async function isUsable(model: PreparedModel, limit: number): Promise<boolean> {
    const { contentId, graph } = model;
    const bytes = Math.max(bytesOf(graph.inputs), bytesOf(graph.outputs));
    if (bytes > limit) {
      log.error({ event: "model-too-large", contentId, bytes, limit }, "the queue's max_payload is too small for it");
      return false;
    }
    // Nothing but the audit machine answers for these, and the gateway has one.
    if (model.manifest.profile === "exact") return false;
    try {
      await selfTest.runtime(model);
    } catch (err) {
      log.error({ event: "model-not-served", contentId, err }, `not served: ${messageOf(err)}`);
      return err instanceof TouchstoneError && err.code === "SELF_TEST_FAILED";
    }
    return true;
  }

  /** @throws whatever keeps this host from having a native runtime for the model now; what the input does is in the answer. */
  async function frameFor(model: PreparedModel, work: Work, delivery: number): Promise<Uint8Array> {
    const runtime = await selfTest.runtime(model);
    const about = { id: work.id, host, delivery };
    let outputs: Tensor[];
    try {
      outputs = await runtime.run(tensorsOf(work.inputs, model.graph.inputs, "input"));
    } catch (thrown) {
      const code = thrown instanceof TouchstoneError ? thrown.code : "RUNTIME_FAILED";
      return encodeAnswer({ ...about, failure: { code, message: messageOf(thrown).slice(0, 1_000) } }, []);
    }
    return encodeAnswer(about, outputs);
  }

  async function answer(queue: NatsConnection, model: PreparedModel, message: JsMsg): Promise<void> {
    const { contentId } = model;
    // The queue keeps its hands off as long as it hears this.
    const working = setInterval(() => {
      message.working();
    }, WORKING_MS);
    metrics.atWork.set(++atWork);
    try {
      const work = decodeWork(message.data);
      if (work.contentId !== contentId) throw new TouchstoneError("FLEET_MESSAGE", `It is work for ${work.contentId}.`);
      try {
        const frame = await frameFor(model, work, message.info.deliveryCount);
        await queue.request(work.answerTo, frame, { timeout: GATEWAY_MS });
        message.ack();
        metrics.answers.inc({ kind: "queue" });
      } catch (err) {
        log.warn({ event: "answer-lost", contentId, err }, "an answer did not arrive: the queue gives the work again");
        message.nak(RETRY_MS);
      }
    } catch (err) {
      log.error({ event: "work-refused", contentId, err }, "work is not understood, and thrown away");
      message.term();
    } finally {
      clearInterval(working);
      metrics.atWork.set(--atWork);
    }
  }

  async function open(queue: NatsConnection, contentId: string): Promise<Consumer | undefined> {
    let told = "";
    while (!signal.aborted) {
      try {
        await ensureConsumer(await jetstreamManager(queue, { checkAPI: false }), contentId);
        return await jetstream(queue).consumers.get(STREAM, contentId);
      } catch (thrown) {
        const reason = messageOf(thrown);
        if (reason !== told) log.warn({ event: "queue-not-ready", contentId, err: thrown }, reason);
        told = reason;
        await pause(RETRY_MS, signal);
      }
    }
    return undefined;
  }

  /** Takes work for one model until told to stop, whatever becomes of the queue. */
  async function serve(queue: NatsConnection, model: PreparedModel): Promise<void> {
    while (!signal.aborted) {
      const consumer = await open(queue, model.contentId);
      if (consumer === undefined) return;
      let isBroken = false;
      const lane = async (): Promise<void> => {
        while (!signal.aborted && !isBroken) {
          if (selfTest.maintenance(model) !== undefined) {
            await pause(RETRY_MS, signal);
            continue;
          }
          let message: JsMsg | null;
          try {
            message = await consumer.next({ expires: ASK_MS });
          } catch (err) {
            log.warn({ event: "queue-silent", contentId: model.contentId, err }, "the queue gives no work");
            isBroken = true;
            await pause(RETRY_MS, signal);
            return;
          }
          if (message !== null) await answer(queue, model, message);
        }
      };
      await Promise.all(Array.from({ length: concurrency }, lane));
    }
  }

  async function run(): Promise<void> {
    const queue = await connectQueue(options.urls, { name: `touchstone host ${host}`, log, signal });
    if (queue === undefined) return;
    const limit = queue.info?.max_payload ?? 0;
    for (const model of options.models) if (await isUsable(model, limit)) models.push(model);
    isConnected = true;
    void followConnection(queue, log, (isHere) => (isConnected = isHere));
    log.info({ event: "started", host, models: serves(), queue: queue.getServer() }, `inference host ${host} started`);
    const beat = (): void => queue.publish(PRESENCE, encodePresence({ host, models: serves() }));
    beat();
    const beating = setInterval(beat, PRESENCE_MS);
    const testing = setInterval(() => void selfTest.repeat(), TEST_LOOK_MS);
    await Promise.all(models.map((model) => serve(queue, model)));
    clearInterval(beating);
    clearInterval(testing);
    // Told at once, not found out by silence.
    queue.publish(PRESENCE, encodePresence({ host, models: [] }));
    await queue.drain();
  }

  return { serves, done: run() };
}

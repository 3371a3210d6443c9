import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";

import { AckPolicy, jetstream, jetstreamManager, type JsMsg } from "@nats-io/jetstream";
import { connect, nanos, type NatsConnection } from "@nats-io/transport-node";
import { expect } from "chai";
import { pino } from "pino";

import { startQueue, type Queue } from "../../scripts/support/queue.js";
import type { DType } from "../../src/audit/graph.js";
import { fleetAnswerer } from "../../src/fleet/answer.js";
import { createFleet, type Fleet } from "../../src/fleet/gateway.js";
import { createInferenceHost } from "../../src/fleet/host.js";
import {
  decodeAnswer,
  decodePresence,
  decodeWork,
  encodeAnswer,
  encodePresence,
  encodeWork,
  PRESENCE,
  STREAM,
  workSubject,
} from "../../src/fleet/messages.js";
import { connectionOptions } from "../../src/fleet/queue.js";
import { createMetrics, type Metrics } from "../../src/metrics.js";
import { createRuntimePool } from "../../src/runtime/pool.js";
import type { PreparedModel } from "../../src/models/prepared.js";
import { auditAnswer } from "../../src/worker/answer.js";
import { createSelfTest } from "../../src/worker/self-test.js";
import type { Answerer } from "../../src/worker/worker.js";
import { digitModel, published } from "../support/digits.js";
import { requireQueue } from "../support/queue.js";

const LIMITS = { deadlineMs: 20_000, depth: 8 };
const silent = pino({ level: "silent" });
const { model, digits } = digitModel();
const image = digits[0]!.image;
const exact = published(auditAnswer(model, [image])).join();
const codeOf = (thrown: unknown): unknown => (thrown as { code?: unknown }).code;

/** Lines of a log, and the log. */
function kept() {
  const lines: string[] = [];
  return { lines, log: pino({ level: "trace" }, { write: (line: string) => void lines.push(line) }) };
}

async function until(what: string, isTrue: () => boolean): Promise<void> {
  const end = performance.now() + 60_000;
  while (!isTrue()) {
    if (performance.now() > end) throw new Error(`in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe("addresses of a queue", () => {
  it("name and password are taken out of them, TLS is insisted on where they say so", () => {
    expect(connectionOptions(["nats://me:s%40cret@a.example:4333", "nats://b.example"])).to.deep.equal({
      ...{ servers: ["a.example:4333", "b.example"], user: "me", pass: "s@cret" },
    });
    expect(connectionOptions(["nats://t0ken@a:1"])).to.deep.equal({ servers: ["a:1"], token: "t0ken" });
    expect(connectionOptions(["tls://a:1"])).to.deep.equal({ servers: ["a:1"], tls: {} });
  });
});

describe("messages of the fleet", () => {
  const about = { id: "0a", contentId: model.contentId, answerTo: `touchstone.fleet.answer.${"0".repeat(32)}` };
  const frames = {
    work: [encodeWork(about, [image]), decodeWork],
    answer: [encodeAnswer({ id: "0a", host: "h", delivery: 1 }, [image]), decodeAnswer],
    presence: [encodePresence({ host: "h", models: [model.contentId] }), decodePresence],
  } as const;
  const seed = randomInt(2 ** 31);

  for (const [name, [frame, decode]] of Object.entries(frames)) {
    it(`${name}: comes back as it was; any other bytes are a named error, or another message (seed ${seed})`, () => {
      expect(decode(frame)).to.be.an("object");
      let state = seed;
      const random = (below: number): number => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) % below;
      for (let round = 0; round < 2_000; round++) {
        let bytes = Uint8Array.from(frame);
        for (let n = 0; n <= random(3); n++) bytes[random(Math.min(bytes.length, 400))] = random(256);
        if (random(4) === 0) bytes = bytes.subarray(0, random(bytes.length));
        try {
          decode(bytes);
        } catch (thrown) {
          expect(["FLEET_MESSAGE", "BODY_INVALID"], String(thrown)).to.include(codeOf(thrown));
        }
      }
    });
  }

  it("no answer can be asked for anywhere but at a gateway", () => {
    const elsewhere = { ...about, answerTo: "$JS.API.STREAM.DELETE.touchstone-fleet" };
    expect(() => decodeWork(encodeWork(elsewhere, [image])))
      .to.throw()
      .with.property("code", "FLEET_MESSAGE");
  });
});

describe("a gateway's queue", function () {
  this.timeout(120_000);
  let queue: Queue;
  let metrics: Metrics;
  let fleet: Fleet;
  let client: NatsConnection;
  let beating: NodeJS.Timeout | undefined;
  const closers: (() => Promise<void> | void)[] = [];

  before(function () {
    requireQueue(this);
  });

  beforeEach(async () => {
    queue = await startQueue();
    metrics = createMetrics();
    fleet = createFleet({ urls: [queue.url], log: silent, metrics, ...LIMITS });
    client = await connect({ servers: `127.0.0.1:${queue.port}`, reconnectTimeWait: 100, maxReconnectAttempts: -1 });
    closers.push(queue.close, () => client.close(), fleet.close);
  });

  afterEach(async () => {
    clearInterval(beating);
    for (const close of closers.splice(0).reverse()) await close();
  });

  /** Stands in the queue as a host that does with its work what a test wants. */
  async function pretend(does: (message: JsMsg) => void, ackMs = 5_000): Promise<void> {
    const beat = (): void => client.publish(PRESENCE, encodePresence({ host: "pretender", models: [model.contentId] }));
    await until("the gateway listens", () => {
      beat();
      return fleet.serves(model.contentId);
    });
    beating = setInterval(beat, 500);
    const manager = await jetstreamManager(client);
    await manager.consumers.add(STREAM, {
      ...{ durable_name: model.contentId, filter_subject: workSubject(model.contentId) },
      ...{ ack_policy: AckPolicy.Explicit, ack_wait: nanos(ackMs), max_deliver: 3 },
    });
    const consumer = await jetstream(client).consumers.get(STREAM, model.contentId);
    await consumer.consume({ callback: does });
  }

  const run = (): Promise<string> => fleet.run(model, [image]).then((outputs) => published(outputs).join());
  /** As hosts do: what the gateway did not get stays in the queue. */
  const answerWith = (message: JsMsg, answer: (id: string) => Uint8Array): void => {
    const { id, answerTo } = decodeWork(message.data);
    void client.request(answerTo, answer(id), { timeout: 1_000 }).then(
      () => message.ack(),
      () => message.nak(200),
    );
  };

  it("refuses what is too much: HTTP clients get 503, and a job is answered all the same", async () => {
    let taken = 0;
    await pretend(() => taken++);
    const waiting = Array.from({ length: LIMITS.depth }, () => run().catch(codeOf));
    await until("the queue is full", () => taken === LIMITS.depth);
    expect(await run().catch(codeOf)).to.equal("FLEET_BUSY");
    const embedded: Answerer = (_model, inputs) => Promise.resolve(auditAnswer(model, inputs));
    const options = { fleet, embedded, log: silent, metrics };
    const refused: unknown = await fleetAnswerer({ ...options, mayRefuse: true })(model, [image], "r").catch(
      (thrown: unknown) => thrown,
    );
    expect(refused).to.include({ status: 503, code: "BUSY" });
    const job = await fleetAnswerer({ ...options, mayRefuse: false })(model, [image], "j");
    expect(published(job).join()).to.equal(exact);
    await fleet.close();
    expect(await Promise.all(waiting)).to.deep.equal(waiting.map(() => "FLEET_NO_HOST"));
  });

  it("says that no host was in time, and throws late work away", async () => {
    const hasty = createFleet({ urls: [queue.url], log: silent, metrics, deadlineMs: 500, depth: 8 });
    closers.push(hasty.close);
    await pretend(() => undefined);
    await until("the other gateway listens", () => hasty.serves(model.contentId));
    expect(await hasty.run(model, [image]).catch(codeOf)).to.equal("FLEET_LATE");
  });

  it("takes no host for dead while it was itself that heard nobody", async () => {
    await pretend((message) =>
      answerWith(message, (id) => encodeAnswer({ id, host: "h", delivery: 1 }, auditAnswer(model, [image]))),
    );
    // As an answer by itself holds the thread.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5_600);
    expect(await run()).to.equal(exact);
  });

  it("takes the first answer to a request, and no other", async () => {
    const [first, second] = [0, 1].map((k) => auditAnswer(model, [digits[k]!.image]));
    await pretend((message) => {
      answerWith(message, (id) => encodeAnswer({ id, host: "a", delivery: 1 }, first!));
      answerWith(message, (id) => encodeAnswer({ id, host: "b", delivery: 2 }, second!));
    });
    expect(await run()).to.equal(exact);
    expect(await run()).to.equal(exact);
  });

  it("goes on hearing its hosts after messages that are not what they should be", async () => {
    await pretend((message) =>
      answerWith(message, (id) => encodeAnswer({ id, host: "pretender", delivery: 1 }, auditAnswer(model, [image]))),
    );
    for (const subject of [PRESENCE, `$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.${STREAM}.any`]) {
      client.publish(subject, "not JSON");
    }
    await client.flush();
    expect(await run()).to.equal(exact);
  });

  it("believes no answer that the model cannot have given, and is answered by the audit machine instead", async () => {
    const right = auditAnswer(model, [image])[0]!;
    const wrong: Readonly<Record<string, (id: string) => Uint8Array>> = {
      "no output": (id) => encodeAnswer({ id, host: "h", delivery: 1 }, []),
      "one too many": (id) => encodeAnswer({ id, host: "h", delivery: 1 }, [right, right]),
      "another shape": (id) => encodeAnswer({ id, host: "h", delivery: 1 }, [{ ...right, shape: [10, 1] }]),
      "another type": (id) =>
        encodeAnswer({ id, host: "h", delivery: 1 }, [
          { dtype: "i32" satisfies DType, shape: [...right.shape], data: new Int32Array(right.data.length) },
        ]),
      "a failure": (id) => encodeAnswer({ id, host: "h", delivery: 1, failure: { code: "X", message: "no" } }, []),
    };
    let next = "";
    await pretend((message) => answerWith(message, wrong[next]!));
    const embedded: Answerer = () => Promise.reject(new Error("not asked"));
    const answerer = fleetAnswerer({ fleet, embedded, mayRefuse: true, log: silent, metrics });
    for (next of Object.keys(wrong)) {
      expect(await run().catch(codeOf), next).to.equal(next === "a failure" ? "FLEET_REFUSED" : "FLEET_WRONG");
      expect(published(await answerer(model, [image], "r")).join(), next).to.equal(exact);
    }
  });

  it("gives up on a request that ends every host which takes it, long before its time is over", async () => {
    let taken = 0;
    await pretend(() => taken++, 200);
    const started = performance.now();
    expect(await run().catch(codeOf)).to.equal("FLEET_GAVE_UP");
    expect(taken).to.equal(3);
    expect(performance.now() - started).to.be.lessThan(LIMITS.deadlineMs);
    const left = await (await jetstreamManager(client)).streams.info(STREAM);
    expect(left.state.messages).to.equal(0);
  });

  it("survives the queue's own crash: work that lay in it is answered after it is back", async () => {
    let isAway = true;
    const held: JsMsg[] = [];
    const answer = (message: JsMsg): void =>
      answerWith(message, (id) => encodeAnswer({ id, host: "h", delivery: 1 }, auditAnswer(model, [image])));
    // Given out three times before the crash, on a machine that is slow, work would be given up.
    await pretend((message) => (isAway ? void held.push(message) : answer(message)), 3_000);
    const asked = Promise.all([run(), run(), run()]);
    await until("the work is taken", () => held.length >= 3);
    await queue.crash();
    isAway = false;
    await queue.start();
    expect(await asked).to.deep.equal([exact, exact, exact]);
  });

  it("answers by itself where no host is, and where a request is larger than the queue takes", async () => {
    expect(await run().catch(codeOf)).to.equal("FLEET_NO_HOST");
    const embedded: Answerer = (_model, inputs) => Promise.resolve(auditAnswer(model, inputs));
    const answerer = fleetAnswerer({ fleet, embedded, mayRefuse: true, log: silent, metrics });
    expect(published(await answerer(model, [image], "r")).join()).to.equal(exact);
    await pretend(() => undefined);
    const large = { dtype: "f32" as const, shape: [1, 2 ** 19], data: new Float32Array(2 ** 19) };
    expect(await fleet.run(model, [large]).catch(codeOf)).to.equal("FLEET_TOO_LARGE");
    expect(
      await metrics.fallbacks.get().then(({ values }) => values.map(({ labels, value }) => [labels.code, value])),
    ).to.deep.equal([["FLEET_NO_HOST", 1]]);
  });

  it("has no work for a host whose numbers drift, and has it again when they do not any more", async () => {
    let by = 3;
    const { noise, atol, rtol } = model.manifest.outputs[0]!;
    const pool = createRuntimePool<PreparedModel>({
      ...{ engine: "native", provider: "cpu", threads: 1, optimisation: "all" },
    });
    const { log, lines } = kept();
    const drifting = async (of: PreparedModel): ReturnType<typeof pool> => {
      const sessions = await pool(of);
      return {
        ...sessions,
        run: async (inputs) => {
          const [scores] = await sessions.run(inputs);
          const data = Float32Array.from(scores!.data as Float32Array);
          data[0]! += by * noise * (atol + rtol * Math.abs(data[0]!));
          return [{ ...scores!, data }];
        },
      };
    };
    const stopping = new AbortController();
    const host = createInferenceHost({
      ...{ urls: [queue.url], models: [model], concurrency: 2, name: "sick", log, metrics, signal: stopping.signal },
      selfTest: createSelfTest({ runtime: drifting, everyMs: 0, seed: 7, log }),
    });
    closers.push(async () => {
      stopping.abort();
      await host.done;
    });
    await until("the host started", () => lines.some((line) => line.includes('"event":"started"')));
    expect([host.serves(), lines.some((line) => line.includes("SELF_TEST_FAILED"))]).to.deep.equal([[], true]);
    expect(await run().catch(codeOf)).to.equal("FLEET_NO_HOST");
    by = 0;
    await until("the host serves", () => fleet.serves(model.contentId));
    expect(await run()).to.not.equal("");
  });
});

describe("the queue as docs/operations/nats.conf sets it up", function () {
  this.timeout(60_000);
  let queue: Queue;

  before(async function () {
    requireQueue(this);
    // All but its place, disk and certificates.
    const text = readFileSync("docs/operations/nats.conf", "utf8").replaceAll(/^(listen|jetstream|tls).*$/gm, "");
    queue = await startQueue(text, { GATEWAY_PASSWORD: "g-secret", HOST_PASSWORD: "h-secret" });
  });
  after(() => (queue as Queue | undefined)?.close());

  it("lets gateway and hosts do all they need, and hosts nothing else", async () => {
    const at = `127.0.0.1:${queue.port}`;
    const metrics = createMetrics();
    const fleet = createFleet({ urls: [`nats://gateway:g-secret@${at}`], log: silent, metrics, ...LIMITS });
    const stopping = new AbortController();
    const { log, lines } = kept();
    const host = createInferenceHost({
      ...{ urls: [`nats://host:h-secret@${at}`], models: [model], concurrency: 2, name: "h", log, metrics },
      selfTest: createSelfTest({
        ...{ everyMs: 60_000, seed: 7, log: silent },
        runtime: createRuntimePool<PreparedModel>({
          ...{ engine: "native", provider: "cpu", threads: 1, optimisation: "all" },
        }),
      }),
      signal: stopping.signal,
    });
    await until("the host is heard", () => fleet.serves(model.contentId));
    expect(published(await fleet.run(model, [image]))).to.have.length(1);
    stopping.abort();
    await host.done;
    await fleet.close();
    // The server's own words: until the gateway has made the stream, the host says to look at permissions.
    expect(lines.filter((line) => /permissions violation/i.test(line))).to.deep.equal([]);
    const [as, errors] = [await connect({ servers: at, user: "host", pass: "h-secret" }), [] as string[]];
    void (async () => {
      for await (const { type, ...more } of as.status()) if (type === "error") errors.push(JSON.stringify(more));
    })();
    const manager = await jetstreamManager(as, { checkAPI: false, timeout: 500 });
    expect(await manager.streams.delete(STREAM).catch((thrown: unknown) => String(thrown))).to.be.a("string");
    as.publish(workSubject(model.contentId), "{}");
    as.subscribe("touchstone.fleet.answer.*");
    await as.flush();
    await until("the server objects", () => errors.length >= 2);
    await as.close();
  });
});

describe("a queue that is locked", function () {
  this.timeout(60_000);
  let queue: Queue;

  before(async function () {
    requireQueue(this);
    queue = await startQueue('authorization { user: "gateway", password: "s3cret" }');
  });
  after(() => (queue as Queue | undefined)?.close());

  for (const [what, url, reason] of [
    ["a wrong password", "nats://gateway:wr0ng@", "Authorization Violation"],
    ["no TLS where it is asked for", "tls://gateway:s3cret@", "tls"],
  ] as const) {
    it(`${what}: says why, never the password, and goes on without hosts`, async () => {
      const { log, lines } = kept();
      const fleet = createFleet({ urls: [`${url}127.0.0.1:${queue.port}`], log, metrics: createMetrics(), ...LIMITS });
      await until("the reason is told", () => lines.some((line) => line.includes("queue-away")));
      expect(await fleet.run(model, [image]).catch(codeOf)).to.equal("FLEET_NO_HOST");
      await fleet.close();
      const text = lines.join("");
      expect(text.toLowerCase()).to.include(reason.toLowerCase());
      expect(text).to.not.match(/s3cret|wr0ng/);
    });
  }

  it("the right password opens it", async () => {
    const { log, lines } = kept();
    const urls = [`nats://gateway:s3cret@127.0.0.1:${queue.port}`];
    const fleet = createFleet({ urls, log, metrics: createMetrics(), ...LIMITS });
    await until("it is open", () => lines.some((line) => line.includes("queue-open")));
    await fleet.close();
    expect(lines.join("")).to.not.include("s3cret");
  });
});

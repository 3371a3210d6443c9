import { connect } from "node:net";

import { expect } from "chai";
import { pino } from "pino";
import { z } from "zod";

import { receiptsOf } from "../../src/dispute/claims.js";
import { serveBeside } from "../../src/http/server.js";
import { TENSORS_TYPE, fromBinary, toBinary } from "../../src/receipts/binary.js";
import { inferAnswer, rawTensorOf, toWire } from "../../src/receipts/wire.js";
import { auditAnswer } from "../../src/worker/answer.js";
import type { Answerer } from "../../src/worker/worker.js";
import { digitModel } from "../support/digits.js";
import { MODEL_ID, PRICE, served, type Served } from "../support/served.js";

type JsonSchema = Parameters<typeof z.fromJSONSchema>[0];

const { model, digits } = digitModel();
const image = digits[0]!.image;
const exact: Answerer = (_, inputs) => Promise.resolve(auditAnswer(model, inputs));

describe("an operator's endpoint, around its answers", () => {
  let worker: Served;
  afterEach(() => worker.close());

  const post = (body: object | Buffer, headers: Record<string, string> = {}) =>
    worker.server.inject({
      method: "POST",
      url: worker.path,
      headers: { "content-type": Buffer.isBuffer(body) ? TENSORS_TYPE : "application/json", ...headers },
      payload: Buffer.isBuffer(body) ? body : toWire(body),
    });

  it("answers binary tensors in kind, with the same receipt as JSON's", async () => {
    worker = served(model, exact);
    const asked = worker.request([image]);
    const first = await post(toBinary({ ...asked, inputs: [rawTensorOf(image)] }, "inputs"), { accept: TENSORS_TYPE });
    expect([first.statusCode, first.headers["content-type"]]).to.deep.equal([200, TENSORS_TYPE]);
    const binary = fromBinary(first.rawPayload, "outputs") as { outputs: { data: Uint8Array }[]; signature: string };
    const json = inferAnswer.parse((await post(asked)).json());
    expect(json.signature).to.equal(binary.signature);
    expect(json.outputs[0]!.data).to.equal(Buffer.from(binary.outputs[0]!.data).toString("base64"));
  });

  it("counts an answer once while the disk works on it: the next voucher may pay exactly the next answer", async () => {
    let release: () => void = () => undefined;
    const disk = new Promise<void>((resolve) => (release = resolve));
    worker = served(model, exact, {
      wrap: (state) => ({
        ...state,
        durably: async (work) => {
          const result = await state.durably(work);
          await disk;
          return result;
        },
      }),
    });
    const statusOf = async (body: object): Promise<number> => (await post(body)).statusCode;
    const kept = (): number => receiptsOf(worker.state).entries().length;
    const first = statusOf(worker.request([image], 0n));
    while (kept() < 1) await new Promise((resolve) => setTimeout(resolve, 2));
    const seen: { status?: number } = {};
    const second = statusOf(worker.request([image], 0n)).then((status) => (seen.status = status));
    // The answer waits for the disk; a refusal would not.
    while (kept() < 2 && seen.status === undefined) await new Promise((resolve) => setTimeout(resolve, 2));
    release();
    expect(await Promise.all([first, second])).to.deep.equal([200, 200]);
  });

  it("serves nothing where its role was told to stop while it got ready, and does not hold up the end", async () => {
    worker = served(model, exact);
    const log = pino({ level: "silent" });
    const at = { host: "127.0.0.1", port: 0 };
    const drained = await serveBeside(worker.server, { at, log, signal: AbortSignal.abort() });
    await drained();
    expect(worker.server.server.listening).to.equal(false);
  });

  it("says what a request costs in the words of x402 as well", async () => {
    worker = served(model, exact);
    const { voucher: _, ...unpaid } = worker.request([image]) as { voucher: object };
    const { statusCode, headers } = await post(unpaid);
    expect(statusCode).to.equal(402);
    const said = JSON.parse(Buffer.from(String(headers["payment-required"]), "base64").toString()) as {
      x402Version: number;
      accepts: Record<string, unknown>[];
    };
    expect(said.x402Version).to.equal(2);
    expect(said.accepts[0]).to.include({ scheme: "touchstone-voucher", network: "eip155:1", amount: String(PRICE) });
  });

  it("503 with Retry-After where too much is at work, before the body is read, and in maintenance; never charged", async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    worker = served(model, async (...asked) => (await held, exact(...asked)), { concurrency: 1, maxInFlight: 2 });
    const first = post(worker.request([image]));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const second = await post(worker.request([image]));
    expect([second.statusCode, second.headers["retry-after"]]).to.deep.equal([503, "1"]);
    release();
    expect((await first).statusCode).to.equal(200);
    await worker.close();
    worker = served(model, exact, { maintenance: () => "drifted" });
    const third = await post(worker.request([image]));
    expect([third.statusCode, third.json<{ error: { code: string } }>().error.code]).to.deep.equal([
      503,
      "MAINTENANCE",
    ]);
  });

  it("429 beyond the rate of one address; health and metrics stay open and count no flood", async () => {
    worker = served(model, exact, { perMinute: 3, health: () => Promise.resolve({ ok: true, head: 7 }) });
    const statuses: number[] = [];
    for (let i = 0; i < 5; i++) statuses.push((await worker.server.inject({ url: "/v1/models" })).statusCode);
    expect(statuses).to.deep.equal([200, 200, 200, 429, 429]);
    const health = await worker.server.inject({ url: "/health" });
    expect([health.statusCode, health.json()]).to.deep.equal([200, { ok: true, head: 7 }]);
    const metrics = await worker.server.inject({ url: "/metrics" });
    expect(metrics.payload).to.match(
      /touchstone_http_request_seconds_count\{route="\/v1\/models",method="GET",status="429"\} 2/,
    );
    expect(metrics.payload).not.to.include('route="/health"');
  });

  it("describes itself: every route is in the OpenAPI document, whose schemas take what is really sent", async () => {
    worker = served(model, exact, { health: () => Promise.resolve({ ok: true }) });
    const document = (await worker.server.inject({ url: "/openapi.json" })).json<{
      paths: Record<
        string,
        Record<
          string,
          {
            requestBody?: { content: Record<string, { schema: JsonSchema }> };
            responses: Record<string, { content?: Record<string, { schema: JsonSchema }> }>;
          }
        >
      >;
    }>();
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const method of Object.keys(methods)) {
        const url = path.replaceAll(/\{(\w+)\}/g, ":$1");
        expect(worker.server.hasRoute({ method: method.toUpperCase(), url }), `${method} ${path}`).to.equal(true);
      }
    }
    const { requestBody, responses } = document.paths["/v1/models/{id}/infer"]!["post"]!;
    const request = JSON.parse(toWire(worker.request([image]))) as object;
    const asked = z.fromJSONSchema(requestBody!.content["application/json"]!.schema);
    asked.parse(request);
    expect(asked.safeParse({ ...request, consumer: "nobody" }).success).to.equal(false);
    const answered = z.fromJSONSchema(responses["200"]!.content!["application/json"]!.schema);
    answered.parse((await post(worker.request([image]))).json());
    const list = (await worker.server.inject({ url: "/v1/models" })).json<{ models: { modelId: string }[] }>();
    expect(list.models.map(({ modelId }) => modelId)).to.deep.equal([MODEL_ID]);
  });

  it("closes on a client that takes too long to send", async () => {
    worker = served(model, exact, { timeoutMs: 300 });
    const address = new URL(await worker.server.listen({ host: "127.0.0.1", port: 0 }));
    const socket = connect(Number(address.port), address.hostname);
    socket.on("error", () => undefined);
    socket.write(
      "POST /v1/reservations HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\ncontent-type: application/json\r\n\r\n{",
    );
    socket.resume();
    await new Promise((resolve) => socket.once("close", resolve));
  });

  it("finishes what is at work when it closes, and takes nothing new", async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    worker = served(model, async (...asked) => (await held, exact(...asked)));
    const address = await worker.server.listen({ host: "127.0.0.1", port: 0 });
    const body = toWire(worker.request([image]));
    const ask = () =>
      fetch(`${address}${worker.path}`, { method: "POST", headers: { "content-type": "application/json" }, body });
    const first = ask();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const closing = worker.server.close();
    await new Promise((resolve) => setTimeout(resolve, 200));
    const second = await fetch(`${address}/v1/models`).then(
      ({ status }) => status,
      () => "refused",
    );
    expect(second).to.be.oneOf([503, "refused"]);
    release();
    expect((await first).status).to.equal(200);
    await closing;
  });
});

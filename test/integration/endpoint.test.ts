import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import type { FastifyInstance } from "fastify";
import { id, ZeroAddress } from "ethers";
import { pino } from "pino";

import { tensorFromBytes } from "../../src/audit/bytes.js";
import type { Tensor } from "../../src/audit/graph.js";
import { receiptsOf } from "../../src/dispute/claims.js";
import { receiptKey } from "../../src/receipts/keys.js";
import { signVoucher } from "../../src/receipts/typed-data.js";
import { inferAnswer, toWire, wireTensor } from "../../src/receipts/wire.js";
import { openState, type State } from "../../src/store/state.js";
import { auditAnswer } from "../../src/worker/answer.js";
import { createEndpoint } from "../../src/worker/endpoint.js";
import { createInferService } from "../../src/worker/infer.js";
import { createChainView } from "../../src/worker/view.js";
import { accountsOf } from "../../src/worker/till.js";
import { digitModel } from "../support/digits.js";
import { appointWorker, connect, type Connection, deployWithOperator, TOKEN, WORKER_KEY } from "../support/protocol.js";
import { domainOf, reserve } from "../support/receipts.js";
import { suiteOf } from "../support/suite.js";

const PRICE = 10n ** 15n;
const BODY_LIMIT = 256 * 1024;

interface Answer {
  readonly status: number;
  readonly body: {
    readonly error?: { readonly code: string; readonly spent?: string; readonly price?: string };
    readonly outputs?: unknown;
    readonly receipt?: { readonly price: string; readonly issuedAt: number };
    readonly signature?: string;
  };
}

describe("the worker's HTTP interface", () => {
  const folder = mkdtempSync(join(tmpdir(), "touchstone-endpoint-"));
  const { model, digits } = digitModel();
  const image = digits[0]!.image;
  let chain: Connection;
  let setup: Awaited<ReturnType<typeof deployWithOperator>>;
  let server: FastifyInstance;
  let state: State;
  let reservation: string;
  let answered = 0;
  /** Milliseconds that have gone by for the worker's view of the chain. */
  let skipped = 0;

  before(async () => {
    chain = await connect();
    setup = await deployWithOperator(chain);
    const { receipts, modelId } = setup;
    await receipts.connect(chain.owner).setReservationCap(500n * TOKEN);
    reservation = await reserve(chain, setup);
    const suite = await suiteOf(chain, setup);
    state = openState(join(folder, "worker.sqlite"));
    const log = pino({ level: "silent" });
    const service = createInferService({
      view: createChainView(suite, chain.owner.address, () => performance.now() + skipped),
      ...{
        suite,
        state,
        log,
        operator: chain.owner.address,
        worker: chain.worker.address,
        key: receiptKey(WORKER_KEY),
      },
      catalogue: { get: () => Promise.resolve(model) },
      answer: (_, inputs) => {
        answered++;
        return Promise.resolve(auditAnswer(model, inputs));
      },
      service: {
        prices: new Map([[modelId, PRICE]]),
        currency: ZeroAddress,
        lock: 50n * TOKEN,
        minDeposit: PRICE,
        duration: 3_600,
        concurrency: 4,
      },
    });
    server = createEndpoint(service, { bodyLimit: BODY_LIMIT, timeoutMs: 5_000, log });
  });

  after(async () => {
    await server.close();
    state.close();
    rmSync(folder, { recursive: true });
  });

  const voucherOf = async (cumulative: bigint, signer = chain.consumer, of = reservation) => ({
    ...{ reservation: of, cumulative },
    signature: await signVoucher(signer, await domainOf(chain, setup), { reservation: of, cumulative }),
  });

  async function post(body: object, modelId = setup.modelId): Promise<Answer> {
    const { statusCode, payload } = await server.inject({
      method: "POST",
      url: `/v1/models/${modelId}/infer`,
      headers: { "content-type": "application/json" },
      payload: toWire(body),
    });
    return { status: statusCode, body: JSON.parse(payload) as Answer["body"] };
  }

  const request = (name: string, voucher?: object, input: Tensor = image) =>
    post({
      requestId: id(name),
      consumer: chain.consumer.address,
      inputs: [wireTensor(input)],
      ...(voucher && { voucher }),
    });

  const spent = (): bigint => accountsOf(state).get(reservation)?.spent ?? 0n;

  it("publishes its terms, and signs offers that the contract takes", async () => {
    const terms = await server.inject({ url: `/v1/models/${setup.modelId}` });
    expect(terms.statusCode).to.equal(200);
    expect(terms.json()).to.include({ operator: chain.owner.address, price: String(PRICE), currency: ZeroAddress });
    const answer = await server.inject({
      method: "POST",
      url: "/v1/reservations",
      payload: { payer: chain.stranger.address },
    });
    const { offer, signature } = answer.json<{ offer: Record<string, string>; signature: string }>();
    const asPayer = setup.receipts.connect(chain.stranger);
    await asPayer.activate(offer as never, signature, PRICE, { value: PRICE });
  });

  it("402 without a voucher, and for one that is short, foreign or not covered; nothing is charged", async () => {
    const cases = [
      undefined,
      await voucherOf(PRICE - 1n),
      await voucherOf(PRICE, chain.stranger),
      { ...(await voucherOf(PRICE)), cumulative: PRICE + 1n },
    ];
    for (const [i, voucher] of cases.entries()) {
      const { status, body } = await request(`bad ${i}`, voucher);
      expect(status, `${i}`).to.equal(402);
      expect(body.error).to.include({ code: "PAYMENT_REQUIRED", price: String(PRICE), spent: "0" });
    }
    expect([answered, spent()]).to.deep.equal([0, 0n]);
  });

  it("409 under a reservation that is unknown", async () => {
    const { status, body } = await request("none", await voucherOf(PRICE, chain.consumer, id("none")));
    expect([status, body.error?.code]).to.deep.equal([409, "RESERVATION_UNKNOWN"]);
  });

  it("answers when exactly paid, with a receipt that the contract takes", async () => {
    const { status, body } = await request("good", await voucherOf(PRICE));
    expect(status).to.equal(200);
    const { receipt, signature, outputs } = inferAnswer.parse(body);
    const scores = tensorFromBytes(new Uint8Array(Buffer.from(outputs[0]!.data, "base64")), "f32", outputs[0]!.shape);
    const values = [...scores.data].map(Number);
    expect(values.indexOf(Math.max(...values))).to.equal(digits[0]!.digit);
    await setup.receipts.present.staticCall(receipt, signature);
    expect([answered, spent()]).to.deep.equal([1, PRICE]);
    expect(receiptsOf(state).entries()).to.have.length(1);
  });

  it("answers the same request the same way again, and charges it once", async () => {
    const voucher = await voucherOf(2n * PRICE);
    const [first, second] = [await request("twice", voucher), await request("twice", voucher)];
    expect(second.body).to.deep.equal(first.body);
    expect([answered, spent()]).to.deep.equal([2, 2n * PRICE]);
    const other = await request("twice", voucher, digits[1]!.image);
    expect([other.status, other.body.error?.code]).to.deep.equal([409, "REQUEST_ID_USED"]);
  });

  it("charges requests that come together one after the other: a voucher pays once", async () => {
    const voucher = await voucherOf(3n * PRICE);
    const answers = await Promise.all(["a", "b", "c"].map((name) => request(name, voucher)));
    expect(answers.map(({ status }) => status).sort()).to.deep.equal([200, 402, 402]);
    expect(spent()).to.equal(3n * PRICE);
  });

  it("422 for inputs outside the domain, uncharged; 400 for what is no input", async () => {
    const data = Float32Array.from(image.data as Float32Array);
    data[0] = Number.POSITIVE_INFINITY;
    const outside = await request("outside", await voucherOf(4n * PRICE), { ...image, data });
    expect([outside.status, outside.body.error?.code]).to.deep.equal([422, "INPUT_OUTSIDE_DOMAIN"]);
    const shape = [...image.shape.slice(0, -1), 1];
    const short = { ...wireTensor(image), shape };
    for (const inputs of [[], [short], [{ ...wireTensor(image), data: "AAAA" }], ["x"]]) {
      const { status } = await post({ requestId: id("r"), consumer: chain.consumer.address, inputs });
      expect(status).to.equal(400);
    }
    expect(spent()).to.equal(3n * PRICE);
  });

  it("404 for models that are not served; 400 for ids that are none; 413 for bodies beyond the limit", async () => {
    expect((await post({ requestId: id("r"), consumer: ZeroAddress, inputs: [] }, id("none"))).status).to.equal(404);
    expect((await server.inject({ url: "/v1/models/7" })).statusCode).to.equal(400);
    expect((await server.inject({ url: "/v2" })).statusCode).to.equal(404);
    const { status } = await post({ inputs: "x".repeat(BODY_LIMIT) });
    expect(status).to.equal(413);
  });

  it("503 while the key is not in office, so that nobody pays for receipts that are worth nothing", async () => {
    const answer = async (name: string) => {
      skipped += 10_000;
      const { status, body } = await request(name, await voucherOf(4n * PRICE));
      return body.error?.code ?? status;
    };
    await setup.profiles.connect(chain.owner).dropWorker();
    await chain.networkHelpers.mine();
    expect(await answer("dropped")).to.equal("NOT_IN_OFFICE");
    await appointWorker(chain, setup.staking);
    // In the second of its appointment the one before it may have signed.
    expect(await answer("early")).to.equal("NOT_IN_OFFICE");
    expect(spent()).to.equal(3n * PRICE);
    await chain.networkHelpers.mine();
    expect(await answer("in office")).to.equal(200);
    expect(spent()).to.equal(4n * PRICE);
  });
});

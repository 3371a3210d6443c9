import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import { ZeroAddress, ZeroHash } from "ethers";
import { pino } from "pino";
import type { z } from "zod";

import { createSender } from "../../src/chain/sender.js";
import { infer, type InferTools } from "../../src/client/infer.js";
import type { Channel } from "../../src/client/reservation.js";
import { TouchstoneError } from "../../src/errors.js";
import { receiptKey } from "../../src/receipts/keys.js";
import { signReceipt } from "../../src/receipts/typed-data.js";
import { fromWire, inferAnswer, toWire } from "../../src/receipts/wire.js";
import { openState, type State } from "../../src/store/state.js";
import { auditAnswer } from "../../src/worker/answer.js";
import { createEndpoint } from "../../src/worker/endpoint.js";
import { createInferService } from "../../src/worker/infer.js";
import { createChainView } from "../../src/worker/view.js";
import { digitModel } from "../support/digits.js";
import { connect, type Connection, deployWithOperator, TOKEN, WORKER_KEY } from "../support/protocol.js";
import { domainOf } from "../support/receipts.js";
import { suiteOf } from "../support/suite.js";

type Answer = z.infer<typeof inferAnswer>;

const PRICE = 10n ** 15n;
const log = pino({ level: "silent" });

/** Numbers are those of the list of attacks in docs/attacks.md. */
describe("attacks on clients by a worker's endpoint", () => {
  const folder = mkdtempSync(join(tmpdir(), "touchstone-attack-"));
  const { model, digits } = digitModel();
  const states: State[] = [];
  let chain: Connection;
  let setup: Awaited<ReturnType<typeof deployWithOperator>>;
  let tools: InferTools;
  let endpoint: URL;
  let close: () => Promise<void>;
  /** What the endpoint does to an answer before it leaves. */
  let tamper: (answer: Answer) => Answer | Promise<Answer>;
  /** How often the worker's nodes will yet say that they know no reservation. */
  let behind = 0;

  const state = (name: string): State => {
    const opened = openState(join(folder, `${name}.sqlite`));
    states.push(opened);
    return opened;
  };

  before(async () => {
    chain = await connect();
    setup = await deployWithOperator(chain);
    await setup.receipts.connect(chain.owner).setReservationCap(500n * TOKEN);
    const suite = await suiteOf(chain, setup);
    const view = createChainView(suite, chain.owner.address);
    const service = createInferService({
      ...{
        suite,
        state: state("worker"),
        log,
        operator: chain.owner.address,
        key: receiptKey(WORKER_KEY),
        worker: chain.worker.address,
      },
      view: {
        ...view,
        reservation: (id, fresh) => (behind-- > 0 ? view.reservation(ZeroHash, true) : view.reservation(id, fresh)),
      },
      catalogue: { get: () => Promise.resolve(model) },
      answer: (_, inputs) => Promise.resolve(auditAnswer(model, inputs)),
      service: {
        prices: new Map([[setup.modelId, PRICE]]),
        currency: ZeroAddress,
        ...{ lock: 50n * TOKEN, minDeposit: PRICE, duration: 3_600, concurrency: 4 },
      },
    });
    const server = createEndpoint(service, { bodyLimit: 256 * 1024, timeoutMs: 5_000, log });
    server.addHook("onSend", async (request, reply, payload) =>
      request.url.endsWith("/infer") && reply.statusCode === 200
        ? toWire(await tamper(fromWire(inferAnswer, JSON.parse(String(payload)))))
        : payload,
    );
    endpoint = new URL(await server.listen({ host: "127.0.0.1", port: 0 }));
    close = () => server.close();
    const { provider } = chain.ethers;
    const sender = createSender({ provider, signer: chain.consumer, errors: suite.abi });
    tools = { suite, sender, signer: chain.consumer, state: state("client"), log };
  });

  after(async () => {
    await close();
    for (const each of states) each.close();
    rmSync(folder, { recursive: true });
  });

  const buy = () =>
    infer(tools, {
      ...{ endpoint, model, modelId: setup.modelId, maxPrice: PRICE, deposit: 100n * PRICE },
      inputs: [digits[0]!.image],
    });
  const spent = () => tools.state.collection<Channel>("channel").get(chain.owner.address)?.spent ?? 0n;

  async function refused(what: RegExp): Promise<void> {
    const before = spent();
    const thrown: unknown = await buy().then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(thrown).to.be.instanceOf(TouchstoneError);
    expect((thrown as TouchstoneError).code).to.equal("RECEIPT_REFUSED");
    expect((thrown as TouchstoneError).message).to.match(what);
    expect(spent() - before, "one price at most").to.be.at.most(PRICE);
  }

  const signed = async ({ receipt, ...answer }: Answer, change: Partial<Answer["receipt"]>): Promise<Answer> => {
    const other = { ...receipt, ...change };
    return {
      ...answer,
      receipt: other,
      signature: await signReceipt(chain.worker, await domainOf(chain, setup), other),
    };
  };

  it("a worker whose nodes are behind is asked again until they have seen the reservation, and is paid once", async () => {
    tamper = (answer) => answer;
    // It looks twice before it refuses.
    behind = 4;
    await buy();
    expect(behind).to.be.below(0);
    expect(spent()).to.equal(PRICE);
  });

  it("an untouched answer is taken", async () => {
    tamper = (answer) => answer;
    const { claimId } = await buy();
    expect(claimId).to.match(/^0x/);
    expect(spent()).to.equal(2n * PRICE);
  });

  it("94: outputs other than those of the signed root are refused", async () => {
    tamper = (answer) => {
      const [first, ...rest] = answer.outputs;
      const bytes = Buffer.from(first!.data, "base64");
      bytes[1]! ^= 1;
      return { ...answer, outputs: [{ ...first!, data: bytes.toString("base64") }, ...rest] };
    };
    await refused(/other outputs/);
  });

  it("94: a root of other bytes is refused, though the operator signed it", async () => {
    const other = `0x${"12".repeat(32)}`;
    tamper = (answer) => signed(answer, { outputsRoot: other });
    await refused(/other outputs/);
    tamper = (answer) => signed(answer, { inputsRoot: other });
    await refused(/other inputs/);
  });

  it("31: a receipt about anything else than what was asked and paid is refused", async () => {
    const other = `0x${"12".repeat(32)}`;
    for (const change of [
      { requestId: other },
      { reservation: other },
      { modelId: other },
      { operator: chain.stranger.address },
      { consumer: chain.stranger.address },
      { price: PRICE + 1n },
    ]) {
      tamper = (answer) => signed(answer, change);
      await refused(new RegExp(`its ${Object.keys(change)[0]} is`));
    }
    tamper = (answer) => signed(answer, { version: 2 });
    await refused(/no good/);
  });

  it("102: postdated and backdated receipts are refused, and those that no key in office signed", async () => {
    for (const off of [-61, 61, -3_600]) {
      tamper = (answer) => signed(answer, { issuedAt: answer.receipt.issuedAt + off });
      await refused(/clock is off by/);
    }
    tamper = async (answer) => ({
      ...answer,
      signature: await signReceipt(chain.stranger, await domainOf(chain, setup), answer.receipt),
    });
    await refused(/no good/);
  });
});

import { join } from "node:path";

import { Wallet, ZeroAddress } from "ethers";
import { destination, pino } from "pino";

import { FORMAT } from "../../src/audit/content.js";
import type { Tensor } from "../../src/audit/graph.js";
import { connectSuite, createProvider } from "../../src/chain/suite.js";
import type { HttpOptions } from "../../src/http/server.js";
import { cidOf } from "../../src/models/cid.js";
import { sha256 } from "../../src/models/files.js";
import type { Manifest } from "../../src/models/manifest.js";
import type { PreparedModel } from "../../src/models/prepared.js";
import { createMetrics } from "../../src/metrics.js";
import { toBinary } from "../../src/receipts/binary.js";
import { receiptKey } from "../../src/receipts/keys.js";
import { receiptDomain, voucherDigest } from "../../src/receipts/typed-data.js";
import { rawTensorOf, toWire, wireTensor } from "../../src/receipts/wire.js";
import { countBuffersAsHeap } from "../../src/runtime/heap.js";
import type { Runtime } from "../../src/runtime/runtime.js";
import { openState } from "../../src/store/state.js";
import { createEndpoint } from "../../src/worker/endpoint.js";
import { createInferService } from "../../src/worker/infer.js";
import type { ChainView, Reservation } from "../../src/worker/view.js";

const PRICE = 1n;
const MODEL_ID = `0x${"11".repeat(32)}`;
const RESERVATION = `0x${"22".repeat(32)}`;
const ESCROW = `0x${"ee".repeat(20)}`;
const CHAIN_ID = 1;
/** Where its one model is asked. */
export const PATH = `/v1/models/${MODEL_ID}/infer`;

/** A deposit that never ends, as a view of the chain holds it between two looks. */
function depositOf(payer: string, operator: string): ChainView {
  const reservation = {
    status: 1n,
    operator,
    payer,
    end: 2n ** 40n,
    collected: 0n,
    balance: 2n ** 60n,
    thawing: 0n,
    version: 1n,
  };
  const full = { ...reservation, currency: ZeroAddress } as unknown as Reservation;
  return {
    moment: () => Promise.resolve({ block: 1, timestamp: 1_800_000_000, time: 1_800_000_000n, worker: operator }),
    reservation: () => Promise.resolve(full),
  };
}

/** A real worker's endpoint, without a chain behind it: between two looks at the chain it does not use it either. */
export async function serve(
  model: PreparedModel,
  runtime: Runtime,
  folder: string,
  limits: Pick<HttpOptions, "bodyLimit" | "timeoutMs"> = { bodyLimit: 64 * 2 ** 20, timeoutMs: 60_000 },
) {
  // As the command does.
  countBuffersAsHeap();
  const [payer, worker] = [Wallet.createRandom(), Wallet.createRandom()];
  const zero = Object.fromEntries(
    [
      "token",
      "hub",
      "registry",
      "staking",
      "profiles",
      "fees",
      "arbiter",
      "challenges",
      "offers",
      "jobs",
      "lottery",
      "accountLens",
      "claimLens",
    ].map((name) => [name, ZeroAddress]),
  );
  const suite = connectSuite(createProvider("http://127.0.0.1:1"), {
    ...(zero as Record<"token", string>),
    ...{ chainId: CHAIN_ID, block: 0, receipts: ESCROW },
  } as never);
  // What a worker logs and counts for each answer is a part of what an answer costs.
  const log = pino({ level: "info" }, destination("/dev/null"));
  const metrics = createMetrics();
  const state = openState(join(folder, "worker.sqlite"));
  const service = createInferService({
    ...{
      suite,
      state,
      log,
      metrics,
      operator: worker.address,
      worker: worker.address,
      key: receiptKey(worker.privateKey),
    },
    view: depositOf(payer.address, worker.address),
    catalogue: { get: () => Promise.resolve(model) },
    answer: (_, inputs) => runtime.run(inputs),
    service: {
      ...{ prices: new Map([[MODEL_ID, PRICE]]), currency: ZeroAddress, lock: 1n, minDeposit: 1n },
      ...{ duration: 1, concurrency: 64 },
    },
  });
  const server = createEndpoint(service, { ...limits, log, metrics, maxInFlight: 128 });
  const address = await server.listen({ host: "127.0.0.1", port: 0 });
  const key = receiptKey(payer.privateKey);
  const domain = receiptDomain(CHAIN_ID, ESCROW);
  let count = 0n;
  return {
    address,
    /** Fresh paid requests, one after the other. */
    requests: (inputs: readonly Tensor[], amount: number, asBinary: boolean): Buffer[] =>
      Array.from({ length: amount }, () => {
        const cumulative = ++count * PRICE;
        // More than is due: answers may overtake each other.
        const voucher = { reservation: RESERVATION, cumulative: cumulative + 1_000n };
        const signed = { ...voucher, signature: key.sign(voucherDigest(domain, voucher)) };
        const requestId = `0x${count.toString(16).padStart(64, "0")}`;
        const head = { requestId, consumer: payer.address, voucher: signed };
        if (!asBinary) return Buffer.from(toWire({ ...head, inputs: inputs.map(wireTensor) }));
        return toBinary({ ...head, inputs: inputs.map(rawTensorOf) }, "inputs");
      }),
    close: async () => {
      await server.close();
      state.close();
    },
  };
}

/** A manifest whose domain is everything finite. */
export async function manifestOf(name: string, bytes: Uint8Array, graph: PreparedModel["graph"]): Promise<Manifest> {
  return {
    ...{ format: FORMAT, name, licence: "none", profile: "tolerant", bound: [] },
    file: { sha256: sha256(bytes), cid: await cidOf(bytes), bytes: bytes.length },
    inputs: graph.inputs.map(({ name: input, dtype, shape }) => {
      return { name: input, dtype, shape: [...shape], lo: "0xff7fffff", hi: "0x7f7fffff" };
    }),
    outputs: graph.outputs.map(({ name: output, dtype, shape }) => {
      return { name: output, dtype, shape: [...shape], atol: 1, rtol: 0, noise: 1 };
    }),
  };
}

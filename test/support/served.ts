import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { FastifyInstance } from "fastify";
import { Wallet, ZeroAddress } from "ethers";
import { pino } from "pino";

import type { Tensor } from "../../src/audit/graph.js";
import { connectSuite, createProvider } from "../../src/chain/suite.js";
import type { HttpOptions } from "../../src/http/server.js";
import type { PreparedModel } from "../../src/models/prepared.js";
import { createMetrics, type Metrics } from "../../src/metrics.js";
import { receiptKey } from "../../src/receipts/keys.js";
import { receiptDomain, voucherDigest } from "../../src/receipts/typed-data.js";
import { wireTensor } from "../../src/receipts/wire.js";
import { openState, type State } from "../../src/store/state.js";
import { createEndpoint } from "../../src/worker/endpoint.js";
import { createInferService } from "../../src/worker/infer.js";
import type { Reservation } from "../../src/worker/view.js";
import type { Answerer } from "../../src/worker/worker.js";

export const MODEL_ID = `0x${"11".repeat(32)}`;
const RESERVATION = `0x${"22".repeat(32)}`;
const ESCROW = `0x${"ee".repeat(20)}`;
const NAMES = ["token", "hub", "registry", "staking", "profiles", "fees", "arbiter", "challenges"];
const MORE_NAMES = ["offers", "jobs", "lottery", "accountLens", "claimLens"];
export const PRICE = 5n;

export interface Served {
  readonly server: FastifyInstance;
  readonly state: State;
  readonly metrics: Metrics;
  readonly path: string;
  readonly reservation: string;
  /** The next paid request; `beyond`: what its voucher pays beyond all so far. */
  request(inputs: readonly Tensor[], beyond?: bigint): object;
  close(): Promise<void>;
}

/** A worker's endpoint over one reservation that never ends, as its view of the chain holds it between two looks. */
export function served(
  model: PreparedModel,
  answer: Answerer,
  options: Partial<HttpOptions> & {
    readonly concurrency?: number;
    readonly maintenance?: () => string | undefined;
    readonly wrap?: (state: State) => State;
  } = {},
): Served {
  const { concurrency = 64, maintenance, wrap = (state: State) => state, ...http } = options;
  const folder = mkdtempSync(join(tmpdir(), "touchstone-served-"));
  const [payer, worker] = [Wallet.createRandom(), Wallet.createRandom()];
  const addresses = Object.fromEntries([...NAMES, ...MORE_NAMES].map((name) => [name, ZeroAddress]));
  const deployment = { ...addresses, chainId: 1, block: 0, receipts: ESCROW } as unknown as Parameters<
    typeof connectSuite
  >[1];
  const suite = connectSuite(createProvider("http://127.0.0.1:1"), deployment);
  const [log, metrics] = [pino({ level: "silent" }), createMetrics()];
  const state = wrap(openState(join(folder, "worker.sqlite")));
  const money = { collected: 0n, balance: 2n ** 60n, thawing: 0n, currency: ZeroAddress };
  const parties = { status: 1n, operator: worker.address, payer: payer.address, end: 2n ** 40n, version: 1n };
  const reservation = { ...parties, ...money } as unknown as Reservation;
  const service = createInferService({
    ...{
      suite,
      state,
      log,
      metrics,
      answer,
      operator: worker.address,
      worker: worker.address,
      key: receiptKey(worker.privateKey),
    },
    ...(maintenance === undefined ? {} : { maintenance }),
    view: {
      moment: () =>
        Promise.resolve({ block: 1, timestamp: 1_800_000_000, time: 1_800_000_000n, worker: worker.address }),
      reservation: () => Promise.resolve(reservation),
    },
    catalogue: { get: () => Promise.resolve(model) },
    service: {
      ...{ prices: new Map([[MODEL_ID, PRICE]]), currency: ZeroAddress, lock: 1n, minDeposit: 1n, duration: 60 },
      concurrency,
    },
  });
  const server = createEndpoint(service, { bodyLimit: 64 * 1024, timeoutMs: 2_000, log, metrics, ...http });
  const key = receiptKey(payer.privateKey);
  let count = 0n;
  return {
    ...{ server, state, metrics, path: `/v1/models/${MODEL_ID}/infer`, reservation: RESERVATION },
    // More than is due, because answers may overtake each other.
    request: (inputs, beyond = 10n ** 6n) => {
      const voucher = { reservation: RESERVATION, cumulative: ++count * PRICE + beyond };
      const signature = key.sign(voucherDigest(receiptDomain(1, ESCROW), voucher));
      const requestId = `0x${count.toString(16).padStart(64, "0")}`;
      return { requestId, consumer: payer.address, voucher: { ...voucher, signature }, inputs: inputs.map(wireTensor) };
    },
    close: async () => {
      await server.close();
      state.close();
      rmSync(folder, { recursive: true });
    },
  };
}

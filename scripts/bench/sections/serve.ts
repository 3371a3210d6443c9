import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";

import { Wallet, ZeroAddress } from "ethers";
import { pino } from "pino";

import { FORMAT } from "../../../src/audit/content.js";
import { connectSuite, createProvider } from "../../../src/chain/suite.js";
import type { Manifest } from "../../../src/models/manifest.js";
import { cidOf } from "../../../src/models/cid.js";
import { sha256 } from "../../../src/models/files.js";
import { prepareModel, type PreparedModel } from "../../../src/models/prepared.js";
import { TENSORS_TYPE, toBinary } from "../../../src/receipts/binary.js";
import { receiptKey } from "../../../src/receipts/keys.js";
import { receiptDomain, voucherDigest } from "../../../src/receipts/typed-data.js";
import { rawTensorOf, toWire, wireTensor } from "../../../src/receipts/wire.js";
import { createNativeRuntime } from "../../../src/runtime/native.js";
import type { Runtime } from "../../../src/runtime/runtime.js";
import type { Tensor } from "../../../src/audit/graph.js";
import { openState } from "../../../src/store/state.js";
import { createEndpoint } from "../../../src/worker/endpoint.js";
import { createInferService } from "../../../src/worker/infer.js";
import type { ChainView, Reservation } from "../../../src/worker/view.js";
import { processClock } from "../measure.js";
import { loadServed } from "../models.js";
import type { Section } from "../section.js";

/** Models, and requests in a round. */
const MODELS: readonly (readonly [name: string, requests: number])[] = [
  ["mnist-8-cntk", 300],
  ["ultraface-rfb320", 40],
  ["super-resolution-10", 20],
];
const ROUNDS = 5;
const PRICE = 1n;
const MODEL_ID = `0x${"11".repeat(32)}`;
const RESERVATION = `0x${"22".repeat(32)}`;
const ESCROW = `0x${"ee".repeat(20)}`;
const CHAIN_ID = 1;

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;

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
    moment: () => Promise.resolve({ block: 1, timestamp: 1_800_000_000, time: 1_800_000_000n }),
    reservation: () => Promise.resolve(full),
  };
}

/** A real worker's endpoint, without a chain behind it: between two looks at the chain it does not use it either. */
async function serve(model: PreparedModel, runtime: Runtime, folder: string) {
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
  const log = pino({ level: "silent" });
  const state = openState(join(folder, "worker.sqlite"));
  const service = createInferService({
    ...{ suite, state, log, operator: worker.address, key: receiptKey(worker.privateKey) },
    view: depositOf(payer.address, worker.address),
    catalogue: { get: () => Promise.resolve(model) },
    answer: (_, inputs) => runtime.run(inputs),
    service: {
      ...{
        prices: new Map([[MODEL_ID, PRICE]]),
        currency: ZeroAddress,
        lock: 1n,
        minDeposit: 1n,
        duration: 1,
        concurrency: 64,
      },
    },
  });
  const server = createEndpoint(service, { bodyLimit: 64 * 2 ** 20, timeoutMs: 60_000, log, maxInFlight: 128 });
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

function askAll(address: string, type: string, concurrency: number, bodies: readonly Buffer[]): Promise<number[]> {
  const path = `/v1/models/${MODEL_ID}/infer`;
  const args = ["--import", "tsx", "scripts/bench/serve-client.ts", address, path, type, String(concurrency)];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => (text += part));
  for (const body of bodies) {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(body.length);
    child.stdin.write(length);
    child.stdin.write(body);
  }
  child.stdin.end();
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve(JSON.parse(text) as number[]);
      else reject(new Error(`the client ended with ${code}`));
    });
  });
}

async function manifestOf(name: string, bytes: Uint8Array, graph: PreparedModel["graph"]): Promise<Manifest> {
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

interface Load {
  readonly ms: number[];
  readonly cpu: number[];
}

export const section: Section = {
  run: async ({ conformance, say }) => {
    const rows: (string | number)[][] = [];
    const cores = cpus().length;
    for (const [name, amount] of MODELS) {
      say(name);
      const { bytes, graph, inputs } = loadServed(conformance, name);
      const model = prepareModel(bytes, await manifestOf(name, bytes, graph));
      const runtime = await createNativeRuntime(model.runtime, { threads: 1, spin: false });
      const folder = mkdtempSync(join(tmpdir(), "touchstone-serve-"));
      const served = await serve(model, runtime, folder);
      for (const [form, type] of [
        ["binary", TENSORS_TYPE],
        ["JSON", "application/json"],
      ] as const) {
        const bare: Load = { ms: [], cpu: [] };
        const loads: Record<"one" | "all", Load> = { one: { ms: [], cpu: [] }, all: { ms: [], cpu: [] } };
        for (let round = 0; round < ROUNDS; round++) {
          let cpu = processClock();
          for (let i = 0; i < amount; i++) {
            const started = performance.now();
            await runtime.run(inputs);
            bare.ms.push(performance.now() - started);
          }
          bare.cpu.push((processClock() - cpu) / amount);
          for (const [which, concurrency] of [
            ["one", 1],
            ["all", 2 * cores],
          ] as const) {
            const bodies = served.requests(inputs, amount, form === "binary");
            cpu = processClock();
            loads[which].ms.push(...(await askAll(served.address, type, concurrency, bodies)));
            loads[which].cpu.push((processClock() - cpu) / amount);
          }
        }
        const [alone, one] = [median(bare.ms), median(loads.one.ms)];
        const [alonecpu, each] = [median(bare.cpu), median(loads.all.cpu)];
        rows.push([
          ...[name, form, alone.toFixed(2), one.toFixed(2), (one - alone).toFixed(2)],
          ...[alonecpu.toFixed(2), each.toFixed(2), `${((100 * alonecpu) / each).toFixed(0)}%`],
        ]);
      }
      await served.close();
      await runtime.release();
      rmSync(folder, { recursive: true });
    }
    return [
      {
        title: "Served against bare",
        remark:
          "One process serves by HTTP on loopback: request parsed, voucher checked, domain checked, inputs and outputs hashed, receipt signed and stored with " +
          "all bytes, synced to disk. Medians in milliseconds. Time: one request at a time against bare `session.run`. Processor time: of the serving process for " +
          "each answer, with twice as many requests at work as cores; its share is the throughput that is left on cores that do nothing else.",
        columns: ["model", "form", "bare", "served", "added", "bare processor", "served processor", "throughput"],
        rows,
      },
    ];
  },
};

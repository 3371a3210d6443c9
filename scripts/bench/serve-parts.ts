import { closeSync, fdatasync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { Wallet } from "ethers";

import type { Tensor } from "../../src/audit/graph.js";
import { receiptsOf } from "../../src/dispute/claims.js";
import { firstOutsideOf } from "../../src/models/domain.js";
import type { PreparedModel } from "../../src/models/prepared.js";
import { fromBinary, toBinary } from "../../src/receipts/binary.js";
import { receiptKey, signerOf } from "../../src/receipts/keys.js";
import { rootOfRaw } from "../../src/receipts/roots.js";
import { receiptDigest, receiptDomain, voucherDigest, type Receipt } from "../../src/receipts/typed-data.js";
import { binaryInferRequest, fromWire, rawTensorOf, tensorsOf } from "../../src/receipts/wire.js";
import { openState } from "../../src/store/state.js";
import { median, processClock } from "./measure.js";

const ROUNDS = 7;

/** Milliseconds of this process's processor time for one run, of `runs` in a round. */
async function costOf(runs: number, run: () => unknown): Promise<number> {
  const costs: number[] = [];
  // The first round warms up.
  for (let round = -1; round < ROUNDS; round++) {
    const before = processClock();
    for (let i = 0; i < runs; i++) await run();
    if (round >= 0) costs.push((processClock() - before) / runs);
  }
  return median(costs);
}

/** Median milliseconds to write 4 kB to a file and wait for the disk. */
export async function syncMs(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "touchstone-sync-"));
  const file = openSync(join(folder, "file"), "w");
  const bytes = new Uint8Array(4_096).fill(1);
  const times: number[] = [];
  for (let i = 0; i < 200; i++) {
    const started = performance.now();
    writeSync(file, bytes);
    await promisify(fdatasync)(file);
    times.push(performance.now() - started);
  }
  closeSync(file);
  rmSync(folder, { recursive: true });
  return median(times);
}

/** Processor time of the parts of one answer beside inference, each measured alone. */
export async function partsOf({
  model,
  inputs,
  outputs,
  folder,
}: {
  model: PreparedModel;
  inputs: readonly Tensor[];
  outputs: readonly Tensor[];
  folder: string;
}) {
  const { graph } = model;
  const [payer, worker] = [Wallet.createRandom(), Wallet.createRandom()];
  const [key, workerKey] = [receiptKey(payer.privateKey), receiptKey(worker.privateKey)];
  const word = `0x${"5a".repeat(32)}`;
  const domain = receiptDomain(1, payer.address);
  const promise = { reservation: word, cumulative: 10n };
  const voucher = { ...promise, signature: key.sign(voucherDigest(domain, promise)) };
  const [sent, answered] = [inputs.map(rawTensorOf), outputs.map(rawTensorOf)];
  const asked = { requestId: word, consumer: payer.address, voucher, inputs: sent };
  const body = toBinary(asked, "inputs");
  const receipt: Receipt = {
    ...{ requestId: word, reservation: word, modelId: word, inputsRoot: word, outputsRoot: word },
    ...{ operator: worker.address, consumer: payer.address, price: 1n, issuedAt: 1_800_000_000, version: 1 },
  };
  // Large tensors need fewer runs, and would fill the disk.
  const runs = body.length < 100_000 ? 100 : 5;
  const state = openState(join(folder, "parts.sqlite"));
  const receipts = receiptsOf(state);
  let count = 0;
  const store = () =>
    state.durably(() => {
      const claimId = `0x${(++count * 0x9e3779b1).toString(16).padStart(64, "0")}`;
      const bytes = { inputs: sent.map(({ data }) => data), outputs: answered.map(({ data }) => data) };
      const about = { claimId, source: word, modelId: word, operator: worker.address, block: 1 };
      receipts.add({ ...about, ...bytes, receipt: { receipt, signature: voucher.signature } });
      state.collection<string>("request").put(`${word}:${claimId}`, claimId);
      state.collection("account").put(word, { reservation: word, spent: 1n, voucher });
    });
  const costs = {
    parsing: await costOf(runs, () => {
      const read = fromWire(binaryInferRequest, fromBinary(body, "inputs"));
      const tensors = tensorsOf(read.inputs, graph.inputs, "input");
      graph.inputs.forEach((spec, i) => firstOutsideOf(tensors[i]!, spec));
    }),
    voucher: await costOf(runs, () => signerOf(voucherDigest(domain, promise), voucher.signature)),
    signing: await costOf(runs, () => {
      receiptDigest(domain, receipt);
      return workerKey.receipt(domain, receipt);
    }),
    hashing: await costOf(runs, () => [rootOfRaw(sent), rootOfRaw(outputs.map(rawTensorOf))]),
    storing: await costOf(runs, store),
  };
  state.close();
  return costs;
}

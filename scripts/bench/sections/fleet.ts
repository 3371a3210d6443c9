import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { pino } from "pino";

import { tensorBytes, toHex } from "../../../src/audit/bytes.js";
import type { Tensor } from "../../../src/audit/graph.js";
import { createFleet } from "../../../src/fleet/gateway.js";
import { createMetrics } from "../../../src/metrics.js";
import { createModelFiles } from "../../../src/models/files.js";
import { prepareModel } from "../../../src/models/prepared.js";
import { createRuntimePool } from "../../../src/runtime/pool.js";
import { createChildren } from "../../../src/sim/driver/children.js";
import { isQueueInstalled, startQueue } from "../../support/queue.js";
import { loadServed } from "../models.js";
import type { Section } from "../section.js";
import { manifestOf } from "../worker.js";

/** Models, and requests in a round. */
const MODELS: readonly (readonly [name: string, requests: number])[] = [
  ["mnist-8-cntk", 400],
  ["ultraface-rfb320", 60],
  ["super-resolution-10", 12],
];
const ROUNDS = 5;
/** Requests at a time: enough for every host to have its next one at hand. */
const CONCURRENCY = 12;
const HOSTS = [1, 2];
const MODEL_ID = `0x${"11".repeat(32)}`;
/** Answers of different processes differ in no bit: same machine, same runtime, same settings. */
const same = (outputs: readonly Tensor[]): string => outputs.map((tensor) => toHex(tensorBytes(tensor))).join();

type Answer = (inputs: readonly Tensor[]) => Promise<Tensor[]>;

async function secondsFor(
  answer: Answer,
  inputs: readonly Tensor[],
  amount: number,
  expected: string,
): Promise<number> {
  let left = amount;
  const started = performance.now();
  await Promise.all(
    Array.from({ length: CONCURRENCY }, async () => {
      while (left-- > 0) if (same(await answer(inputs)) !== expected) throw new Error("answers differ");
    }),
  );
  return (performance.now() - started) / 1_000;
}

export const section: Section = {
  run: async ({ conformance, say }) => {
    if (!isQueueInstalled()) throw new Error("nats-server is not installed: apt-get install nats-server");
    const folder = mkdtempSync(join(tmpdir(), "touchstone-fleet-"));
    const children = createChildren(join(folder, "logs"));
    const log = pino({ level: "silent" });
    const rows: (string | number)[][] = [];
    for (const [name, amount] of MODELS) {
      say(name);
      const { bytes, graph, inputs } = loadServed(conformance, name);
      const manifest = await manifestOf(name, bytes, graph);
      const model = prepareModel(bytes, manifest);
      const home = join(folder, name);
      createModelFiles(join(home, "models")).save({ bytes, manifest, modelId: MODEL_ID });
      const runtime = await createRuntimePool({ engine: "native", provider: "cpu", threads: 1, optimisation: "all" })(
        model,
      );
      const contenders: { label: string; answer: Answer; seconds: number[]; close: () => Promise<void> }[] = [
        { label: "none: embedded", answer: (each) => runtime.run(each), seconds: [], close: () => runtime.release() },
      ];
      for (const count of HOSTS) {
        const queue = await startQueue("max_payload: 8MB");
        const metrics = createMetrics();
        const fleet = createFleet({ urls: [queue.url], log, metrics, deadlineMs: 60_000, depth: 1_024 });
        const hosts = Array.from({ length: count }, (_, i) =>
          children.start({
            name: `${name}-${count}-${i}`,
            args: ["--import", "tsx", "src/cli/main.ts", "worker", "host", "--concurrency", "4", "--batch", "1"],
            settings: { TOUCHSTONE_HOME: home, TOUCHSTONE_QUEUE_URL: queue.url },
          }),
        );
        while (((await metrics.hosts.get()).values[0]?.value ?? 0) < count) {
          if (!hosts.every((host) => host.isRunning())) throw new Error(`a host ended: see ${folder}/logs`);
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
        const close = async (): Promise<void> => {
          await fleet.close();
          hosts.forEach((host) => host.kill("SIGTERM"));
          await Promise.all(hosts.map(({ ended }) => ended));
          await queue.close();
        };
        contenders.push({ label: String(count), answer: (each) => fleet.run(model, each), seconds: [], close });
      }
      const expected = same(await runtime.run(inputs));
      for (let round = 0; round < ROUNDS; round++) {
        for (const { answer, seconds } of contenders) seconds.push(await secondsFor(answer, inputs, amount, expected));
      }
      const rates = contenders.map(({ seconds }) => amount / [...seconds].sort((a, b) => a - b)[ROUNDS >> 1]!);
      contenders.forEach(({ label }, i) => {
        rows.push([name, label, rates[i]!.toFixed(rates[i]! < 100 ? 1 : 0), `${(rates[i]! / rates[0]!).toFixed(2)}x`]);
      });
      for (const { close } of contenders) await close();
    }
    await children.stopAll();
    rmSync(folder, { recursive: true });
    return [
      {
        title: "Answers by inference hosts",
        remark: `Requests a second, median of ${ROUNDS} rounds of the same requests, ${CONCURRENCY} at a time, through a real NATS server; each process computes on one thread. Gateway, server and hosts share this machine's cores: with two of them, two hosts can reach twice the embedded rate at most, less what the gateway and the server take. Every answer was compared with the embedded one.`,
        columns: ["model", "hosts", "requests/s", ""],
        rows,
      },
    ];
  },
};

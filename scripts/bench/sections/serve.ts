import { fork } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { compile } from "../../../src/audit/compile.js";
import type { Tensor } from "../../../src/audit/graph.js";
import { createRandom, tensorOf } from "../../../src/calibrate/inputs.js";
import { prepareModel } from "../../../src/models/prepared.js";
import { TENSORS_TYPE } from "../../../src/receipts/binary.js";
import { createNativeRuntime } from "../../../src/runtime/native.js";
import type { Runtime } from "../../../src/runtime/runtime.js";
import { convolutions } from "../convolutions.js";
import { processClock } from "../measure.js";
import { loadServed } from "../models.js";
import type { Section } from "../section.js";
import type { Order } from "../serve-client.js";
import { manifestOf, PATH, serve } from "../worker.js";

interface Subject {
  readonly name: string;
  /** In a round. */
  readonly requests: number;
  readonly load: (conformance: string) => ReturnType<typeof loadServed>;
}

const thirdParty = (name: string, requests: number): Subject => {
  return { name, requests, load: (conformance) => loadServed(conformance, name) };
};

const made = (layers: number, requests: number): Subject => ({
  name: `${layers} convolutions`,
  requests,
  load: () => {
    const bytes = convolutions(layers);
    const { graph } = compile(bytes);
    const random = createRandom(layers);
    return { bytes, graph, inputs: graph.inputs.map((spec) => tensorOf(spec, random)) };
  },
});

const SUBJECTS: readonly Subject[] = [
  thirdParty("mnist-8-cntk", 400),
  made(2, 200),
  made(8, 60),
  thirdParty("ultraface-rfb320", 30),
  thirdParty("super-resolution-10", 6),
];
const ROUNDS = 5;

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;

/** A client in a process of its own. */
function startClient(folder: string) {
  const child = fork(fileURLToPath(new URL("../serve-client.ts", import.meta.url)), { execArgv: ["--import", "tsx"] });
  const told = (): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const ended = (code: number | null): void => reject(new Error(`the client ended with ${code}`));
      child.once("exit", ended);
      child.once("message", (message) => {
        child.off("exit", ended);
        resolve(message);
      });
    });
  const file = join(folder, "requests");
  return {
    /** Milliseconds of each answer, and processor time of this process for each. */
    ask: async (order: Omit<Order, "file">, bodies: readonly Buffer[]): Promise<{ ms: number[]; cpu: number }> => {
      const parts = bodies.flatMap((body) => {
        const length = Buffer.alloc(4);
        length.writeUInt32BE(body.length);
        return [length, body];
      });
      writeFileSync(file, Buffer.concat(parts));
      const ready = told();
      child.send({ ...order, file } satisfies Order);
      await ready;
      const done = told();
      const before = processClock();
      child.send("go");
      const ms = (await done) as number[];
      return { ms, cpu: (processClock() - before) / bodies.length };
    },
    close: () => child.send("end"),
  };
}

/** Medians of one model in one form of messages. */
async function measure(
  client: ReturnType<typeof startClient>,
  served: Awaited<ReturnType<typeof serve>>,
  { runtime, inputs, requests, type }: { runtime: Runtime; inputs: readonly Tensor[]; requests: number; type: string },
) {
  const bare = { ms: [] as number[], cpu: [] as number[] };
  const one: number[] = [];
  const all: number[] = [];
  // The first round warms up.
  for (let round = -1; round < ROUNDS; round++) {
    const before = processClock();
    const ms: number[] = [];
    for (let i = 0; i < requests; i++) {
      const started = performance.now();
      await runtime.run(inputs);
      ms.push(performance.now() - started);
    }
    const cpu = (processClock() - before) / requests;
    const ask = (concurrency: number) => {
      const bodies = served.requests(inputs, requests, type === TENSORS_TYPE);
      return client.ask({ address: served.address, path: PATH, type, concurrency }, bodies);
    };
    const [alone, many] = [await ask(1), await ask(2 * cpus().length)];
    if (round < 0) continue;
    bare.ms.push(...ms);
    bare.cpu.push(cpu);
    one.push(...alone.ms);
    all.push(many.cpu);
  }
  return { bareMs: median(bare.ms), bareCpu: median(bare.cpu), servedMs: median(one), servedCpu: median(all) };
}

export const section: Section = {
  run: async ({ conformance, say }) => {
    const rows: (string | number)[][] = [];
    for (const { name, requests, load } of SUBJECTS) {
      say(name);
      const { bytes, graph, inputs } = load(conformance);
      const model = prepareModel(bytes, await manifestOf(name, bytes, graph));
      const runtime = await createNativeRuntime(model.runtime, { threads: 1, spin: false });
      const folder = mkdtempSync(join(tmpdir(), "touchstone-serve-"));
      const served = await serve(model, runtime, folder);
      const client = startClient(folder);
      const outputs = await runtime.run(inputs);
      const kilobytes = [...inputs, ...outputs].reduce((sum, { data }) => sum + data.byteLength, 0) / 1_000;
      for (const [form, type] of [
        ["binary", TENSORS_TYPE],
        ["JSON", "application/json"],
      ] as const) {
        const { bareMs, bareCpu, servedMs, servedCpu } = await measure(client, served, {
          runtime,
          inputs,
          requests,
          type,
        });
        rows.push([
          ...[name, kilobytes.toFixed(1), form, bareMs.toFixed(2), servedMs.toFixed(2), (servedMs - bareMs).toFixed(2)],
          ...[bareCpu.toFixed(2), servedCpu.toFixed(2), `${((100 * bareCpu) / servedCpu).toFixed(0)}%`],
        ]);
      }
      client.close();
      await served.close();
      await runtime.release();
      rmSync(folder, { recursive: true });
    }
    return [
      {
        title: "Served against bare",
        remark:
          "One process serves by HTTP on loopback: request parsed, voucher checked, domain checked, inputs and outputs hashed, receipt signed and stored with " +
          "all bytes, on disk before the answer leaves. Medians in milliseconds. Time: one request at a time against bare `session.run`. Processor time: of the serving process for " +
          "each answer, with twice as many requests at work as cores; its share is the throughput that is left on cores that do nothing else. kB: inputs and outputs, all of which is hashed.",
        columns: ["model", "kB", "form", "bare", "served", "added", "bare processor", "served processor", "throughput"],
        rows,
      },
    ];
  },
};

import { fork } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
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
import { median, processClock } from "../measure.js";
import { loadServed } from "../models.js";
import type { Section } from "../section.js";
import type { Order, Seen } from "../serve-client.js";
import { partsOf, syncMs } from "../serve-parts.js";
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
  made(3, 200),
  made(12, 60),
  thirdParty("ultraface-rfb320", 30),
  thirdParty("super-resolution-10", 6),
];
const ROUNDS = 5;
/** Requests at a time where throughput is measured. */
const AT_WORK = 16;

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
    /** What the client saw, and for each answer processor time of this process and time that passed. */
    ask: async (order: Omit<Order, "file">, bodies: readonly Buffer[]) => {
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
      const [before, started] = [processClock(), performance.now()];
      child.send("go");
      const { ms, cpu: client } = (await done) as Seen;
      const [cpu, wall] = [processClock() - before, performance.now() - started];
      return { ms, client, cpu: cpu / bodies.length, wall: wall / bodies.length };
    },
    close: () => child.send("end"),
  };
}

type Figure = "bareMs" | "bareCpu" | "servedMs" | "servedCpu" | "clientCpu" | "wall";

/** Medians of one model in one form of messages. */
async function measure(
  client: ReturnType<typeof startClient>,
  served: Awaited<ReturnType<typeof serve>>,
  { runtime, inputs, requests, type }: { runtime: Runtime; inputs: readonly Tensor[]; requests: number; type: string },
) {
  const all = { bareMs: [], bareCpu: [], servedMs: [], servedCpu: [], clientCpu: [], wall: [] } as Record<
    Figure,
    number[]
  >;
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
    const [alone, many] = [await ask(1), await ask(AT_WORK)];
    if (round < 0) continue;
    all.bareMs.push(...ms);
    all.bareCpu.push(cpu);
    all.servedMs.push(...alone.ms);
    all.servedCpu.push(many.cpu);
    all.clientCpu.push(many.client);
    all.wall.push(many.wall);
  }
  return Object.fromEntries(Object.entries(all).map(([figure, values]) => [figure, median(values)])) as Record<
    Figure,
    number
  >;
}

const shareOf = (part: number, whole: number): string => `${((100 * part) / whole).toFixed(0)}%`;

export const section: Section = {
  run: async ({ conformance, say }) => {
    const rows: (string | number)[][] = [];
    const costs: (string | number)[][] = [];
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
        const of = await measure(client, served, { runtime, inputs, requests, type });
        rows.push([
          ...[name, kilobytes.toFixed(1), form, of.bareMs.toFixed(2), of.servedMs.toFixed(2)],
          ...[(of.servedMs - of.bareMs).toFixed(2), of.bareCpu.toFixed(2), of.servedCpu.toFixed(2)],
          ...[shareOf(of.bareCpu, of.servedCpu), of.clientCpu.toFixed(2)],
          ...[(1_000 / of.bareMs).toFixed(0), (1_000 / of.wall).toFixed(0)],
        ]);
        if (form !== "binary") continue;
        const parts = await partsOf({ model, inputs, outputs, folder });
        const rest = of.servedCpu - of.bareCpu - Object.values(parts).reduce((sum, part) => sum + part, 0);
        const added = of.servedCpu - of.bareCpu;
        costs.push([name, added.toFixed(2), ...Object.values(parts).map((part) => part.toFixed(2)), rest.toFixed(2)]);
      }
      client.close();
      await served.close();
      await runtime.release();
      rmSync(folder, { recursive: true });
    }
    const sync = await syncMs();
    return [
      {
        title: "Served against bare",
        remark:
          "One process serves by HTTP on loopback: request parsed, voucher checked, domain checked, inputs and outputs hashed, receipt signed and stored with " +
          "all bytes, on disk before the answer leaves, logged and counted. Medians in milliseconds. Time: one request at a time against bare `session.run`, which is an answer's own time; " +
          `to write 4 kB and wait for the disk took ${sync.toFixed(2)} ms in this run, and is in every answer. Processor time: of the serving process for ` +
          `each answer, with ${AT_WORK} requests at work; its share is the throughput that is left on cores that do nothing else. The client's processor time is that of the other process, which asks ` +
          "on the same cores. Answers a second: bare on one thread, and served, the client's work included. kB: inputs and outputs, all of which is hashed.",
        columns: [
          ...["model", "kB", "form", "bare", "served", "added", "bare processor", "served processor", "share"],
          ...["client processor", "bare a second", "served a second"],
        ],
        rows,
      },
      {
        title: "What an answer costs beside inference",
        remark:
          "Milliseconds of processor time, binary form: what the table above has beside bare inference, and its parts, each measured alone. Parsing: message to tensors, domain " +
          "checked. Storing: one transaction for each answer with its wait for the disk; answers that come together share one. The rest is HTTP, collecting garbage, logging, and what serving " +
          "loses by sharing cores with its client.",
        columns: ["model", "added", "parsing", "voucher", "signing", "hashing", "storing", "rest"],
        rows: costs,
      },
    ];
  },
};

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import { prepareModel } from "../../../src/models/prepared.js";
import { createNativeRuntime } from "../../../src/runtime/native.js";
import { createSessions } from "../../../src/runtime/sessions.js";
import { linePlot } from "../line-plot.js";
import { loadServed } from "../models.js";
import type { Section } from "../section.js";
import { manifestOf, PATH, serve } from "../worker.js";

const MODEL = "mnist-8-cntk";
const [PARTS, REQUESTS] = [25, 480];
const LIMITS = { bodyLimit: 64 * 1024, timeoutMs: 2_000 };
const SEED = 1;
const MIB = 2 ** 20;

/** What `hammer-client.ts` prints. */
interface Seen {
  readonly times: readonly number[];
  readonly statuses: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

function hammer(address: string, file: string, seed: number): Promise<Seen> {
  const args = ["--import", "tsx", "scripts/bench/hammer-client.ts", address, PATH, file, String(LIMITS.bodyLimit)];
  const child = spawn(process.execPath, [...args, String(seed)], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => (output += part));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve(JSON.parse(output) as Seen);
      else reject(new Error(`the client ended with ${code}`));
    });
  });
}

export const section: Section = {
  run: async ({ conformance, say }) => {
    setFlagsFromString("--expose-gc");
    const collectGarbage = runInNewContext("gc") as () => void;
    const folder = mkdtempSync(join(tmpdir(), "touchstone-load-"));
    const { bytes, graph, inputs } = loadServed(conformance, MODEL);
    const model = prepareModel(bytes, await manifestOf(MODEL, bytes, graph));
    const open = () => createNativeRuntime(model.runtime, { threads: 1, spin: false });
    const sessions = await createSessions(open, { sessions: 1, batch: 1 });
    const served = await serve(model, sessions, folder, LIMITS);
    const file = join(folder, "bodies");
    const [heap, resident]: [number[], number[]] = [[], []];
    const seen: Seen[] = [];
    const measure = (): void => {
      collectGarbage();
      collectGarbage();
      const { heapUsed, rss } = process.memoryUsage();
      heap.push(heapUsed / MIB);
      resident.push(rss / MIB);
    };
    for (let part = 0; part < PARTS; part++) {
      writeFileSync(file, served.requests(inputs, REQUESTS, false).map(String).join("\n"));
      seen.push(await hammer(served.address, file, SEED + part));
      measure();
      say(`${(part + 1) * REQUESTS} requests, heap ${heap.at(-1)!.toFixed(1)} MiB`);
    }
    await served.close();
    await sessions.release();
    rmSync(folder, { recursive: true });

    const of = (kind: string, holds: (status: string) => boolean): number =>
      seen.reduce((sum, { statuses }) => {
        const counts = Object.entries(statuses[kind] ?? {});
        return sum + counts.reduce((n, [status, count]) => n + (holds(status) ? count : 0), 0);
      }, 0);
    const total = (kind: string): number => of(kind, () => true);
    const times = seen.flatMap((each) => each.times).sort((a, b) => a - b);
    const at = (share: number): string =>
      `${times[Math.min(times.length - 1, Math.floor(share * times.length))]!.toFixed(1)} ms`;
    const svg = linePlot({
      title: "Memory of an endpoint under load, after each garbage collection",
      unit: "MiB",
      across: { name: "good requests", end: PARTS * REQUESTS },
      lines: [
        { name: "resident", colour: "#2563eb", values: resident },
        { name: "heap", colour: "#c2410c", values: heap },
      ],
    });
    return [
      {
        title: "An endpoint among slow, oversize and malformed requests",
        remark:
          "From a second process over loopback, 16 at a time, with 24 connections beside that send a byte each 100 ms and never a whole request. Good ones are paid, answered by a native run " +
          "of the digits model, and kept with their receipts. Times are those of good requests.",
        columns: ["kind", "sent", "as it should be", "otherwise"],
        rows: (
          [
            ["good", "answered", (status: string) => status === "200"],
            ["malformed", "400", (status: string) => status === "400"],
            ["oversize", "413 or closed", (status: string) => status === "413" || status === "closed"],
            ["slow", "closed", (status: string) => status === "closed"],
          ] as const
        ).map(([kind, how, holds]) => [
          kind,
          total(kind),
          `${of(kind, holds).toLocaleString("en")} ${how}`,
          total(kind) - of(kind, holds),
        ]),
      },
      {
        title: "Latency and memory under load",
        columns: ["p50", "p99", "slowest", "heap after the first part", "heap at the end"],
        rows: [[at(0.5), at(0.99), at(1), `${heap[0]!.toFixed(1)} MiB`, `${heap.at(-1)!.toFixed(1)} MiB`]],
        picture: { file: "load.svg", svg },
      },
    ];
  },
};

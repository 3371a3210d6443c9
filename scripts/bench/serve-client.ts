/**
 * Asks a worker for answers, from a process of its own that serve.ts forks. Each message names a file of requests, each with its length
 * before it (4 bytes, big-endian), and how many to have at work. It says "ready" once it has read them, begins when it is told "go", and
 * then sends what it saw.
 */
import { readFileSync } from "node:fs";
import { Agent, request } from "node:http";

import { processClock } from "./measure.js";

/** What is asked of this process. */
export interface Order {
  readonly file: string;
  readonly address: string;
  readonly path: string;
  readonly type: string;
  readonly concurrency: number;
}

/** What it saw: milliseconds of each answer, and of its own processor time for each. */
export interface Seen {
  readonly ms: number[];
  readonly cpu: number;
}

function bodiesIn(file: string): Buffer[] {
  const all = readFileSync(file);
  const bodies: Buffer[] = [];
  for (let at = 0; at < all.length;) {
    const end = at + 4 + all.readUInt32BE(at);
    bodies.push(all.subarray(at + 4, end));
    at = end;
  }
  return bodies;
}

function ask({ address, path, type }: Order, agent: Agent, body: Buffer): Promise<number> {
  const { hostname, port } = new URL(address);
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const headers = { "content-type": type, accept: type, "content-length": body.length };
    const sent = request({ hostname, port, path, method: "POST", agent, headers }, (response) => {
      let text = "";
      if (response.statusCode !== 200) response.setEncoding("utf8").on("data", (part: string) => (text += part));
      else response.resume();
      response.on("end", () => {
        if (response.statusCode === 200) resolve(performance.now() - started);
        else reject(new Error(`${response.statusCode}: ${text}`));
      });
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

const told = (): Promise<unknown> => new Promise((resolve) => process.once("message", resolve));

for (;;) {
  const order = (await told()) as Order | "end";
  if (order === "end") break;
  const bodies = bodiesIn(order.file);
  const agent = new Agent({ keepAlive: true, maxSockets: order.concurrency });
  const go = told();
  process.send!("ready");
  await go;
  const ms: number[] = [];
  const before = processClock();
  let next = 0;
  await Promise.all(
    Array.from({ length: order.concurrency }, async () => {
      for (let body = bodies[next++]; body !== undefined; body = bodies[next++]) {
        ms.push(await ask(order, agent, body));
      }
    }),
  );
  agent.destroy();
  process.send!({ ms, cpu: (processClock() - before) / bodies.length } satisfies Seen);
}
process.exit(0);

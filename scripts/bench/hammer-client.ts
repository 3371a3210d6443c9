/**
 * Hammers an endpoint from a process of its own: good requests from a file (one JSON body a line), with oversize and malformed ones and
 * slow clients mixed in. Prints what it saw as JSON: milliseconds of good answers, and how often each kind got each status.
 */
import { readFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { connect } from "node:net";

const [address = "", path = "", file = "", limit = "0", seed = "1"] = process.argv.slice(2);
const { hostname, port } = new URL(address);
const agent = new Agent({ keepAlive: true, maxSockets: 16 });
const good = readFileSync(file, "utf8").trimEnd().split("\n");
const CLIENTS = 16;
const SLOW = 24;

const MALFORMED = [
  "",
  "{",
  "[]",
  "null",
  '{"inputs":[]}',
  `{"requestId":"0x${"00".repeat(32)}","inputs":[{"dtype":"f32"}]}`,
  "\u0000",
];
const times: number[] = [];
const statuses: Record<string, Record<string, number>> = {};

function count(kind: string, status: string): void {
  const of = (statuses[kind] ??= {});
  of[status] = (of[status] ?? 0) + 1;
}

function post(kind: string, body: string | Buffer): Promise<void> {
  const started = performance.now();
  return new Promise((resolve) => {
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const sent = request({ hostname, port, path, method: "POST", agent, headers }, (response) => {
      response.resume();
      response.on("end", () => {
        count(kind, String(response.statusCode));
        if (kind === "good") times.push(performance.now() - started);
        resolve();
      });
    });
    // A server may close on a body that it refuses before all of it was sent.
    sent.on("error", () => {
      count(kind, "closed");
      resolve();
    });
    sent.end(body);
  });
}

/** Sends a byte now and then, and never a whole request. */
function crawl(): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    const timer = setInterval(() => socket.write("x"), 100);
    socket.write(`POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 5000\r\n\r\n`);
    socket.on("error", () => undefined);
    socket.resume();
    socket.on("close", () => {
      clearInterval(timer);
      count("slow", "closed");
      resolve();
    });
  });
}

let state = Number(seed);
const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
const oversize = Buffer.alloc(Number(limit) + 1, "x");
let next = 0;
const slow = Array.from({ length: SLOW }, crawl);
await Promise.all(
  Array.from({ length: CLIENTS }, async () => {
    for (let body = good[next++]; body !== undefined; body = good[next++]) {
      const dice = random();
      if (dice < 0.05) await post("oversize", oversize);
      else if (dice < 0.2) await post("malformed", MALFORMED[Math.floor(random() * MALFORMED.length)]!);
      await post("good", body);
    }
  }),
);
await Promise.all(slow);
console.log(JSON.stringify({ times, statuses }));

/**
 * Asks a worker for answers, from a process of its own. Standard input holds the requests, each with its length before it (4 bytes,
 * big-endian); the arguments are the address and how many to have at work. Prints the milliseconds of each answer as JSON.
 */
import { Agent, request } from "node:http";

const [address = "", path = "", type = "", concurrency = "1"] = process.argv.slice(2);
const { hostname, port } = new URL(address);
const agent = new Agent({ keepAlive: true, maxSockets: Number(concurrency) });

const chunks: Buffer[] = [];
for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
const all = Buffer.concat(chunks);
const bodies: Buffer[] = [];
for (let at = 0; at < all.length;) {
  const end = at + 4 + all.readUInt32BE(at);
  bodies.push(all.subarray(at + 4, end));
  at = end;
}

function ask(body: Buffer): Promise<number> {
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

const times: number[] = [];
let next = 0;
await Promise.all(
  Array.from({ length: Number(concurrency) }, async () => {
    for (let body = bodies[next++]; body !== undefined; body = bodies[next++]) times.push(await ask(body));
  }),
);
console.log(JSON.stringify(times));

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import { expect } from "chai";

import { receiptsOf } from "../../src/dispute/claims.js";
import { createNativeRuntime } from "../../src/runtime/native.js";
import { accountsOf } from "../../src/worker/till.js";
import { digitModel } from "../support/digits.js";
import { PRICE, served, type Served } from "../support/served.js";

/** The whole of it: HAMMER_REQUESTS=10000 mocha test/http/hammer.test.ts. */
const REQUESTS = Number(process.env["HAMMER_REQUESTS"] ?? 1_500);
const BODY_LIMIT = 64 * 1024;
const MIB = 2 ** 20;

interface Seen {
  readonly times: number[];
  readonly statuses: Record<string, Record<string, number>>;
}

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

function heapMiB(): number {
  collectGarbage();
  collectGarbage();
  return process.memoryUsage().heapUsed / MIB;
}

describe("89: an endpoint under a flood", function () {
  this.timeout(600_000);
  const folder = mkdtempSync(join(tmpdir(), "touchstone-hammer-"));
  const { model, digits } = digitModel();
  let worker: Served;

  after(async () => {
    await worker.close();
    rmSync(folder, { recursive: true });
  });

  function hammer(address: string, bodies: readonly object[], seed: number): Promise<Seen> {
    const file = join(folder, "bodies");
    const text = bodies.map((body) => JSON.stringify(body, (_, v: unknown) => (typeof v === "bigint" ? String(v) : v)));
    writeFileSync(file, `${text.join("\n")}\n`);
    const args = [
      "--import",
      "tsx",
      "scripts/bench/hammer-client.ts",
      address,
      worker.path,
      file,
      String(BODY_LIMIT),
      String(seed),
    ];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (part: string) => (output += part));
    return new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", () => resolve(JSON.parse(output) as Seen));
    });
  }

  it(`${REQUESTS} paid requests among slow, oversize and malformed ones: all answered, soon, once, and nothing is kept of the others`, async () => {
    const runtime = await createNativeRuntime(model.runtime);
    worker = served(model, (_, inputs) => runtime.run(inputs), {
      bodyLimit: BODY_LIMIT,
      timeoutMs: 2_000,
      maxInFlight: 128,
    });
    const address = await worker.server.listen({ host: "127.0.0.1", port: 0 });
    const bodies = (count: number) => Array.from({ length: count }, (_, i) => worker.request([digits[i % 3]!.image]));
    const seed = Math.floor(Math.random() * 2 ** 31);
    console.log(`      seed ${seed}`);
    const heap: number[] = [];
    const seen: Seen[] = [];
    const parts = 5;
    for (let part = 0; part < parts; part++) {
      seen.push(await hammer(address, bodies(REQUESTS / parts), seed + part));
      heap.push(heapMiB());
    }
    console.log(`      heap after each fifth: ${heap.map((mib) => mib.toFixed(1)).join(", ")} MiB`);

    for (const { statuses } of seen) {
      expect(statuses["good"]).to.deep.equal({ 200: REQUESTS / parts });
      expect(Object.keys(statuses["malformed"] ?? { 400: 0 })).to.deep.equal(["400"]);
      expect(
        Object.keys(statuses["oversize"] ?? {}).filter((status) => status !== "413" && status !== "closed"),
      ).to.deep.equal([]);
      expect(statuses["slow"]).to.deep.equal({ closed: 24 });
    }
    const times = seen.flatMap((each) => each.times).sort((a, b) => a - b);
    const [p50, p99] = [0.5, 0.99].map((share) => times[Math.floor(share * times.length)]!);
    console.log(
      `      good answers: p50 ${p50!.toFixed(1)} ms, p99 ${p99!.toFixed(1)} ms, slowest ${times.at(-1)!.toFixed(1)} ms`,
    );
    // Wide, for a loaded machine: without limits the slow clients alone would hold answers for longer.
    expect(p99).to.be.lessThan(2_000);
    expect(receiptsOf(worker.state).entries().length).to.equal(REQUESTS);
    expect(accountsOf(worker.state).get(worker.reservation)?.spent).to.equal(BigInt(REQUESTS) * PRICE);
    // What one fifth leaves behind would show four times.
    expect(heap.at(-1)! - heap[0]!).to.be.lessThan(24);
    await runtime.release();
  });
});

import { setTimeout as pause } from "node:timers/promises";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import { pino } from "pino";

import { startQueue, type Queue } from "../../scripts/support/queue.js";
import { createFleet, type Fleet } from "../../src/fleet/gateway.js";
import { createMetrics, type Metrics } from "../../src/metrics.js";
import { createModelFiles } from "../../src/models/files.js";
import { createNativeRuntime } from "../../src/runtime/native.js";
import { createChildren, ROOT, type Child, type Children } from "../../src/sim/driver/children.js";
import { readDigitModel } from "../../src/sim/digits.js";
import { digitModel, published } from "../support/digits.js";
import { requireQueue } from "../support/queue.js";

const MODEL_ID = `0x${"11".repeat(32)}`;
const LIMITS = { deadlineMs: 60_000, depth: 1_024 };
const log = pino({ level: "silent" });

async function until(what: string, isTrue: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 150_000;
  while (!(await isTrue())) {
    if (performance.now() > end) throw new Error(`in vain: ${what}`);
    await pause(50);
  }
}

describe("a gateway and its inference hosts, as processes around a real queue", function () {
  this.timeout(300_000);
  const { model, digits } = digitModel();
  let queue: Queue;
  let folder: string;
  let children: Children;
  let metrics: Metrics;
  let fleet: Fleet;
  /** What each digit's answer is, on this machine. */
  let expected: string[];
  const hosts: Child[] = [];
  const closers: (() => Promise<void> | void)[] = [];

  before(async function () {
    requireQueue(this);
    folder = mkdtempSync(join(tmpdir(), "touchstone-fleet-"));
    const { bytes, manifest } = readDigitModel(ROOT);
    createModelFiles(join(folder, "models")).save({ bytes, manifest, modelId: MODEL_ID });
    const native = await createNativeRuntime(model.runtime);
    expected = await Promise.all(digits.map(async ({ image }) => published(await native.run([image])).join()));
    await native.release();
    queue = await startQueue();
    children = createChildren(join(folder, "logs"));
    metrics = createMetrics();
    fleet = createFleet({ urls: [queue.url], log, metrics, ...LIMITS });
    closers.push(() => rmSync(folder, { recursive: true }), queue.close, children.stopAll, fleet.close);
  });

  after(async () => {
    for (const close of closers.reverse()) await close();
  });

  function startHost(name: string, onLine: (line: string) => void = () => undefined): Child {
    const host = children.start({
      name,
      args: ["--import", "tsx", "src/cli/main.ts", "worker", "host", "--name", name],
      settings: { TOUCHSTONE_HOME: folder, TOUCHSTONE_QUEUE_URL: queue.url },
      onLine,
    });
    hosts.push(host);
    return host;
  }

  const gauge = async (name: "hosts" | "redeliveries"): Promise<number> =>
    (await metrics[name].get()).values[0]?.value ?? 0;
  const ask = async (i: number): Promise<boolean> => {
    const k = i % digits.length;
    return published(await fleet.run(model, [digits[k]!.image])).join() === expected[k];
  };
  const askAll = (count: number): Promise<boolean[]> => Promise.all(Array.from({ length: count }, (_, i) => ask(i)));

  it("has no host at first, and says so at once", async () => {
    const thrown = await ask(0).catch((reason: unknown) => reason);
    expect((thrown as { code: string }).code).to.equal("FLEET_NO_HOST");
  });

  it("two hosts answer like this machine", async () => {
    startHost("a");
    startHost("b");
    await until("two hosts", async () => (await gauge("hosts")) === 2);
    expect((await askAll(300)).every(Boolean)).to.equal(true);
  });

  it("a host that is killed in the middle of a batch loses nothing: the other one answers what it had taken", async () => {
    const [a] = hosts;
    const before = await gauge("redeliveries");
    let answered = 0;
    const batch: Promise<boolean>[] = [];
    // Stopped, it still holds its questions for work: when the other host has nothing left to do, what is missing lies with this one.
    while (answered === batch.length) {
      a!.kill("SIGCONT");
      await pause(500);
      a!.kill("SIGSTOP");
      for (let i = 0; i < 40; i++) {
        batch.push(
          ask(i).then((isRight) => {
            answered++;
            return isRight;
          }),
        );
      }
      await pause(2_000);
    }
    a!.kill("SIGKILL");
    expect(await Promise.all(batch)).to.deep.equal(batch.map(() => true));
    expect(await gauge("redeliveries")).to.be.greaterThan(before);
  });
});

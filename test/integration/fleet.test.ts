import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { jetstreamManager, type ConsumerInfo, type JetStreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { expect } from "chai";
import { parseEther } from "ethers";
import { pino } from "pino";

import { startQueue, type Queue } from "../../scripts/support/queue.js";
import { fromHex } from "../../src/audit/bytes.js";
import { infer } from "../../src/client/infer.js";
import { requestJob } from "../../src/client/request.js";
import { ClaimStatus } from "../../src/dispute/protocol.js";
import { STREAM } from "../../src/fleet/messages.js";
import { createCatalogue } from "../../src/models/catalogue.js";
import type { PreparedModel } from "../../src/models/prepared.js";
import { publishModel } from "../../src/models/publish.js";
import { classOf, readDigitModel, scoresOf } from "../../src/sim/digits.js";
import { type Child, type Children, createChildren, ROOT } from "../../src/sim/driver/children.js";
import { joinOperator, type Operator, TERMS } from "../../src/sim/driver/operators.js";
import { CLI, DEFAULT_RUNTIME, workerArgs } from "../../src/sim/driver/processes.js";
import type { RoleProcess } from "../../src/sim/driver/role-process.js";
import { createWorld, type World } from "../../src/sim/driver/world.js";
import { allowReservations, serveArgs, startServer } from "../../src/sim/market/server.js";
import { openState } from "../../src/store/state.js";
import { type FileServer, startFileServer } from "../support/file-server.js";
import { requireQueue } from "../support/queue.js";

const PRICE = parseEther("0.0001");

describe("`worker run` as a gateway, its hosts, a real queue and a chain", function () {
  this.timeout(300_000);
  const folder = mkdtempSync(join(tmpdir(), "touchstone-gateway-"));
  const home = join(folder, "home");
  const { bytes, manifest, digits } = readDigitModel(ROOT);
  const fallbacks: unknown[] = [];
  const closers: (() => unknown)[] = [];
  let queue: Queue;
  let manager: JetStreamManager;
  let server: FileServer;
  let children: Children;
  let world: World;
  let ada: Operator;
  let model: PreparedModel;
  let modelId: string;
  let worker: RoleProcess;
  let endpoint: URL;
  let a: Child | undefined;

  before(async function () {
    requireQueue(this);
    queue = await startQueue();
    children = createChildren(join(folder, "logs"));
    closers.push(() => rmSync(folder, { recursive: true, force: true }), queue.close, children.stopAll);
    const client: NatsConnection = await connect({ servers: `127.0.0.1:${queue.port}` });
    closers.push(() => client.close());
    manager = await jetstreamManager(client, { checkAPI: false });
    const none = (): void => undefined;
    world = await createWorld({ children, home, seed: 29, pollMs: 100, onWorld: none, onStep: none });
    const { suite, files } = world;
    const publisher = world.sender(await world.actors.get("publisher"));
    const publication = { bytes, manifest, parent: `0x${"0".repeat(64)}`, uri: "" };
    ({ modelId } = await publishModel({ suite, sender: publisher, files }, publication));
    model = await createCatalogue(suite, files).get(modelId);
    server = await startFileServer();
    closers.push(server.close);
    for (const path of globSync("**/*.*", { cwd: join(home, "models") })) {
      server.serve(`/models/${path}`, { bytes: readFileSync(join(home, "models", path)) });
    }
    ada = await joinOperator(world, "ada", modelId);
    await allowReservations(world, ada);
    ({ role: worker, endpoint } = await startServer(world, {
      ...{ name: "worker", actor: ada.worker, settings: { TOUCHSTONE_QUEUE_URL: queue.url } },
      args: [...workerArgs(DEFAULT_RUNTIME), ...serveArgs(modelId, PRICE)],
      onEvent: (line) => {
        if (line.event === "fleet-fallback") fallbacks.push(line);
      },
    }));
    a = await startHost("a");
  });

  after(async () => {
    for (const close of closers.reverse()) await close();
  });

  /**
   * A host on "another machine": it has the queue's address, no key and no chain, and fetches the model from who serves the gateway's
   * folder. The gateway knows of it when this is over.
   */
  async function startHost(name: string): Promise<Child> {
    const came = worker.says("host-came");
    const place = `${manifest.file.sha256.slice(2)}/${modelId}`;
    const host = children.start({
      name: `host ${name}`,
      args: [
        ...[CLI, "worker", "host", "--name", name, "--concurrency", "1"],
        ...["--fetch", place, "--from", new URL("/models", server.url).href],
      ],
      settings: { TOUCHSTONE_HOME: join(folder, name), TOUCHSTONE_QUEUE_URL: queue.url },
    });
    await Promise.race([came, host.prints(() => false)]);
    return host;
  }

  async function request(digit: number): Promise<string> {
    const sender = world.sender(await world.actors.get("consumer"));
    const asked = { modelId, operator: ada.owner.address, inputs: [digits[digit]!.image], lock: TERMS.lock / 10n };
    return (await requestJob({ suite: world.suite, sender }, { ...asked, within: TERMS.duration })).jobId;
  }

  async function expectAnswered(jobId: string, digit: number): Promise<void> {
    const { jobs } = world.suite;
    await world.clock.settle();
    expect(Number((await jobs.job(jobId)).status)).to.equal(ClaimStatus.Answered);
    const answers = await jobs.queryFilter(jobs.filters.JobAnswered(jobId));
    expect(answers).to.have.length(1);
    expect(classOf(scoresOf(fromHex(answers[0]!.args.outputs[0]!)))).to.equal(digits[digit]!.digit);
  }

  /** Waits for the queue to say something of this model's place in it. */
  async function until(holds: (info: ConsumerInfo) => boolean): Promise<ConsumerInfo> {
    for (;;) {
      const info = await manager.consumers.info(STREAM, model.contentId);
      if (holds(info)) return info;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  const redeliveries = async (): Promise<number> =>
    Number(
      /^touchstone_fleet_redeliveries_total (\d+)/m.exec(
        await (await fetch(new URL("/metrics", endpoint))).text(),
      )?.[1],
    );

  it("a job and a receipt are answered by a host, which has neither key nor chain", async () => {
    await expectAnswered(await request(0), 0);
    const actor = await world.actors.get("buyer");
    const state = openState(join(folder, "buyer.sqlite"));
    closers.push(() => state.close());
    const { outputs } = await infer(
      {
        suite: world.suite,
        sender: world.sender(actor),
        signer: world.signer(actor),
        state,
        log: pino({ level: "silent" }),
      },
      { endpoint, model, modelId, inputs: [digits[1]!.image], maxPrice: PRICE, deposit: 100n * PRICE },
    );
    expect(classOf([...outputs[0]!.data].map(Number))).to.equal(digits[1]!.digit);
    const { delivered } = await until(() => true);
    expect(delivered.consumer_seq, "by way of the queue").to.equal(2);
    expect(fallbacks).to.deep.equal([]);
  });

  it("a host that is killed with a job's work in its hands loses nothing: another one answers it, once", async () => {
    const b = await startHost("b");
    for (let [round, isTakenOver] = [0, false]; !isTakenOver; round++) {
      a ??= await startHost(`a${round}`);
      const [before, own] = [await redeliveries(), fallbacks.length];
      // Only a host that asked for work gets it. Stopped, the other one's question ends by itself.
      b.kill("SIGSTOP");
      await until(({ num_waiting }) => num_waiting === 1);
      a.kill("SIGSTOP");
      const digit = round % digits.length;
      const jobId = await request(digit);
      const { num_ack_pending } = await until((info) => info.num_ack_pending + info.num_pending > 0);
      b.kill("SIGCONT");
      // Its question may have ended before there was work: then the next round tries again.
      if (num_ack_pending === 0) a.kill("SIGCONT");
      else {
        a.kill("SIGKILL");
        a = undefined;
      }
      await expectAnswered(jobId, digit);
      // On a machine so slow that both hosts seemed dead, the gateway answered by itself.
      isTakenOver = (await redeliveries()) > before && fallbacks.length === own;
    }
    expect(worker.errors()).to.deep.equal([]);
  });
});

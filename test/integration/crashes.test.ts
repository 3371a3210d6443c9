import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { tensorBytes, toHex } from "../../src/audit/bytes.js";
import type { Tensor } from "../../src/audit/graph.js";
import { requestJob } from "../../src/client/request.js";
import { fetchClaim } from "../../src/dispute/claims.js";
import { ClaimStatus } from "../../src/dispute/protocol.js";
import { publishModel } from "../../src/models/publish.js";
import { readDigitModel } from "../../src/sim/digits.js";
import type { Actor } from "../../src/sim/driver/actors.js";
import { createChildren, ROOT, type Child, type Children } from "../../src/sim/driver/children.js";
import { joinOperator, TERMS, type Operator } from "../../src/sim/driver/operators.js";
import { DEFAULT_RUNTIME, watcherArgs, workerArgs } from "../../src/sim/driver/processes.js";
import { createWorld, type World } from "../../src/sim/driver/world.js";

interface Line {
  readonly event?: string;
  readonly head?: number;
  readonly what?: string;
}

/** CRASH_STRIDE=1 kills at every step in one run; else runs take turns, because a life takes seconds and a watcher has many steps. */
const strideOr = (usual: number): number => Number(process.env["CRASH_STRIDE"] ?? usual);
const STRIDES = { worker: strideOr(2), watcher: strideOr(3) } as const;
const ALL = strideOr(0) === 1;
/** Steps before a trial must have come to its end; a real pass has fewer. */
const MOST_STEPS = 40;

describe("85: kill -9 at every persistence step", function () {
  this.timeout(600_000);
  const folder = mkdtempSync(join(tmpdir(), "touchstone-crashes-"));
  const home = join(folder, "home");
  const { bytes, manifest, digits } = readDigitModel(ROOT);
  let children: Children;
  let world: World;
  let operator: Operator;
  let modelId: string;
  let watcher: Actor;

  before(async () => {
    children = createChildren(join(folder, "logs"));
    const none = (): void => undefined;
    world = await createWorld({ children, home, seed: 3, pollMs: 50, onWorld: none, onStep: none });
    const sender = world.sender(await world.actors.get("publisher"));
    const publication = { bytes, manifest, parent: `0x${"0".repeat(64)}`, uri: "" };
    ({ modelId } = await publishModel({ suite: world.suite, sender, files: world.files }, publication));
    operator = await joinOperator(world, "ada", modelId);
    watcher = await world.actors.get("watcher");
  });

  after(async () => {
    await children.stopAll();
    rmSync(folder, { recursive: true, force: true });
  });

  /** One life of a role. It is killed at the given step after `arm`. */
  function live(actor: Actor, args: readonly string[], killAt: number) {
    const lines: Line[] = [];
    const waiting: { readonly match: (line: Line) => boolean; readonly resolve: () => void }[] = [];
    const child: Child = children.start({
      name: `${actor.name} ${killAt}`,
      args: ["--import", "./test/support/kill-at.mjs", ...args, "--poll", "50"],
      settings: {
        TOUCHSTONE_HOME: home,
        TOUCHSTONE_RPC_URL: world.rpcUrl,
        TOUCHSTONE_DEPLOYMENT: join(home, "deployment.json"),
        TOUCHSTONE_PRIVATE_KEY: actor.privateKey,
        KILL_AT: String(killAt),
      },
      onLine: (text) => {
        const line = JSON.parse(text) as Line;
        lines.push(line);
        for (const { match, resolve } of waiting) if (match(line)) resolve();
      },
    });
    const said = (match: (line: Line) => boolean): Promise<void> =>
      lines.some(match) ? Promise.resolve() : new Promise((resolve) => waiting.push({ match, resolve }));
    return {
      /** Idle at the newest block, or dead. */
      settled: async (): Promise<"idle" | "killed"> => {
        for (;;) {
          const head = await world.provider.getBlockNumber();
          const idle = said(({ event, head: at }) => event === "idle" && at === head).then(() => true);
          const moved = new Promise<boolean>((resolve) => setTimeout(resolve, 250, false));
          if (await Promise.race([idle, moved])) return "idle";
          if (child.isRunning()) continue;
          expect(await child.ended).to.equal("SIGKILL");
          return "killed";
        }
      },
      arm: async (): Promise<void> => {
        child.kill("SIGUSR2");
        await said(({ event }) => event === "armed");
      },
      stop: async (): Promise<void> => {
        child.kill("SIGTERM");
        await child.ended;
      },
      killedAt: (): string | undefined => lines.find(({ event }) => event === "killed")?.what,
    };
  }

  async function request(input: Tensor): Promise<string> {
    const sender = world.sender(await world.actors.get("consumer"));
    const asked = { modelId, operator: operator.owner.address, inputs: [input], lock: 10n * 10n ** 18n };
    return (await requestJob({ suite: world.suite, sender }, { ...asked, within: TERMS.duration })).jobId;
  }

  /**
   * Lives of a role, each killed one step later than the one before, until one gets through. Every life first brings what the last
   * one left to its end; then it is given `work`, and `check` is asked about it in the next life.
   */
  async function killEverywhere<T>(
    actor: Actor,
    args: readonly string[],
    stride: number,
    work: () => Promise<T>,
    check: (made: T) => Promise<void>,
  ): Promise<string[]> {
    const kills: string[] = [];
    let made: T | undefined;
    const first = 1 + Math.floor(Math.random() * stride);
    console.log(`      every ${stride} steps, from step ${first} on`);
    for (let step = first; step <= MOST_STEPS; step += stride) {
      const life = live(actor, args, step);
      expect(await life.settled()).to.equal("idle");
      if (made !== undefined) await check(made);
      await life.arm();
      made = await work();
      const how = await life.settled();
      if (how === "idle") {
        await check(made);
        await life.stop();
        return kills;
      }
      kills.push(life.killedAt() ?? "");
    }
    throw new RangeError(`no life got through ${MOST_STEPS} steps`);
  }

  const nonceOf = ({ address }: Actor): Promise<number> => world.provider.getTransactionCount(address);

  it("worker: every job is answered once, by one transaction", async () => {
    let sent = await nonceOf(operator.worker);
    const { jobs } = world.suite;
    const kills = await killEverywhere(
      operator.worker,
      workerArgs(DEFAULT_RUNTIME),
      STRIDES.worker,
      () => request(digits[0]!.image),
      async (jobId) => {
        expect(await jobs.queryFilter(jobs.filters.JobAnswered(jobId))).to.have.length(1);
        expect(await nonceOf(operator.worker)).to.equal(++sent);
      },
    );
    expect(kills.length).to.be.greaterThan(4);
    if (!ALL) return;
    expect(kills).to.include.members(["before a transaction leaves", "after a transaction is taken", "after a commit"]);
    expect(kills).to.include.members([
      "before a write of answer",
      "after a write of answer",
      "after a write of flight",
    ]);
  });

  it("watcher: every wrong answer is challenged once, and no commitment is lost", async () => {
    const { suite } = world;
    const worker = world.sender(operator.worker);
    const wrong = digits[0]!.image;
    let sent = await nonceOf(watcher);
    const kills = await killEverywhere(
      watcher,
      watcherArgs(),
      STRIDES.watcher,
      async () => {
        const jobId = await request(wrong);
        const { terms } = (await fetchClaim(suite, jobId))!;
        const outputs = manifest.outputs.map(({ shape }) => {
          const data = new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(1e6);
          return toHex(tensorBytes({ dtype: "f32", shape, data }));
        });
        await worker.send(await suite.jobs.submit.populateTransaction(terms, outputs));
        return jobId;
      },
      async (jobId) => {
        const { challenges, jobs } = suite;
        const opened = await challenges.queryFilter(challenges.filters.ChallengeOpened(undefined, undefined, jobId));
        expect(opened.map(({ args }) => args.challenger)).to.deep.equal([watcher.address]);
        expect(Number((await jobs.job(jobId)).status)).to.equal(ClaimStatus.Answered);
        // Commit, show the job's terms, open.
        expect(await nonceOf(watcher)).to.equal((sent += 3));
      },
    );
    expect(kills.length).to.be.greaterThan(8);
    if (ALL) {
      expect(kills).to.include.members(["before a write of accusation", "after a write of accusation"]);
      expect(kills).to.include.members(["before a transaction leaves", "after a transaction is taken"]);
    }
    const committed = await suite.challenges.queryFilter(suite.challenges.filters.ChallengeCommitted());
    expect(committed.length).to.equal(
      (await suite.challenges.queryFilter(suite.challenges.filters.ChallengeOpened())).length,
    );
  });

  it("two workers with one key: the second is refused", async () => {
    const first = live(operator.worker, workerArgs(DEFAULT_RUNTIME), 0);
    await first.settled();
    const lines: string[] = [];
    const second = children.start({
      name: "second worker",
      args: ["bin/touchstone.mjs", "--json", "worker", "run", "--state", join(folder, "another.sqlite")],
      settings: {
        TOUCHSTONE_HOME: home,
        TOUCHSTONE_RPC_URL: world.rpcUrl,
        TOUCHSTONE_DEPLOYMENT: join(home, "deployment.json"),
        TOUCHSTONE_PRIVATE_KEY: operator.worker.privateKey,
      },
      onLine: (line) => void lines.push(line),
    });
    expect(await second.ended).to.equal("1");
    expect((JSON.parse(lines.at(-1)!) as { error: { code: string } }).error.code).to.equal("IN_USE");
    await first.stop();
  });
});

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { tensorBytes, toHex } from "../../src/audit/bytes.js";
import { requestJob } from "../../src/client/request.js";
import { fetchClaim } from "../../src/dispute/claims.js";
import { publishModel } from "../../src/models/publish.js";
import { readDigitModel } from "../../src/sim/digits.js";
import { createChildren, ROOT, type Children } from "../../src/sim/driver/children.js";
import { joinOperator, TERMS, type Operator } from "../../src/sim/driver/operators.js";
import { watcherArgs } from "../../src/sim/driver/processes.js";
import { createWorld, type World } from "../../src/sim/driver/world.js";

/** From a wrong claim's block to its challenge's commitment; docs/operations.md has the figure of an idle machine. */
const MOST_SECONDS = 60;

describe("touchstone watch, accused and evidence", function () {
  this.timeout(300_000);
  const folder = mkdtempSync(join(tmpdir(), "touchstone-watch-"));
  const home = join(folder, "home");
  const { bytes, manifest, digits } = readDigitModel(ROOT);
  let children: Children;
  let world: World;
  let mallory: Operator;
  let modelId: string;
  let jobId: string;

  before(async () => {
    children = createChildren(join(folder, "logs"));
    const none = (): void => undefined;
    world = await createWorld({ children, home, seed: 9, pollMs: 1_000, onWorld: none, onStep: none });
    const sender = world.sender(await world.actors.get("publisher"));
    const publication = { bytes, manifest, parent: `0x${"0".repeat(64)}`, uri: "" };
    ({ modelId } = await publishModel({ suite: world.suite, sender, files: world.files }, publication));
    mallory = await joinOperator(world, "mallory", modelId);
  });

  after(async () => {
    await children.stopAll();
    rmSync(folder, { recursive: true, force: true });
  });

  /** A job with a wrong answer; returns its id. */
  async function lie(): Promise<string> {
    const { suite } = world;
    const consumer = world.sender(await world.actors.get("consumer"));
    const asked = { modelId, operator: mallory.owner.address, inputs: [digits[0]!.image], lock: TERMS.lock };
    const made = await requestJob({ suite, sender: consumer }, { ...asked, within: TERMS.duration });
    const { terms } = (await fetchClaim(suite, made.jobId))!;
    const data = new Float32Array(manifest.outputs[0]!.shape.reduce((a, b) => a * b, 1)).fill(1e6);
    const outputs = [toHex(tensorBytes({ dtype: "f32", shape: manifest.outputs[0]!.shape, data }))];
    await world.sender(mallory.worker).send(await suite.jobs.submit.populateTransaction(terms, outputs));
    return made.jobId;
  }

  async function touchstone(
    name: string,
    ...args: readonly string[]
  ): Promise<{ code: string; lines: Record<string, unknown>[] }> {
    const { privateKey } = await world.actors.get(name);
    const lines: Record<string, unknown>[] = [];
    const child = children.start({
      name: `${name} ${args[0]}`,
      args: ["bin/touchstone.mjs", "--json", ...args],
      settings: {
        TOUCHSTONE_HOME: home,
        TOUCHSTONE_RPC_URL: world.rpcUrl,
        TOUCHSTONE_DEPLOYMENT: join(home, "deployment.json"),
        TOUCHSTONE_PRIVATE_KEY: privateKey,
      },
      onLine: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>),
    });
    return { code: await child.ended, lines };
  }

  const has = (lines: readonly Record<string, unknown>[], event: string): boolean =>
    lines.some((line) => line["event"] === event);
  const nonceOf = async (name: string): Promise<number> =>
    world.provider.getTransactionCount((await world.actors.get(name)).address);

  it("a dry run finds the wrong answer, says what it would send, and sends nothing", async () => {
    jobId = await lie();
    const { code, lines } = await touchstone("careful", "watch", "--once", "--dry-run");
    expect(code).to.equal("0");
    expect(lines.filter(({ event }) => event === "would-send").map(({ call }) => call)).to.include("commitChallenge");
    expect(has(lines, "suspect")).to.equal(true);
    expect(await nonceOf("careful")).to.equal(0);
  });

  it("evidence of one watcher is verified and used by another; foreign evidence is refused", async () => {
    const file = join(folder, "claim.json");
    expect((await touchstone("careful", "evidence", "export", jobId, file)).code).to.equal("0");
    const bundle = JSON.parse(readFileSync(file, "utf8")) as object;
    writeFileSync(join(folder, "foreign.json"), JSON.stringify({ ...bundle, chainId: 5 }));
    const refused = await touchstone("second", "evidence", "import", join(folder, "foreign.json"));
    expect(refused.lines.at(-1)!["error"]).to.include({ code: "BUNDLE_FOREIGN" });
    expect((await touchstone("second", "evidence", "import", file)).lines.at(-1)).to.deep.equal({ claimId: jobId });
    const { lines } = await touchstone("second", "watch", "--once");
    expect(["suspect", "committed"].filter((event) => has(lines, event))).to.deep.equal(["suspect", "committed"]);
  });

  it("commits to a challenge soon after a wrong answer's block, and tells the accused in one command", async () => {
    const actor = await world.actors.get("watcher");
    world.startRole({ name: "watcher", actor, args: watcherArgs() });
    await world.clock.settle();
    const before = await world.provider.getBlockNumber();
    const started = performance.now();
    const wrong = await lie();
    const answered = performance.now();
    const { challenges } = world.suite;
    for (;;) {
      const committed = await challenges.queryFilter(
        challenges.filters.ChallengeCommitted(undefined, actor.address),
        before + 1,
      );
      if (committed.length > 0) break;
      expect((performance.now() - started) / 1_000).to.be.lessThan(MOST_SECONDS);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    console.log(
      `      ${((performance.now() - answered) / 1_000).toFixed(2)} s from the answer's block to the commitment`,
    );
    await world.clock.settle();
    const accused = (await touchstone("anybody", "accused", mallory.owner.address)).lines.at(-1) as {
      challenges: { claimId: string; status: string; secondsLeft: number }[];
    };
    const against = accused.challenges.find(({ claimId }) => claimId === wrong);
    expect(against?.status).to.equal("Open");
    expect(against!.secondsLeft).to.be.greaterThan(3_600);
    const innocent = (await touchstone("anybody", "accused")).lines.at(-1) as { challenges: object[] };
    expect(innocent.challenges).to.deep.equal([]);
  });
});

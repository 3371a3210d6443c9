import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { tensorBytes, toHex } from "../../src/audit/bytes.js";
import { createRandom } from "../../src/calibrate/inputs.js";
import { requestJob } from "../../src/client/request.js";
import { fetchClaim } from "../../src/dispute/claims.js";
import { ClaimStatus } from "../../src/dispute/protocol.js";
import { publishModel } from "../../src/models/publish.js";
import { readDigitModel } from "../../src/sim/digits.js";
import { createChildren, ROOT, type Children } from "../../src/sim/driver/children.js";
import { joinOperator, TERMS, type Operator } from "../../src/sim/driver/operators.js";
import { DEFAULT_RUNTIME, watcherArgs, workerArgs } from "../../src/sim/driver/processes.js";
import { createWorld, type World } from "../../src/sim/driver/world.js";
import { startAnvil, type Anvil } from "../../scripts/support/anvil.js";

/** Blocks that each reorganisation takes back; the last is as deep as roles look. */
const DEPTHS = [1, 2, 5, 21, 64];
const PADDING = "0x50";

describe("84: reorganisations under worker and watcher, by real processes", function () {
  this.timeout(600_000);
  const folder = mkdtempSync(join(tmpdir(), "touchstone-reorgs-"));
  const { bytes, manifest, digits } = readDigitModel(ROOT);
  const seed = Number(process.env["REORG_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
  const random = createRandom(seed);
  let chain: Anvil;
  let children: Children;
  let world: World;
  let ada: Operator;
  let mallory: Operator;
  let modelId: string;

  before(async () => {
    console.log(`      REORG_SEED=${seed}`);
    chain = await startAnvil("--accounts", "20");
    children = createChildren(join(folder, "logs"));
    const none = (): void => undefined;
    const local = { rpcUrl: chain.rpcUrl, provider: chain.provider, chainId: 31_337 };
    const home = join(folder, "home");
    world = await createWorld({ children, home, seed: 5, pollMs: 50, onWorld: none, onStep: none, chain: local });
    const publication = { bytes, manifest, parent: `0x${"0".repeat(64)}`, uri: "" };
    const publisher = world.sender(await world.actors.get("publisher"));
    ({ modelId } = await publishModel({ suite: world.suite, sender: publisher, files: world.files }, publication));
    [ada, mallory] = [await joinOperator(world, "ada", modelId), await joinOperator(world, "mallory", modelId)];
    world.startRole({ name: "worker", actor: ada.worker, args: workerArgs(DEFAULT_RUNTIME) });
    world.startRole({ name: "watcher", actor: await world.actors.get("watcher"), args: watcherArgs() });
    await world.clock.settle();
  });

  after(async () => {
    await children.stopAll();
    await chain.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function request(operator: Operator): Promise<string> {
    const sender = world.sender(await world.actors.get("consumer"));
    const asked = { modelId, operator: operator.owner.address, inputs: [digits[0]!.image], lock: TERMS.lock };
    return (await requestJob({ suite: world.suite, sender }, { ...asked, within: TERMS.duration })).jobId;
  }

  async function lie(jobId: string): Promise<void> {
    const { terms } = (await fetchClaim(world.suite, jobId))!;
    const shape = manifest.outputs[0]!.shape;
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(1e6);
    const outputs = [toHex(tensorBytes({ dtype: "f32", shape, data }))];
    await world.sender(mallory.worker).send(await world.suite.jobs.submit.populateTransaction(terms, outputs));
  }

  const statusOf = async (jobId: string): Promise<number> => Number((await world.suite.jobs.job(jobId)).status);

  /** All that the newest chain holds of these jobs is as it should be. */
  async function expectWhole(honest: readonly string[], wrong: readonly string[]): Promise<void> {
    const { jobs, challenges } = world.suite;
    for (const jobId of honest) {
      if ((await statusOf(jobId)) === ClaimStatus.None) continue;
      expect(await jobs.queryFilter(jobs.filters.JobAnswered(jobId)), "answered once").to.have.length(1);
      const opened = await challenges.queryFilter(challenges.filters.ChallengeOpened(undefined, undefined, jobId));
      expect(opened, "honest answers are not accused").to.have.length(0);
    }
    for (const jobId of wrong) {
      if ((await statusOf(jobId)) !== ClaimStatus.Answered) continue;
      const opened = await challenges.queryFilter(challenges.filters.ChallengeOpened(undefined, undefined, jobId));
      expect(opened, "wrong answers are accused once").to.have.length(1);
    }
  }

  it("whatever is taken back is done again, and nothing twice", async () => {
    const [honest, wrong]: string[][] = [[], []];
    for (const depth of DEPTHS) {
      honest!.push(await request(ada));
      wrong!.push(await request(mallory));
      await lie(wrong!.at(-1)!);
      await world.clock.settle();
      await expectWhole(honest!, wrong!);
      // Somewhere between: old blocks stay below what can be taken back.
      if (depth > 8) await chain.provider.send("anvil_mine", [PADDING]);
      else await chain.provider.send("anvil_mine", [`0x${Math.floor(random() * depth + 1).toString(16)}`]);
      if (depth > 8) {
        honest!.push(await request(ada));
        await world.clock.settle();
      }
      await chain.provider.send("anvil_reorg", [depth, []]);
      // Jobs that the new chain no longer has are asked for again, as their consumers would.
      for (const jobId of [...honest!])
        if ((await statusOf(jobId)) === ClaimStatus.None) honest!.push(await request(ada));
      await chain.provider.send("anvil_mine", ["0x1"]);
      await world.clock.settle();
      await expectWhole(honest!, wrong!);
    }
    const standing = await Promise.all(honest!.map(statusOf));
    expect(standing.filter((status) => status === ClaimStatus.Answered).length).to.be.greaterThan(DEPTHS.length - 1);
    for (const role of world.roles()) expect(role.failure(), role.name).to.equal(undefined);
  });
});

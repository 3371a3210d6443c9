import { execFile } from "node:child_process";
import { copyFileSync, existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import { parseEther } from "ethers";

import { requestJob } from "../../src/client/request.js";
import { childEnvironment } from "../../src/config/environment.js";
import { ClaimStatus } from "../../src/dispute/protocol.js";
import { publishModel } from "../../src/models/publish.js";
import { readDigitModel } from "../../src/sim/digits.js";
import { createChildren, ROOT, type Children } from "../../src/sim/driver/children.js";
import { joinOperator, TERMS, type Operator } from "../../src/sim/driver/operators.js";
import { DEFAULT_RUNTIME, liarArgs, workerArgs } from "../../src/sim/driver/processes.js";
import type { RoleProcess } from "../../src/sim/driver/role-process.js";
import { createWorld, type World } from "../../src/sim/driver/world.js";
import { startAnvil, type Anvil } from "../../scripts/support/anvil.js";
import { startFileServer } from "../support/file-server.js";
import { openTerminal, type Terminal } from "../support/terminal.js";

const SEED = 23;
const NAMES = ["ada", "ada's worker", "anybody", "delegator"] as const;

/**
 * What people type when something happened, as docs/operations.md and the how-tos say it; test/integration/transcripts.test.ts has what
 * they type when all goes well.
 */
describe("runbooks", function () {
  this.timeout(600_000);
  const folder = mkdtempSync(join(tmpdir(), "touchstone-runbooks-"));
  const home = join(folder, "home");
  const { bytes, manifest, digits } = readDigitModel(ROOT);
  let chain: Anvil;
  let children: Children;
  let world: World;
  let user: Terminal;
  let ada: Operator;
  let worker: RoleProcess;
  let modelId: string;
  let jobId: string;
  let settings: Record<string, string>;

  before(async () => {
    children = createChildren(join(folder, "logs"));
    chain = await startAnvil("--accounts", "20");
    const [none, local] = [(): void => undefined, { rpcUrl: chain.rpcUrl, provider: chain.provider, chainId: 31_337 }];
    world = await createWorld({ children, home, seed: SEED, pollMs: 100, onWorld: none, onStep: none, chain: local });
    const { suite, actors, files } = world;
    const publisher = world.sender(await actors.get("publisher"));
    const publication = { bytes, manifest, parent: `0x${"0".repeat(64)}`, uri: "" };
    ({ modelId } = await publishModel({ suite, sender: publisher, files }, publication));
    ada = await joinOperator(world, "ada", modelId);
    worker = world.startRole({ name: "worker", actor: ada.worker, args: workerArgs(DEFAULT_RUNTIME) });
    mkdirSync(join(home, "deployments"));
    copyFileSync(join(home, "deployment.json"), join(home, "deployments/31337.json"));
    const keys = new Map<string, string>();
    for (const name of NAMES) keys.set(name, (await actors.get(name)).privateKey);
    user = openTerminal(children, { home, rpcUrl: world.rpcUrl, keys });
    settings = { TOUCHSTONE_HOME: home, TOUCHSTONE_RPC_URL: world.rpcUrl };
    const consumer = world.sender(await actors.get("consumer"));
    const asked = { modelId, operator: ada.owner.address, inputs: [digits[0]!.image], lock: TERMS.lock };
    ({ jobId } = await requestJob({ suite, sender: consumer }, { ...asked, within: TERMS.duration }));
    await world.clock.settle();
  });

  after(async () => {
    await children.stopAll();
    await chain.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const statusOf = async (): Promise<number> => Number((await world.suite.jobs.job(jobId)).status);

  it("backups: a worker's state is copied while it runs, and put back where it was lost", async () => {
    const [state, copy] = [join(home, "state/worker.sqlite"), join(folder, "worker.copy")];
    const named = ["--state", state];
    expect((await user.run("ada's worker", "state", "backup", "worker", copy, ...named)).error).to.equal(undefined);
    const early = await user.run("ada's worker", "state", "restore", "worker", copy, ...named);
    expect(early.error?.code, "never over a state that is there").to.be.a("string");
    await worker.stop();
    for (const end of ["", "-wal", "-shm"]) rmSync(`${state}${end}`, { force: true });
    expect((await user.run("ada's worker", "state", "restore", "worker", copy, ...named)).error).to.equal(undefined);
    worker.restart();
    await world.clock.settle();
    expect(worker.failure()).to.equal(undefined);
    expect(await statusOf()).to.equal(ClaimStatus.Answered);
  });

  it("Challenged: anybody refutes a false challenge by hand, a step at a time", async () => {
    await worker.stop();
    const liar = await world.actors.get("liar");
    const { challenges } = world.suite;
    const accuser = world.startRole({ name: "liar", actor: liar, args: liarArgs("inner", jobId, SEED) });
    while ((await challenges.queryFilter(challenges.filters.ChallengeOpened())).length === 0) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const accused = await user.run("anybody", "accused", ada.owner.address);
    const [against] = accused["challenges"] as [{ challengeId: string; claimId: string; status: string }];
    expect(against).to.include({ claimId: jobId, status: "Open" });
    // Between two steps the accuser supplies what was demanded, when it comes to it.
    let [steps, status]: [number, unknown] = [0, against.status];
    while (steps < 8 && status !== "Refuted") {
      const step = await user.run("anybody", "challenge", "refute", against.challengeId);
      if (step["progress"] === "acted") steps++;
      ({ status } = step);
    }
    expect(status).to.equal("Refuted");
    const shown = await user.run("anybody", "challenge", "show", against.challengeId);
    expect(shown).to.include({ status: "Refuted", challenger: liar.address });
    // What was put up for demands comes back, then nothing is left to do.
    const after = async (): Promise<unknown> =>
      (await user.run("anybody", "challenge", "refute", against.challengeId))["progress"];
    expect([await after(), await after()]).to.deep.equal(["acted", "done"]);
    await accuser.stop("SIGKILL");
  });

  it("a consumer finalises by hand what nobody finalises, and hears that nothing has to be delivered", async () => {
    const early = await user.run("anybody", "job", "finalise", jobId);
    expect(early.error?.code).to.be.a("string");
    const { challengeDeadline } = await world.suite.jobs.job(jobId);
    await chain.provider.send("evm_setNextBlockTimestamp", [Number(challengeDeadline) + 1]);
    await chain.provider.send("anvil_mine", ["0x1"]);
    expect((await user.run("anybody", "job", "finalise", jobId)).error).to.equal(undefined);
    expect(await statusOf()).to.equal(ClaimStatus.Final);
    expect((await user.run("anybody", "job", "deliver", jobId)).error?.code).to.be.a("string");
  });

  it("a consumer takes its fee back from an operator that is not there", async () => {
    const input = join(ROOT, "assets/models/mnist-8-cntk/test_data_set_0/input_0.pb");
    const asked = ["--operator", ada.owner.address, "--input", input, "--lock", "100", "--within", "1h"];
    const missed = String((await user.run("anybody", "job", "request", modelId, ...asked))["jobId"]);
    expect((await user.run("anybody", "job", "expire", missed)).error?.code, "there is time yet").to.be.a("string");
    const { deadline } = await world.suite.jobs.job(missed);
    await chain.provider.send("evm_setNextBlockTimestamp", [Number(deadline) + 1]);
    await chain.provider.send("anvil_mine", ["0x1"]);
    expect((await user.run("anybody", "job", "expire", missed)).error).to.equal(undefined);
    expect(Number((await world.suite.jobs.job(missed)).status)).to.equal(ClaimStatus.Refunded);
    const taken = await user.run("anybody", "job", "withdraw");
    expect(Number(taken["amount"]), "the fee and what was paid for gas").to.be.at.least(Number(TERMS.price));
    expect((await user.run("anybody", "job", "withdraw"))["amount"], "once").to.equal("0");
  });

  it("Key leaked: the owner drops the worker's key, and a keystore's key is rotated", async () => {
    const made = await user.run("hand", "key", "new", "hand");
    const { now, before } = (await user.run("hand", "key", "rotate", "hand")) as unknown as Record<
      "now" | "before",
      { address: string }
    >;
    expect(before.address).to.equal(made["address"]);
    expect(now.address).not.to.equal(before.address);
    await chain.provider.send("hardhat_setBalance", [now.address, "0x56bc75e2d63100000"]);
    expect((await user.run("ada", "operator", "worker", now.address)).error).to.equal(undefined);
    expect((await user.run("hand", "operator", "accept", ada.owner.address)).error).to.equal(undefined);
    expect(await world.suite.profiles.workerOf(ada.owner.address)).to.equal(now.address);
  });

  it("a delegator joins, collects what it earned, and looks at its exit", async () => {
    const { address } = await world.actors.get("delegator");
    const operator = ["--operator", ada.owner.address];
    await user.run("delegator", "operator", "faucet");
    expect((await user.run("delegator", "stake", "deposit", "250", ...operator)).error).to.equal(undefined);
    const [, delegated] = await world.suite.staking.activeStake(ada.owner.address);
    expect(delegated).to.equal(parseEther("250"));
    expect((await user.run("delegator", "stake", "exit", "all", ...operator)).error).to.equal(undefined);
    expect((await user.run("delegator", "stake", "collect", ...operator)).error).to.equal(undefined);
    const shown = await user.run("delegator", "stake", "show", ...operator, "--holder", address);
    expect(JSON.stringify(shown)).to.include(String(parseEther("250")));
  });

  it("an auditor joins, looks at its chance, and leaves", async () => {
    expect((await user.run("ada", "audit", "join", modelId, "--stake", "200")).error).to.equal(undefined);
    expect(await user.run("ada", "audit", "status", modelId)).to.include({ auditor: ada.owner.address, jailed: false });
    expect((await user.run("ada", "audit", "leave", modelId)).error).to.equal(undefined);
  });

  it("a model is pulled from whoever serves it", async () => {
    const server = await startFileServer();
    try {
      // The folder as it is, as any web server would serve it.
      for (const path of globSync("**/*.*", { cwd: join(home, "models") })) {
        server.serve(`/models/${path}`, { bytes: readFileSync(join(home, "models", path)) });
      }
      const elsewhere = join(folder, "elsewhere");
      mkdirSync(join(elsewhere, "deployments"), { recursive: true });
      copyFileSync(join(home, "deployment.json"), join(elsewhere, "deployments/31337.json"));
      const other = openTerminal(children, { home: elsewhere, rpcUrl: world.rpcUrl, keys: new Map() });
      const pulled = await other.run(
        "nobody",
        "model",
        "pull",
        modelId,
        "--from",
        String(new URL("/models", server.url)),
      );
      expect(pulled.error).to.equal(undefined);
      expect(existsSync(join(elsewhere, "models"))).to.equal(true);
      expect(await other.run("nobody", "model", "verify", modelId)).to.include({ verified: true });
    } finally {
      await server.close();
    }
  });

  it("scripts for Hardhat stake, accuse only what is wrong, and refuse a cast that makes no sense", async () => {
    const hardhat = (
      script: string,
      own: Readonly<Record<string, string>>,
    ): Promise<{ failed: boolean; text: string }> =>
      new Promise((resolve) => {
        const cli = join(ROOT, "node_modules/hardhat/dist/src/cli.js");
        const args = [cli, "run", "--no-compile", script, "--network", "localhost"];
        const env = { ...childEnvironment(settings), ...own };
        execFile(process.execPath, args, { cwd: ROOT, env }, (failure, out, err) =>
          resolve({ failed: failure !== null, text: `${out}${err}` }),
        );
      });
    const staked = await hardhat("scripts/stake.ts", { STAKE: "300", WORKER: ada.worker.address });
    expect(staked.text).to.include('"stake": "300.0"');
    const accused = await hardhat("scripts/challenge.ts", { JOB: jobId });
    expect(accused).to.include({ failed: true });
    expect(accused.text).to.include("is right");
    const simulated = await hardhat("scripts/simulate.ts", { WORKERS: "none" });
    expect(simulated.text).to.include("at least one honest worker");
  });
});

import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import { parseEther, Wallet } from "ethers";

import { connectSuite, type Suite } from "../../src/chain/suite.js";
import { readDeployment } from "../../src/chain/deployment.js";
import { ClaimStatus } from "../../src/dispute/protocol.js";
import { networkOf } from "../../src/deploy/networks.js";
import { classOf } from "../../src/sim/digits.js";
import { type Child, type Children, createChildren, ROOT } from "../../src/sim/driver/children.js";
import { type LocalChain, startLocalChain } from "../../src/sim/driver/local-chain.js";
import { fraudArgs } from "../../src/sim/driver/processes.js";
import { openTerminal, type Printed, type Terminal } from "../support/terminal.js";

const CHAIN_ID = 421_614;
const DAY = 86_400;
const DIGITS = join(ROOT, "assets/models/mnist-8-cntk");
/** Unlocking takes a second or two each time, so the others have throw-away keys. */
const KEYSTORES: readonly string[] = ["deployer", "worker", "hand"];
const NAMES = ["deployer", "publisher", "owner", "worker", "consumer", "challenger", "mallory", "hand"] as const;

/**
 * What people do with docs/quickstart.md, by the commands that stand there, on a chain of its own with a testnet's id: deploy
 * (killed in the middle), publish, stake, serve (killed in the middle), buy, catch a liar, withdraw.
 */
describe("transcripts of every role", function () {
  this.timeout(600_000);
  const folder = mkdtempSync(join(tmpdir(), "touchstone-transcripts-"));
  const home = join(folder, "home");
  const addresses = new Map<string, string>();
  let children: Children;
  let chain: LocalChain;
  let user: Terminal;
  let suite: Suite;
  let modelId: string;
  let worker: Child;
  let endpoint: string;

  const addressOf = (name: (typeof NAMES)[number]): string => addresses.get(name) ?? "";
  const image = (n: number): string => join(DIGITS, `test_data_set_${n}/input_0.pb`);
  const classIn = ({ outputs }: Printed): number => classOf((outputs as string[][])[0]!.map(Number));

  async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
    for (const deadline = Date.now() + 120_000; Date.now() < deadline;) {
      if (await holds()) return;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    expect.fail(`waited in vain until ${what}`);
  }

  async function pass(seconds: number): Promise<void> {
    await chain.provider.send("evm_increaseTime", [seconds]);
    await chain.provider.send("evm_mine", []);
  }

  const statusOf = async (jobId: unknown): Promise<number> => Number((await suite.jobs.job(String(jobId))).status);

  async function startWorker(): Promise<Child> {
    let started = (): void => undefined;
    const listening = new Promise<void>((resolve) => (started = resolve));
    const child = user.start(
      "worker",
      (line) => {
        if (line["event"] !== "listening") return;
        endpoint = String(line["at"]);
        started();
      },
      ...["worker", "run", "--poll", "200", "--listen", "127.0.0.1:0", "--serve", `${modelId}=0.0001`],
    );
    await listening;
    return child;
  }

  before(async () => {
    mkdirSync(home);
    children = createChildren(join(folder, "logs"));
    chain = await startLocalChain(children, { chainId: CHAIN_ID });
    const keys = new Map<string, string>();
    user = openTerminal(children, { home, rpcUrl: chain.rpcUrl, keys });
    for (const name of NAMES) {
      if (KEYSTORES.includes(name)) addresses.set(name, String((await user.run(name, "key", "new", name))["address"]));
      else {
        const { address, privateKey } = Wallet.createRandom();
        addresses.set(name, address);
        keys.set(name, privateKey);
      }
      // Testnets have faucets for this.
      await chain.provider.send("hardhat_setBalance", [addressOf(name), "0x56bc75e2d63100000"]);
    }
  });

  after(async () => {
    await children.stopAll();
    rmSync(folder, { recursive: true, force: true });
  });

  it("a deployer rehearses a testnet: blocks at its pace, killed in the middle, resumed, read back", async () => {
    const { blockTime } = networkOf(CHAIN_ID)!;
    await chain.provider.send("evm_setAutomine", [false]);
    await chain.provider.send("evm_setIntervalMining", [blockTime * 1_000]);
    const plan = await user.run("deployer", "deploy", "--dry-run");
    const steps = (plan["steps"] as object[]).length;
    expect(await chain.provider.getTransactionCount(addressOf("deployer")), "a dry run sends nothing").to.equal(0);

    const first = user.start("deployer", () => undefined, "deploy");
    await until(
      "some of it is there",
      async () => (await chain.provider.getTransactionCount(addressOf("deployer"))) > 4,
    );
    first.kill("SIGKILL");
    await first.ended;
    const deployed = await user.run("deployer", "deploy");
    expect(deployed.error).to.equal(undefined);
    expect(await chain.provider.getTransactionCount(addressOf("deployer")), "nothing twice").to.equal(steps);
    const again = await user.run("deployer", "deploy");
    expect(again["contracts"]).to.deep.equal(deployed["contracts"]);
    expect(await chain.provider.getTransactionCount(addressOf("deployer"))).to.equal(steps);
    expect(await user.run("deployer", "deploy", "check")).to.include({ failed: 0 });
    const payloads = await user.run("deployer", "deploy", "verify", join(folder, "verification"));
    expect((payloads["contracts"] as string[]).length).to.be.greaterThan(15);

    await chain.provider.send("evm_setIntervalMining", [0]);
    await chain.provider.send("evm_setAutomine", [true]);
    suite = connectSuite(chain.provider, readDeployment(join(home, "deployments", `${CHAIN_ID}.json`), CHAIN_ID));
    const { checks } = await user.run("deployer", "doctor");
    const failing = (checks as { check: string; state: string }[]).filter(({ state }) => state === "fail");
    expect(failing).to.deep.equal([]);
  });

  it("a publisher registers a model, and anybody verifies it", async () => {
    const files = [join(DIGITS, "model.onnx"), join(DIGITS, "manifest.json")];
    const published = await user.run("publisher", "model", "publish", ...files);
    modelId = String(published["modelId"]);
    expect(await user.run("consumer", "model", "verify", modelId)).to.include({ verified: true });
    expect(await user.run("publisher", "model", "publish", ...files)).to.include({ already: true });
  });

  it("an operator stakes, names a worker and serves", async () => {
    await user.run("owner", "operator", "faucet");
    await user.run("owner", "operator", "stake", "900");
    await user.run("owner", "operator", "worker", addressOf("worker"));
    await user.run("worker", "operator", "accept", addressOf("owner"));
    await user.run("owner", "operator", "offer", modelId, "--price", "0.001", "--max-lock", "200");
    await user.run("owner", "operator", "reserve", "300");
    worker = await startWorker();
    const status = await user.run("owner", "operator", "status");
    expect(status).to.include({ worker: addressOf("worker"), jailed: false });
    expect(status["own"]).to.include({ active: String(parseEther("900")), locked: "0" });
  });

  it("a client buys by receipt and by job, through a killed worker; the operator is paid", async () => {
    const bought = ["infer", modelId, "--max-price", "0.0001", "--deposit", "0.01"];
    const answer = await user.run("consumer", ...bought, "--endpoint", endpoint, "--input", image(0));
    expect(answer.error).to.equal(undefined);
    expect(classIn(answer)).to.equal(2);
    worker.kill("SIGKILL");
    await worker.ended;
    const asked = ["job", "request", modelId, "--operator", addressOf("owner"), "--input", image(2), "--lock", "50"];
    const job = await user.run("consumer", ...asked);
    expect(await statusOf(job["jobId"])).to.equal(ClaimStatus.Assigned);
    worker = await startWorker();
    await until("the job is answered", async () => (await statusOf(job["jobId"])) === ClaimStatus.Answered);
    expect(classIn(await user.run("consumer", "job", "show", String(job["jobId"])))).to.equal(9);
    const { exposure } = await user.run("owner", "operator", "status");
    expect(exposure).to.include({ locked: String(parseEther("100")) });

    await pass(3 * DAY);
    await until("it is final", async () => (await statusOf(job["jobId"])) === ClaimStatus.Final);
    // The worker finalises and collects for its owner; fees of the job are in the owner's own account then.
    await until("fees are paid out", async () => {
      const [claimable, balance] = [
        await suite.accountLens.owedTo(addressOf("owner")),
        await chain.provider.getBalance(addressOf("owner")),
      ];
      return claimable.fees.every(({ jobs }) => jobs === 0n) && balance > 0n;
    });
  });

  it("a challenger catches a liar: quoted before, opened, carried through, rewarded", async () => {
    await user.run("mallory", "operator", "faucet");
    await user.run("mallory", "operator", "stake", "500");
    await user.run("mallory", "operator", "worker", addressOf("hand"));
    await user.run("hand", "operator", "accept", addressOf("mallory"));
    await user.run("mallory", "operator", "offer", modelId, "--price", "0.001", "--max-lock", "200");
    const liar = children.start({
      name: "liar",
      args: [...fraudArgs("another", 5), "--state", join(folder, "liar.sqlite"), "--poll", "200"],
      settings: {
        ...{ TOUCHSTONE_HOME: home, TOUCHSTONE_RPC_URL: chain.rpcUrl },
        ...{
          TOUCHSTONE_KEYSTORE: join(home, "keys/hand.json"),
          TOUCHSTONE_KEYSTORE_PASSWORD_FILE: join(home, "password"),
        },
      },
    });
    const asked = ["job", "request", modelId, "--operator", addressOf("mallory"), "--input", image(0), "--lock", "100"];
    const jobId = String((await user.run("consumer", ...asked))["jobId"]);
    await until("the liar answers", async () => (await statusOf(jobId)) === ClaimStatus.Answered);
    liar.kill("SIGTERM");

    const quote = await user.run("challenger", "challenge", "quote", jobId);
    expect(quote).to.include({ open: true, reward: String(parseEther("35")), ownPart: String(parseEther("100")) });
    const opened = await user.run("challenger", "challenge", "open", jobId);
    expect(opened).to.include({ verdict: "wrong" });
    const shown = await user.run("challenger", "challenge", "show", String(opened["challengeId"]));
    expect(shown).to.include({ status: "Open", bond: quote["bond"] });
    const watch = user.start("challenger", () => undefined, "watch", "--poll", "200");
    const { refutationWindow, airGap } = await suite.hub.challengeParams();
    await pass(Number(refutationWindow) + 60);
    await until(
      "it is upheld",
      async () =>
        (await user.run("challenger", "challenge", "show", String(opened["challengeId"])))["status"] === "Upheld",
    );
    await pass(Number(airGap) + 60);
    await until("the liar is slashed", async () => (await statusOf(jobId)) === ClaimStatus.Wrong);
    await until(
      "the reward is the challenger's",
      async () =>
        (await suite.token.balanceOf(addressOf("challenger"))) +
          (await suite.staking.rewardOf(addressOf("challenger"))) ===
        parseEther("35"),
    );
    watch.kill("SIGTERM");
    await watch.ended;
    const status = await user.run("mallory", "operator", "status");
    expect(status["own"]).to.include({ active: String(parseEther("400")) });
    expect(await suite.staking.rewardOf(addressOf("consumer")), "the consumer's share").to.equal(parseEther("15"));
  });

  it("the operator takes its stake back", async () => {
    await user.run("owner", "stake", "exit", "100");
    await user.run("owner", "stake", "withdraw");
    expect(await suite.token.balanceOf(addressOf("owner")), "before its time").to.equal(parseEther("100"));
    await pass(29 * DAY);
    // The worker releases the reservation, which the exit backed, when its receipts can't be challenged any more.
    await until("the exit may leave", async () => {
      const [page] = await suite.accountLens.exits(addressOf("owner"), addressOf("owner"), 0, 8);
      return page[0]?.withdrawable === true;
    });
    await user.run("owner", "stake", "withdraw");
    expect(await suite.token.balanceOf(addressOf("owner"))).to.equal(parseEther("200"));
    worker.kill("SIGTERM");
    expect(await worker.ended, "stops by itself").to.equal("0");
  });

  it("docs/quickstart.md names no command that was not used here", () => {
    const page = readFileSync("docs/quickstart.md", "utf8");
    const named = [...page.matchAll(/^(?:npx touchstone|as [A-Z]+) +([a-z]+)(?: ([a-z]+))?/gm)].map(
      ([, first = "", second]) => (second === undefined || !/^[a-z]+$/.test(second) ? first : `${first} ${second}`),
    );
    expect(named.length).to.be.greaterThan(15);
    // Played by test/cli/calibrate.test.ts, the simulator and the tests of pulling, staking and disputes.
    const elsewhere = ["model calibrate", "model pull", "stake deposit", "stake collect", "challenge refute"];
    const missing = [...new Set(named)].filter((command) => !user.given.has(command) && !elsewhere.includes(command));
    expect(missing).to.deep.equal([]);
  });
});

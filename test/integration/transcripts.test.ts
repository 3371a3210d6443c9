import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import { parseEther, Wallet } from "ethers";

import { tensorBytes } from "../../src/audit/bytes.js";
import { connectSuite, type Suite } from "../../src/chain/suite.js";
import { readDeployment } from "../../src/chain/deployment.js";
import { ClaimStatus } from "../../src/dispute/protocol.js";
import { networkOf } from "../../src/deploy/networks.js";
import { classOf, readDigitModel } from "../../src/sim/digits.js";
import { type Child, type Children, createChildren, ROOT } from "../../src/sim/driver/children.js";
import { fraudArgs } from "../../src/sim/driver/processes.js";
import { type Anvil, startAnvil } from "../../scripts/support/anvil.js";
import { writeAuthorProject } from "../support/author.js";
import { rehearse } from "../support/rehearsal.js";
import { openTerminal, type Printed, type Terminal } from "../support/terminal.js";

const CHAIN_ID = 421_614;
const DAY = 86_400;
const DIGITS = join(ROOT, "assets/models/mnist-8-cntk");
const FILES = [join(DIGITS, "model.onnx"), join(DIGITS, "manifest.json")];
/** Unlocking takes a second or two each time, so the others have throw-away keys. */
const KEYSTORES: readonly string[] = ["deployer", "worker", "hand"];
const HANDS = ["worker", "hand"];
const NAMES = ["deployer", "publisher", "owner", "consumer", "author", "challenger", "mallory", ...HANDS];

/**
 * What people do with docs/quickstart.md, by the commands that stand there, on a chain of its own with a testnet's id: deploy
 * (killed in the middle), publish, stake, serve (killed in the middle, and reorganised), buy, build on answers, catch a liar, withdraw.
 */
describe("transcripts of every role", function () {
  this.timeout(600_000);
  const folder = mkdtempSync(join(tmpdir(), "touchstone-transcripts-"));
  const home = join(folder, "home");
  const addresses = new Map<string, string>();
  const keys = new Map<string, string>();
  let children: Children;
  let chain: Anvil;
  let user: Terminal;
  let suite: Suite;
  let modelId: string;
  let worker: Child;
  let endpoint: string;

  const addressOf = (name: string): string => addresses.get(name) ?? "";
  const image = (n: number): string => join(DIGITS, `test_data_set_${n}/input_0.pb`);
  const classIn = ({ outputs }: Printed): number => classOf((outputs as string[][])[0]!.map(Number));

  async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
    for (const deadline = Date.now() + 300_000; Date.now() < deadline;) {
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
    const child = user.start(
      "worker",
      () => undefined,
      ...["worker", "run", "--poll", "200", "--listen", "127.0.0.1:0", "--serve", `${modelId}=0.0001`],
      ...["--provider", "cpu", "--audit-above", "500"],
    );
    const line = await child.prints((text) => text.includes('"event":"listening"'));
    endpoint = (JSON.parse(line) as { at: string }).at;
    return child;
  }

  before(async () => {
    mkdirSync(home);
    children = createChildren(join(folder, "logs"));
    chain = await startAnvil("--chain-id", String(CHAIN_ID));
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
    await chain.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("a deployer rehearses a testnet: blocks at its pace, killed in the middle, resumed, read back", async () => {
    await rehearse({ chain, network: networkOf(CHAIN_ID)!, user, deployer: addressOf("deployer"), folder });
    suite = connectSuite(chain.provider, readDeployment(join(home, "deployments", `${CHAIN_ID}.json`), CHAIN_ID));
    const { checks } = await user.run("deployer", "doctor");
    const failing = (checks as { check: string; state: string }[]).filter(({ state }) => state === "fail");
    expect(failing).to.deep.equal([]);
  });

  it("a publisher registers a model, and anybody verifies it", async () => {
    const uri = ["--uri", "https://models.example/digits.onnx"];
    const published = await user.run("publisher", "model", "publish", ...FILES, ...uri);
    modelId = String(published["modelId"]);
    expect(await user.run("consumer", "model", "verify", modelId)).to.include({ verified: true });
    expect(await user.run("publisher", "model", "publish", ...FILES)).to.include({ already: true });
  });

  it("an operator stakes, names a worker and serves", async () => {
    await user.run("owner", "operator", "faucet");
    await user.run("owner", "operator", "stake", "900");
    await user.run("owner", "operator", "worker", addressOf("worker"));
    await user.run("worker", "operator", "accept", addressOf("owner"));
    const terms = ["--price", "0.001", "--answer-gas", "120000", "--max-lock", "200", "--min-duration", "10m"];
    await user.run("owner", "operator", "offer", modelId, ...terms, "--concurrency", "8");
    await user.run("owner", "operator", "reserve", "300");
    worker = await startWorker();
    const status = await user.run("owner", "operator", "status");
    expect(status).to.include({ worker: addressOf("worker"), jailed: false });
    expect(status["own"]).to.include({ active: String(parseEther("900")), locked: "0" });
  });

  it("the worker survives reorganisations: what they take back is answered again, once", async () => {
    const asked = ["job", "request", modelId, "--operator", addressOf("owner"), "--input", image(1), "--lock", "50"];
    const ask = async (): Promise<string> => {
      const { jobId, error } = await user.run("consumer", ...asked);
      expect(error).to.equal(undefined);
      return String(jobId);
    };
    const answersTo = (jobId: string) => suite.jobs.queryFilter(suite.jobs.filters.JobAnswered(jobId));
    let jobId = await ask();
    // First the answer alone is taken back, then the request with it, and its consumer asks again.
    for (const asksAgain of [false, true]) {
      await until("the job is answered", async () => (await answersTo(jobId)).length === 1);
      const [first] = await answersTo(jobId);
      const [requested] = await suite.jobs.queryFilter(suite.jobs.filters.JobRequested(jobId));
      const from = asksAgain ? requested!.blockNumber : first!.blockNumber;
      await chain.provider.send("anvil_reorg", [(await chain.provider.getBlockNumber()) - from + 1, []]);
      expect(await chain.provider.getBlock(first!.blockHash), "that block is gone").to.equal(null);
      if (asksAgain) jobId = await ask();
      await until("it is answered again", async () => {
        const again = await answersTo(jobId);
        return again.length === 1 && again[0]!.blockHash !== first!.blockHash;
      });
    }
    expect(await statusOf(jobId)).to.equal(ClaimStatus.Answered);
    expect(classIn(await user.run("consumer", "job", "show", jobId))).to.equal(0);
    expect(worker.isRunning()).to.equal(true);
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
    expect(exposure).to.include({ locked: String(parseEther("150")) });
    const silent = ["--endpoint", "http://127.0.0.1:9", "--max-price", "0.001", "--deposit", "0.01"];
    const forced = await user.run("consumer", "infer", modelId, ...silent, "--input", image(1), "--force-lock", "50");
    expect(forced).to.include({ by: "job", operator: addressOf("owner") });
    expect(classIn(forced)).to.equal(0);

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

  it("a contract author writes a consumer, deploys it, asks, and the contract acts on the final answer", async () => {
    const project = writeAuthorProject(join(folder, "author"));
    const nine = join(folder, "nine.bin");
    const { digits } = readDigitModel(ROOT);
    writeFileSync(nine, tensorBytes(digits[2]!.image));
    await project.hardhat({}, "build");
    const printed = await project.hardhat(
      {
        ...{ TOUCHSTONE_RPC_URL: chain.rpcUrl, AUTHOR_KEY: keys.get("author")!, MODEL: modelId, IMAGE: nine },
        ...{ ADDRESS_BOOK: join(home, "deployments", `${CHAIN_ID}.json`), OPERATOR: addressOf("owner") },
      },
      ...["run", "scripts/ask.ts", "--network", "touchstone"],
    );
    const { pot, jobId } = JSON.parse(printed.trim().split("\n").at(-1)!) as { pot: string; jobId: string };
    await until("the worker answers", async () => (await statusOf(jobId)) === ClaimStatus.Answered);
    expect(classIn(await user.run("author", "job", "show", jobId))).to.equal(9);
    expect(await chain.provider.getBalance(pot), "the answer may still be challenged").to.equal(parseEther("0.1"));
    const before = await chain.provider.getBalance(addressOf("author"));
    await pass(3 * DAY);
    await until("it is final", async () => (await statusOf(jobId)) === ClaimStatus.Final);
    expect(await chain.provider.getBalance(pot)).to.equal(0n);
    expect((await chain.provider.getBalance(addressOf("author"))) - before).to.equal(parseEther("0.1"));
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

  it("a deployer retires the deployment: no new models, the rest goes on, and the next one begins", async () => {
    const book = join(home, "deployments", `${CHAIN_ID}.json`);
    const retired = await user.run("deployer", "deploy", "retire");
    expect(retired).to.deep.include({ formats: [1], addressBook: `${book}.retired-${suite.deployment.hub}` });
    expect(await suite.registry.isRetired(1)).to.equal(true);
    expect((await user.run("publisher", "hub")).error?.code).to.equal("DEPLOYMENT_UNKNOWN");
    // Who has the address book goes on: what the liar has left leaves as always.
    renameSync(String(retired["addressBook"]), book);
    expect((await user.run("mallory", "stake", "exit", "all")).error).to.equal(undefined);
    const { error } = await user.run("consumer", "model", "publish", ...FILES);
    expect(error?.code).to.equal("FormatIsRetired");
    rmSync(book);
    const plan = await user.run("deployer", "deploy", "--dry-run");
    expect(plan).to.include({ done: 0 });
  });
});

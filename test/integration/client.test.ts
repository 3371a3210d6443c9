import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import { build } from "esbuild";
import { parseEther, Wallet, ZeroAddress } from "ethers";
import { chromium } from "playwright-core";

import { answer as auditAnswer } from "../../src/audit/exec/fast/execute.js";
import { type Client, type ClientOptions, createClient, createMemory } from "../../src/client/index.js";
import { ClaimStatus } from "../../src/dispute/protocol.js";
import { TouchstoneError } from "../../src/errors.js";
import { compareWithAudit } from "../../src/dispute/examine.js";
import { prepareModel } from "../../src/models/prepared.js";
import { publishModel } from "../../src/models/publish.js";
import type { TensorSpec } from "../../src/receipts/wire.js";
import { classOf, readDigitModel } from "../../src/sim/digits.js";
import type { Actor } from "../../src/sim/driver/actors.js";
import { type Children, createChildren, ROOT } from "../../src/sim/driver/children.js";
import { joinOperator, openOffer, type Operator, TERMS } from "../../src/sim/driver/operators.js";
import { DEFAULT_RUNTIME, fraudArgs, watcherArgs, workerArgs } from "../../src/sim/driver/processes.js";
import { createWorld, type World } from "../../src/sim/driver/world.js";
import { startServer } from "../../src/sim/market/server.js";
import { published } from "../support/digits.js";

const CHROMIUM = "/usr/bin/chromium";
const PRICE = parseEther("0.0001");
const SEED = 17;

describe("client, against real processes", function () {
  this.timeout(300_000);
  const folder = mkdtempSync(join(tmpdir(), "touchstone-client-"));
  const home = join(folder, "home");
  const digits = readDigitModel(ROOT);
  const prepared = prepareModel(digits.bytes, digits.manifest);
  const image = digits.digits[0]!.image;
  const endpoints = new Map<string, URL>();
  let children: Children;
  let world: World;
  let modelId: string;
  let ada: Operator;
  let mallory: Operator;

  async function serve(name: string, actor: Actor, args: readonly string[]): Promise<void> {
    endpoints.set(name, (await startServer(world, { name, actor, args })).endpoint);
  }

  async function clientOf(name: string, more: Partial<ClientOptions> = {}): Promise<Client> {
    const actor = await world.actors.get(name);
    const { suite } = world;
    return createClient({
      ...{ suite, signer: new Wallet(actor.privateKey, suite.provider), sender: world.sender(actor) },
      ...{ state: createMemory(), model: () => Promise.resolve(prepared), cap: 20n * PRICE + TERMS.price, pollMs: 100 },
      log: { info: () => undefined, warn: () => undefined },
      ...more,
    });
  }

  const question = (...names: string[]) => ({
    ...{ modelId, inputs: [image], maxPrice: TERMS.price, deposit: 10n * PRICE, watchers: [endpoints.get("watcher")!] },
    endpoints: names.map((name) => endpoints.get(name) ?? new URL("http://127.0.0.1:9")),
  });

  const codeOf = (asked: Promise<unknown>): Promise<string | undefined> =>
    asked.then(
      () => undefined,
      (thrown: unknown) => (thrown instanceof TouchstoneError ? thrown.code : String(thrown)),
    );

  before(async () => {
    children = createChildren(join(folder, "logs"));
    const none = (): void => undefined;
    world = await createWorld({ children, home, seed: SEED, pollMs: 100, onWorld: none, onStep: none });
    const { suite, actors, files } = world;
    const publisher = world.sender(await actors.get("publisher"));
    const { bytes, manifest } = digits;
    ({ modelId } = await publishModel(
      { suite, sender: publisher, files },
      { bytes, manifest, parent: `0x${"0".repeat(64)}`, uri: "" },
    ));
    [ada, mallory] = [await joinOperator(world, "ada", modelId), await joinOperator(world, "mallory", modelId)];
    for (const { owner } of [ada, mallory]) {
      const cap = await suite.receipts.setReservationCap.populateTransaction(parseEther("500"));
      await world.sender(owner).send(cap);
    }
    const terms = ["--serve", `${modelId}=0.0001`];
    await serve("ada", ada.worker, [...workerArgs(DEFAULT_RUNTIME), ...terms]);
    await serve("mallory", mallory.worker, [...fraudArgs("another", SEED), ...terms]);
    await serve("watcher", await actors.get("watcher"), watcherArgs());
  });

  after(async () => {
    await children.stopAll();
    rmSync(folder, { recursive: true, force: true });
  });

  it("buys by receipt, inside its cap and never beyond", async () => {
    const client = await clientOf("carol", { cap: 2n * PRICE });
    for (const n of [1n, 2n]) {
      const answer = await client.ask(question("nowhere", "ada"));
      expect(answer.by).to.equal("receipt");
      expect(classOf([...answer.outputs[0]!.data].map(Number))).to.equal(digits.digits[0]!.digit);
      expect(client.spent()).to.equal(n * PRICE);
    }
    expect(await codeOf(client.ask(question("ada")))).to.equal("SPENDING_CAP");
    expect(client.spent()).to.equal(2n * PRICE);
  });

  it("refuses a price above its most, and gives nothing away where nobody answers", async () => {
    const client = await clientOf("carl");
    expect(await codeOf(client.ask({ ...question("ada"), maxPrice: PRICE - 1n }))).to.equal("PRICE_TOO_HIGH");
    expect(await codeOf(client.ask(question("nowhere")))).to.equal("NOBODY_ANSWERS");
    expect(client.spent()).to.equal(0n);
  });

  it("forces an answer on-chain where every endpoint is silent", async () => {
    const client = await clientOf("cleo");
    const force = { lock: TERMS.lock, within: TERMS.duration };
    // Both operators take jobs at one price; the first that is found answers or not, so the silent one is closed first.
    const { offers } = world.suite;
    const { offer } = await offers.offerOf(mallory.owner.address, modelId);
    const { currency, answerGas, price, maxLock, minDuration, concurrency } = offer;
    const shut = { currency, answerGas, price, maxLock, minDuration, concurrency, open: false };
    await world.sender(mallory.owner).send(await offers.setOffer.populateTransaction(modelId, shut));
    const answer = await client.ask({ ...question("nowhere"), force });
    expect(answer).to.include({ by: "job", operator: ada.owner.address });
    expect(classOf([...answer.outputs[0]!.data].map(Number))).to.equal(digits.digits[0]!.digit);
    expect(client.spent()).to.equal(TERMS.price);
  });

  it("gets its fee back from an operator that stays silent on-chain too, and that pays for it", async () => {
    const { suite } = world;
    const client = await clientOf("celia");
    const silent = await joinOperator(world, "sid", modelId);
    const before = await suite.staking.stakeOf(silent.owner.address);
    // Cheaper than all others, and nobody there.
    await openOffer(world, silent.owner, modelId, ZeroAddress, TERMS.price / 2n);
    const force = { lock: TERMS.lock, within: TERMS.duration };
    const asked = codeOf(client.ask({ ...question("nowhere"), force }));
    const { jobs } = suite;
    const requested = () => jobs.queryFilter(jobs.filters.JobRequested(undefined, silent.owner.address));
    while ((await requested()).length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    const [{ args }] = (await requested()) as [Awaited<ReturnType<typeof requested>>[number]];
    const { deadline } = await jobs.job(args.jobId);
    while ((await suite.hub.time()) <= deadline) {
      expect(await world.clock.advance(), "something is due").to.equal(true);
    }
    expect(await asked).to.equal("OPERATOR_SILENT");
    expect(client.spent(), "nothing is gone").to.equal(0n);
    expect(Number((await jobs.job(args.jobId)).status)).to.equal(ClaimStatus.Refunded);
    const refunds = await client.refunds();
    expect(refunds.map(({ what, currency }) => [what, currency])).to.deep.equal([["job fees", ZeroAddress]]);
    expect(Number(refunds[0]!.amount), "the fee and what was paid for gas").to.be.at.least(Number(TERMS.price / 2n));
    expect(before - (await suite.staking.stakeOf(silent.owner.address)), "a hundredth of the lock").to.equal(
      TERMS.lock / 100n,
    );
  });

  it("recomputes, hands a wrong receipt to a watcher, and takes its refund", async () => {
    const isRight: NonNullable<ClientOptions["isRight"]> = (_, inputs, outputs) =>
      Promise.resolve(
        compareWithAudit(prepared, auditAnswer(prepared.graph, inputs), published(outputs)) === undefined,
      );
    const client = await clientOf("cora", { isRight });
    const answer = await client.ask(question("mallory"));
    if (answer.by !== "receipt") expect.fail("not by receipt");
    expect(answer.right).to.equal(false);
    const { receipts } = world.suite;
    // It came to the watcher by HTTP.
    await world.clock.settleAnew();
    while (Number((await receipts.claim(answer.claimId)).status) === ClaimStatus.Answered) {
      expect(await world.clock.advance(), "something is due").to.equal(true);
    }
    expect(Number((await receipts.claim(answer.claimId)).status)).to.equal(ClaimStatus.Wrong);
    const refunds = await client.refunds();
    expect(refunds.find(({ what }) => what === "rewards")?.amount).to.equal(parseEther("7.5"));
    expect(await client.refunds()).to.deep.equal([]);
  });

  it("works in a web page, in Chromium", async function () {
    if (!existsSync(CHROMIUM)) {
      console.warn(`      SKIPPED: ${CHROMIUM} is not installed (Debian's chromium)`);
      this.skip();
    }
    const bundle = await build({
      entryPoints: [join(ROOT, "test/support/page.ts")],
      ...{ bundle: true, format: "esm", platform: "browser", write: false, logLevel: "silent", minify: true },
    });
    const page = createServer((request, response) => {
      const isScript = request.url === "/page.js";
      response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
      response.end(
        isScript ? bundle.outputFiles[0]!.text : '<!doctype html><script type="module" src="/page.js"></script>',
      );
    });
    await new Promise<void>((resolve) => page.listen(0, "127.0.0.1", resolve));
    const browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
    });
    try {
      const tab = await browser.newPage();
      const faults: string[] = [];
      tab.on("pageerror", (error) => faults.push(String(error)));
      await tab.goto(`http://127.0.0.1:${(page.address() as AddressInfo).port}/`);
      await tab.waitForFunction("globalThis.buy !== undefined", undefined, { timeout: 60_000 }).catch(() => undefined);
      expect(faults).to.deep.equal([]);
      const specOf = ({ name, dtype, shape }: TensorSpec) => ({ name, dtype, shape });
      const { inputs, outputs } = prepared.graph;
      const asked = {
        ...{ rpcUrl: world.rpcUrl, deployment: world.suite.deployment, modelId },
        privateKey: (await world.actors.get("wendy")).privateKey,
        endpoint: String(endpoints.get("ada")),
        graph: { inputs: inputs.map(specOf), outputs: outputs.map(specOf) },
        image: { dtype: image.dtype, shape: image.shape, data: [...image.data].map(Number) },
        ...{ price: String(PRICE), deposit: String(10n * PRICE) },
      };
      const bought: unknown = await tab.evaluate(`globalThis.buy(${JSON.stringify(asked)})`);
      const { scores, by, spent } = bought as { scores: number[]; by: string; spent: string };
      expect([by, spent, classOf(scores)]).to.deep.equal(["receipt", String(PRICE), digits.digits[0]!.digit]);
    } finally {
      await browser.close();
      page.close();
    }
  });
});

import { mkdtempSync, rmSync, existsSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { EIP1193Provider } from "@nomicfoundation/ignition-core";
import { expect } from "chai";
import { getAddress } from "ethers";
import { network } from "hardhat";

import { compareDocument } from "../../scripts/bench/document.js";
import { COSTS_FILE, costTables } from "../../scripts/generate/deploy-costs.js";
import Touchstone from "../../deploy/modules/Touchstone.js";
import { readDeployment } from "../../src/chain/deployment.js";
import { createArtifacts } from "../../src/deploy/artifacts.js";
import { checkDeployment } from "../../src/deploy/check.js";
import { checkGoal, deploySuite, type Goal, placedIn, planFor, type Tools } from "../../src/deploy/goal.js";
import { readJournal } from "../../src/deploy/journal.js";
import { type DeploymentNetwork, networkOf, NETWORKS } from "../../src/deploy/networks.js";
import { parametersFor, readParameterFile } from "../../src/deploy/parameters.js";
import { deployModule } from "../../src/deploy/run.js";
import { payloadsOf } from "../../src/deploy/verification.js";
import { Hub__factory } from "../../typechain-types/index.js";
import { codeOf } from "../support/codes.js";

const artifacts = createArtifacts("artifacts");
const LOCAL = networkOf(31_337)!;
/** When a deployer's node, or the deployer, goes away. */
const MOMENTS = ["before sending", "after sending", "waiting"] as const;
type Moment = (typeof MOMENTS)[number];

type Chain = Awaited<ReturnType<typeof network.create<"generic">>>;

describe("deployment", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "touchstone-deploy-"));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  async function begin(to: DeploymentNetwork, own = {}): Promise<{ chain: Chain; tools: Tools; goal: Goal }> {
    const chain = await network.create({ override: { chainId: to.chainId } });
    const { ethers, provider } = chain;
    const [deployer] = await ethers.getSigners();
    return {
      chain,
      tools: {
        ...{ provider: ethers.provider, node: provider, deployer: deployer!.address, artifacts },
        onProgress: () => undefined,
      },
      goal: {
        network: to,
        parameters: parametersFor(to, "deploy/parameters", own),
        book: join(folder, "book.json"),
        journal: join(folder, "journal"),
      },
    };
  }

  for (const to of NETWORKS) {
    it(`goes to ${to.name} within its estimate, and everything reads back`, async () => {
      const { chain, tools, goal } = await begin(to);
      const { steps, done } = await planFor(tools, goal);
      expect(done).to.equal(0);
      const { contracts, findings } = await deploySuite(tools, goal);
      expect(findings.filter(({ ok }) => !ok)).to.deep.equal([]);
      expect(findings.filter(({ what }) => what.startsWith("parameter ")).length).to.be.greaterThan(30);
      expect(findings.filter(({ what }) => what.endsWith("()")).length).to.be.greaterThan(20);
      const book = readDeployment(goal.book, to.chainId);
      expect(book).to.include({ hub: contracts["hub"], receipts: contracts["receipts"], block: 1 });

      const hub = Hub__factory.connect(book.hub, chain.ethers.provider);
      const { feeOracle } = await hub.challengeParams();
      expect(BigInt(feeOracle) !== 0n).to.equal(to.feeOracle !== undefined);

      // Each transaction takes less than was said before, and all of them together not much less.
      let used = 0n;
      for (const { type, futureId, receipt, hash } of readJournal(goal.journal)) {
        if (type !== "TRANSACTION_CONFIRM" || receipt === undefined) continue;
        const { gasUsed } = (await chain.ethers.provider.getTransactionReceipt(hash!))!;
        const step = steps.find(({ id }) => id === futureId);
        expect(step?.gas, futureId).to.be.greaterThanOrEqual(gasUsed);
        used += gasUsed;
      }
      const estimate = steps.reduce((sum, { gas }) => sum + gas, 0n);
      expect(Number(estimate) / Number(used)).to.be.within(1, 1.3);

      // Again: nothing to do.
      const head = await chain.ethers.provider.getBlockNumber();
      expect((await planFor(tools, goal)).steps).to.deep.equal([]);
      await deploySuite(tools, goal);
      expect(await chain.ethers.provider.getBlockNumber()).to.equal(head);
      expect(readDeployment(goal.book, to.chainId)).to.deep.equal(book);
    });
  }

  it("costs what docs/deploying.md says", async () => {
    const { stands, expected } = await compareDocument(COSTS_FILE, "costs", costTables(artifacts));
    expect(stands, "npx tsx scripts/generate/deploy-costs.ts renews it").to.equal(expected);
  });

  it("names every parameter in every file", () => {
    const [first, ...others] = NETWORKS.map(({ parameterFile }) =>
      readParameterFile(`deploy/parameters/${parameterFile}`),
    );
    for (const other of others) expect(Object.keys(other)).to.deep.equal(Object.keys(first!));
    expect(codeOf(() => parametersFor(LOCAL, "deploy/parameters", { unbondng: 1 }))).to.equal("PARAMETERS_INVALID");
  });

  it("sends nothing where the deployer can't pay for all of it", async () => {
    const { chain, tools, goal } = await begin(LOCAL);
    const { funding } = await planFor(tools, goal);
    await chain.networkHelpers.setBalance(tools.deployer, funding.total - 1n);
    const error = await deploySuite(tools, goal).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).to.include({ code: "FUNDS_SHORT" });
    expect(await chain.ethers.provider.getTransactionCount(tools.deployer)).to.equal(0);
    expect(existsSync(goal.book)).to.equal(false);
  });

  it("seats a governor and a guardian, and keeps no role for the deployer", async () => {
    const [governor, guardian] = [
      "0x00000000000000000000000000000000000000aa",
      "0x00000000000000000000000000000000000000bb",
    ].map((each) => getAddress(each)) as [string, string];
    const { chain, tools, goal } = await begin(LOCAL, { governor, guardian });
    const { findings } = await deploySuite(tools, goal);
    expect(findings.filter(({ what, ok }) => ok && what.includes("of the deployer"))).to.have.length(4);
    // Asked for other seats or parameters, or shown other code or peers, the check says so.
    const check = async (change: Partial<Goal>) =>
      (await checkGoal(tools, { ...goal, ...change })).filter(({ ok }) => !ok).map(({ what }) => what);
    const { parameters } = goal;
    expect(await check({ parameters: { ...parameters, governor: guardian } })).to.deep.equal(
      ["governor", "emergency", "admin"].map((role) => `role ${role} of ${guardian}, with delay`),
    );
    expect(await check({ parameters: { ...parameters, airGap: 7, registrationDeposit: 1n } })).to.deep.equal([
      "parameter airGap",
      "parameter registrationDeposit",
    ]);
    const other = await begin(LOCAL);
    await deploySuite(
      { ...tools },
      { ...other.goal, journal: join(folder, "second"), book: join(folder, "second.json") },
    );
    const second = await placedIn(join(folder, "second"), artifacts);
    const placed = (await placedIn(goal.journal, artifacts)).map((each) =>
      each.name === "registry" ? second.find(({ name }) => name === "registry")! : each,
    );
    const mixed = await checkDeployment(chain.ethers.provider, artifacts, {
      placed,
      deployer: tools.deployer,
      parameters,
    });
    expect(mixed.filter(({ ok }) => !ok).map(({ what }) => what)).to.include.members([
      "offers.registry()",
      "jobs.registry()",
    ]);
    const { address } = placed.find(({ name }) => name === "jobs")!;
    await chain.networkHelpers.setCode(address, "0x60006000fd");
    expect(await check({})).to.deep.equal([`code of jobs at ${address}`]);
  });

  it("writes payloads whose sources compile to the deployed code, byte for byte", async function () {
    // Two small ones; TOUCHSTONE_VERIFY_ALL=1 compiles all of them, a quarter of an hour of one core that is free.
    const all = process.env["TOUCHSTONE_VERIFY_ALL"] === "1";
    this.timeout(all ? 7_200_000 : 600_000);
    const { chain, tools, goal } = await begin(LOCAL);
    await deploySuite(tools, goal);
    const placed = await placedIn(goal.journal, artifacts);
    const payloads = await payloadsOf({ ...goal, artifacts, placed, chainId: 31_337 });
    expect(payloads).to.have.length(placed.length);
    const chosen = payloads.filter(({ contract }) => all || /:(Governance|DelegatorFees)$/.test(contract));
    for (const { contract, sourcify, explorer, standardJson, address } of chosen) {
      if (all) console.log(`      ${contract}`);
      const creation = compile(standardJson, contract);
      expect(JSON.parse(explorer["sourceCode"]!), contract).to.deep.equal(standardJson);
      const { contractName, creator } = placed.find((each) => each.address === address)!;
      if (creator !== undefined) {
        expect(`0x${creation}`, contract).to.equal(artifacts.read(contractName, creator).bytecode);
        continue;
      }
      const transaction = await chain.ethers.provider.getTransaction(String(sourcify["creationTransactionHash"]));
      expect(transaction?.data, contract).to.equal(`0x${creation}${explorer["constructorArguments"]}`);
    }
  });

  it("resumes wherever it was interrupted, with one sealed suite and no contract deployed twice", async function () {
    this.timeout(300_000);
    const parameters = { Touchstone: { ...parametersFor(LOCAL, "deploy/parameters") } };
    const run = (chain: Chain, node: EIP1193Provider, sender: string, journal: string) =>
      deployModule(
        {
          ...{ provider: chain.ethers.provider, node, sender, artifacts, journal },
          ...{ confirmations: 1, pollMs: 20, onProgress: () => undefined },
        },
        Touchstone,
        parameters,
      );
    const whole = await begin(LOCAL);
    const counting = flaky(whole.tools.node, 0, "waiting");
    await run(whole.chain, counting, whole.tools.deployer, join(folder, "whole"));
    const transactions = counting.sent();

    // The first, one in the middle, the sealing and the handover.
    for (const failing of [1, Math.ceil(transactions / 2), transactions - 1, transactions]) {
      for (const moment of MOMENTS) {
        const at = `${moment} transaction ${failing}`;
        const { chain, tools } = await begin(LOCAL);
        await run(chain, flaky(tools.node, failing, moment), tools.deployer, join(folder, at)).then(
          () => expect.fail("the deployment went on without a node"),
          () => undefined,
        );
        const { hub: address, jobs, receipts } = await run(chain, tools.node, tools.deployer, join(folder, at));
        const hub = Hub__factory.connect(address!, chain.ethers.provider);
        expect(await hub.isSealed(), at).to.equal(true);
        expect(await hub.sources(), at).to.deep.equal([jobs, receipts]);
        expect(await chain.ethers.provider.getTransactionCount(tools.deployer), at).to.equal(transactions);
      }
    }
  });
});

/** A node that goes away around its `failing`-th transaction (0 for never). */
function flaky(provider: EIP1193Provider, failing: number, moment: Moment) {
  let sent = 0;
  let down = false;
  const request = async (args: { method: string; params?: unknown[] }): Promise<unknown> => {
    const sends = args.method === "eth_sendTransaction";
    if (sends) sent++;
    const fails = sent === failing && (moment === "waiting" ? args.method === "eth_getTransactionReceipt" : sends);
    down ||= fails && moment !== "after sending";
    if (down) throw new TypeError("the node is gone");
    const result: unknown = await provider.request(args);
    down = fails;
    if (down) throw new TypeError("the node is gone");
    return result;
  };
  return { request, sent: () => sent };
}

interface Output {
  readonly contracts: Readonly<Record<string, Readonly<Record<string, { evm: { bytecode: { object: string } } }>>>>;
}

/** Creation code of one contract of a standard JSON input, as a verifier makes it, by the compiler that the suite is built with. */
function compile(input: object, contract: string): string {
  const solc = createRequire(import.meta.url)("solc") as { compile(input: string): string };
  const at = contract.lastIndexOf(":");
  const [source, name] = [contract.slice(0, at), contract.slice(at + 1)];
  const { settings, ...rest } = input as { settings: object };
  const only = {
    ...rest,
    settings: { ...settings, outputSelection: { [source]: { [name]: ["evm.bytecode.object"] } } },
  };
  const { contracts } = JSON.parse(solc.compile(JSON.stringify(only))) as Output;
  return contracts[source]![name]!.evm.bytecode.object;
}

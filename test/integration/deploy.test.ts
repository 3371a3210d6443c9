import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { HardhatArtifactResolver, readDeploymentParameters } from "@nomicfoundation/hardhat-ignition/helpers";
import {
  deploy,
  DeploymentResultType,
  type EIP1193Provider,
  trackTransaction,
  wipe,
} from "@nomicfoundation/ignition-core";
import { expect } from "chai";
import hre, { network } from "hardhat";

import { FORMAT } from "../../src/audit/content.js";
import Touchstone from "../../deploy/modules/Touchstone.js";
import { Governance__factory, Hub__factory, OperatorStaking__factory } from "../../typechain-types/index.js";

/** When a deployer's node, or the deployer, goes away. */
const MOMENTS = ["before sending", "after sending", "waiting"] as const;
type Moment = (typeof MOMENTS)[number];

describe("deployment", () => {
  for (const name of ["localhost", "testnet"]) {
    it(`wires the suite with the parameters for ${name}`, async () => {
      const connection = await network.create();
      const { ethers, ignition } = connection;
      const suite = await ignition.deploy(Touchstone, { parameters: `deploy/parameters/${name}.json` });
      const hub = Hub__factory.connect(await suite.hub.getAddress(), ethers.provider);
      expect(await hub.isSealed()).to.equal(true);
      expect(await hub.challengeManager()).to.equal(await suite.challenges.getAddress());
      expect(await hub.sources()).to.deep.equal([await suite.jobs.getAddress(), await suite.receipts.getAddress()]);
      const governance = Governance__factory.connect(await hub.authority(), ethers.provider);
      const [deployer] = await ethers.getSigners();
      const [isAdmin, delay] = await governance.hasRole(0, deployer!);
      expect([isAdmin, delay > (await hub.stakingParams()).unbonding]).to.deep.equal([true, true]);
      const staking = OperatorStaking__factory.connect(await suite.staking.getAddress(), ethers.provider);
      expect(await staking.token()).to.equal(await suite.token.getAddress());
      expect(await suite["registry"]["arbiterOf"]!(FORMAT)).to.equal(await suite.arbiter.getAddress());
    });
  }

  it("names every parameter in every file", async () => {
    const files = await Promise.all(
      ["localhost", "testnet"].map((name) => readDeploymentParameters(`deploy/parameters/${name}.json`)),
    );
    const keysOf = (file: (typeof files)[number]) =>
      Object.entries(file).map(([module, values]) => [module, Object.keys(values)]);
    expect(keysOf(files[0]!)).to.deep.equal(keysOf(files[1]!));
  });

  describe("interrupted anywhere and resumed", () => {
    let folder: string;

    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), "touchstone-deploy-"));
    });

    afterEach(() => {
      rmSync(folder, { recursive: true });
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

    async function attempt(provider: EIP1193Provider, deploymentDir: string) {
      return deploy({
        provider,
        deploymentDir,
        artifactResolver: new HardhatArtifactResolver(hre.artifacts),
        ignitionModule: Touchstone,
        deploymentParameters: await readDeploymentParameters("deploy/parameters/localhost.json"),
        accounts: (await provider.request({ method: "eth_accounts" })) as string[],
        config: { requiredConfirmations: 1, blockPollingInterval: 1 },
      });
    }

    it("ends with one sealed suite and no contract deployed twice", async () => {
      const whole = await network.create();
      const counting = flaky(whole.provider, 0, "waiting");
      await attempt(counting, join(folder, "whole"));
      const transactions = counting.sent();
      const expectedBlock = await whole.ethers.provider.getBlockNumber();

      // The first, one in the middle, the sealing and the handover; all sixteen were tried, and take 40 s.
      for (const failing of [1, Math.ceil(transactions / 2), transactions - 1, transactions]) {
        for (const moment of MOMENTS) {
          const at = `${moment} transaction ${failing}`;
          const directory = join(folder, at);
          const { provider, ethers } = await network.create();
          await attempt(flaky(provider, failing, moment), directory).then(
            () => expect.fail("the deployment went on without a node"),
            () => undefined,
          );
          if (moment !== "waiting") await settleLost(provider, directory, moment);
          const result = await attempt(provider, directory);
          if (result.type !== DeploymentResultType.SUCCESSFUL_DEPLOYMENT) {
            expect.fail(`${at}: ${JSON.stringify(result)}`);
          }
          const hub = Hub__factory.connect(result.contracts["Touchstone#Hub"]!.address, ethers.provider);
          expect(await hub.isSealed(), at).to.equal(true);
          expect(await hub.sources()).to.deep.equal(
            ["JobEscrow", "ReceiptEscrow"].map((name) => result.contracts[`Touchstone#${name}`]!.address),
          );
          // Every transaction has a block of its own here.
          expect(await ethers.provider.getBlockNumber(), at).to.equal(expectedBlock);
        }
      }
    });

    /** Tells Ignition what became of a transaction that its journal knows as prepared only, as docs/contracts/hub.md says. */
    async function settleLost(provider: EIP1193Provider, directory: string, moment: Moment) {
      const refusal = await attempt(provider, directory).then(
        () => expect.fail("a lost transaction went unnoticed"),
        (error: unknown) => String(error),
      );
      expect(refusal).to.contain("track-tx");
      if (moment === "after sending") {
        const block = (await provider.request({ method: "eth_getBlockByNumber", params: ["latest", false] })) as {
          transactions: string[];
        };
        await trackTransaction(directory, block.transactions[0]!, provider, 1);
      } else {
        const future = /for future (\S+)\.\s/.exec(refusal)?.[1];
        await wipe(directory, new HardhatArtifactResolver(hre.artifacts), future!);
      }
    }
  });
});

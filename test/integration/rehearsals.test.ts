import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Wallet } from "ethers";

import { NETWORKS } from "../../src/deploy/networks.js";
import { createChildren } from "../../src/sim/driver/children.js";
import { startAnvil } from "../../scripts/support/anvil.js";
import { rehearse } from "../support/rehearsal.js";
import { openTerminal } from "../support/terminal.js";

/** test/integration/transcripts.test.ts plays one network in every run; all of them take ten minutes, most of it blocks of 12 s. */
const ALL = process.env["REHEARSE_ALL"] === "1";

describe("rehearsals of every testnet", function () {
  this.timeout(1_200_000);
  if (!ALL) before("named", () => console.log("      SKIPPED: REHEARSE_ALL=1 rehearses each network"));

  for (const network of NETWORKS.filter(({ explorer }) => explorer !== undefined)) {
    it(`${network.name}: its id, a block every ${network.blockTime} s, killed in the middle and resumed`, async function () {
      if (!ALL) this.skip();
      const folder = mkdtempSync(join(tmpdir(), "touchstone-rehearsal-"));
      const home = join(folder, "home");
      mkdirSync(home);
      const children = createChildren(join(folder, "logs"));
      const chain = await startAnvil("--chain-id", String(network.chainId));
      try {
        const { address, privateKey } = Wallet.createRandom();
        await chain.provider.send("hardhat_setBalance", [address, "0x56bc75e2d63100000"]);
        const user = openTerminal(children, { home, rpcUrl: chain.rpcUrl, keys: new Map([["deployer", privateKey]]) });
        await rehearse({ chain, network, user, deployer: address, folder });
      } finally {
        await children.stopAll();
        await chain.stop();
        rmSync(folder, { recursive: true, force: true });
      }
    });
  }
});

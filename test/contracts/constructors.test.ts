import { expect } from "chai";
import { type BaseContract, ZeroAddress } from "ethers";

import { deployWorld, type World } from "../matrices/world.js";
import { connect, type Connection } from "../support/protocol.js";

/** Contracts, and the peers that their constructors are given. */
const PEERS = {
  OfferBook: ["registry", "staking"],
  JobEscrow: ["offers", "verifier", "manager"],
  ReceiptEscrow: ["registry", "staking", "manager"],
  TraceVerifier: ["registry"],
  ChallengeManager: ["staking", "verifier"],
  AuditLottery: ["jobs", "manager"],
  AccountLens: ["jobs", "receipts", "manager", "lottery"],
  ClaimLens: ["jobs", "manager"],
} as const;

describe("constructors", () => {
  let chain: Connection;
  let world: World;

  before(async () => {
    chain = await connect();
    world = await deployWorld(chain);
  });

  for (const [name, peers] of Object.entries(PEERS)) {
    const deploy = async (changed: number, to: string): Promise<BaseContract> => {
      const all = await Promise.all(peers.map((peer) => world[peer].getAddress()));
      const contract = await chain.ethers.deployContract(name, all.with(changed, to));
      return contract.waitForDeployment();
    };

    for (const [i, peer] of peers.entries()) {
      it(`${name} takes no ${peer} that is no contract`, async () => {
        for (const nobody of [ZeroAddress, chain.stranger.address]) {
          await expect(deploy(i, nobody))
            .to.be.revertedWithCustomError(await chain.ethers.getContractFactory(name), "NotAContract")
            .withArgs(nobody);
        }
      });
    }
  }
});

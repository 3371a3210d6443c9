import { expect } from "chai";

import { deployHub } from "../../support/hub.js";
import { connect, type Connection, DAY, deployProtocol, PARAMS, type Protocol } from "../../support/protocol.js";

describe("JobEscrow's peers", () => {
  let chain: Connection;
  let protocol: Protocol;

  before(async () => {
    chain = await connect();
    protocol = await deployProtocol(chain);
  });

  const deploy = (parts: Partial<Record<"offers" | "verifier" | "manager", unknown>> = {}) => {
    const { offers, verifier, manager } = { ...protocol, ...parts };
    return chain.ethers.deployContract("JobEscrow", [offers, verifier, manager]);
  };

  it("are shown", async () => {
    const { jobs, offers, registry, staking, manager } = protocol;
    expect(await jobs.offerBook()).to.equal(await offers.getAddress());
    expect(await jobs.registry()).to.equal(await registry.getAddress());
    expect(await jobs.staking()).to.equal(await staking.getAddress());
    expect(await jobs.challengeManager()).to.equal(await manager.getAddress());
    expect(await jobs.challengeWindow()).to.equal(PARAMS.challengeWindow);
  });

  it("are contracts of one deployment", async () => {
    const { hub, jobs } = protocol;
    const foreignHub = await deployHub(chain);
    const manager = await chain.ethers.deployContract("ToyManager", [foreignHub, PARAMS.inclusionDelay, DAY]);
    await expect(deploy({ manager }))
      .to.be.revertedWithCustomError(jobs, "ForeignHub")
      .withArgs(await hub.getAddress(), await foreignHub.getAddress());
    for (const part of ["offers", "verifier", "manager"] as const) {
      await expect(deploy({ [part]: chain.stranger }))
        .to.be.revertedWithCustomError(jobs, "NotAContract")
        .withArgs(chain.stranger.address);
    }
  });
});

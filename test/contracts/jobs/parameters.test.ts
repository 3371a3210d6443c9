import { expect } from "chai";

import type { JobEscrow } from "../../../typechain-types/index.js";
import { deployHub } from "../../support/hub.js";
import { connect, type Connection, DAY, deployProtocol, HOUR, PARAMS, type Protocol } from "../../support/protocol.js";

describe("JobEscrow parameters", () => {
  let chain: Connection;
  let protocol: Protocol;
  let jobs: JobEscrow;
  const good = {
    challengeWindow: PARAMS.challengeWindow,
    maxDuration: PARAMS.maxDuration,
    lockFloor: PARAMS.lockFloor,
  };

  before(async () => {
    chain = await connect();
    protocol = await deployProtocol(chain);
    jobs = protocol.jobs;
  });

  const deploy = (change: Partial<typeof good>, parts: Partial<Record<"staking" | "manager", unknown>> = {}) =>
    chain.ethers.deployContract("JobEscrow", [
      protocol.registry,
      parts.staking ?? protocol.staking,
      parts.manager ?? protocol.manager,
      { ...good, ...change },
    ]);

  it("are shown", async () => {
    expect(await jobs.parameters()).to.deep.equal([BigInt(DAY), BigInt(DAY), PARAMS.lockFloor]);
    expect(await jobs.registry()).to.equal(await protocol.registry.getAddress());
    expect(await jobs.staking()).to.equal(await protocol.staking.getAddress());
  });

  it("challenge window: two inclusion delays and six hours at least, 30 days at most", async () => {
    const least = 2 * PARAMS.inclusionDelay + 6 * HOUR;
    await expect(deploy({ challengeWindow: least - 1 }))
      .to.be.revertedWithCustomError(jobs, "WindowTooShort")
      .withArgs(least - 1, least);
    await deploy({ challengeWindow: least });
    await expect(deploy({ challengeWindow: 30 * DAY + 1 })).to.be.revertedWithCustomError(jobs, "ParameterOutOfBounds");
  });

  it("unbonding outlasts the worst-case finality and a day", async () => {
    // The toy manager's disputes add this much for each of L_MAX levels.
    const dispute = (PARAMS.unbonding - PARAMS.challengeWindow - DAY) / 8;
    const manager = await chain.ethers.deployContract("ToyManager", [protocol.hub, PARAMS.inclusionDelay, dispute]);
    await expect(deploy({}, { manager }))
      .to.be.revertedWithCustomError(jobs, "UnbondingTooShort")
      .withArgs(PARAMS.unbonding, PARAMS.unbonding);
    await deploy({ challengeWindow: PARAMS.challengeWindow - 1 }, { manager });
  });

  it("duration: a minute to 30 days", async () => {
    for (const maxDuration of [59, 30 * DAY + 1]) {
      await expect(deploy({ maxDuration })).to.be.revertedWithCustomError(jobs, "ParameterOutOfBounds");
    }
    for (const maxDuration of [60, 30 * DAY]) await deploy({ maxDuration });
  });

  it("lock floor: enough for a fifth of it to have a half", async () => {
    await expect(deploy({ lockFloor: 9n })).to.be.revertedWithCustomError(jobs, "ParameterOutOfBounds");
    await deploy({ lockFloor: 10n });
  });

  it("all parts are contracts of one deployment", async () => {
    const foreignHub = await deployHub(chain);
    const manager = await chain.ethers.deployContract("ToyManager", [foreignHub, PARAMS.inclusionDelay, DAY]);
    await expect(deploy({}, { manager }))
      .to.be.revertedWithCustomError(jobs, "ForeignHub")
      .withArgs(await protocol.hub.getAddress(), await foreignHub.getAddress());
    for (const part of ["staking", "manager"] as const) {
      await expect(deploy({}, { [part]: chain.stranger }))
        .to.be.revertedWithCustomError(jobs, "NotAContract")
        .withArgs(chain.stranger.address);
    }
  });
});

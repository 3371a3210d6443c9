import { expect } from "chai";
import { ZeroAddress } from "ethers";

import type { Governance, Hub, ModelRegistry } from "../../../typechain-types/index.js";
import { EPOCH, INCLUSION_DELAY, PARAMETERS, parametersWith } from "../../support/hub.js";
import { connect, type Connection, DAY } from "../../support/protocol.js";

const UNBONDING = PARAMETERS.staking.unbonding;
const MAX_PAUSE = 7 * DAY;

describe("Governance", () => {
  let chain: Connection;
  let governance: Governance;
  let hub: Hub;
  let registry: ModelRegistry;

  before(async () => {
    chain = await connect();
  });

  beforeEach(async () => {
    ({ governance, hub, registry } = await chain.networkHelpers.loadFixture(fixture));
  });

  /** Governed by the owner and guarded by the worker, once handed over. */
  async function fixture() {
    const { ethers, deployer } = chain;
    const governance = await ethers.deployContract("Governance", [deployer]);
    const hub = await ethers.deployContract("Hub", [deployer, governance, INCLUSION_DELAY, EPOCH, parametersWith()]);
    const manager = await ethers.deployContract("ToyManager", [hub, INCLUSION_DELAY, 0]);
    await hub.seal(manager, [await ethers.deployContract("ToySource", [manager])], []);
    const registry = await ethers.deployContract("ModelRegistry", [
      hub,
      [manager],
      { deposit: 0, depositDelay: 0, royaltyDelay: 7 * DAY },
    ]);
    return { governance, hub, registry };
  }

  const seats = (change: object = {}) => ({
    governor: chain.owner.address,
    guardian: chain.worker.address,
    adminDelay: 30 * DAY,
    emergencyDelay: 2 * DAY,
    ...change,
  });
  const handOver = (change: object = {}) => governance.handOver(hub, registry, seats(change));

  it("gives each role its rights, and leaves the deployer none", async () => {
    await expect(handOver()).to.emit(governance, "HandedOver");
    const { owner, worker, deployer, stranger } = chain;
    const proposal = parametersWith();
    await hub.connect(owner).proposeParameters(proposal);
    await hub.connect(worker).cancelProposal();
    await hub.connect(worker).pause();
    await hub.connect(worker).unpause();
    await hub.connect(owner).addCurrency(hub);
    await registry.connect(owner).retireFormat(0);
    for (const account of [deployer, stranger]) {
      const caller = hub.connect(account);
      for (const call of [
        () => caller.proposeParameters(proposal),
        () => caller.cancelProposal(),
        () => caller.pause(),
        () => caller.unpause(),
        () => caller.addCurrency(governance),
        () => registry.connect(account).retireFormat(0),
      ]) {
        await expect(call()).to.be.revertedWithCustomError(hub, "AccessManagedUnauthorized");
      }
    }
    await expect(hub.connect(worker).proposeParameters(proposal)).to.be.revertedWithCustomError(
      hub,
      "AccessManagedUnauthorized",
    );
    await expect(hub.connect(owner).pause()).to.be.revertedWithCustomError(hub, "AccessManagedUnauthorized");
    await expect(governance.grantRole(2, deployer, 0)).to.be.revertedWithCustomError(
      governance,
      "AccessManagerUnauthorizedAccount",
    );
  });

  it("makes changes of roles wait longer than unbonding: 0 and +1 seconds", async () => {
    await expect(handOver({ adminDelay: UNBONDING }))
      .to.be.revertedWithCustomError(governance, "DelayTooShort")
      .withArgs(UNBONDING, UNBONDING);
    await handOver({ adminDelay: UNBONDING + 1 });
    const asGovernor = governance.connect(chain.owner);
    const grant = governance.interface.encodeFunctionData("grantRole", [2, chain.stranger.address, 0]);
    await expect(asGovernor.grantRole(2, chain.stranger, 0)).to.be.revertedWithCustomError(
      governance,
      "AccessManagerNotScheduled",
    );
    await asGovernor.schedule(governance, grant, 0);
    const scheduled = await chain.networkHelpers.time.latest();
    await chain.networkHelpers.time.setNextBlockTimestamp(scheduled + UNBONDING);
    await expect(asGovernor.grantRole(2, chain.stranger, 0)).to.be.revertedWithCustomError(
      governance,
      "AccessManagerNotReady",
    );
    await chain.networkHelpers.time.setNextBlockTimestamp(scheduled + UNBONDING + 1);
    await asGovernor.grantRole(2, chain.stranger, 0);
    expect((await governance.hasRole(2, chain.stranger))[0]).to.equal(true);
  });

  it("takes an emergency delay of at most half a pause: 0 and +1 seconds", async () => {
    await expect(handOver({ emergencyDelay: MAX_PAUSE / 2 + 1 })).to.be.revertedWithCustomError(
      governance,
      "ParameterOutOfBounds",
    );
    await handOver({ emergencyDelay: MAX_PAUSE / 2 });
    const manager = await hub.challengeManager();
    const [immediate, delay] = await governance.canCall(chain.owner, manager, selector("emergencyVoid(bytes32[])"));
    expect([immediate, delay]).to.deep.equal([false, BigInt(MAX_PAUSE / 2)]);
    // The guardian can stop what is scheduled.
    const data = selector("emergencyVoid(bytes32[])").padEnd(10 + 64, "0");
    await governance.connect(chain.owner).schedule(manager, data, 0);
    await governance.connect(chain.worker).cancel(chain.owner, manager, data);
  });

  it("is handed over by the deployer, once, when the hub is sealed", async () => {
    await expect(governance.connect(chain.owner).handOver(hub, registry, seats()))
      .to.be.revertedWithCustomError(governance, "CannotHandOver")
      .withArgs(chain.owner.address);
    const { ethers, deployer } = chain;
    const open = await ethers.deployContract("Hub", [deployer, governance, INCLUSION_DELAY, EPOCH, parametersWith()]);
    await expect(governance.handOver(open, registry, seats())).to.be.revertedWithCustomError(
      governance,
      "NotAContract",
    );
    await handOver();
    await expect(handOver()).to.be.revertedWithCustomError(governance, "CannotHandOver");
  });

  it("can stay with the deployer, with the same delays", async () => {
    await handOver({ governor: ZeroAddress, guardian: ZeroAddress });
    await hub.pause();
    await expect(governance.grantRole(2, chain.stranger, 0)).to.be.revertedWithCustomError(
      governance,
      "AccessManagerNotScheduled",
    );
  });

  const selector = (signature: string): string => chain.ethers.id(signature).slice(0, 10);
});

import { expect } from "chai";
import { ZeroAddress } from "ethers";

import { PARAMETERS } from "../../support/hub.js";
import { connect, type Connection, deployProtocol, HOUR, type Protocol, stake, TOKEN } from "../../support/protocol.js";
import { delegate } from "../../support/staking.js";

describe("OperatorProfiles", () => {
  let chain: Connection;
  let protocol: Protocol;

  before(async () => {
    chain = await connect();
  });

  beforeEach(async () => {
    protocol = await chain.networkHelpers.loadFixture(fixture);
  });

  async function fixture() {
    return deployProtocol(chain);
  }

  const asOwner = () => protocol.profiles.connect(chain.owner);

  it("are those of one staking contract, and of its hub", async () => {
    const { profiles, staking, hub } = protocol;
    expect(await profiles.staking()).to.equal(await staking.getAddress());
    expect(await profiles.hub()).to.equal(await hub.getAddress());
  });

  it("a worker takes office when it accepts", async () => {
    const { profiles } = protocol;
    const { owner, worker } = chain;
    await expect(asOwner().proposeWorker(worker))
      .to.emit(profiles, "WorkerProposed")
      .withArgs(owner.address, worker.address);
    expect(await profiles.workerOf(owner)).to.equal(ZeroAddress);
    expect(await profiles.pendingWorkerOf(owner)).to.equal(worker.address);
    await expect(profiles.connect(worker).acceptWorker(owner))
      .to.emit(profiles, "WorkerChanged")
      .withArgs(owner.address, ZeroAddress, worker.address);
    expect(await profiles.workerOf(owner)).to.equal(worker.address);
    expect(await profiles.operatorOf(worker)).to.equal(owner.address);
    expect(await profiles.pendingWorkerOf(owner)).to.equal(ZeroAddress);
    // A proposal is used up.
    await expect(profiles.connect(worker).acceptWorker(owner)).to.be.revertedWithCustomError(
      profiles,
      "WorkerNotProposed",
    );
  });

  it("only the proposed key can accept, and only while proposed", async () => {
    const { profiles } = protocol;
    const { owner, worker, stranger } = chain;
    await asOwner().proposeWorker(worker);
    await expect(profiles.connect(stranger).acceptWorker(owner))
      .to.be.revertedWithCustomError(profiles, "WorkerNotProposed")
      .withArgs(owner.address, stranger.address);
    await asOwner().proposeWorker(ZeroAddress);
    await expect(profiles.connect(worker).acceptWorker(owner)).to.be.revertedWithCustomError(
      profiles,
      "WorkerNotProposed",
    );
  });

  it("rotation keeps the old key until the new one accepts, then frees it", async () => {
    const { profiles } = protocol;
    const { owner, worker, stranger, challenger } = chain;
    await asOwner().proposeWorker(worker);
    await profiles.connect(worker).acceptWorker(owner);
    await asOwner().proposeWorker(stranger);
    expect(await profiles.workerOf(owner)).to.equal(worker.address);
    await expect(profiles.connect(stranger).acceptWorker(owner))
      .to.emit(profiles, "WorkerChanged")
      .withArgs(owner.address, worker.address, stranger.address);
    expect(await profiles.operatorOf(worker)).to.equal(ZeroAddress);
    // The old key may serve somebody else now.
    await profiles.connect(challenger).proposeWorker(worker);
    await profiles.connect(worker).acceptWorker(challenger);
  });

  it("a key works for one operator only", async () => {
    const { profiles } = protocol;
    const { owner, worker, stranger } = chain;
    await asOwner().proposeWorker(worker);
    await profiles.connect(worker).acceptWorker(owner);
    await profiles.connect(stranger).proposeWorker(worker);
    await expect(profiles.connect(worker).acceptWorker(stranger))
      .to.be.revertedWithCustomError(profiles, "WorkerTaken")
      .withArgs(worker.address, owner.address);
  });

  it("nobody can be made a worker against its will, so no key can be squatted", async () => {
    const { profiles } = protocol;
    await profiles.connect(chain.stranger).proposeWorker(chain.worker);
    expect(await profiles.operatorOf(chain.worker)).to.equal(ZeroAddress);
    await asOwner().proposeWorker(chain.worker);
    await profiles.connect(chain.worker).acceptWorker(chain.owner);
  });

  it("an owner can work for itself", async () => {
    const { profiles } = protocol;
    await expect(asOwner().proposeWorker(chain.owner))
      .to.emit(profiles, "WorkerChanged")
      .withArgs(chain.owner.address, ZeroAddress, chain.owner.address);
    expect(await profiles.workerOf(chain.owner)).to.equal(chain.owner.address);
    await expect(asOwner().proposeWorker(chain.owner)).to.be.revertedWithCustomError(profiles, "WorkerTaken");
  });

  it("a stolen key is out of office at once", async () => {
    const { profiles } = protocol;
    const { owner, worker } = chain;
    await expect(asOwner().dropWorker()).to.be.revertedWithCustomError(profiles, "NoWorker").withArgs(owner.address);
    await asOwner().proposeWorker(worker);
    await profiles.connect(worker).acceptWorker(owner);
    await expect(asOwner().dropWorker())
      .to.emit(profiles, "WorkerChanged")
      .withArgs(owner.address, worker.address, ZeroAddress);
    expect(await profiles.workerOf(owner)).to.equal(ZeroAddress);
    expect(await profiles.operatorOf(worker)).to.equal(ZeroAddress);
  });

  it("payouts go to the owner until it names another account", async () => {
    const { profiles } = protocol;
    const { owner, stranger } = chain;
    expect(await profiles.payoutOf(owner)).to.equal(owner.address);
    await expect(asOwner().setPayout(stranger))
      .to.emit(profiles, "PayoutChanged")
      .withArgs(owner.address, stranger.address);
    expect(await profiles.payoutOf(owner)).to.equal(stranger.address);
    expect((await profiles.termsOf(owner)).payout).to.equal(stranger.address);
    await asOwner().setPayout(ZeroAddress);
    expect(await profiles.payoutOf(owner)).to.equal(owner.address);
  });

  it("what a key signed in office stays valid, to the second", async () => {
    const { profiles } = protocol;
    const { owner, worker, stranger } = chain;
    const { time } = chain.networkHelpers;
    await asOwner().proposeWorker(worker);
    await profiles.connect(worker).acceptWorker(owner);
    const appointed = await time.latest();
    await time.increase(HOUR);
    await asOwner().proposeWorker(stranger);
    await profiles.connect(stranger).acceptWorker(owner);
    const rotated = await time.latest();
    await time.increase(HOUR);
    await asOwner().dropWorker();
    const dropped = await time.latest();
    await time.increase(HOUR);
    for (const [at, key] of [
      [0, ZeroAddress],
      // A change counts from the next second on.
      [appointed, ZeroAddress],
      [appointed + 1, worker.address],
      [rotated, worker.address],
      [rotated + 1, stranger.address],
      [dropped, stranger.address],
      [dropped + 1, ZeroAddress],
      [dropped + HOUR, ZeroAddress],
    ] as const) {
      expect(await profiles.workerAt(owner, at), `${at - appointed} s`).to.equal(key);
    }
  });

  describe("commission", () => {
    const delay = PARAMETERS.staking.commissionDelay;

    it("is announced, and applies after its delay: -1 and 0 seconds", async () => {
      const { profiles } = protocol;
      const { time } = chain.networkHelpers;
      await asOwner().setCommission(1_000);
      const effectiveAt = (await time.latest()) + delay;
      expect(await profiles.termsOf(chain.owner)).to.deep.equal([chain.owner.address, 0n, 1_000n, BigInt(effectiveAt)]);
      await time.increaseTo(effectiveAt - 1);
      expect(await profiles.commissionOf(chain.owner)).to.equal(0);
      await time.increaseTo(effectiveAt);
      expect(await profiles.commissionOf(chain.owner)).to.equal(1_000);
      // A second announcement does not undo the first, which applies already.
      await asOwner().setCommission(0);
      expect(await profiles.commissionOf(chain.owner)).to.equal(1_000);
      // One that is replaced before it applies never does.
      await asOwner().setCommission(1_000);
      await time.increase(delay);
      expect(await profiles.commissionOf(chain.owner)).to.equal(1_000);
    });

    it("is at most all", async () => {
      await expect(asOwner().setCommission(10_001))
        .to.be.revertedWithCustomError(protocol.profiles, "CommissionTooHigh")
        .withArgs(10_001, 10_000);
      await asOwner().setCommission(10_000);
    });

    it("is taken before delegators share with the operator by stake", async () => {
      const { profiles } = protocol;
      expect(await profiles.feeSplit(chain.owner, 1_000n)).to.deep.equal([chain.owner.address, 0n]);
      await stake(chain, protocol, 100n * TOKEN);
      await delegate(chain, protocol, chain.stranger, 300n * TOKEN);
      expect(await profiles.feeSplit(chain.owner, 1_000n)).to.deep.equal([chain.owner.address, 750n]);
      await asOwner().setPayout(chain.worker);
      await asOwner().setCommission(2_000);
      await chain.networkHelpers.time.increase(delay);
      expect(await profiles.feeSplit(chain.owner, 1_000n)).to.deep.equal([chain.worker.address, 600n]);
    });
  });
});

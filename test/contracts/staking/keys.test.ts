import { expect } from "chai";
import { ZeroAddress } from "ethers";

import { connect, type Connection, deployProtocol, type Protocol } from "../../support/protocol.js";

describe("OperatorStaking keys", () => {
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

  const asOwner = () => protocol.staking.connect(chain.owner);

  it("a worker takes office when it accepts", async () => {
    const { staking } = protocol;
    const { owner, worker } = chain;
    await expect(asOwner().proposeWorker(worker))
      .to.emit(staking, "WorkerProposed")
      .withArgs(owner.address, worker.address);
    expect(await staking.workerOf(owner)).to.equal(ZeroAddress);
    expect((await staking.account(owner)).pendingWorker).to.equal(worker.address);
    await expect(staking.connect(worker).acceptWorker(owner))
      .to.emit(staking, "WorkerChanged")
      .withArgs(owner.address, ZeroAddress, worker.address);
    expect(await staking.workerOf(owner)).to.equal(worker.address);
    expect(await staking.operatorOf(worker)).to.equal(owner.address);
    expect((await staking.account(owner)).pendingWorker).to.equal(ZeroAddress);
    // A proposal is used up.
    await expect(staking.connect(worker).acceptWorker(owner)).to.be.revertedWithCustomError(
      staking,
      "WorkerNotProposed",
    );
  });

  it("only the proposed key can accept, and only while proposed", async () => {
    const { staking } = protocol;
    const { owner, worker, stranger } = chain;
    await asOwner().proposeWorker(worker);
    await expect(staking.connect(stranger).acceptWorker(owner))
      .to.be.revertedWithCustomError(staking, "WorkerNotProposed")
      .withArgs(owner.address, stranger.address);
    await asOwner().proposeWorker(ZeroAddress);
    await expect(staking.connect(worker).acceptWorker(owner)).to.be.revertedWithCustomError(
      staking,
      "WorkerNotProposed",
    );
  });

  it("rotation keeps the old key until the new one accepts, then frees it", async () => {
    const { staking } = protocol;
    const { owner, worker, stranger, challenger } = chain;
    await asOwner().proposeWorker(worker);
    await staking.connect(worker).acceptWorker(owner);
    await asOwner().proposeWorker(stranger);
    expect(await staking.workerOf(owner)).to.equal(worker.address);
    await expect(staking.connect(stranger).acceptWorker(owner))
      .to.emit(staking, "WorkerChanged")
      .withArgs(owner.address, worker.address, stranger.address);
    expect(await staking.operatorOf(worker)).to.equal(ZeroAddress);
    // The old key may serve somebody else now.
    await staking.connect(challenger).proposeWorker(worker);
    await staking.connect(worker).acceptWorker(challenger);
  });

  it("a key works for one operator only", async () => {
    const { staking } = protocol;
    const { owner, worker, stranger } = chain;
    await asOwner().proposeWorker(worker);
    await staking.connect(worker).acceptWorker(owner);
    await staking.connect(stranger).proposeWorker(worker);
    await expect(staking.connect(worker).acceptWorker(stranger))
      .to.be.revertedWithCustomError(staking, "WorkerTaken")
      .withArgs(worker.address, owner.address);
  });

  it("nobody can be made a worker against its will, so no key can be squatted", async () => {
    const { staking } = protocol;
    await staking.connect(chain.stranger).proposeWorker(chain.worker);
    expect(await staking.operatorOf(chain.worker)).to.equal(ZeroAddress);
    await asOwner().proposeWorker(chain.worker);
    await staking.connect(chain.worker).acceptWorker(chain.owner);
  });

  it("an owner can work for itself", async () => {
    const { staking } = protocol;
    await expect(asOwner().proposeWorker(chain.owner))
      .to.emit(staking, "WorkerChanged")
      .withArgs(chain.owner.address, ZeroAddress, chain.owner.address);
    expect(await staking.workerOf(chain.owner)).to.equal(chain.owner.address);
    await expect(asOwner().proposeWorker(chain.owner)).to.be.revertedWithCustomError(staking, "WorkerTaken");
  });

  it("a stolen key is out of office at once", async () => {
    const { staking } = protocol;
    const { owner, worker } = chain;
    await expect(asOwner().dropWorker()).to.be.revertedWithCustomError(staking, "NoWorker").withArgs(owner.address);
    await asOwner().proposeWorker(worker);
    await staking.connect(worker).acceptWorker(owner);
    await expect(asOwner().dropWorker())
      .to.emit(staking, "WorkerChanged")
      .withArgs(owner.address, worker.address, ZeroAddress);
    expect(await staking.workerOf(owner)).to.equal(ZeroAddress);
    expect(await staking.operatorOf(worker)).to.equal(ZeroAddress);
  });

  it("payouts go to the owner until it names another account", async () => {
    const { staking } = protocol;
    const { owner, stranger } = chain;
    expect(await staking.payoutOf(owner)).to.equal(owner.address);
    await expect(asOwner().setPayout(stranger))
      .to.emit(staking, "PayoutChanged")
      .withArgs(owner.address, stranger.address);
    expect(await staking.payoutOf(owner)).to.equal(stranger.address);
    expect((await staking.account(owner)).payout).to.equal(stranger.address);
    await asOwner().setPayout(ZeroAddress);
    expect(await staking.payoutOf(owner)).to.equal(owner.address);
  });
});

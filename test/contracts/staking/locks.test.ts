import { expect } from "chai";
import { ZeroAddress } from "ethers";

import { connect, type Connection, TOKEN } from "../../support/protocol.js";
import { delegate, deployStaking, expectSolvent, lockId, type StakingSetup } from "../../support/staking.js";

describe("OperatorStaking locks and slashes", () => {
  let chain: Connection;
  let setup: StakingSetup;
  const A = lockId("a");

  before(async () => {
    chain = await connect();
  });

  beforeEach(async () => {
    setup = await chain.networkHelpers.loadFixture(fixture);
  });

  afterEach(async () => {
    await expectSolvent(setup, [chain.owner, chain.challenger, chain.consumer]);
  });

  async function fixture() {
    return deployStaking(chain);
  }

  const lock = (id: string, amount: bigint, from = setup.source) => from.lock(setup.staking, chain.owner, id, amount);
  const slash = (rewards: [string, bigint][]) =>
    setup.source.slash(
      setup.staking,
      chain.owner,
      A,
      rewards.map(([to, amount]) => ({ to, amount })),
    );

  it("take free stake, up to the last wei", async () => {
    const { staking } = setup;
    await expect(lock(A, 99n * TOKEN))
      .to.emit(staking, "Locked")
      .withArgs(chain.owner.address, await setup.source.getAddress(), A, 99n * TOKEN, 99n * TOKEN);
    await expect(lock(lockId("b"), TOKEN + 1n))
      .to.be.revertedWithCustomError(staking, "InsufficientStake")
      .withArgs(chain.owner.address, TOKEN + 1n, TOKEN);
    await lock(lockId("b"), TOKEN);
    expect(await staking.freeStake(chain.owner)).to.equal(0);
    expect((await staking.ownPool(chain.owner)).locked).to.equal(100n * TOKEN);
    expect((await staking.lockOf(setup.source, chain.owner, A)).amount).to.equal(99n * TOKEN);
  });

  it("penalties burn a part, from both pools in proportion, and free the rest", async () => {
    const { staking, source } = setup;
    const penalise = (amount: bigint, from = source) => from.penalise(staking, chain.owner, A, amount);
    // 100 own and 300 delegated tokens: a quarter of the lock is the owner's.
    await delegate(chain, setup, chain.consumer, 300n * TOKEN);
    const stakes = async () => {
      const [own, delegated] = [await staking.ownPool(chain.owner), await staking.delegatedPool(chain.owner)];
      return [own.active, delegated.active, own.locked + delegated.locked, await staking.pendingBurn()];
    };
    await lock(A, 40n * TOKEN);
    await expect(penalise(1n, setup.other)).to.be.revertedWithCustomError(staking, "UnknownLock");
    await expect(penalise(40n * TOKEN + 1n))
      .to.be.revertedWithCustomError(staking, "InsufficientStake")
      .withArgs(chain.owner.address, 40n * TOKEN + 1n, 40n * TOKEN);
    // Of seven units the owner gives two: its part is rounded up.
    await expect(penalise(7n))
      .to.emit(staking, "Penalised")
      .withArgs(chain.owner.address, await source.getAddress(), A, 7n, 2n);
    expect(await stakes()).to.deep.equal([100n * TOKEN - 2n, 300n * TOKEN - 5n, 0n, 7n]);
    await expect(penalise(1n)).to.be.revertedWithCustomError(staking, "UnknownLock");
    await lock(A, 40n * TOKEN);
    await penalise(0n);
    expect(await stakes()).to.deep.equal([100n * TOKEN - 2n, 300n * TOKEN - 5n, 0n, 7n]);
    await lock(A, 40n * TOKEN);
    await penalise(40n * TOKEN);
    expect(await staking.stakeOf(chain.owner)).to.equal(360n * TOKEN - 7n);
    expect(await staking.pendingBurn()).to.equal(40n * TOKEN + 7n);
    // Whoever has no lock has nothing to penalise.
    await expect(staking.penalise(chain.owner, A, 1n)).to.be.revertedWithCustomError(staking, "UnknownLock");
  });

  it("are free again when unlocked, once", async () => {
    const { staking } = setup;
    await lock(A, 60n * TOKEN);
    await expect(setup.source.unlock(staking, chain.owner, A))
      .to.emit(staking, "Unlocked")
      .withArgs(chain.owner.address, await setup.source.getAddress(), A, 60n * TOKEN);
    expect(await staking.freeStake(chain.owner)).to.equal(100n * TOKEN);
    expect((await staking.lockOf(setup.source, chain.owner, A)).amount).to.equal(0n);
    await expect(setup.source.unlock(staking, chain.owner, A)).to.be.revertedWithCustomError(staking, "UnknownLock");
    await expect(slash([])).to.be.revertedWithCustomError(staking, "UnknownLock");
  });

  it("belong to their source", async () => {
    const { staking, other } = setup;
    await lock(A, 60n * TOKEN);
    await expect(other.unlock(staking, chain.owner, A))
      .to.be.revertedWithCustomError(staking, "UnknownLock")
      .withArgs(await other.getAddress(), A);
    await expect(other.slash(staking, chain.owner, A, [])).to.be.revertedWithCustomError(staking, "UnknownLock");
    // The same id at another source is another lock.
    await lock(A, 40n * TOKEN, other);
    expect((await staking.ownPool(chain.owner)).locked).to.equal(100n * TOKEN);
  });

  it("have distinct ids and are not empty", async () => {
    await lock(A, 1n);
    await expect(lock(A, 1n))
      .to.be.revertedWithCustomError(setup.staking, "LockExists")
      .withArgs(await setup.source.getAddress(), A);
    await expect(lock(lockId("b"), 0n)).to.be.revertedWithCustomError(setup.staking, "ZeroAmount");
  });

  it("are for sealed sources only", async () => {
    const { staking } = setup;
    const { ethers, owner, stranger } = chain;
    const foreign = await ethers.deployContract("ToySource", [stranger]);
    await lock(A, 1n);
    await expect(foreign.lock(staking, owner, A, 1n))
      .to.be.revertedWithCustomError(staking, "NotLocker")
      .withArgs(await foreign.getAddress());
    await expect(staking.connect(owner).lock(owner, A, 1n))
      .to.be.revertedWithCustomError(staking, "NotLocker")
      .withArgs(owner.address);
    // Whoever may not lock has no lock of its own, and others' are out of its reach.
    for (const call of [
      () => foreign.unlock(staking, owner, A),
      () => foreign.slash(staking, owner, A, []),
      () => staking.connect(owner).unlock(owner, A),
      () => staking.connect(owner).slash(owner, A, []),
    ]) {
      await expect(call()).to.be.revertedWithCustomError(staking, "UnknownLock");
    }
  });

  it("are slashed whole: rewards are credited, the rest waits to burn", async () => {
    const { staking, token } = setup;
    await lock(A, 60n * TOKEN);
    const before = await token.totalSupply();
    await expect(
      slash([
        [chain.challenger.address, 21n * TOKEN],
        [chain.consumer.address, 9n * TOKEN],
      ]),
    )
      .to.emit(staking, "Slashed")
      .withArgs(chain.owner.address, await setup.source.getAddress(), A, 60n * TOKEN, 60n * TOKEN, 30n * TOKEN);
    expect(await staking.stakeOf(chain.owner)).to.equal(40n * TOKEN);
    expect((await staking.ownPool(chain.owner)).locked).to.equal(0);
    expect(await staking.rewardOf(chain.challenger)).to.equal(21n * TOKEN);
    expect(await staking.rewardOf(chain.consumer)).to.equal(9n * TOKEN);
    expect(await staking.pendingBurn()).to.equal(30n * TOKEN);
    expect(await token.totalSupply()).to.equal(before);

    await expect(staking.connect(chain.stranger).burnSlashed())
      .to.emit(staking, "Burnt")
      .withArgs(30n * TOKEN, true);
    expect(await token.totalSupply()).to.equal(before - 30n * TOKEN);
    expect(await staking.pendingBurn()).to.equal(0);
    await expect(staking.burnSlashed()).not.to.emit(staking, "Burnt");
  });

  it("never reward more than half: what is asked beyond burns", async () => {
    const { staking } = setup;
    await lock(A, 11n);
    await slash([
      [chain.challenger.address, 4n],
      [chain.consumer.address, 4n],
      [chain.stranger.address, 1n],
    ]);
    expect(await staking.rewardOf(chain.challenger)).to.equal(4n);
    expect(await staking.rewardOf(chain.consumer)).to.equal(1n);
    expect(await staking.rewardOf(chain.stranger)).to.equal(0n);
    expect(await staking.pendingBurn()).to.equal(6n);
  });

  it("burn what goes to nobody", async () => {
    const { staking } = setup;
    await lock(A, 10n);
    await slash([[ZeroAddress, 5n]]);
    expect(await staking.pendingBurn()).to.equal(10n);
    expect(await staking.rewardOf(ZeroAddress)).to.equal(0n);
  });

  it("of one wei burn", async () => {
    await lock(A, 1n);
    await slash([[chain.challenger.address, 1n]]);
    expect(await setup.staking.pendingBurn()).to.equal(1n);
  });

  it("reward up to 16 accounts", async () => {
    const rewards = Array.from({ length: 17 }, (): [string, bigint] => [chain.challenger.address, 1n]);
    await lock(A, 60n);
    await expect(slash(rewards)).to.be.revertedWithCustomError(setup.staking, "TooManyRewards").withArgs(17, 16);
    await slash(rewards.slice(1));
    expect(await setup.staking.rewardOf(chain.challenger)).to.equal(16n);
  });

  it("pay rewards to whom they belong, where they say", async () => {
    const { staking, token } = setup;
    await lock(A, 60n * TOKEN);
    await slash([[chain.challenger.address, TOKEN]]);
    const asChallenger = staking.connect(chain.challenger);
    await expect(asChallenger.withdrawReward(ZeroAddress)).to.be.revertedWithCustomError(staking, "ZeroAddress");
    await expect(staking.connect(chain.stranger).withdrawReward(chain.stranger))
      .to.be.revertedWithCustomError(staking, "NothingToWithdraw")
      .withArgs(chain.stranger.address);
    await expect(asChallenger.withdrawReward(chain.stranger)).to.changeTokenBalances(
      chain.ethers,
      token,
      [staking, chain.stranger],
      [-TOKEN, TOKEN],
    );
    await expect(asChallenger.withdrawReward(chain.stranger)).to.be.revertedWithCustomError(
      staking,
      "NothingToWithdraw",
    );
  });
});

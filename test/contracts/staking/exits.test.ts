import { expect } from "chai";
import { ZeroAddress } from "ethers";

import { connect, type Connection, PARAMS, TOKEN } from "../../support/protocol.js";
import { deployStaking, expectSolvent, lockId, type StakingSetup } from "../../support/staking.js";

describe("OperatorStaking exits", () => {
  let chain: Connection;
  let setup: StakingSetup;

  before(async () => {
    chain = await connect();
  });

  beforeEach(async () => {
    setup = await chain.networkHelpers.loadFixture(fixture);
  });

  afterEach(async () => {
    await expectSolvent(setup, [chain.owner, chain.challenger]);
  });

  async function fixture() {
    return deployStaking(chain);
  }

  const asOwner = () => setup.staking.connect(chain.owner);
  const lock = (name: string, amount: bigint) => setup.source.lock(setup.staking, chain.owner, lockId(name), amount);
  const unlock = (name: string) => setup.source.unlock(setup.staking, chain.owner, lockId(name));
  const slash = (name: string) => setup.source.slash(setup.staking, chain.owner, lockId(name), []);

  it("queue, wait for unbonding to the second, and go to the receiver", async () => {
    const { staking, token } = setup;
    const { time } = chain.networkHelpers;
    await expect(asOwner().requestExit(30n * TOKEN)).to.emit(staking, "ExitRequested");
    const readyAt = (await time.latest()) + PARAMS.unbonding;
    expect(await staking.exit(chain.owner, 0)).to.deep.equal([30n * TOKEN, BigInt(readyAt)]);
    expect(await staking.stakeOf(chain.owner)).to.equal(100n * TOKEN);
    expect(await staking.freeStake(chain.owner)).to.equal(70n * TOKEN);

    await time.setNextBlockTimestamp(readyAt - 1);
    await expect(asOwner().withdrawExit(0, chain.stranger))
      .to.be.revertedWithCustomError(staking, "ExitNotReady")
      .withArgs(0, readyAt);
    await time.setNextBlockTimestamp(readyAt);
    await expect(asOwner().withdrawExit(0, chain.stranger)).to.changeTokenBalances(
      chain.ethers,
      token,
      [staking, chain.stranger],
      [-30n * TOKEN, 30n * TOKEN],
    );
    expect(await staking.stakeOf(chain.owner)).to.equal(70n * TOKEN);
    expect(await staking.totalOwed()).to.equal(70n * TOKEN);
    expect((await staking.exit(chain.owner, 0)).amount).to.equal(0);
  });

  it("leave once", async () => {
    const { staking } = setup;
    await asOwner().requestExit(TOKEN);
    await chain.networkHelpers.time.increase(PARAMS.unbonding);
    await asOwner().withdrawExit(0, chain.owner);
    await expect(asOwner().withdrawExit(0, chain.owner))
      .to.be.revertedWithCustomError(staking, "UnknownExit")
      .withArgs(chain.owner.address, 0);
    await expect(asOwner().cancelExit(0)).to.be.revertedWithCustomError(staking, "UnknownExit");
  });

  it("refuse nothing, more than is active, and no receiver", async () => {
    const { staking } = setup;
    await expect(asOwner().requestExit(0)).to.be.revertedWithCustomError(staking, "ZeroAmount");
    await expect(asOwner().requestExit(100n * TOKEN + 1n))
      .to.be.revertedWithCustomError(staking, "InsufficientStake")
      .withArgs(chain.owner.address, 100n * TOKEN + 1n, 100n * TOKEN);
    await asOwner().requestExit(60n * TOKEN);
    await expect(asOwner().requestExit(40n * TOKEN + 1n))
      .to.be.revertedWithCustomError(staking, "InsufficientStake")
      .withArgs(chain.owner.address, 40n * TOKEN + 1n, 40n * TOKEN);
    await expect(asOwner().withdrawExit(0, ZeroAddress)).to.be.revertedWithCustomError(staking, "ZeroAddress");
  });

  it("come back when cancelled", async () => {
    const { staking } = setup;
    await asOwner().requestExit(30n * TOKEN);
    await asOwner().requestExit(20n * TOKEN);
    await expect(asOwner().cancelExit(0))
      .to.emit(staking, "ExitCancelled")
      .withArgs(chain.owner.address, 0, 30n * TOKEN);
    expect(await staking.freeStake(chain.owner)).to.equal(80n * TOKEN);
    expect((await staking.exit(chain.owner, 1)).amount).to.equal(20n * TOKEN);
  });

  it("back no new locks", async () => {
    await asOwner().requestExit(30n * TOKEN);
    await expect(lock("a", 70n * TOKEN + 1n))
      .to.be.revertedWithCustomError(setup.staking, "InsufficientStake")
      .withArgs(chain.owner.address, 70n * TOKEN + 1n, 70n * TOKEN);
    await lock("a", 70n * TOKEN);
  });

  it("can be queued while a lock stands, and leave no earlier than it", async () => {
    const { staking } = setup;
    await lock("a", 60n * TOKEN);
    await asOwner().requestExit(50n * TOKEN);
    expect(await staking.freeStake(chain.owner)).to.equal(0);
    await chain.networkHelpers.time.increase(PARAMS.unbonding);
    await expect(asOwner().withdrawExit(0, chain.owner))
      .to.be.revertedWithCustomError(staking, "ExitBacksLocks")
      .withArgs(0, 50n * TOKEN, 60n * TOKEN);
    await unlock("a");
    await asOwner().withdrawExit(0, chain.owner);
    expect(await staking.stakeOf(chain.owner)).to.equal(50n * TOKEN);
  });

  it("leave where the locks don't need them, to the wei", async () => {
    await lock("a", 60n * TOKEN);
    await asOwner().requestExit(40n * TOKEN + 1n);
    await asOwner().requestExit(40n * TOKEN);
    await chain.networkHelpers.time.increase(PARAMS.unbonding);
    await expect(asOwner().withdrawExit(0, chain.owner)).to.be.revertedWithCustomError(setup.staking, "ExitBacksLocks");
    await asOwner().withdrawExit(1, chain.owner);
  });

  it("are slashed after the active stake, and what is left is active again", async () => {
    const { staking } = setup;
    await lock("a", 60n * TOKEN);
    await asOwner().requestExit(30n * TOKEN);
    await asOwner().requestExit(40n * TOKEN);
    await expect(slash("a"))
      .to.emit(staking, "ExitsReset")
      .withArgs(chain.owner.address, 40n * TOKEN);
    const account = await staking.account(chain.owner);
    expect([account.active, account.exiting, account.locked]).to.deep.equal([40n * TOKEN, 0n, 0n]);
    for (const exitId of [0, 1]) {
      expect((await staking.exit(chain.owner, exitId)).amount).to.equal(0);
      await expect(asOwner().cancelExit(exitId)).to.be.revertedWithCustomError(staking, "UnknownExit");
    }
    // The queue works again, and the ids go on.
    await asOwner().requestExit(40n * TOKEN);
    await chain.networkHelpers.time.increase(PARAMS.unbonding);
    await expect(asOwner().withdrawExit(1, chain.owner)).to.be.revertedWithCustomError(staking, "UnknownExit");
    await asOwner().withdrawExit(2, chain.owner);
    expect(await staking.stakeOf(chain.owner)).to.equal(0);
  });

  it("are not touched by a slash that the active stake covers, to the wei", async () => {
    const { staking } = setup;
    await lock("a", 70n * TOKEN);
    await asOwner().requestExit(30n * TOKEN);
    await expect(slash("a")).not.to.emit(staking, "ExitsReset");
    expect((await staking.exit(chain.owner, 0)).amount).to.equal(30n * TOKEN);
    expect((await staking.account(chain.owner)).active).to.equal(0);
  });

  it("can be taken whole by a slash", async () => {
    const { staking } = setup;
    await lock("a", 100n * TOKEN);
    await asOwner().requestExit(100n * TOKEN);
    await slash("a");
    expect(await staking.stakeOf(chain.owner)).to.equal(0);
    expect(await staking.pendingBurn()).to.equal(100n * TOKEN);
  });
});

import { expect } from "chai";
import { ZeroAddress } from "ethers";

import { EPOCH } from "../../support/hub.js";
import { connect, type Connection, DAY, PARAMS, TOKEN } from "../../support/protocol.js";
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
  const withdraw = (exitId: number) => asOwner().withdrawExit(chain.owner, exitId, chain.owner);
  const pass = (seconds: number) => chain.networkHelpers.time.increase(seconds);
  const slash = (name: string) => setup.source.slash(setup.staking, chain.owner, lockId(name), []);

  it("queue, wait for unbonding to the second, and go to the receiver", async () => {
    const { staking, token } = setup;
    const { time } = chain.networkHelpers;
    await expect(asOwner().requestExit(chain.owner, 30n * TOKEN)).to.emit(staking, "ExitRequested");
    const readyAt = (await time.latest()) + PARAMS.unbonding;
    const queued = await staking.exit(chain.owner, chain.owner, 0);
    expect([queued.amount, queued.readyAt, queued.generation]).to.deep.equal([30n * TOKEN, BigInt(readyAt), 0n]);
    expect(await staking.stakeOf(chain.owner)).to.equal(100n * TOKEN);
    expect((await staking.position(chain.owner, chain.owner)).amount).to.equal(70n * TOKEN);

    await time.setNextBlockTimestamp(readyAt - 1);
    await expect(asOwner().withdrawExit(chain.owner, 0, chain.stranger))
      .to.be.revertedWithCustomError(staking, "ExitNotReady")
      .withArgs(0, readyAt);
    await time.setNextBlockTimestamp(readyAt);
    await expect(asOwner().withdrawExit(chain.owner, 0, chain.stranger)).to.changeTokenBalances(
      chain.ethers,
      token,
      [staking, chain.stranger],
      [-30n * TOKEN, 30n * TOKEN],
    );
    expect(await staking.stakeOf(chain.owner)).to.equal(70n * TOKEN);
    expect(await staking.totalOwed()).to.equal(70n * TOKEN);
    expect((await staking.exit(chain.owner, chain.owner, 0)).amount).to.equal(0);
  });

  it("leave once", async () => {
    const { staking } = setup;
    await asOwner().requestExit(chain.owner, TOKEN);
    await pass(PARAMS.unbonding);
    await asOwner().withdrawExit(chain.owner, 0, chain.owner);
    await expect(asOwner().withdrawExit(chain.owner, 0, chain.owner))
      .to.be.revertedWithCustomError(staking, "UnknownExit")
      .withArgs(chain.owner.address, chain.owner.address, 0);
    await expect(asOwner().cancelExit(chain.owner, 0)).to.be.revertedWithCustomError(staking, "UnknownExit");
  });

  it("refuse nothing, more than is held, and no receiver", async () => {
    const { staking } = setup;
    await expect(asOwner().requestExit(chain.owner, 0)).to.be.revertedWithCustomError(staking, "ZeroAmount");
    await expect(asOwner().requestExit(chain.owner, 100n * TOKEN + 1n))
      .to.be.revertedWithCustomError(staking, "InsufficientStake")
      .withArgs(chain.owner.address, 100n * TOKEN + 1n, 100n * TOKEN);
    await asOwner().requestExit(chain.owner, 60n * TOKEN);
    await expect(asOwner().requestExit(chain.owner, 40n * TOKEN + 1n))
      .to.be.revertedWithCustomError(staking, "InsufficientStake")
      .withArgs(chain.owner.address, 40n * TOKEN + 1n, 40n * TOKEN);
    await asOwner().requestFullExit(chain.owner);
    await expect(asOwner().requestFullExit(chain.owner)).to.be.revertedWithCustomError(staking, "ZeroAmount");
    await expect(asOwner().withdrawExit(chain.owner, 0, ZeroAddress)).to.be.revertedWithCustomError(
      staking,
      "ZeroAddress",
    );
  });

  it("come back when cancelled, in their epoch and after it", async () => {
    const { staking } = setup;
    await asOwner().requestExit(chain.owner, 30n * TOKEN);
    await asOwner().requestExit(chain.owner, 20n * TOKEN);
    await expect(asOwner().cancelExit(chain.owner, 0))
      .to.emit(staking, "ExitCancelled")
      .withArgs(chain.owner.address, chain.owner.address, 0);
    expect((await staking.position(chain.owner, chain.owner)).amount).to.equal(80n * TOKEN);
    await pass(EPOCH);
    expect(await staking.freeStake(chain.owner)).to.equal(80n * TOKEN);
    await asOwner().cancelExit(chain.owner, 1);
    expect(await staking.freeStake(chain.owner)).to.equal(100n * TOKEN);
    expect((await staking.ownPool(chain.owner)).exiting).to.equal(0);
  });

  it("back new locks until their epoch ends, to the second, and none after it", async () => {
    const { staking } = setup;
    await asOwner().requestExit(chain.owner, 30n * TOKEN);
    const end = (Math.floor((await chain.networkHelpers.time.latest()) / EPOCH) + 1) * EPOCH;
    await chain.networkHelpers.time.setNextBlockTimestamp(end - 1);
    await lock("a", 100n * TOKEN);
    await unlock("a");
    await chain.networkHelpers.time.setNextBlockTimestamp(end + 1);
    await expect(lock("a", 70n * TOKEN + 1n))
      .to.be.revertedWithCustomError(staking, "InsufficientStake")
      .withArgs(chain.owner.address, 70n * TOKEN + 1n, 70n * TOKEN);
    await expect(lock("a", 70n * TOKEN))
      .to.emit(staking, "EpochTurned")
      .withArgs(chain.owner.address, 1);
  });

  it("leave no earlier than the locks that they backed", async () => {
    const { staking } = setup;
    await lock("a", 10n * TOKEN);
    await asOwner().requestExit(chain.owner, 50n * TOKEN);
    await lock("b", 10n * TOKEN);
    await pass(PARAMS.unbonding);
    // Enough would be left without it, but then others' stake would bear more of these locks than when they were taken.
    await expect(withdraw(0)).to.be.revertedWithCustomError(staking, "ExitBacksLocks").withArgs(0, 2);
    await unlock("a");
    await expect(withdraw(0)).to.be.revertedWithCustomError(staking, "ExitBacksLocks").withArgs(0, 1);
    expect((await staking.exit(chain.owner, chain.owner, 0)).unlocked).to.equal(false);
    await unlock("b");
    expect((await staking.exit(chain.owner, chain.owner, 0)).unlocked).to.equal(true);
    await withdraw(0);
    expect(await staking.stakeOf(chain.owner)).to.equal(50n * TOKEN);
  });

  it("do not wait for locks that were taken after their epoch, so a busy operator can leave", async () => {
    await lock("a", 10n * TOKEN);
    await asOwner().requestExit(chain.owner, 50n * TOKEN);
    await pass(EPOCH);
    await lock("b", 50n * TOKEN - 10n * TOKEN);
    await unlock("a");
    await pass(PARAMS.unbonding);
    await withdraw(0);
    await slash("b");
    expect(await setup.staking.stakeOf(chain.owner)).to.equal(10n * TOKEN);
  });

  it("leave also where other calls have long turned their epoch", async () => {
    await asOwner().requestExit(chain.owner, 50n * TOKEN);
    await pass(EPOCH);
    await lock("a", TOKEN);
    await pass(PARAMS.unbonding);
    expect((await setup.staking.exit(chain.owner, chain.owner, 0)).unlocked).to.equal(true);
    await withdraw(0);
  });

  it("each wait for their own locks, as their view says", async () => {
    const unlocked = () =>
      Promise.all([1, 2].map(async (i) => (await setup.staking.exit(chain.owner, chain.owner, i)).unlocked));
    await asOwner().requestExit(chain.owner, 10n * TOKEN);
    await pass(EPOCH);
    await lock("a", 10n * TOKEN);
    await asOwner().requestExit(chain.owner, 10n * TOKEN);
    await pass(EPOCH);
    await lock("b", 10n * TOKEN);
    await asOwner().requestExit(chain.owner, 10n * TOKEN);
    await pass(PARAMS.unbonding);
    await withdraw(0);
    await unlock("b");
    for (const exitId of [1, 2]) {
      await expect(withdraw(exitId)).to.be.revertedWithCustomError(setup.staking, "ExitBacksLocks").withArgs(exitId, 1);
    }
    expect(await unlocked()).to.deep.equal([false, false]);
    await unlock("a");
    expect(await unlocked()).to.deep.equal([true, true]);
    await withdraw(2);
    await withdraw(1);
  });

  it("are slashed in proportion, whether or not their epoch is over", async () => {
    const { staking } = setup;
    await lock("a", 20n * TOKEN);
    await lock("b", 40n * TOKEN);
    await asOwner().requestExit(chain.owner, 50n * TOKEN);
    await slash("a");
    expect((await staking.exit(chain.owner, chain.owner, 0)).amount).to.equal(40n * TOKEN);
    await pass(EPOCH);
    await slash("b");
    expect((await staking.exit(chain.owner, chain.owner, 0)).amount).to.equal(20n * TOKEN);
    expect((await staking.position(chain.owner, chain.owner)).amount).to.equal(20n * TOKEN);
    await pass(PARAMS.unbonding);
    await withdraw(0);
    expect(await staking.stakeOf(chain.owner)).to.equal(20n * TOKEN);
  });

  it("can be taken whole by a slash", async () => {
    const { staking } = setup;
    await lock("a", 100n * TOKEN);
    await asOwner().requestFullExit(chain.owner);
    await slash("a");
    expect(await staking.stakeOf(chain.owner)).to.equal(0);
    expect(await staking.pendingBurn()).to.equal(100n * TOKEN);
  });

  it("stand still in a pause and stop with it, requests go on", async () => {
    const { staking, hub } = setup;
    await asOwner().requestExit(chain.owner, TOKEN);
    const readyAt = (await chain.networkHelpers.time.latest()) + PARAMS.unbonding;
    await pass(PARAMS.unbonding - DAY);
    await hub.pause();
    await asOwner().requestExit(chain.owner, TOKEN);
    const begun = await chain.networkHelpers.time.latest();
    await chain.networkHelpers.time.increaseTo(readyAt + DAY);
    await expect(withdraw(0)).to.be.revertedWithCustomError(hub, "Paused");
    await hub.unpause();
    const paused = (await hub.lastPause()).end - (await hub.lastPause()).begin;
    expect(BigInt(begun) <= (await hub.lastPause()).end).to.equal(true);
    await chain.networkHelpers.time.setNextBlockTimestamp(BigInt(readyAt) + paused - 1n);
    await expect(withdraw(0)).to.be.revertedWithCustomError(staking, "ExitNotReady");
    await chain.networkHelpers.time.setNextBlockTimestamp(BigInt(readyAt) + paused);
    await withdraw(0);
  });

  it("leave all at once by multicall", async () => {
    const { staking, token } = setup;
    for (let i = 0; i < 3; i++) await asOwner().requestExit(chain.owner, TOKEN);
    await pass(PARAMS.unbonding);
    const calls = [0, 1, 2].map((exitId) =>
      staking.interface.encodeFunctionData("withdrawExit", [chain.owner.address, exitId, chain.stranger.address]),
    );
    await expect(asOwner().multicall(calls)).to.changeTokenBalance(chain.ethers, token, chain.stranger, 3n * TOKEN);
    await expect(asOwner().multicall(calls)).to.be.revertedWithCustomError(staking, "UnknownExit");
  });

  it("leave all that standing locks need, to the wei, so that the last lock of all stake can be slashed", async () => {
    const { staking, source } = setup;
    const penalise = async (name: string, amount: bigint) => {
      await lock(name, 10n * TOKEN);
      await source.penalise(staking, chain.owner, lockId(name), amount);
    };
    // Penalties of a wei or two inside their epochs: each exit is worth a part of a wei more than starts to leave.
    await asOwner().requestExit(chain.owner, TOKEN);
    await penalise("a", 1n);
    await pass(EPOCH);
    await asOwner().requestExit(chain.owner, 60n * TOKEN);
    await penalise("b", 2n);
    await pass(PARAMS.unbonding);
    const all = await staking.freeStake(chain.owner);
    await lock("all", all);
    // It backs that lock. With it there are two wei more in the queue than the others' own.
    await asOwner().requestExit(chain.owner, 1n);
    await pass(EPOCH);
    await withdraw(0);
    await withdraw(1);
    await slash("all");
    expect(await staking.stakeOf(chain.owner)).to.equal(0);
  });
});

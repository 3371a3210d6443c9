import { expect } from "chai";
import { MaxUint256 } from "ethers";

import { connect, type Connection, DAY, PARAMS, TOKEN } from "../support/protocol.js";
import { deployStaking, expectSolvent, lockId, type StakingSetup } from "../support/staking.js";

/** Numbers are those of the list of attacks in docs/attacks.md. */
describe("attacks on stake", () => {
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
    await expectSolvent(setup, [chain.owner, chain.challenger, chain.consumer, chain.stranger]);
  });

  async function fixture() {
    return deployStaking(chain);
  }

  const asOwner = () => setup.staking.connect(chain.owner);
  const lock = (id: string, amount: bigint) => setup.source.lock(setup.staking, chain.owner, id, amount);
  const slash = (id: string, rewards: { to: string; amount: bigint }[] = []) =>
    setup.source.slash(setup.staking, chain.owner, id, rewards);
  const pass = (seconds: number) => chain.networkHelpers.time.increase(seconds);

  it("1: unbonding ahead of a slash takes nothing out of its reach", async () => {
    await lock(A, 100n * TOKEN);
    await asOwner().requestExit(chain.owner, 100n * TOKEN);
    await pass(PARAMS.unbonding + DAY);
    await expect(asOwner().withdrawExit(chain.owner, 0, chain.owner)).to.be.revertedWithCustomError(
      setup.staking,
      "ExitBacksLocks",
    );
    await slash(A);
    expect(await setup.staking.stakeOf(chain.owner)).to.equal(0);
  });

  it("2: an amount that overflows does not make an exit immediate or larger", async () => {
    const { staking } = setup;
    for (const amount of [2n ** 96n, 2n ** 96n + TOKEN, 2n ** 48n * TOKEN, MaxUint256]) {
      await expect(asOwner().requestExit(chain.owner, amount)).to.be.revertedWithCustomError(
        staking,
        "InsufficientStake",
      );
    }
    await asOwner().requestExit(chain.owner, TOKEN);
    const { readyAt } = await staking.exit(chain.owner, chain.owner, 0);
    expect(readyAt).to.equal((await chain.networkHelpers.time.latest()) + PARAMS.unbonding);
  });

  it("3: the amount of a standing lock can't be overwritten", async () => {
    await lock(A, 60n * TOKEN);
    await expect(lock(A, 1n)).to.be.revertedWithCustomError(setup.staking, "LockExists");
    expect((await setup.staking.lockOf(setup.source, chain.owner, A)).amount).to.equal(60n * TOKEN);
  });

  it("4, 6: rewards above the whole slash neither revert nor pay more than half", async () => {
    await lock(A, 60n * TOKEN);
    await slash(A, [
      { to: chain.challenger.address, amount: 2n ** 96n - 1n },
      { to: chain.consumer.address, amount: 2n ** 96n - 1n },
    ]);
    expect(await setup.staking.rewardOf(chain.challenger)).to.equal(30n * TOKEN);
    expect(await setup.staking.rewardOf(chain.consumer)).to.equal(0);
    expect(await setup.staking.pendingBurn()).to.equal(30n * TOKEN);
  });

  it("5: no slash can exceed the balance, whatever left and was slashed before", async () => {
    await lock(A, 40n * TOKEN);
    await lock(lockId("b"), 30n * TOKEN);
    await asOwner().requestExit(chain.owner, 90n * TOKEN);
    await asOwner().requestExit(chain.owner, 10n * TOKEN);
    await pass(PARAMS.unbonding);
    for (const exitId of [0, 1]) {
      await expect(asOwner().withdrawExit(chain.owner, exitId, chain.owner)).to.be.revertedWithCustomError(
        setup.staking,
        "ExitBacksLocks",
      );
    }
    await slash(A);
    await expect(asOwner().withdrawExit(chain.owner, 1, chain.owner)).to.be.revertedWithCustomError(
      setup.staking,
      "ExitBacksLocks",
    );
    await slash(lockId("b"));
    expect(await setup.staking.pendingBurn()).to.equal(70n * TOKEN);
    for (const [exitId, left] of [27n * TOKEN, 3n * TOKEN].entries()) {
      await expect(asOwner().withdrawExit(chain.owner, exitId, chain.stranger)).to.changeTokenBalance(
        chain.ethers,
        setup.token,
        chain.stranger,
        left,
      );
    }
    expect(await setup.staking.stakeOf(chain.owner)).to.equal(0);
  });

  it("7: a slash takes the lock, not a part of the whole stake", async () => {
    await lock(A, 3n * TOKEN);
    await slash(A);
    expect(await setup.staking.stakeOf(chain.owner)).to.equal(97n * TOKEN);
  });

  it("8: slashing oneself returns at most half", async () => {
    const { staking, token } = setup;
    for (const [i, amount] of [2n, 3n, 7n * TOKEN + 1n, 80n * TOKEN].entries()) {
      const id = lockId(`self ${i}`);
      const before = (await staking.stakeOf(chain.owner)) + (await token.balanceOf(chain.owner));
      await lock(id, amount);
      await slash(id, [{ to: chain.owner.address, amount }]);
      await asOwner().withdrawReward(chain.owner);
      const after = (await staking.stakeOf(chain.owner)) + (await token.balanceOf(chain.owner));
      expect(before - after).to.equal(amount - amount / 2n);
    }
  });

  it("9, 19: exits of two owners with the same number are strangers to each other", async () => {
    const { staking, token } = setup;
    const other = staking.connect(chain.stranger);
    await token.transfer(chain.stranger, TOKEN);
    await token.connect(chain.stranger).approve(staking, TOKEN);
    await other.deposit(chain.stranger, TOKEN);
    await asOwner().requestExit(chain.owner, 50n * TOKEN);
    await other.requestExit(chain.stranger, TOKEN);
    await other.cancelExit(chain.stranger, 0);
    expect((await staking.exit(chain.owner, chain.owner, 0)).amount).to.equal(50n * TOKEN);
    await pass(PARAMS.unbonding);
    for (const call of [
      () => other.cancelExit(chain.stranger, 0),
      () => other.withdrawExit(chain.stranger, 0, chain.stranger),
    ]) {
      await expect(call())
        .to.be.revertedWithCustomError(staking, "UnknownExit")
        .withArgs(chain.stranger.address, chain.stranger.address, 0);
    }
    await asOwner().withdrawExit(chain.owner, 0, chain.owner);
  });

  it("10, 22: neither exits nor locks in numbers make a slash dearer", async () => {
    const { staking, source } = setup;
    const measure = async (id: string) => {
      await lock(id, TOKEN);
      return source.slash.estimateGas(staking, chain.owner, id, []);
    };
    const before = await measure(A);
    for (let i = 0; i < 100; i++) {
      await asOwner().requestExit(chain.owner, TOKEN / 10n);
      await lock(lockId(`lock ${i}`), TOKEN / 10n);
    }
    const after = await measure(lockId("b"));
    // The first lock filled an empty slot; nothing else may differ.
    expect(after).to.be.at.most(before + 3_000n);
    await lock(lockId("rest"), await staking.freeStake(chain.owner));
    await asOwner().requestExit(chain.owner, 70n * TOKEN);
    await pass(DAY);
    // This one takes from a queue of 101 exits.
    const queued = await source.slash.estimateGas(staking, chain.owner, lockId("rest"), []);
    expect(queued).to.be.at.most(before + 20_000n);
  });

  it("12, 15: slashed to dust again and again, with everything queued, an account still works", async () => {
    const { staking, token } = setup;
    await token.transfer(chain.owner, 1000n * TOKEN);
    await token.connect(chain.owner).approve(staking, MaxUint256);
    for (let round = 0; round < 8; round++) {
      const stake = await staking.stakeOf(chain.owner);
      const id = lockId(`round ${round}`);
      await lock(id, stake - 1n);
      await asOwner().requestExit(chain.owner, stake);
      await slash(id);
      expect(await staking.stakeOf(chain.owner)).to.equal(1);
      await asOwner().deposit(chain.owner, 100n * TOKEN);
    }
    // Each worn-out pool gave way to a new one, and the wei that it still held is its exits'.
    expect((await staking.ownPool(chain.owner)).generation).to.equal(8);
    await lock(A, 100n * TOKEN);
    await asOwner().requestExit(chain.owner, 100n * TOKEN);
    await slash(A);
    expect(await staking.stakeOf(chain.owner)).to.equal(0);
    await asOwner().deposit(chain.owner, TOKEN);
    await asOwner().requestExit(chain.owner, TOKEN);
    await pass(PARAMS.unbonding);
    const { exitCount } = await staking.position(chain.owner, chain.owner);
    for (let exitId = 0; exitId < Number(exitCount); exitId++) {
      await asOwner().withdrawExit(chain.owner, exitId, chain.owner);
    }
  });

  it("13, 20: tokens sent without a deposit belong to nobody and block nobody", async () => {
    const { staking, token } = setup;
    for (const amount of [1n, 1_000_000n * TOKEN]) {
      await token.transfer(staking, amount);
      await token.transfer(chain.owner, TOKEN);
      await token.connect(chain.owner).approve(staking, TOKEN);
      const before = await staking.stakeOf(chain.owner);
      await asOwner().deposit(chain.owner, TOKEN);
      expect((await staking.stakeOf(chain.owner)) - before).to.equal(TOKEN);
    }
    await asOwner().requestExit(chain.owner, 102n * TOKEN);
    await pass(PARAMS.unbonding);
    await asOwner().withdrawExit(chain.owner, 0, chain.owner);
  });

  it("16: exits leave in any order, none waits for another", async () => {
    for (let i = 0; i < 3; i++) {
      await asOwner().requestExit(chain.owner, 10n * TOKEN);
      await pass(DAY);
    }
    await pass(PARAMS.unbonding - 2 * DAY);
    await expect(asOwner().withdrawExit(chain.owner, 2, chain.owner)).to.be.revertedWithCustomError(
      setup.staking,
      "ExitNotReady",
    );
    await asOwner().withdrawExit(chain.owner, 1, chain.owner);
    await asOwner().withdrawExit(chain.owner, 0, chain.owner);
  });

  it("17: one wei backs one lock", async () => {
    await lock(A, 100n * TOKEN);
    await expect(lock(lockId("b"), 1n)).to.be.revertedWithCustomError(setup.staking, "InsufficientStake");
    await expect(setup.other.lock(setup.staking, chain.owner, A, 1n)).to.be.revertedWithCustomError(
      setup.staking,
      "InsufficientStake",
    );
  });

  it("18, 21: queueing everything hides nothing from a slash", async () => {
    await lock(A, 70n * TOKEN);
    await asOwner().requestExit(chain.owner, 50n * TOKEN);
    await asOwner().requestExit(chain.owner, 50n * TOKEN);
    await pass(PARAMS.unbonding - 60);
    await slash(A);
    await pass(DAY);
    expect(await setup.staking.stakeOf(chain.owner)).to.equal(30n * TOKEN);
    for (const exitId of [0, 1]) {
      await expect(asOwner().withdrawExit(chain.owner, exitId, chain.stranger)).to.changeTokenBalance(
        chain.ethers,
        setup.token,
        chain.stranger,
        15n * TOKEN,
      );
    }
  });

  it("23: the smallest slash burns", async () => {
    for (const [amount, burnt] of [
      [1n, 1n],
      [2n, 1n],
      [3n, 2n],
    ] as const) {
      const before = await setup.staking.pendingBurn();
      await lock(lockId(`tiny ${amount}`), amount);
      await slash(lockId(`tiny ${amount}`), [{ to: chain.challenger.address, amount }]);
      expect((await setup.staking.pendingBurn()) - before).to.equal(burnt);
    }
  });
});

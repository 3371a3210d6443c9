import { expect } from "chai";
import { ZeroAddress } from "ethers";

import { EPOCH, PARAMETERS } from "../../support/hub.js";
import { connect, type Connection, PARAMS, TOKEN } from "../../support/protocol.js";
import { delegate, deployStaking, expectSolvent, lockId, type StakingSetup } from "../../support/staking.js";

describe("OperatorStaking delegation", () => {
  let chain: Connection;
  let setup: StakingSetup;
  const [A, B] = [lockId("a"), lockId("b")];

  before(async () => {
    chain = await connect();
  });

  beforeEach(async () => {
    setup = await chain.networkHelpers.loadFixture(fixture);
  });

  /** The owner has 100 tokens of its own; consumer and stranger delegate 100 and 200. */
  async function fixture() {
    const deployed = await deployStaking(chain);
    await delegate(chain, deployed, chain.consumer, 100n * TOKEN);
    await delegate(chain, deployed, chain.stranger, 200n * TOKEN);
    return deployed;
  }

  const lock = (id: string, amount: bigint) => setup.source.lock(setup.staking, chain.owner, id, amount);
  const unlock = (id: string) => setup.source.unlock(setup.staking, chain.owner, id);
  const slash = (id: string, rewards: { to: string; amount: bigint }[] = []) =>
    setup.source.slash(setup.staking, chain.owner, id, rewards);
  const pass = (seconds: number) => chain.networkHelpers.time.increase(seconds);
  const held = async ({ address }: { address: string }) => (await setup.staking.position(chain.owner, address)).amount;

  it("is apart from the operator's own stake", async () => {
    const { staking } = setup;
    const [own, delegated] = [await staking.ownPool(chain.owner), await staking.delegatedPool(chain.owner)];
    expect([own.active, own.shares]).to.deep.equal([100n * TOKEN, 100_000n * TOKEN]);
    expect([delegated.active, delegated.shares]).to.deep.equal([300n * TOKEN, 300_000n * TOKEN]);
    expect(await held(chain.consumer)).to.equal(100n * TOKEN);
    expect(await held(chain.stranger)).to.equal(200n * TOKEN);
    expect(await staking.stakeOf(chain.owner)).to.equal(400n * TOKEN);
    expect(await staking.activeStake(chain.owner)).to.deep.equal([100n * TOKEN, 300n * TOKEN]);
    await expectSolvent(setup, [chain.owner]);
  });

  it("adds at least the minimum: -1 and 0 wei", async () => {
    const { minDelegation } = PARAMETERS.staking;
    await expect(delegate(chain, setup, chain.challenger, minDelegation - 1n))
      .to.be.revertedWithCustomError(setup.staking, "DelegationTooSmall")
      .withArgs(minDelegation - 1n, minDelegation);
    await delegate(chain, setup, chain.challenger, minDelegation);
    await expect(setup.staking.deposit(ZeroAddress, TOKEN)).to.be.revertedWithCustomError(setup.staking, "ZeroAddress");
  });

  describe("parts of locks", () => {
    it("follow the free stake, the own part rounded up", async () => {
      await lock(A, 41n);
      // A quarter of the stake is the operator's own: 10.25.
      expect(await setup.staking.lockOf(setup.source, chain.owner, A)).to.deep.equal([41n, 11n, false]);
      await lock(B, 100n * TOKEN);
      expect((await setup.staking.lockOf(setup.source, chain.owner, B)).own).to.be.closeTo(25n * TOKEN, 10n);
    });

    it("have a fifth of own stake at least, which bounds a lock: 0 and +1 wei", async () => {
      const { staking } = setup;
      await delegate(chain, setup, chain.stranger, 700n * TOKEN);
      expect(await staking.freeStake(chain.owner)).to.equal(500n * TOKEN);
      await expect(lock(A, 500n * TOKEN + 1n))
        .to.be.revertedWithCustomError(staking, "InsufficientStake")
        .withArgs(chain.owner.address, 500n * TOKEN + 1n, 500n * TOKEN);
      await lock(A, 500n * TOKEN);
      expect((await staking.lockOf(setup.source, chain.owner, A)).own).to.equal(100n * TOKEN);
      await expect(lock(B, 1n)).to.be.revertedWithCustomError(staking, "InsufficientStake");
      await unlock(A);
      expect((await staking.delegatedPool(chain.owner)).locked).to.equal(0);
      expect((await staking.ownPool(chain.owner)).locked).to.equal(0);
    });

    it("are all own where nothing is delegated, and none are possible without own stake", async () => {
      const { staking, token } = setup;
      await token.transfer(chain.challenger, TOKEN);
      await token.connect(chain.challenger).approve(staking, TOKEN);
      await staking.connect(chain.challenger).deposit(chain.challenger, TOKEN);
      await setup.source.lock(staking, chain.challenger, A, TOKEN);
      expect((await staking.lockOf(setup.source, chain.challenger, A)).own).to.equal(TOKEN);
      await delegate(chain, setup, chain.stranger, 10n * TOKEN, chain.worker.address);
      expect(await staking.freeStake(chain.worker)).to.equal(0);
    });
  });

  describe("slashing", () => {
    it("takes both parts; rewards come from half of the own part alone, the rest burns", async () => {
      const { staking } = setup;
      await lock(A, 40n * TOKEN);
      const { own } = await staking.lockOf(setup.source, chain.owner, A);
      expect(own).to.equal(10n * TOKEN);
      await expect(slash(A, [{ to: chain.challenger.address, amount: 40n * TOKEN }]))
        .to.emit(staking, "Slashed")
        .withArgs(chain.owner.address, await setup.source.getAddress(), A, 40n * TOKEN, own, 35n * TOKEN);
      expect(await staking.rewardOf(chain.challenger)).to.equal(5n * TOKEN);
      expect(await held(chain.owner)).to.equal(90n * TOKEN);
      expect(await held(chain.consumer)).to.equal(90n * TOKEN);
      expect(await held(chain.stranger)).to.equal(180n * TOKEN);
      await expectSolvent(setup, [chain.owner, chain.challenger]);
    });

    it("lowers the price for those who were there, and not for those who come later", async () => {
      await lock(A, 200n * TOKEN);
      await slash(A);
      await delegate(chain, setup, chain.challenger, 150n * TOKEN);
      expect(await held(chain.challenger)).to.be.within(150n * TOKEN - 1n, 150n * TOKEN);
      await lock(B, 100n * TOKEN);
      await slash(B);
      // Of 50 own and 300 delegated tokens, a seventh of each lock was own.
      const lost = (100n * TOKEN * 4n) / 5n / 2n;
      expect(await held(chain.challenger)).to.be.closeTo(150n * TOKEN - lost, 10n);
      expect((await held(chain.consumer)) * 2n).to.be.closeTo(await held(chain.stranger), 10n);
    });

    it("spares nobody who queued in time", async () => {
      const { staking } = setup;
      await lock(A, 40n * TOKEN);
      await staking.connect(chain.stranger).requestFullExit(chain.owner);
      await pass(EPOCH);
      await slash(A);
      expect((await staking.exit(chain.owner, chain.stranger, 0)).amount).to.equal(180n * TOKEN);
      expect(await held(chain.consumer)).to.equal(90n * TOKEN);
    });

    it("takes from what leaves and what stays in proportion, once an epoch has turned", async () => {
      const { staking } = setup;
      await lock(A, 40n * TOKEN);
      await staking.connect(chain.stranger).requestExit(chain.owner, 150n * TOKEN);
      await pass(EPOCH);
      await lock(B, 1n);
      await unlock(B);
      await slash(A);
      const { active, exiting } = await staking.delegatedPool(chain.owner);
      // A tenth of 300 tokens, half of which leave.
      expect([active, exiting]).to.deep.equal([135n * TOKEN, 135n * TOKEN]);
    });

    it("wears a pool out; what is left stays with its holders, and a new one begins", async () => {
      const { staking } = setup;
      await staking.connect(chain.stranger).requestExit(chain.owner, 50n * TOKEN);
      for (let round = 0; (await staking.delegatedPool(chain.owner)).active > 1_000n; round++) {
        expect(round, "rounds").to.be.below(60);
        await wear();
      }
      await addOwn(100n);
      await lock(A, 100n);
      const { active: left, exiting, shares } = await staking.delegatedPool(chain.owner);
      expect(shares).to.equal(300_000n * TOKEN);
      // No deposit while the old pool backs a lock, and then into a new one.
      await expect(delegate(chain, setup, chain.challenger, TOKEN)).to.be.revertedWithCustomError(
        staking,
        "PoolLocked",
      );
      await unlock(A);
      await expect(delegate(chain, setup, chain.challenger, TOKEN))
        .to.emit(staking, "PoolRetired")
        .withArgs(chain.owner.address, false, 0, left + exiting);
      expect(await staking.delegatedPool(chain.owner)).to.deep.equal([TOKEN, 0n, 0n, 1_000n * TOKEN, 1n]);
      expect(await held(chain.challenger)).to.equal(TOKEN);
      expect(await held(chain.consumer)).to.equal(0);

      const share = await staking.retiredPosition(chain.owner, chain.consumer, 0);
      expect(share).to.equal((left + exiting) / 3n);
      expect(await staking.retiredPosition(chain.owner, chain.consumer, 1)).to.equal(0);
      await expect(
        staking.connect(chain.consumer).redeemRetired(chain.owner, 0, ZeroAddress),
      ).to.be.revertedWithCustomError(staking, "ZeroAddress");
      const others = await staking.retiredPosition(chain.owner, chain.stranger, 0);
      expect(others).to.be.greaterThan(100n);
      const redeem = () => staking.connect(chain.consumer).redeemRetired(chain.owner, 0, chain.consumer);
      const redeemed = redeem();
      await expect(redeemed).to.changeTokenBalance(chain.ethers, setup.token, chain.consumer, share);
      await expect(redeemed)
        .to.emit(staking, "RetiredRedeemed")
        .withArgs(chain.owner.address, chain.consumer.address, 0, chain.consumer.address, share);
      await expect(redeem()).to.be.revertedWithCustomError(staking, "ZeroAmount");
      // What the others have there is what it was.
      expect(await staking.retiredPosition(chain.owner, chain.stranger, 0)).to.be.closeTo(others, 1n);
      await expect(staking.connect(chain.challenger).redeemRetired(chain.owner, 1, chain.challenger))
        .to.be.revertedWithCustomError(staking, "NotRetired")
        .withArgs(chain.owner.address, 1);
      // An exit of the old pool can't come back, and leaves in its time.
      await expect(staking.connect(chain.stranger).cancelExit(chain.owner, 0)).to.be.revertedWithCustomError(
        staking,
        "ExitRetired",
      );
      const { amount } = await staking.exit(chain.owner, chain.stranger, 0);
      await pass(PARAMS.unbonding);
      await expect(staking.connect(chain.stranger).withdrawExit(chain.owner, 0, chain.stranger)).to.changeTokenBalance(
        chain.ethers,
        setup.token,
        chain.stranger,
        amount,
      );
    });

    it("is worn out beyond a millionth of what it was, to the wei: -1, 0 and +1", async () => {
      const { staking, source, token } = setup;
      const { stranger } = chain;
      for (const staked of [999_998n, 999_999n, 1_000_000n]) {
        const snapshot = await chain.networkHelpers.takeSnapshot();
        await token.transfer(stranger, staked + TOKEN);
        await token.connect(stranger).approve(staking, staked + TOKEN);
        await staking.connect(stranger).deposit(stranger, staked);
        await source.lock(staking, stranger, A, staked);
        await source.slash(staking, stranger, A, []);
        // The virtual token is left, of as many as were staked and itself.
        const deposited = expect(staking.connect(stranger).deposit(stranger, TOKEN));
        if (staked + 1n > 1_000_000n) await deposited.to.emit(staking, "PoolRetired");
        else await deposited.not.to.emit(staking, "PoolRetired");
        await snapshot.restore();
      }
    });

    it("does not let an exit of a retired pool pass over the locks of a running era", async () => {
      const { staking } = setup;
      await staking.connect(chain.stranger).requestFullExit(chain.owner);
      while ((await staking.delegatedPool(chain.owner)).active > 1_000n) await wear();
      await delegate(chain, setup, chain.challenger, TOKEN);
      await addOwn(100n * TOKEN);
      await pass(EPOCH);
      await lock(A, TOKEN);
      await pass(PARAMS.unbonding);
      expect((await staking.exit(chain.owner, chain.stranger, 0)).unlocked).to.equal(true);
      await staking.connect(chain.stranger).withdrawExit(chain.owner, 0, chain.stranger);
      // The lock is of the era in which that exit was asked for, which ends only now.
      await staking.connect(chain.owner).requestExit(chain.owner, TOKEN);
      await pass(PARAMS.unbonding);
      await expect(staking.connect(chain.owner).withdrawExit(chain.owner, 0, chain.owner))
        .to.be.revertedWithCustomError(staking, "ExitBacksLocks")
        .withArgs(0, 1);
    });

    /** Slashes nine tenths of what is delegated, with as much own stake as that takes. */
    async function wear() {
      const { active, exiting } = await setup.staking.delegatedPool(chain.owner);
      await addOwn((active + exiting) / 4n + 1n);
      await lock(B, ((await setup.staking.freeStake(chain.owner)) * 9n) / 10n);
      await slash(B);
    }

    async function addOwn(amount: bigint) {
      const { staking, token } = setup;
      await token.transfer(chain.owner, amount);
      await token.connect(chain.owner).approve(staking, amount);
      await staking.connect(chain.owner).deposit(chain.owner, amount);
    }
  });

  describe("leaving", () => {
    it("takes the price of the day, after unbonding and the locks that it backed", async () => {
      const { staking, token } = setup;
      await lock(A, 40n * TOKEN);
      const asConsumer = staking.connect(chain.consumer);
      await asConsumer.requestExit(chain.owner, 60n * TOKEN);
      await pass(PARAMS.unbonding);
      await expect(asConsumer.withdrawExit(chain.owner, 0, chain.consumer)).to.be.revertedWithCustomError(
        staking,
        "ExitBacksLocks",
      );
      await slash(A);
      await expect(asConsumer.withdrawExit(chain.owner, 0, chain.worker)).to.changeTokenBalance(
        chain.ethers,
        token,
        chain.worker,
        54n * TOKEN,
      );
      expect(await held(chain.consumer)).to.equal(36n * TOKEN);
      await expectSolvent(setup, [chain.owner]);
    });

    it("can be taken back in its epoch, and then it never began", async () => {
      const { staking } = setup;
      const asConsumer = staking.connect(chain.consumer);
      await asConsumer.requestExit(chain.owner, 60n * TOKEN);
      expect(await held(chain.consumer)).to.equal(40n * TOKEN);
      await asConsumer.cancelExit(chain.owner, 0);
      expect(await held(chain.consumer)).to.equal(100n * TOKEN);
      await pass(EPOCH);
      expect(await staking.activeStake(chain.owner)).to.deep.equal([100n * TOKEN, 300n * TOKEN]);
      const { active, exiting } = await staking.delegatedPool(chain.owner);
      expect([active, exiting]).to.deep.equal([300n * TOKEN, 0n]);
      await expect(asConsumer.cancelExit(chain.owner, 0)).to.be.revertedWithCustomError(staking, "UnknownExit");
      await expectSolvent(setup, [chain.owner]);
    });

    it("is everybody's own affair", async () => {
      const { staking } = setup;
      await staking.connect(chain.consumer).requestExit(chain.owner, TOKEN);
      for (const other of [chain.stranger, chain.owner]) {
        await expect(staking.connect(other).cancelExit(chain.owner, 0))
          .to.be.revertedWithCustomError(staking, "UnknownExit")
          .withArgs(chain.owner.address, other.address, 0);
      }
    });

    it("never pays more than was brought, whatever others do in between", async () => {
      const { staking } = setup;
      const brought = 7n * TOKEN + 3n;
      await delegate(chain, setup, chain.challenger, brought);
      await staking.connect(chain.consumer).requestFullExit(chain.owner);
      await pass(EPOCH);
      await delegate(chain, setup, chain.worker, 13n * TOKEN + 11n);
      expect(await held(chain.challenger)).to.be.within(brought - 1n, brought);
      await staking.connect(chain.challenger).requestFullExit(chain.owner);
      expect((await staking.exit(chain.owner, chain.challenger, 0)).amount).to.be.within(brought - 1n, brought);
    });
  });
});

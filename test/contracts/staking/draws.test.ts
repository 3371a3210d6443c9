import { expect } from "chai";

import { EPOCH, PARAMETERS } from "../../support/hub.js";
import { connect, type Connection, TOKEN } from "../../support/protocol.js";
import { delegate, deployStaking, expectSolvent, lockId, type StakingSetup } from "../../support/staking.js";

describe("OperatorStaking draws and conduct", () => {
  let chain: Connection;
  let setup: StakingSetup;
  const [A, B] = [lockId("a"), lockId("b")];

  before(async () => {
    chain = await connect();
  });

  beforeEach(async () => {
    setup = await chain.networkHelpers.loadFixture(fixture);
  });

  async function fixture() {
    return deployStaking(chain);
  }

  const asOwner = () => setup.staking.connect(chain.owner);
  const lock = (id: string, amount: bigint) => setup.source.lock(setup.staking, chain.owner, id, amount);
  const lockDrawn = (id: string, amount: bigint) => setup.source.lockDrawn(setup.staking, chain.owner, id, amount);
  const unlock = (id: string) => setup.source.unlock(setup.staking, chain.owner, id);
  const strike = () => setup.source.strike(setup.staking, chain.owner);
  const epoch = () => setup.hub.epoch();
  /** To the last second of the epoch, or the first of the next. */
  const epochEnd = async (offset: number) => {
    const end = (Number(await epoch()) + 1) * EPOCH + offset;
    await chain.networkHelpers.time.setNextBlockTimestamp(end);
  };

  describe("stake set aside", () => {
    it("can be drawn from the next epoch on, to the second, and by nothing else from now on", async () => {
      const { staking } = setup;
      const current = await epoch();
      await expect(asOwner().setDrawStake(60n * TOKEN))
        .to.emit(staking, "DrawStakeAnnounced")
        .withArgs(chain.owner.address, 60n * TOKEN, current + 1n);
      expect(await staking.freeStake(chain.owner)).to.equal(40n * TOKEN);
      expect(await staking.drawStake(chain.owner)).to.deep.equal([0n, 60n * TOKEN, 0n]);
      expect(await staking.drawStakeOf(chain.owner, current)).to.equal(0);
      expect(await staking.drawStakeOf(chain.owner, current + 1n)).to.equal(60n * TOKEN);
      await expect(lock(A, 40n * TOKEN + 1n)).to.be.revertedWithCustomError(staking, "InsufficientStake");

      await epochEnd(-1);
      await expect(lockDrawn(A, 1n))
        .to.be.revertedWithCustomError(staking, "InsufficientStake")
        .withArgs(chain.owner.address, 1n, 0n);
      await epochEnd(0);
      // The turn is due, and no call has made it yet.
      await chain.networkHelpers.mine();
      expect(await staking.drawStake(chain.owner)).to.deep.equal([60n * TOKEN, 60n * TOKEN, 0n]);
      expect(await staking.freeDrawStake(chain.owner)).to.equal(60n * TOKEN);
      await lockDrawn(A, 60n * TOKEN);
      expect(await staking.freeDrawStake(chain.owner)).to.equal(0);
      expect(await staking.lockOf(setup.source, chain.owner, A)).to.deep.equal([60n * TOKEN, 60n * TOKEN, true]);
      await expect(lockDrawn(B, 1n)).to.be.revertedWithCustomError(staking, "InsufficientStake");
      await lock(B, 40n * TOKEN);
      await unlock(A);
      expect((await staking.drawStake(chain.owner)).locked).to.equal(0);
      await lockDrawn(A, 60n * TOKEN);
    });

    it("turns with its epoch, once", async () => {
      await asOwner().setDrawStake(60n * TOKEN);
      await epochEnd(0);
      await expect(lock(A, 1n)).to.emit(setup.staking, "EpochTurned");
      await expect(unlock(A)).not.to.emit(setup.staking, "EpochTurned");
      await expect(lock(A, 1n)).not.to.emit(setup.staking, "EpochTurned");
    });

    it("stays set aside where it is a single wei", async () => {
      await asOwner().setDrawStake(1n);
      await epochEnd(0);
      await expect(lock(A, 100n * TOKEN)).to.be.revertedWithCustomError(setup.staking, "InsufficientStake");
      await lock(A, 100n * TOKEN - 1n);
    });

    it("stays set aside when its epoch has begun, while it is not drawn: 0 and +1 wei", async () => {
      await asOwner().setDrawStake(60n * TOKEN);
      await epochEnd(0);
      await lock(A, 1n);
      await unlock(A);
      await expect(lock(A, 40n * TOKEN + 1n))
        .to.be.revertedWithCustomError(setup.staking, "InsufficientStake")
        .withArgs(chain.owner.address, 40n * TOKEN + 1n, 40n * TOKEN);
      await lock(A, 40n * TOKEN);
    });

    it("must be free: 0 and +1 wei", async () => {
      await lock(A, 30n * TOKEN);
      await expect(asOwner().setDrawStake(70n * TOKEN + 1n))
        .to.be.revertedWithCustomError(setup.staking, "InsufficientStake")
        .withArgs(chain.owner.address, 70n * TOKEN + 1n, 70n * TOKEN);
      await asOwner().setDrawStake(70n * TOKEN);
    });

    it("stays for the whole epoch when it is lowered or leaves", async () => {
      const { staking } = setup;
      await asOwner().setDrawStake(60n * TOKEN);
      await epochEnd(0);
      await asOwner().setDrawStake(10n * TOKEN);
      await asOwner().requestExit(chain.owner, 100n * TOKEN);
      expect(await staking.freeStake(chain.owner)).to.equal(40n * TOKEN);
      const current = await epoch();
      expect(await staking.drawStakeOf(chain.owner, current)).to.equal(60n * TOKEN);
      // What is set aside but has left weighs nothing.
      expect(await staking.drawStakeOf(chain.owner, current + 1n)).to.equal(0);
      await epochEnd(-1);
      await lockDrawn(A, 60n * TOKEN);
      await epochEnd(0);
      await expect(lockDrawn(B, 1n)).to.be.revertedWithCustomError(staking, "InsufficientStake");
    });

    it("counts delegated stake, with the operator's fifth", async () => {
      const { staking } = setup;
      await delegate(chain, setup, chain.stranger, 1000n * TOKEN);
      await expect(asOwner().setDrawStake(500n * TOKEN + 1n)).to.be.revertedWithCustomError(
        staking,
        "InsufficientStake",
      );
      await asOwner().setDrawStake(500n * TOKEN);
      // Delegators can't take a draw's stake away within the epoch that has begun.
      await epochEnd(0);
      await staking.connect(chain.stranger).requestFullExit(chain.owner);
      // From the next one on there is only what the operator has.
      const current = await epoch();
      expect(await staking.drawStakeOf(chain.owner, current)).to.equal(500n * TOKEN);
      expect(await staking.drawStakeOf(chain.owner, current + 1n)).to.equal(100n * TOKEN);
      await lockDrawn(A, 500n * TOKEN);
      expect((await staking.lockOf(setup.source, chain.owner, A)).own).to.equal(100n * TOKEN);
    });
  });

  describe("strikes", () => {
    const { strikesToJail, jailTime, releaseFee } = PARAMETERS.staking;

    it("of one epoch add up to jail: -1 and 0", async () => {
      const { staking } = setup;
      for (let i = 1; i < strikesToJail; i++) await strike();
      expect(await staking.isJailed(chain.owner)).to.equal(false);
      await lock(A, 1n);
      await expect(strike()).to.emit(staking, "JailEntered");
      expect(await staking.isJailed(chain.owner)).to.equal(true);
      await expect(lock(B, 1n)).to.be.revertedWithCustomError(staking, "Jailed").withArgs(chain.owner.address);
      expect(await staking.freeStake(chain.owner)).to.equal(0);
      // What stands goes on, and more strikes do no harm.
      await strike();
      await unlock(A);
    });

    it("are forgotten with the epoch", async () => {
      for (let i = 1; i < strikesToJail; i++) await strike();
      expect((await setup.staking.conductOf(chain.owner)).strikes).to.equal(strikesToJail - 1);
      await epochEnd(0);
      await chain.networkHelpers.mine();
      expect((await setup.staking.conductOf(chain.owner)).strikes).to.equal(0);
      await strike();
      expect((await setup.staking.conductOf(chain.owner)).strikes).to.equal(1);
      expect(await setup.staking.isJailed(chain.owner)).to.equal(false);
    });

    it("jail keeps out of draws, and ends after its time for a fee that burns: -1 and 0 seconds", async () => {
      const { staking, token } = setup;
      await asOwner().setDrawStake(50n * TOKEN);
      await epochEnd(0);
      for (let i = 0; i < strikesToJail; i++) await strike();
      const { releasableAt } = await staking.conductOf(chain.owner);
      expect(releasableAt).to.equal((await chain.networkHelpers.time.latest()) + jailTime);
      expect(await staking.drawStakeOf(chain.owner, await epoch())).to.equal(0);
      expect(await staking.freeDrawStake(chain.owner)).to.equal(0);
      await expect(lockDrawn(A, 1n)).to.be.revertedWithCustomError(staking, "Jailed");
      await token.transfer(chain.owner, releaseFee);
      await token.connect(chain.owner).approve(staking, releaseFee);

      await chain.networkHelpers.time.setNextBlockTimestamp(releasableAt - 1n);
      await expect(asOwner().release())
        .to.be.revertedWithCustomError(staking, "StillInJail")
        .withArgs(chain.owner.address, releasableAt);
      await chain.networkHelpers.time.setNextBlockTimestamp(releasableAt);
      await expect(asOwner().release()).to.emit(staking, "JailLeft").withArgs(chain.owner.address, releaseFee);
      expect(await staking.pendingBurn()).to.equal(releaseFee);
      await lockDrawn(A, 50n * TOKEN);
      await expect(asOwner().release()).to.be.revertedWithCustomError(staking, "NotJailed");
    });

    it("jail is left for whatever the fee is: none, and a single wei", async () => {
      for (const fee of [0n, 1n]) {
        setup = await deployStaking(chain, { staking: { releaseFee: fee } });
        const { staking, token } = setup;
        for (let i = 0; i < strikesToJail; i++) await strike();
        await token.transfer(chain.owner, fee);
        await token.connect(chain.owner).approve(staking, fee);
        await chain.networkHelpers.time.setNextBlockTimestamp((await staking.conductOf(chain.owner)).releasableAt);
        await expect(asOwner().release()).to.changeTokenBalance(chain.ethers, token, staking, fee);
        expect(await staking.pendingBurn()).to.equal(fee);
        await expectSolvent(setup, [chain.owner]);
      }
    });

    it("stop counting at 255", async () => {
      for (let i = 0; i < 257; i++) await strike();
      expect((await setup.staking.conductOf(chain.owner)).strikes).to.equal(255);
    });

    it("come from lockers only", async () => {
      await expect(asOwner().strike(chain.stranger)).to.be.revertedWithCustomError(setup.staking, "NotLocker");
    });
  });
});

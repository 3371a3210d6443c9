import { expect } from "chai";
import { id } from "ethers";

import type { Receipt } from "../../src/receipts/typed-data.js";
import { at, CLAIM, lie, openChallenge, play, uphold } from "../support/challenges.js";
import { connect, type Connection, DAY, profilesOf, TOKEN } from "../support/protocol.js";
import {
  deployReserved,
  DURATION,
  LOCK,
  now,
  presentedClaim,
  RECEIPT_PARAMS,
  reserve,
  type ReservedDisputes,
  signedReceipt,
} from "../support/receipts.js";

const WINDOW = RECEIPT_PARAMS.challengeWindow;

/** Numbers are those of the list of attacks in docs/attacks.md. */
describe("attacks on receipts and reservations", () => {
  let chain: Connection;
  let setup: ReservedDisputes;
  const fixture = () => deployReserved(chain);

  before(async () => {
    chain = await connect();
  });

  beforeEach(async () => {
    setup = await chain.networkHelpers.loadFixture(fixture);
  });

  const receipt = (change: Partial<Receipt> = {}) =>
    signedReceipt(chain, setup, { reservation: setup.reservation, ...change });

  /** Slashes a wrong receipt and returns what became of the stake. */
  async function slashWrong(
    options: Parameters<typeof presentedClaim>[3] = {},
    reservation: string = setup.reservation,
  ) {
    const { staking } = setup;
    const claim = await presentedClaim(chain, setup, reservation, { answer: lie, ...options });
    const game = play(chain, setup, await openChallenge(chain, setup, claim, { trace: claim.truth }), claim.truth);
    await uphold(chain, game);
    const before = await staking.activeStake(chain.owner);
    await game.execute();
    const after = await staking.activeStake(chain.owner);
    return { own: before.own - after.own, delegated: before.delegated - after.delegated };
  }

  for (const delegated of [0n, 50_000n, 900_000n]) {
    it(`91: an operator that slashes itself through puppets loses, with ${delegated} tokens delegated`, async () => {
      const { staking, token } = setup;
      if (delegated > 0n) {
        await token.connect(chain.deployer).transfer(chain.stranger, delegated * TOKEN);
        await token.connect(chain.stranger).approve(staking, delegated * TOKEN);
        await staking.connect(chain.stranger).deposit(chain.owner, delegated * TOKEN);
      }
      // Challenger and consumer are both the operator's; the lock is taken with the delegation behind it.
      const lost = await slashWrong({}, await reserve(chain, setup));
      const gained = (await staking.rewardOf(chain.challenger)) + (await staking.rewardOf(chain.consumer));
      expect(lost.own + lost.delegated).to.equal(LOCK);
      expect(gained).to.be.at.most(lost.own / 2n);
      expect(gained, "half of its own burns").to.be.below(lost.own);
      // All that the delegators lose burns: there is nothing in it for anybody.
      expect(lost.own + lost.delegated - gained).to.be.at.least(lost.delegated + lost.own / 2n);
    });
  }

  describe("94: an outputs root that is not that of the bytes delivered", () => {
    it("gives nobody a deviation to show: only the root's own bytes can be challenged", async () => {
      const { receipts, manager } = setup;
      // The operator signs the root of right outputs and delivers others; what it signed is right.
      const claim = await presentedClaim(chain, setup, setup.reservation);
      const delivered = { ...claim, outputs: claim.outputs.map((bytes) => bytes.slice()) };
      lie(delivered.outputs);
      await expect(openChallenge(chain, setup, delivered, { trace: claim.truth })).to.revert(chain.ethers);
      expect((await receipts.reservationOf(setup.reservation)).openChallenges).to.equal(0);
      expect(await manager.totalOwed()).to.equal(0);
    });
  });

  describe("102: receipts outside their time or their key's office", () => {
    it("a receipt of the future, of before the reservation, or past its window is no claim", async () => {
      const { receipts } = setup;
      const { start, end } = await receipts.reservationOf(setup.reservation);
      const present = async (issuedAt: number) => {
        const signed = await receipt({ issuedAt, requestId: id(`issued ${issuedAt}`) });
        return receipts.present(signed.receipt, signed.signature);
      };
      await expect(present((await now(chain)) + 100)).to.revert(chain.ethers);
      await expect(present(Number(start) - 1)).to.revert(chain.ethers);
      await present(Number(start));
      await at(chain, end + 10n);
      await expect(present(Number(end) + 1)).to.revert(chain.ethers);
      await present(Number(end));
      await at(chain, end + BigInt(WINDOW) + 10n);
      await expect(present(Number(end) - 1)).to.revert(chain.ethers);
    });

    it("no field lets a receipt expire sooner than its window, and a backdated one has less of it for its issuer's harm only", async () => {
      const { receipts } = setup;
      const { start } = await receipts.reservationOf(setup.reservation);
      await at(chain, start + 1_000n);
      for (const back of [0, 500, 900]) {
        const issuedAt = (await now(chain)) - back;
        const signed = await receipt({ issuedAt, requestId: id(`back ${back}`) });
        await receipts.present(signed.receipt, signed.signature);
        expect((await receipts.claim(signed.claimId)).challengeDeadline).to.equal(BigInt(issuedAt) + BigInt(WINDOW));
      }
    });

    it("a key that leaves office does not take its receipts along, and signs no more", async () => {
      const { receipts } = setup;
      const profiles = await profilesOf(setup.staking);
      const before = await receipt({ requestId: id("before") });
      await profiles.connect(chain.owner).dropWorker();
      await receipts.present(before.receipt, before.signature);
      await at(chain, (await now(chain)) + 10);
      const after = await receipt({ requestId: id("after") });
      await expect(receipts.present(after.receipt, after.signature)).to.be.revertedWithCustomError(
        receipts,
        "WrongSigner",
      );
    });

    it("a key that leaves office later in the same second does not either: some chains have several blocks a second", async () => {
      const { receipts } = setup;
      const profiles = await profilesOf(setup.staking);
      const issuedAt = (await now(chain)) + 10;
      const signed = await receipt({ issuedAt, requestId: id("same second") });
      const { time, takeSnapshot, mine } = chain.networkHelpers;
      const before = await takeSnapshot();
      await time.setNextBlockTimestamp(issuedAt);
      await mine();
      // Its client sees that the contract would take it.
      await receipts.present.staticCall(signed.receipt, signed.signature);
      await before.restore();
      await time.setNextBlockTimestamp(issuedAt);
      await profiles.connect(chain.owner).dropWorker();
      await receipts.present(signed.receipt, signed.signature);
    });
  });

  it("103: however many receipts, what stands behind them is the reservation; reservations never exceed stake or cap", async () => {
    const { receipts, staking } = setup;
    for (let n = 0; n < 5; n++) {
      const each = await receipt({ requestId: id(`many ${n}`) });
      await receipts.present(each.receipt, each.signature);
      expect((await receipts.claim(each.claimId)).lock).to.equal(LOCK);
    }
    expect((await staking.ownPool(chain.owner)).locked).to.equal(LOCK);
    const free = await staking.freeStake(chain.owner);
    await receipts.connect(chain.owner).setReservationCap(2n * free);
    await expect(reserve(chain, setup, { lock: free + 1n })).to.be.revertedWithCustomError(
      staking,
      "InsufficientStake",
    );
    await receipts.connect(chain.owner).setReservationCap(2n * LOCK);
    const { cap, reserved } = await receipts.reservedBy(chain.owner);
    await expect(reserve(chain, setup, { lock: cap - reserved + 1n })).to.be.revertedWithCustomError(
      receipts,
      "CapExceeded",
    );
    // One wrong receipt takes the whole, and all others know it.
    await slashWrong({ requestId: id("wrong") });
    const late = await receipt({ requestId: id("late") });
    await expect(receipts.present(late.receipt, late.signature)).to.be.revertedWithCustomError(
      receipts,
      "WrongReservationStatus",
    );
    expect((await staking.ownPool(chain.owner)).locked).to.equal(0);
  });

  describe("113: capacity that is reserved for nothing", () => {
    it("is bounded by the owner's cap, costs a deposit, and ends when the operator says so", async () => {
      const { receipts, staking } = setup;
      await expect(reserve(chain, setup, { minDeposit: 0n, lock: 1001n * TOKEN })).to.revert(chain.ethers);
      await receipts.connect(chain.owner).endReservation(setup.reservation);
      await at(chain, (await now(chain)) + WINDOW + 2);
      await receipts.connect(chain.stranger).release(setup.reservation);
      expect((await staking.ownPool(chain.owner)).locked).to.equal(0);
    });

    it("can't be pinned: nobody but the operator can make it longer, and a lost challenge frees it", async () => {
      const { receipts, staking } = setup;
      const { end } = await receipts.reservationOf(setup.reservation);
      await receipts.connect(chain.stranger).deposit(setup.reservation, 1n, { value: 1n });
      await receipts.connect(chain.consumer).thaw(setup.reservation, 1n);
      expect((await receipts.reservationOf(setup.reservation)).end).to.equal(end);
      expect(Number(end) - (await now(chain))).to.be.at.most(DURATION);
      await expect(receipts.connect(chain.stranger).endReservation(setup.reservation)).to.be.revertedWithCustomError(
        receipts,
        "NotOperator",
      );
      await at(chain, end + BigInt(WINDOW) + 1n);
      await receipts.release(setup.reservation);
      expect((await staking.ownPool(chain.owner)).locked).to.equal(0);
    });
  });

  for (const price of [0n, 1n, (1n << 256n) - 1n]) {
    it(`114: a price of ${price} in a receipt moves nothing of the slash`, async () => {
      const { receipts, staking } = setup;
      const before = await chain.ethers.provider.getBalance(receipts);
      const lost = await slashWrong({ price });
      expect(lost.own).to.equal(LOCK);
      expect(await staking.rewardOf(chain.challenger)).to.equal((LOCK * 35n) / 100n);
      expect(await staking.rewardOf(chain.consumer)).to.equal((LOCK * 15n) / 100n);
      expect(await chain.ethers.provider.getBalance(receipts)).to.equal(before);
    });
  }

  for (const length of [DAY, 6 * DAY]) {
    it(`119: a pause of ${length / DAY} days does not outlive a receipt's window, nor the reservation behind it`, async () => {
      const { receipts, hub } = setup;
      const signed = await receipt();
      await receipts.connect(chain.owner).endReservation(setup.reservation);
      const window = BigInt(signed.receipt.issuedAt) + BigInt(WINDOW);
      await at(chain, window - 100n);
      await hub.pause();
      await at(chain, window - 100n + BigInt(length));
      await hub.unpause();
      // What was left of the window before the pause is left after it.
      await receipts.present(signed.receipt, signed.signature);
      const { challengeDeadline } = await receipts.claim(signed.claimId);
      const left = challengeDeadline - (await hub.time());
      expect(Number(left)).to.be.within(80, 100);
      await expect(receipts.release(setup.reservation)).to.be.revertedWithCustomError(receipts, "ReservationRunning");
      expect((await receipts.claim(signed.claimId)).status).to.equal(CLAIM.answered);
    });
  }
});

import { expect } from "chai";
import { id, ZeroAddress } from "ethers";

import type { ReservationOffer } from "../../../src/receipts/typed-data.js";
import { at } from "../../support/challenges.js";
import { connect, type Connection, DAY, deployWithOperator, TOKEN } from "../../support/protocol.js";
import {
  DEPOSIT,
  DURATION,
  LOCK,
  now,
  RECEIPT_PARAMS,
  reserve,
  signedOffer,
  signedReceipt,
} from "../../support/receipts.js";

const STATUS = { none: 0n, active: 1n, released: 2n } as const;

describe("ReceiptEscrow: reservations", () => {
  let chain: Connection;
  let setup: Awaited<ReturnType<typeof fixture>>;

  before(async () => {
    chain = await connect();
  });

  beforeEach(async () => {
    setup = await chain.networkHelpers.loadFixture(fixture);
  });

  async function fixture() {
    const protocol = await deployWithOperator(chain);
    await protocol.receipts.connect(chain.owner).setReservationCap(500n * TOKEN);
    return protocol;
  }

  const activate = async (
    change: Partial<ReservationOffer> = {},
    {
      signer = chain.worker,
      amount = DEPOSIT,
      value = amount,
    }: { signer?: Connection["worker"]; amount?: bigint; value?: bigint } = {},
  ) => {
    const { offer, signature } = await signedOffer(chain, setup, change, signer);
    return setup.receipts.connect(chain.consumer).activate(offer, signature, amount, { value });
  };

  it("the escrow shows its registry", async () => {
    const { receipts, registry } = setup;
    expect(await receipts.registry()).to.equal(await registry.getAddress());
  });

  it("a deposit activates an offer: stake locked, windows kept", async () => {
    const { receipts, staking } = setup;
    const { offer, signature, reservation } = await signedOffer(chain, setup);
    const start = (await now(chain)) + 5;
    await at(chain, start);
    const asPayer = receipts.connect(chain.consumer);
    await expect(asPayer.activate(offer, signature, DEPOSIT, { value: DEPOSIT }))
      .to.emit(receipts, "ReservationActivated")
      .withArgs(
        reservation,
        chain.owner,
        chain.consumer,
        LOCK,
        ZeroAddress,
        start,
        start + DURATION,
        RECEIPT_PARAMS.challengeWindow,
        RECEIPT_PARAMS.payerThaw,
        1,
      )
      .and.to.emit(receipts, "Deposited")
      .withArgs(reservation, DEPOSIT, DEPOSIT);
    const r = await receipts.reservationOf(reservation);
    expect(r.status).to.equal(STATUS.active);
    expect([r.operator, r.payer, r.currency]).to.deep.equal([chain.owner.address, chain.consumer.address, ZeroAddress]);
    expect([r.start, r.end]).to.deep.equal([BigInt(start), BigInt(start + DURATION)]);
    expect([r.balance, r.collected, r.thawing, r.thawedAt]).to.deep.equal([DEPOSIT, 0n, 0n, 0n]);
    expect((await staking.lockOf(receipts, chain.owner, reservation)).amount).to.equal(LOCK);
    expect([...(await receipts.reservedBy(chain.owner))]).to.deep.equal([LOCK, 500n * TOKEN]);
  });

  it("an offer is accepted once, and only by its payer", async () => {
    const { receipts } = setup;
    const { offer, signature, reservation } = await signedOffer(chain, setup);
    await expect(receipts.connect(chain.stranger).activate(offer, signature, DEPOSIT, { value: DEPOSIT }))
      .to.be.revertedWithCustomError(receipts, "NotPayer")
      .withArgs(chain.stranger, chain.consumer);
    const asPayer = receipts.connect(chain.consumer);
    await asPayer.activate(offer, signature, DEPOSIT, { value: DEPOSIT });
    await expect(asPayer.activate(offer, signature, DEPOSIT, { value: DEPOSIT }))
      .to.be.revertedWithCustomError(receipts, "ReservationExists")
      .withArgs(reservation);
  });

  it("the same terms can be offered again with another salt", async () => {
    await activate({ salt: id("one") });
    await activate({ salt: id("two") });
    expect((await setup.receipts.reservedBy(chain.owner)).reserved).to.equal(2n * LOCK);
  });

  it("only the operator's present worker key makes offers", async () => {
    for (const signer of [chain.owner, chain.stranger]) {
      await expect(activate({}, { signer }))
        .to.be.revertedWithCustomError(setup.receipts, "WrongSigner")
        .withArgs(signer, chain.worker);
    }
    await setup.profiles.connect(chain.owner).dropWorker();
    await expect(activate()).to.be.revertedWithCustomError(setup.receipts, "WrongSigner");
  });

  it("every field of an offer is what was signed", async () => {
    const { receipts } = setup;
    const { offer, signature } = await signedOffer(chain, setup);
    const changes: Partial<ReservationOffer>[] = [
      { lock: offer.lock + 1n },
      { minDeposit: offer.minDeposit - 1n },
      { duration: offer.duration + 1 },
      { activateBy: offer.activateBy + 1 },
      { salt: id("another") },
      { currency: await setup.token.getAddress() },
    ];
    for (const change of changes) {
      await expect(
        receipts.connect(chain.consumer).activate({ ...offer, ...change }, signature, DEPOSIT, { value: DEPOSIT }),
        Object.keys(change).join(),
      ).to.be.revertedWithCustomError(receipts, "WrongSigner");
    }
    const stranger = { ...offer, payer: chain.stranger.address };
    await expect(
      receipts.connect(chain.stranger).activate(stranger, signature, DEPOSIT, { value: DEPOSIT }),
    ).to.be.revertedWithCustomError(receipts, "WrongSigner");
  });

  it("an offer can be accepted until its last second", async () => {
    for (const [late, accepted] of [
      [-1, true],
      [0, true],
      [1, false],
    ] as const) {
      const activateBy = (await now(chain)) + 100;
      const { offer, signature, reservation } = await signedOffer(chain, setup, { activateBy, salt: id(`${late}`) });
      await at(chain, activateBy + late);
      const sending = setup.receipts.connect(chain.consumer).activate(offer, signature, DEPOSIT, { value: DEPOSIT });
      if (accepted) await sending;
      else {
        await expect(sending)
          .to.be.revertedWithCustomError(setup.receipts, "OfferExpired")
          .withArgs(reservation, activateBy);
      }
    }
  });

  it("lasts from one second to thirty days", async () => {
    const max = RECEIPT_PARAMS.maxReservation;
    for (const duration of [1, max - 1, max]) await activate({ duration, salt: id(`${duration}`) });
    for (const duration of [0, max + 1]) {
      await expect(activate({ duration }))
        .to.be.revertedWithCustomError(setup.receipts, "DurationOutOfRange")
        .withArgs(duration, 1, max);
    }
  });

  it("is backed by no less than the floor", async () => {
    const floor = RECEIPT_PARAMS.reservationFloor;
    for (const lock of [floor, floor + 1n]) await activate({ lock });
    await expect(activate({ lock: floor - 1n }))
      .to.be.revertedWithCustomError(setup.receipts, "LockTooSmall")
      .withArgs(floor - 1n, floor);
  });

  it("takes no less than the offer's deposit, and no empty one", async () => {
    const { receipts } = setup;
    for (const amount of [DEPOSIT, DEPOSIT + 1n]) await activate({ salt: id(`${amount}`) }, { amount });
    await expect(activate({}, { amount: DEPOSIT - 1n }))
      .to.be.revertedWithCustomError(receipts, "DepositTooSmall")
      .withArgs(DEPOSIT - 1n, DEPOSIT);
    await expect(activate({ minDeposit: 0n }, { amount: 0n }))
      .to.be.revertedWithCustomError(receipts, "DepositTooSmall")
      .withArgs(0, 1);
    await activate({ minDeposit: 0n }, { amount: 1n });
  });

  it("the value sent is the deposit", async () => {
    for (const value of [DEPOSIT - 1n, DEPOSIT + 1n]) {
      await expect(activate({}, { value }))
        .to.be.revertedWithCustomError(setup.receipts, "WrongValue")
        .withArgs(value, DEPOSIT);
    }
  });

  it("the owner caps what its keys can reserve together", async () => {
    const { receipts } = setup;
    const cap = 3n * LOCK;
    await expect(receipts.connect(chain.owner).setReservationCap(cap))
      .to.emit(receipts, "ReservationCapChanged")
      .withArgs(chain.owner, cap);
    await activate({ lock: 2n * LOCK });
    await expect(activate({ lock: LOCK + 1n }))
      .to.be.revertedWithCustomError(receipts, "CapExceeded")
      .withArgs(cap + 1n, cap);
    await activate({ lock: LOCK });
    await expect(activate({ lock: RECEIPT_PARAMS.reservationFloor, salt: id("more") })).to.be.revertedWithCustomError(
      receipts,
      "CapExceeded",
    );
  });

  it("needs free stake", async () => {
    await setup.receipts.connect(chain.owner).setReservationCap(10_000n * TOKEN);
    await expect(activate({ lock: 1000n * TOKEN + 1n })).to.be.revertedWithCustomError(
      setup.staking,
      "InsufficientStake",
    );
    await activate({ lock: 1000n * TOKEN });
  });

  describe("in a token", () => {
    const amount = 5n * TOKEN;

    it("takes the deposit by allowance, and no value", async () => {
      const { hub, token, receipts } = setup;
      await hub.addCurrency(token);
      await token.connect(chain.deployer).transfer(chain.consumer, amount);
      await token.connect(chain.consumer).approve(receipts, amount);
      const terms = { currency: await token.getAddress(), minDeposit: amount };
      await expect(activate(terms, { amount, value: 1n }))
        .to.be.revertedWithCustomError(receipts, "WrongValue")
        .withArgs(1, 0);
      await activate(terms, { amount, value: 0n });
      expect(await token.balanceOf(receipts)).to.equal(amount);
    });

    it("only listed ones", async () => {
      const currency = await setup.token.getAddress();
      await expect(activate({ currency }, { value: 0n }))
        .to.be.revertedWithCustomError(setup.receipts, "CurrencyNotListed")
        .withArgs(currency);
    });

    it("refuses one that delivers another amount", async () => {
      const weird = await chain.ethers.deployContract("WeirdToken");
      const currency = await weird.getAddress();
      await setup.hub.addCurrency(weird);
      await weird.mint(chain.consumer, 2n * amount);
      await weird.connect(chain.consumer).approve(setup.receipts, 2n * amount);
      const terms = { currency, minDeposit: amount };
      await activate(terms, { amount, value: 0n });
      await weird.setFee(100);
      await expect(activate({ ...terms, salt: id("fee") }, { amount, value: 0n }))
        .to.be.revertedWithCustomError(setup.receipts, "TransferMismatch")
        .withArgs(amount, 0);
    });
  });

  it("anybody may add to a deposit; nothing is not something", async () => {
    const { receipts } = setup;
    const reservation = await reserve(chain, setup);
    await expect(receipts.connect(chain.stranger).deposit(reservation, 7, { value: 7 }))
      .to.emit(receipts, "Deposited")
      .withArgs(reservation, 7, DEPOSIT + 7n);
    await expect(receipts.deposit(reservation, 0)).to.be.revertedWithCustomError(receipts, "DepositTooSmall");
    await expect(receipts.deposit(id("none"), 1, { value: 1 }))
      .to.be.revertedWithCustomError(receipts, "WrongReservationStatus")
      .withArgs(id("none"), STATUS.none, STATUS.active);
  });

  it("owner or worker bring the end forward to now, nobody else and not twice", async () => {
    const { receipts } = setup;
    for (const by of [chain.owner, chain.worker]) {
      const reservation = await reserve(chain, setup);
      await expect(receipts.connect(chain.consumer).endReservation(reservation))
        .to.be.revertedWithCustomError(receipts, "NotOperator")
        .withArgs(chain.consumer, chain.owner);
      const end = (await now(chain)) + 10;
      await at(chain, end);
      await expect(receipts.connect(by).endReservation(reservation))
        .to.emit(receipts, "ReservationEnded")
        .withArgs(reservation, chain.owner, end);
      await expect(receipts.connect(by).endReservation(reservation))
        .to.be.revertedWithCustomError(receipts, "AlreadyEnded")
        .withArgs(reservation, end);
    }
  });

  it("ends by itself: from its last second on nothing can be brought forward", async () => {
    const { receipts } = setup;
    const early = await reserve(chain, setup);
    await at(chain, (await receipts.reservationOf(early)).end - 1n);
    await receipts.connect(chain.owner).endReservation(early);
    const late = await reserve(chain, setup);
    await at(chain, (await receipts.reservationOf(late)).end);
    await expect(receipts.connect(chain.owner).endReservation(late)).to.be.revertedWithCustomError(
      receipts,
      "AlreadyEnded",
    );
  });

  it("its stake is free after the end and the receipt window", async () => {
    const { receipts, staking } = setup;
    const reservation = await reserve(chain, setup);
    const last = (await receipts.reservationOf(reservation)).end + BigInt(RECEIPT_PARAMS.challengeWindow);
    for (const time of [last - 1n, last]) {
      await at(chain, time);
      await expect(receipts.release(reservation))
        .to.be.revertedWithCustomError(receipts, "ReservationRunning")
        .withArgs(reservation, last);
    }
    const free = await staking.freeStake(chain.owner);
    await at(chain, last + 1n);
    await expect(receipts.connect(chain.stranger).release(reservation))
      .to.emit(receipts, "ReservationReleased")
      .withArgs(reservation, chain.owner);
    expect(await staking.freeStake(chain.owner)).to.equal(free + LOCK);
    expect((await receipts.reservedBy(chain.owner)).reserved).to.equal(0);
    await expect(receipts.release(reservation))
      .to.be.revertedWithCustomError(receipts, "WrongReservationStatus")
      .withArgs(reservation, STATUS.released, STATUS.active);
  });

  it("its stake stays while a challenge stands", async () => {
    const { receipts, manager } = setup;
    const reservation = await reserve(chain, setup, { duration: DAY });
    const { end, window } = await receipts.reservationOf(reservation);
    await at(chain, end);
    await chain.networkHelpers.mine();
    const { receipt, signature, claimId } = await signedReceipt(chain, setup, { reservation, issuedAt: Number(end) });
    await receipts.present(receipt, signature);
    await manager.open(receipts, claimId);
    await at(chain, end + window + 1n);
    await expect(receipts.release(reservation))
      .to.be.revertedWithCustomError(receipts, "ReservationChallenged")
      .withArgs(reservation, 1);
    await manager.close(receipts, claimId);
    await receipts.release(reservation);
  });

  it("a pause stops the release and extends the reservation", async () => {
    const { receipts, hub } = setup;
    const reservation = await reserve(chain, setup);
    const { end } = await receipts.reservationOf(reservation);
    const last = end + BigInt(RECEIPT_PARAMS.challengeWindow);
    const begin = last - 10n;
    await at(chain, begin);
    await hub.pause();
    await at(chain, last + BigInt(DAY));
    await expect(receipts.release(reservation)).to.be.revertedWithCustomError(hub, "Paused");
    await hub.unpause();
    const length = BigInt(await now(chain)) - begin;
    await at(chain, last + length);
    await expect(receipts.release(reservation)).to.be.revertedWithCustomError(receipts, "ReservationRunning");
    await at(chain, last + length + 1n);
    await receipts.release(reservation);
  });
});

import { expect } from "chai";
import { id } from "ethers";

import { type Receipt, receiptDomain, signReceipt, TYPES } from "../../../src/receipts/typed-data.js";
import { at, CLAIM } from "../../support/challenges.js";
import { connect, type Connection, DAY, deployWithOperator, TOKEN } from "../../support/protocol.js";
import { domainOf, now, RECEIPT_PARAMS, reserve, signedReceipt, withReservation } from "../../support/receipts.js";

const WINDOW = RECEIPT_PARAMS.challengeWindow;

describe("ReceiptEscrow: receipts as claims", () => {
  let chain: Connection;
  let setup: Awaited<ReturnType<typeof fixture>>;
  let reservation: string;

  before(async () => {
    chain = await connect();
  });

  beforeEach(async () => {
    setup = await chain.networkHelpers.loadFixture(fixture);
    ({ reservation } = setup);
  });

  const fixture = async () => withReservation(chain, await deployWithOperator(chain));

  const signed = (change: Partial<Receipt> = {}, signer?: Connection["worker"]) =>
    signedReceipt(chain, setup, { reservation, ...change }, signer);
  const statusOf = async (claimId: string) => (await setup.receipts.claim(claimId)).status;

  it("anybody presents one, and it is a claim until its window ends", async () => {
    const { receipts } = setup;
    const { receipt, signature, claimId } = await signed();
    const deadline = BigInt(receipt.issuedAt + WINDOW);
    await at(chain, receipt.issuedAt + DAY);
    await expect(receipts.connect(chain.stranger).present(receipt, signature))
      .to.emit(receipts, "ReceiptPresented")
      .withArgs(
        claimId,
        reservation,
        chain.owner,
        TYPES.receipt.Receipt.map(({ name }) => receipt[name as keyof Receipt]),
        deadline,
      );
    const claim = await receipts.claim(claimId);
    expect(claim.status).to.equal(CLAIM.answered);
    expect(claim.publicInputs).to.equal(false);
    expect([claim.operator, claim.consumer]).to.deep.equal([chain.owner.address, chain.consumer.address]);
    expect([claim.modelId, claim.inputsRoot, claim.outputsRoot]).to.deep.equal([
      receipt.modelId,
      receipt.inputsRoot,
      receipt.outputsRoot,
    ]);
    expect([claim.lock, claim.challengeDeadline, claim.openChallenges]).to.deep.equal([100n * TOKEN, deadline, 0n]);
    expect(await receipts.reservationOfClaim(claimId)).to.equal(reservation);
    expect(await receipts.challengeWindow()).to.equal(WINDOW);
    await expect(receipts.present(receipt, signature))
      .to.be.revertedWithCustomError(receipts, "ReceiptPresentedBefore")
      .withArgs(claimId);
    await at(chain, deadline);
    await chain.networkHelpers.mine();
    expect(await statusOf(claimId), "deadline").to.equal(CLAIM.answered);
    await chain.networkHelpers.mine();
    expect(await statusOf(claimId), "deadline + 1").to.equal(CLAIM.final);
  });

  it("views do not revert for what does not exist", async () => {
    expect(await statusOf(id("none"))).to.equal(CLAIM.none);
    expect(await setup.receipts.reservationOfClaim(id("none"))).to.equal(`0x${"00".repeat(32)}`);
    expect((await setup.receipts.reservationOf(id("none"))).status).to.equal(0);
  });

  it("every field is what was signed, for this chain and contract", async () => {
    const { receipts } = setup;
    const { receipt, signature } = await signed();
    await chain.networkHelpers.mine();
    for (const change of [
      { requestId: id("other") },
      { reservation: await reserve(chain, setup), issuedAt: await now(chain) },
      { inputsRoot: id("other") },
      { outputsRoot: id("other") },
      { consumer: chain.stranger.address },
      { price: 2n },
      { issuedAt: receipt.issuedAt + 1 },
    ]) {
      await expect(
        receipts.present({ ...receipt, ...change }, signature),
        Object.keys(change).join(),
      ).to.be.revertedWithCustomError(receipts, "WrongSigner");
    }
    const { chainId } = await domainOf(chain, setup);
    for (const domain of [
      receiptDomain(BigInt(chainId!) + 1n, await receipts.getAddress()),
      receiptDomain(BigInt(chainId!), await setup.jobs.getAddress()),
    ]) {
      const foreign = await signReceipt(chain.worker, domain, receipt);
      await expect(receipts.present(receipt, foreign)).to.be.revertedWithCustomError(receipts, "WrongSigner");
    }
  });

  it("only the operator's worker key signs", async () => {
    for (const signer of [chain.owner, chain.consumer]) {
      const { receipt, signature } = await signed({}, signer);
      await expect(setup.receipts.present(receipt, signature))
        .to.be.revertedWithCustomError(setup.receipts, "WrongSigner")
        .withArgs(signer, chain.worker);
    }
  });

  it("a key that is changed or dropped later still signed what it signed in office; before and after it did not", async () => {
    const { receipts, profiles } = setup;
    const key = chain.stranger;
    await profiles.connect(chain.owner).proposeWorker(key);
    const early = await signed({ requestId: id("early") }, key);
    const last = await signed({ requestId: id("last") });
    await profiles.connect(key).acceptWorker(chain.owner);
    // It is in office from the next second on.
    await chain.networkHelpers.mine();
    const late = await signed({ requestId: id("late") });
    const theirs = await signed({ requestId: id("theirs") }, key);
    await profiles.connect(chain.owner).dropWorker();
    await chain.networkHelpers.mine();
    const after = await signed({ requestId: id("after") }, key);
    for (const { receipt, signature } of [last, theirs]) await receipts.present(receipt, signature);
    for (const { receipt, signature } of [early, late, after]) {
      await expect(receipts.present(receipt, signature)).to.be.revertedWithCustomError(receipts, "WrongSigner");
    }
  });

  it("names its reservation's operator, its version and a model that exists", async () => {
    const { receipts } = setup;
    const cases = [
      [{ operator: chain.stranger.address }, "WrongOperator", [chain.stranger, chain.owner]],
      [{ version: 0 }, "WrongVersion", [0, 1]],
      [{ version: 2 }, "WrongVersion", [2, 1]],
      [{ modelId: id("none") }, "UnknownModel", [id("none")]],
      [{ reservation: id("none") }, "WrongReservationStatus", [id("none"), 0, 1]],
    ] as const;
    for (const [change, error, args] of cases) {
      const { receipt, signature } = await signed(change);
      await expect(receipts.present(receipt, signature), error)
        .to.be.revertedWithCustomError(receipts, error)
        .withArgs(...args);
    }
  });

  it("a deprecated model protects nobody who signs for it", async () => {
    await setup.registry.connect(chain.publisher).deprecate(setup.modelId);
    const { receipt, signature } = await signed();
    await setup.receipts.present(receipt, signature);
  });

  it("is issued in the reservation's life, its first and last second included", async () => {
    const { receipts } = setup;
    const { start, end } = await receipts.reservationOf(reservation);
    await at(chain, end + 10n);
    await chain.networkHelpers.mine();
    for (const [issuedAt, claim] of [
      [start - 1n, false],
      [start, true],
      [start + 1n, true],
      [end - 1n, true],
      [end, true],
      [end + 1n, false],
    ] as const) {
      const { receipt, signature } = await signed({ issuedAt: Number(issuedAt) });
      // The first seconds of a long reservation are beyond the window by now.
      if (issuedAt > end - BigInt(WINDOW) || !claim) {
        const sending = receipts.present(receipt, signature);
        if (claim) await sending;
        else {
          await expect(sending).to.be.revertedWithCustomError(receipts, "NotReserved").withArgs(issuedAt, start, end);
        }
      }
    }
    const short = await reserve(chain, setup, { duration: 100 });
    const { start: first } = await receipts.reservationOf(short);
    for (const issuedAt of [first, first + 1n]) {
      await chain.networkHelpers.mine(2);
      const { receipt, signature } = await signed({ reservation: short, issuedAt: Number(issuedAt) });
      await receipts.present(receipt, signature);
    }
  });

  it("is not issued in the future", async () => {
    const { receipts } = setup;
    for (const ahead of [-1, 0, 1]) {
      const time = (await now(chain)) + 100;
      const { receipt, signature } = await signed({ issuedAt: time + ahead });
      await at(chain, time);
      const sending = receipts.present(receipt, signature);
      if (ahead <= 0) await sending;
      else {
        await expect(sending)
          .to.be.revertedWithCustomError(receipts, "NotIssuedYet")
          .withArgs(time + ahead);
      }
    }
  });

  it("can be presented until its window ends, counted from its issue", async () => {
    const { receipts } = setup;
    for (const [late, claim] of [
      [-1, true],
      [0, true],
      [1, false],
    ] as const) {
      const { receipt, signature, claimId } = await signed({ requestId: id(`${late}`) });
      await at(chain, receipt.issuedAt + WINDOW + late);
      const sending = receipts.present(receipt, signature);
      if (claim) await sending;
      else {
        await expect(sending)
          .to.be.revertedWithCustomError(receipts, "ReceiptFinal")
          .withArgs(claimId, receipt.issuedAt + WINDOW);
      }
    }
  });

  it("brought forward, the end leaves earlier receipts claims, and later ones not", async () => {
    const { receipts } = setup;
    await receipts.connect(chain.owner).endReservation(reservation);
    const { end } = await receipts.reservationOf(reservation);
    await chain.networkHelpers.mine(3);
    const good = await signed({ issuedAt: Number(end) });
    const late = await signed({ issuedAt: Number(end) + 1 });
    await receipts.present(good.receipt, good.signature);
    await expect(receipts.present(late.receipt, late.signature)).to.be.revertedWithCustomError(receipts, "NotReserved");
  });

  it("a pause extends its window, also of one that was issued in the pause", async () => {
    const { receipts, hub } = setup;
    const before = await signed({ requestId: id("before") });
    await hub.pause();
    const begin = await now(chain);
    await at(chain, begin + 2 * DAY);
    await chain.networkHelpers.mine();
    const during = await signed({ requestId: id("during") });
    await at(chain, begin + 3 * DAY);
    await hub.unpause();
    const length = (await now(chain)) - begin;
    await at(chain, before.receipt.issuedAt + WINDOW + length);
    await receipts.present(before.receipt, before.signature);
    await at(chain, begin + length + WINDOW);
    await receipts.present(during.receipt, during.signature);
    const { challengeDeadline } = await receipts.claim(during.claimId);
    expect(challengeDeadline).to.equal(begin + WINDOW);
  });

  describe("towards the challenge manager", () => {
    const presented = async (change: Partial<Receipt> = {}) => {
      const { receipt, signature, claimId } = await signed(change);
      await setup.receipts.present(receipt, signature);
      return claimId;
    };

    it("only it opens, closes and settles", async () => {
      const { receipts, manager } = setup;
      const claimId = await presented();
      for (const call of [
        () => receipts.challengeOpened(claimId),
        () => receipts.challengeClosed(claimId),
        () => receipts.settleWrong(claimId, []),
        () => receipts.settleVoid(claimId),
      ]) {
        await expect(call())
          .to.be.revertedWithCustomError(receipts, "NotChallengeManager")
          .withArgs(chain.deployer, manager);
      }
    });

    it("challenges open until the deadline's own second", async () => {
      const { receipts, manager } = setup;
      const claimId = await presented();
      const { challengeDeadline } = await receipts.claim(claimId);
      for (const late of [-1n, 0n]) {
        await at(chain, challengeDeadline + late);
        await manager.open(receipts, claimId);
      }
      await at(chain, challengeDeadline + 1n);
      await expect(manager.open(receipts, claimId))
        .to.be.revertedWithCustomError(receipts, "ChallengeWindowClosed")
        .withArgs(claimId, challengeDeadline);
      expect((await receipts.reservationOf(reservation)).openChallenges).to.equal(2);
      expect(await statusOf(claimId), "challenged").to.equal(CLAIM.answered);
      for (let i = 0; i < 2; i++) await manager.close(receipts, claimId);
      expect(await statusOf(claimId), "all refuted").to.equal(CLAIM.final);
      await expect(manager.close(receipts, claimId))
        .to.be.revertedWithCustomError(receipts, "NoOpenChallenge")
        .withArgs(claimId);
    });

    it("the first wrong takes the whole lock and settles the others", async () => {
      const { receipts, manager, staking } = setup;
      const [wrong, other] = [await presented(), await presented({ requestId: id("other") })];
      await manager.open(receipts, wrong);
      await manager.open(receipts, other);
      const before = await staking.stakeOf(chain.owner);
      await expect(manager.wrong(receipts, wrong, [chain.challenger]))
        .to.emit(receipts, "ClaimWrong")
        .withArgs(wrong, chain.owner, 100n * TOKEN, 0);
      expect(before - (await staking.stakeOf(chain.owner))).to.equal(100n * TOKEN);
      expect([await statusOf(wrong), await statusOf(other)]).to.deep.equal([CLAIM.wrong, CLAIM.unbacked]);
      expect((await receipts.reservedBy(chain.owner)).reserved).to.equal(0);
      for (const settle of [
        () => manager.wrong(receipts, other, [chain.challenger]),
        () => manager.void(receipts, other),
        () => manager.open(receipts, other),
      ]) {
        await expect(settle()).to.be.revertedWithCustomError(receipts, "ClaimNotOpen").withArgs(other);
      }
      for (const claimId of [wrong, other]) await manager.close(receipts, claimId);
      expect((await receipts.reservationOf(reservation)).openChallenges).to.equal(0);
      const late = await signed({ requestId: id("late") });
      await expect(receipts.present(late.receipt, late.signature))
        .to.be.revertedWithCustomError(receipts, "WrongReservationStatus")
        .withArgs(reservation, 3, 1);
      await expect(receipts.release(reservation)).to.be.revertedWithCustomError(receipts, "WrongReservationStatus");
    });

    it("a void frees nothing and takes nothing: the reservation goes on", async () => {
      const { receipts, manager, staking } = setup;
      const claimId = await presented();
      await expect(manager.void(receipts, claimId)).to.emit(receipts, "ClaimVoid").withArgs(claimId, chain.owner, 0);
      expect(await statusOf(claimId)).to.equal(CLAIM.void);
      expect((await staking.lockOf(receipts, chain.owner, reservation)).amount).to.equal(100n * TOKEN);
      await presented({ requestId: id("next") });
    });
  });
});

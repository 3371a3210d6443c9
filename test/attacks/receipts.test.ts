import { expect } from "chai";
import { id, parseEther, toBeHex, ZeroAddress } from "ethers";

import { type Receipt, receiptDomain, signOffer, signReceipt, signVoucher } from "../../src/receipts/typed-data.js";
import { at, CLAIM, deployDisputes, type Disputes, lie, openChallenge, play, uphold } from "../support/challenges.js";
import { connect, type Connection, DAY, profilesOf, TOKEN } from "../support/protocol.js";
import {
  DEPOSIT,
  domainOf,
  DURATION,
  LOCK,
  now,
  presentedClaim,
  RECEIPT_PARAMS,
  receiptOf,
  reserve,
  signedOffer,
  signedReceipt,
  signedVoucher,
} from "../support/receipts.js";

const ONE = parseEther("0.1");
const WINDOW = RECEIPT_PARAMS.challengeWindow;

/** Numbers are those of the list of attacks in docs/attacks.md. */
describe("attacks on vouchers, receipts and reservations", () => {
  let chain: Connection;
  let setup: Disputes & { reservation: string };

  before(async () => {
    chain = await connect();
  });

  beforeEach(async () => {
    setup = await chain.networkHelpers.loadFixture(fixture);
  });

  async function fixture() {
    const suite = await deployDisputes(chain);
    await suite.receipts.connect(chain.owner).setReservationCap(1000n * TOKEN);
    return { ...suite, reservation: await reserve(chain, suite) };
  }

  const earned = () => setup.receipts.creditOf(ZeroAddress, chain.owner);
  const voucher = (cumulative: bigint, reservation = setup.reservation, signer?: Connection["consumer"]) =>
    signedVoucher(chain, setup, { reservation, cumulative }, signer);
  const receipt = (change: Partial<Receipt> = {}, signer?: Connection["worker"]) =>
    signedReceipt(chain, setup, { reservation: setup.reservation, ...change }, signer);
  const nothing = (call: Promise<unknown>) =>
    expect(call).to.be.revertedWithCustomError(setup.receipts, "NothingToCollect");

  /** The suite once more, on the same chain, with the same operator, worker and payer. */
  async function twin() {
    const second = await deployDisputes(chain);
    await second.receipts.connect(chain.owner).setReservationCap(1000n * TOKEN);
    return second;
  }

  it("26: a voucher spends its own payer's deposit only", async () => {
    const { receipts } = setup;
    const victim = await reserve(chain, setup, {}, chain.challenger);
    const mine = await voucher(ONE);
    await nothing(receipts.collect([{ ...mine, voucher: { reservation: victim, cumulative: ONE } }]));
    await nothing(receipts.collect([await voucher(ONE, victim, chain.consumer)]));
    await receipts.collect([mine]);
    expect((await receipts.reservationOf(victim)).balance).to.equal(DEPOSIT);
    expect((await receipts.reservationOf(setup.reservation)).balance).to.equal(DEPOSIT - ONE);
  });

  it("27: a voucher pays once: not twice in a batch, not later, not from the payer's next reservation", async () => {
    const { receipts } = setup;
    const signed = await voucher(ONE);
    expect(await receipts.collect.staticCall([signed, signed, signed])).to.deep.equal([ONE, 0n, 0n]);
    await receipts.collect([signed, signed]);
    await nothing(receipts.collect([signed]));
    const next = await reserve(chain, setup);
    await nothing(receipts.collect([{ ...signed, voucher: { ...signed.voucher, reservation: next } }]));
    await nothing(receipts.collect([signed]));
    expect(await earned()).to.equal(ONE);
  });

  it("27: what was signed for one purpose, contract or chain is nothing for another", async () => {
    const { receipts } = setup;
    const { reservation } = setup;
    const [here, message] = [await domainOf(chain, setup), { reservation, cumulative: ONE }];
    const foreign = [
      receiptDomain(BigInt(here.chainId!) + 1n, here.verifyingContract!),
      receiptDomain(BigInt(here.chainId!), await setup.jobs.getAddress()),
      { ...here, version: "2" },
      { ...here, name: "Touchstone" },
    ];
    for (const domain of foreign) {
      const signature = await signVoucher(chain.consumer, domain, message);
      await nothing(receipts.collect([{ voucher: message, signature }]));
    }
    // The payer's key is also the operator's worker: still no document stands for another.
    const self = await reserve(chain, setup, {}, chain.worker);
    const offer = (await signedOffer(chain, setup, { salt: id("another") })).offer;
    const signedAsOffer = await signOffer(chain.worker, here, offer);
    const signedAsReceipt = await signReceipt(chain.worker, here, await receiptOf(chain, setup, { reservation: self }));
    for (const signature of [signedAsOffer, signedAsReceipt]) {
      await nothing(receipts.collect([{ voucher: { reservation: self, cumulative: ONE }, signature }]));
    }
    const signedAsVoucher = await signVoucher(chain.worker, here, { reservation: self, cumulative: ONE });
    await expect(
      receipts.present(await receiptOf(chain, setup, { reservation: self }), signedAsVoucher),
    ).to.be.revertedWithCustomError(receipts, "WrongSigner");
  });

  it("28: a voucher above the deposit pays all of it, during a thaw too, and the rest when more comes", async () => {
    const { receipts } = setup;
    const payer = receipts.connect(chain.consumer);
    await payer.thaw(setup.reservation, DEPOSIT);
    await at(chain, (await now(chain)) + RECEIPT_PARAMS.payerThaw - 10);
    await receipts.collect([await voucher((1n << 128n) - 1n)]);
    expect(await earned()).to.equal(DEPOSIT);
    await at(chain, (await now(chain)) + 20);
    await expect(payer.withdrawThawed(setup.reservation, chain.consumer)).to.changeEtherBalance(
      chain.ethers,
      chain.consumer,
      0,
    );
    await receipts.deposit(setup.reservation, 3n, { value: 3n });
    await receipts.collect([await voucher((1n << 128n) - 1n)]);
    expect(await earned()).to.equal(DEPOSIT + 3n);
  });

  it("29: a pause that keeps vouchers from being collected keeps the deposit there too, whatever keys do meanwhile", async () => {
    const { receipts, hub } = setup;
    const profiles = await profilesOf(setup.staking);
    const payer = receipts.connect(chain.consumer);
    await payer.thaw(setup.reservation, DEPOSIT);
    await at(chain, (await now(chain)) + RECEIPT_PARAMS.payerThaw - 10);
    const signed = await voucher(ONE);
    await hub.pause();
    await profiles.connect(chain.owner).dropWorker();
    await at(chain, (await now(chain)) + 3 * DAY);
    await expect(receipts.collect([signed])).to.be.revertedWithCustomError(hub, "Paused");
    await expect(payer.withdrawThawed(setup.reservation, chain.consumer)).to.be.revertedWithCustomError(hub, "Paused");
    await hub.unpause();
    // The thaw stood still: there is still time, and the key that left takes nothing along.
    await expect(payer.withdrawThawed(setup.reservation, chain.consumer)).to.be.revertedWithCustomError(
      receipts,
      "StillThawing",
    );
    await receipts.collect([signed]);
    expect(await earned()).to.equal(ONE);
  });

  it("30: random documents have the same ids in Solidity and TypeScript", async () => {
    const { receipts } = setup;
    const seed = Number(process.env["SEED"] ?? Date.now() % 1_000_000);
    const random = (n: number, bits: bigint): bigint => BigInt(id(`${seed} ${n}`)) & ((1n << bits) - 1n);
    for (let n = 0; n < 16; n++) {
      const address = (k: number): string => toBeHex(random(100 * n + k, 160n), 20);
      const { receipt: document, claimId } = await receipt({
        requestId: id(`${seed} request ${n}`),
        operator: address(1),
        consumer: address(2),
        price: random(100 * n + 3, 256n),
        issuedAt: Number(random(100 * n + 4, 48n)),
        version: Number(random(100 * n + 5, 32n)),
      });
      expect(await receipts.hashReceipt(document), `seed ${seed}`).to.equal(claimId);
      const { offer, reservation } = await signedOffer(chain, setup, {
        payer: address(6),
        lock: random(100 * n + 7, 96n),
        currency: address(8),
        minDeposit: random(100 * n + 9, 128n),
        duration: Number(random(100 * n + 10, 32n)),
        activateBy: Number(random(100 * n + 11, 48n)),
      });
      expect(await receipts.hashOffer(offer), `seed ${seed}`).to.equal(reservation);
    }
  });

  it("31: no field of an offer, a receipt or a voucher can be altered", async () => {
    const { receipts } = setup;
    const altered = <T extends object>(document: T): T[] =>
      Object.entries(document).map(([key, value]: [string, unknown]) => {
        const other =
          typeof value === "string"
            ? value.length === 42
              ? chain.stranger.address
              : id(`other ${key}`)
            : typeof value === "bigint"
              ? value + 1n
              : Number(value) - 1;
        return { ...document, [key]: other };
      });
    const { receipt: document, signature } = await receipt();
    for (const other of altered(document)) {
      await expect(
        receipts.present(other, signature),
        JSON.stringify(other, (_, v: unknown) => String(v)),
      ).to.revert(chain.ethers);
    }
    const signed = await signedOffer(chain, setup, { salt: id("altered") });
    for (const other of altered(signed.offer)) {
      const payer = other.payer === chain.stranger.address ? chain.stranger : chain.consumer;
      const value = other.currency === ZeroAddress ? 2n * DEPOSIT : 0n;
      const call = receipts.connect(payer).activate(other, signed.signature, 2n * DEPOSIT, { value });
      await expect(call).to.revert(chain.ethers);
    }
    const paid = await voucher(ONE);
    for (const other of altered(paid.voucher)) await nothing(receipts.collect([{ ...paid, voucher: other }]));
    // As signed, all three are good.
    await receipts.present(document, signature);
    await receipts.connect(chain.consumer).activate(signed.offer, signed.signature, DEPOSIT, { value: DEPOSIT });
    await receipts.collect([paid]);
  });

  it("32: whoever collects and withdraws, the operator is paid", async () => {
    const { receipts } = setup;
    const stranger = receipts.connect(chain.stranger);
    await stranger.collect([await voucher(ONE)]);
    await expect(stranger.withdrawTo(ZeroAddress, chain.stranger)).to.be.revertedWithCustomError(
      receipts,
      "NothingToWithdraw",
    );
    await expect(stranger.withdraw(ZeroAddress, chain.owner)).to.changeEtherBalance(chain.ethers, chain.owner, ONE);
  });

  it("33: nothing signed here means anything at a second deployment", async () => {
    const there = await twin();
    const reservation = await reserve(chain, there, {}, chain.consumer);
    const here = await signedOffer(chain, setup, { salt: id("here") });
    await expect(
      there.receipts.connect(chain.consumer).activate(here.offer, here.signature, DEPOSIT, { value: DEPOSIT }),
    ).to.be.revertedWithCustomError(there.receipts, "WrongSigner");
    // The same reservation named, the same parties, another contract.
    const signed = await signedVoucher(chain, setup, { reservation, cumulative: ONE });
    await nothing(there.receipts.collect([signed]));
    const answered = await signedReceipt(chain, setup, { reservation });
    await expect(there.receipts.present(answered.receipt, answered.signature)).to.be.revertedWithCustomError(
      there.receipts,
      "WrongSigner",
    );
  });

  describe("by payers that are contracts", () => {
    /** A reservation of a contract, with a voucher that it approves. */
    async function contractPayer() {
      const { receipts } = setup;
      const account = await chain.ethers.deployContract("SigningAccount");
      const payer = await account.getAddress();
      const { offer, signature, reservation } = await signedOffer(chain, setup, { payer, salt: id("contract") });
      const data = receipts.interface.encodeFunctionData("activate", [offer, signature, DEPOSIT]);
      await account.execute(receipts, data, { value: DEPOSIT });
      const message = { reservation, cumulative: ONE };
      await account.approve(await receipts.hashVoucher(message));
      return { account, signed: { voucher: message, signature: "0x" } };
    }

    for (const [number, mood, what] of [
      ["36", 2, "burns all gas that it gets"],
      ["37", 3, "returns a flood"],
      ["38", 4, "returns four bytes where a word is due"],
      ["40", 1, "reverts"],
    ] as const) {
      it(`${number}: one that ${what} costs a batch a bounded amount of gas, and nobody else's voucher`, async () => {
        const { receipts } = setup;
        const { account, signed } = await contractPayer();
        const honest = await voucher(ONE);
        await account.setMood(mood);
        const used = async (batch: (typeof honest)[]): Promise<bigint> =>
          (await (await receipts.collect(batch, { gasLimit: 2_000_000 })).wait())!.gasUsed;
        const snapshot = await chain.networkHelpers.takeSnapshot();
        const alone = await used([honest]);
        await snapshot.restore();
        const gasUsed = await used([signed, honest, signed]);
        // Twice the gas for a signature, what is copied of the answer, and the calldata.
        expect(gasUsed - alone).to.be.below(2n * ((await receipts.SIGNATURE_GAS()) + 60_000n));
        expect(await earned()).to.equal(ONE);
      });
    }

    it("41: too little gas for a payer's contract loses no voucher: it can be collected later", async () => {
      const { receipts } = setup;
      const { signed } = await contractPayer();
      const honest = await voucher(ONE);
      const enough = await receipts.collect.estimateGas([honest, signed]);
      const outcomes = { failed: 0, part: 0, whole: 0 };
      for (let gas = enough - 150_000n; gas <= enough + 5_000n; gas += 5_000n) {
        const snapshot = await chain.networkHelpers.takeSnapshot();
        const sent = await receipts.collect([honest, signed], { gasLimit: gas }).then(
          (transaction) => transaction.wait(),
          () => undefined,
        );
        const paid = await earned();
        if (!sent) outcomes.failed++;
        else if (paid === ONE) outcomes.part++;
        else outcomes.whole++;
        // Starving fails the whole batch, or passes the contract's voucher over; neither uses it up.
        if (paid !== 2n * ONE) await receipts.collect(paid === 0n ? [honest, signed] : [signed]);
        expect(await earned(), `gas ${gas}`).to.equal(2n * ONE);
        await snapshot.restore();
      }
      expect(outcomes.failed, "the range covers the boundary").to.be.above(0);
      expect(outcomes.whole, "the range covers the boundary").to.be.above(0);
    });

    it("39: a payer that gets code later can't take its vouchers back", async () => {
      const { receipts } = setup;
      const signed = await voucher(ONE);
      const reverting = await chain.ethers.deployContract("SigningAccount");
      await reverting.setMood(1);
      const code = await chain.ethers.provider.getCode(reverting);
      await chain.ethers.provider.send("hardhat_setCode", [chain.consumer.address, code]);
      await receipts.collect([signed]);
      await chain.ethers.provider.send("hardhat_setCode", [chain.consumer.address, "0x"]);
      expect(await earned()).to.equal(ONE);
    });
  });

  it("40: a payout account that refuses coins stops no collection, and keeps its credit", async () => {
    const { receipts } = setup;
    const profiles = await profilesOf(setup.staking);
    const account = await chain.ethers.deployContract("ScriptedAccount");
    await account.setRefuses(true);
    await profiles.connect(chain.owner).setPayout(account);
    await receipts.collect([await voucher(ONE)]);
    await expect(receipts.withdraw(ZeroAddress, account)).to.be.revertedWithCustomError(receipts, "PaymentRefused");
    expect(await receipts.creditOf(ZeroAddress, account)).to.equal(ONE);
  });

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

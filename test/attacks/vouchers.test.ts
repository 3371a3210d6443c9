import { expect } from "chai";
import { id, parseEther, ZeroAddress } from "ethers";

import { at } from "../support/challenges.js";
import { connect, type Connection, DAY, profilesOf } from "../support/protocol.js";
import {
  DEPOSIT,
  deployReserved,
  now,
  RECEIPT_PARAMS,
  reserve,
  type ReservedDisputes,
  signedOffer,
  signedVoucher,
} from "../support/receipts.js";

const ONE = parseEther("0.1");

/** Numbers are those of the list of attacks in docs/attacks.md. */
describe("attacks on vouchers", () => {
  let chain: Connection;
  let setup: ReservedDisputes;
  const fixture = () => deployReserved(chain);

  before(async () => {
    chain = await connect();
  });

  beforeEach(async () => {
    setup = await chain.networkHelpers.loadFixture(fixture);
  });

  const earned = () => setup.receipts.creditOf(ZeroAddress, chain.owner);
  const voucher = (cumulative: bigint, reservation = setup.reservation, signer?: Connection["consumer"]) =>
    signedVoucher(chain, setup, { reservation, cumulative }, signer);
  const nothing = (call: Promise<unknown>) =>
    expect(call).to.be.revertedWithCustomError(setup.receipts, "NothingToCollect");

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
});

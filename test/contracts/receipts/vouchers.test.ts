import { expect } from "chai";
import { id, parseEther, ZeroAddress } from "ethers";

import { receiptDomain, signVoucher } from "../../../src/receipts/typed-data.js";
import { DelegatorFees__factory } from "../../../typechain-types/index.js";
import { at } from "../../support/challenges.js";
import { connect, type Connection, DAY, deployWithOperator, TOKEN } from "../../support/protocol.js";
import {
  DEPOSIT,
  domainOf,
  now,
  RECEIPT_PARAMS,
  reserve,
  signedOffer,
  signedVoucher,
  withReservation,
} from "../../support/receipts.js";

const ONE = parseEther("0.1");

describe("ReceiptEscrow: vouchers and thaws", () => {
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

  const voucher = (cumulative: bigint, signer?: Connection["consumer"]) =>
    signedVoucher(chain, setup, { reservation, cumulative }, signer);
  const earned = () => setup.receipts.creditOf(ZeroAddress, chain.owner);

  it("pay what they state, for the operator, whoever collects", async () => {
    const { receipts } = setup;
    await expect(receipts.connect(chain.stranger).collect([await voucher(ONE)]))
      .to.emit(receipts, "Collected")
      .withArgs(reservation, chain.owner, ONE, ONE, DEPOSIT - ONE)
      .and.to.emit(receipts, "FeesDivided")
      .withArgs(chain.owner, ZeroAddress, chain.owner, ONE, 0);
    expect(await earned()).to.equal(ONE);
    expect(await receipts.creditOf(ZeroAddress, chain.stranger)).to.equal(0);
    await expect(receipts.withdraw(ZeroAddress, chain.owner)).to.changeEtherBalances(
      chain.ethers,
      [receipts, chain.owner],
      [-ONE, ONE],
    );
    await expect(receipts.withdraw(ZeroAddress, chain.owner))
      .to.be.revertedWithCustomError(receipts, "NothingToWithdraw")
      .withArgs(chain.owner, ZeroAddress);
  });

  it("are cumulative: each pays what is above the ones before, none twice", async () => {
    const { receipts } = setup;
    await receipts.collect([await voucher(ONE)]);
    for (const cumulative of [ONE - 1n, ONE]) {
      await expect(receipts.collect([await voucher(cumulative)])).to.be.revertedWithCustomError(
        receipts,
        "NothingToCollect",
      );
    }
    await receipts.collect([await voucher(ONE + 1n)]);
    expect(await earned()).to.equal(ONE + 1n);
    await receipts.collect([await voucher(3n * ONE), await voucher(4n * ONE)]);
    expect(await earned()).to.equal(4n * ONE);
  });

  it("larger than the deposit pay it all, and the rest when more is deposited", async () => {
    const { receipts } = setup;
    const large = await voucher(DEPOSIT + ONE);
    await receipts.collect([large]);
    expect(await earned()).to.equal(DEPOSIT);
    await expect(receipts.collect([large])).to.be.revertedWithCustomError(receipts, "NothingToCollect");
    await receipts.deposit(reservation, 5n * ONE, { value: 5n * ONE });
    await receipts.collect([large]);
    expect(await earned()).to.equal(DEPOSIT + ONE);
    expect((await receipts.reservationOf(reservation)).balance).to.equal(4n * ONE);
  });

  it("largest possible ones harm nobody", async () => {
    await setup.receipts.collect([await voucher(2n ** 128n - 1n)]);
    expect(await earned()).to.equal(DEPOSIT);
  });

  it("must be the payer's own, about this reservation, for this contract and chain", async () => {
    const { receipts } = setup;
    const other = await reserve(chain, setup, {}, chain.challenger);
    const signed = await voucher(ONE);
    const { chainId } = await domainOf(chain, setup);
    const message = { reservation, cumulative: ONE };
    const foreign = [
      receiptDomain(BigInt(chainId!) + 1n, await receipts.getAddress()),
      receiptDomain(BigInt(chainId!), await setup.jobs.getAddress()),
    ];
    const bad = [
      await voucher(ONE, chain.stranger),
      await voucher(ONE, chain.owner),
      { ...signed, voucher: { reservation: other, cumulative: ONE } },
      { ...signed, voucher: { reservation, cumulative: ONE + 1n } },
      { ...signed, signature: "0x" },
      { ...signed, signature: `${signed.signature}00` },
      ...(await Promise.all(
        foreign.map(async (domain) => ({
          voucher: message,
          signature: await signVoucher(chain.consumer, domain, message),
        })),
      )),
    ];
    for (const each of bad) {
      await expect(receipts.collect([each])).to.be.revertedWithCustomError(receipts, "NothingToCollect");
    }
    expect(await receipts.collect.staticCall([signed, ...bad])).to.deep.equal([ONE, ...bad.map(() => 0n)]);
  });

  it("of unknown reservations pay nothing", async () => {
    const { receipts } = setup;
    const none = await signedVoucher(chain, setup, { reservation: id("none"), cumulative: ONE });
    await expect(receipts.collect([none])).to.be.revertedWithCustomError(receipts, "NothingToCollect");
    await expect(receipts.collect([])).to.be.revertedWithCustomError(receipts, "NothingToCollect");
  });

  it("of many payers and operators are collected in one transaction", async () => {
    const { receipts, staking, profiles, token } = setup;
    const [second, key, third] = (await chain.ethers.getSigners()).slice(10, 13);
    await token.connect(chain.deployer).transfer(second!, 100n * TOKEN);
    await token.connect(second).approve(staking, 100n * TOKEN);
    await staking.connect(second).deposit(second!, 100n * TOKEN);
    await profiles.connect(second).proposeWorker(key!);
    await profiles.connect(key).acceptWorker(second!);
    await receipts.connect(second).setReservationCap(100n * TOKEN);
    const theirs = await signedOffer(chain, setup, { operator: second!.address, payer: third!.address }, key);
    await receipts.connect(third).activate(theirs.offer, theirs.signature, DEPOSIT, { value: DEPOSIT });
    const other = await reserve(chain, setup, {}, chain.challenger);
    await receipts.collect([
      await voucher(ONE),
      await signedVoucher(chain, setup, { reservation: theirs.reservation, cumulative: 5n }, third),
      await signedVoucher(chain, setup, { reservation: other, cumulative: 2n * ONE }, chain.challenger),
      await voucher(3n * ONE),
    ]);
    expect(await earned()).to.equal(5n * ONE);
    expect(await receipts.creditOf(ZeroAddress, second!)).to.equal(5n);
  });

  it("go to the operator's payout account, from which only it can send them elsewhere", async () => {
    const { receipts, profiles } = setup;
    await profiles.connect(chain.owner).setPayout(chain.publisher);
    await receipts.collect([await voucher(ONE)]);
    await expect(
      receipts.connect(chain.stranger).withdrawTo(ZeroAddress, chain.stranger),
    ).to.be.revertedWithCustomError(receipts, "NothingToWithdraw");
    await expect(receipts.connect(chain.publisher).withdrawTo(ZeroAddress, chain.stranger)).to.changeEtherBalance(
      chain.ethers,
      chain.stranger,
      ONE,
    );
    await expect(receipts.connect(chain.publisher).withdrawTo(ZeroAddress, ZeroAddress)).to.be.revertedWithCustomError(
      receipts,
      "ZeroAddress",
    );
  });

  it("are shared with the operator's delegators, in coins and tokens", async () => {
    const { receipts, staking, hub, token } = setup;
    const fees = DelegatorFees__factory.connect(await staking.delegatorFees(), chain.deployer);
    const currency = await token.getAddress();
    await hub.addCurrency(token);
    for (const account of [chain.stranger, chain.consumer]) {
      await token.connect(chain.deployer).transfer(account, 1000n * TOKEN);
    }
    await token.connect(chain.stranger).approve(staking, 1000n * TOKEN);
    await staking.connect(chain.stranger).deposit(chain.owner, 1000n * TOKEN);
    await token.connect(chain.consumer).approve(receipts, DEPOSIT);
    const held = await reserve(chain, setup, { currency });
    const paid = await signedVoucher(chain, setup, { reservation: held, cumulative: ONE });
    const { toDelegators } = await setup.profiles.feeSplit(chain.owner, ONE);
    expect(toDelegators).to.be.above(0n);
    const tokens = await token.balanceOf(fees);
    await receipts.collect([await voucher(ONE), paid]);
    expect(await earned()).to.equal(ONE - toDelegators);
    expect(await receipts.creditOf(currency, chain.owner)).to.equal(ONE - toDelegators);
    expect(await chain.ethers.provider.getBalance(fees)).to.equal(toDelegators);
    expect((await token.balanceOf(fees)) - tokens).to.equal(toDelegators);
  });

  it("can be collected after the reservation's end and release", async () => {
    const { receipts } = setup;
    const { end, window } = await receipts.reservationOf(reservation);
    await at(chain, end + window + 1n);
    await receipts.release(reservation);
    await receipts.collect([await voucher(ONE)]);
    expect(await earned()).to.equal(ONE);
  });

  describe("of contracts", () => {
    async function reservedByContract() {
      const account = await chain.ethers.deployContract("SigningAccount");
      const { receipts } = setup;
      const {
        offer,
        signature,
        reservation: held,
      } = await signedOffer(chain, setup, {
        payer: await account.getAddress(),
        salt: id("contract"),
      });
      const data = receipts.interface.encodeFunctionData("activate", [offer, signature, DEPOSIT]);
      await account.execute(receipts, data, { value: DEPOSIT });
      const message = { reservation: held, cumulative: ONE };
      const digest = await receipts.hashVoucher(message);
      return { account, held, digest, signed: { voucher: message, signature: "0x1234" } };
    }

    it("count when the contract says so (ERC-1271)", async () => {
      const { receipts } = setup;
      const { account, digest, signed } = await reservedByContract();
      await expect(receipts.collect([signed])).to.be.revertedWithCustomError(receipts, "NothingToCollect");
      await account.approve(digest);
      await receipts.collect([signed]);
      expect(await earned()).to.equal(ONE);
    });

    for (const [mood, name] of [
      [1, "reverts"],
      [2, "burns all gas"],
      [3, "returns a flood"],
      [4, "returns too little"],
    ] as const) {
      it(`that ${name} stop nobody else's`, async () => {
        const { receipts } = setup;
        const { account, digest, signed } = await reservedByContract();
        await account.approve(digest);
        await account.setMood(mood);
        const sent = await receipts.collect([signed, await voucher(ONE), signed]);
        expect(await earned()).to.equal(ONE);
        expect((await sent.wait())!.gasUsed).to.be.below(700_000n);
      });
    }

    it("an account that gets code after it signed can't take its vouchers back (EIP-7702)", async () => {
      const { receipts } = setup;
      const signed = await voucher(ONE);
      const reverting = await chain.ethers.deployContract("SigningAccount");
      await reverting.setMood(1);
      const code = await chain.ethers.provider.getCode(reverting);
      await chain.ethers.provider.send("hardhat_setCode", [chain.consumer.address, code]);
      await receipts.collect([signed]);
      expect(await earned()).to.equal(ONE);
      await chain.ethers.provider.send("hardhat_setCode", [chain.consumer.address, "0x"]);
    });
  });

  describe("and thaws", () => {
    const asPayer = () => setup.receipts.connect(chain.consumer);

    it("the payer takes deposit back after the thaw, not a second earlier", async () => {
      const { receipts } = setup;
      const start = (await now(chain)) + 5;
      const thawedAt = start + RECEIPT_PARAMS.payerThaw;
      await at(chain, start);
      await expect(asPayer().thaw(reservation, ONE)).to.emit(receipts, "Thawing").withArgs(reservation, ONE, thawedAt);
      await at(chain, thawedAt - 1);
      await expect(asPayer().withdrawThawed(reservation, chain.stranger))
        .to.be.revertedWithCustomError(receipts, "StillThawing")
        .withArgs(reservation, thawedAt);
      await at(chain, thawedAt);
      await expect(asPayer().withdrawThawed(reservation, chain.stranger)).to.changeEtherBalances(
        chain.ethers,
        [receipts, chain.stranger],
        [-ONE, ONE],
      );
      await expect(asPayer().withdrawThawed(reservation, chain.stranger))
        .to.be.revertedWithCustomError(receipts, "NothingThawing")
        .withArgs(reservation);
      expect((await receipts.reservationOf(reservation)).balance).to.equal(DEPOSIT - ONE);
    });

    it("nobody but the payer", async () => {
      const { receipts } = setup;
      for (const by of [chain.owner, chain.worker, chain.stranger]) {
        await expect(receipts.connect(by).thaw(reservation, ONE))
          .to.be.revertedWithCustomError(receipts, "NotPayer")
          .withArgs(by, chain.consumer);
        await expect(receipts.connect(by).withdrawThawed(reservation, by)).to.be.revertedWithCustomError(
          receipts,
          "NotPayer",
        );
      }
      await expect(asPayer().withdrawThawed(reservation, ZeroAddress)).to.be.revertedWithCustomError(
        receipts,
        "ZeroAddress",
      );
    });

    it("a new announcement replaces the old one and starts anew; zero ends it", async () => {
      const { receipts } = setup;
      await asPayer().thaw(reservation, ONE);
      await at(chain, (await now(chain)) + RECEIPT_PARAMS.payerThaw - 10);
      await asPayer().thaw(reservation, 2n * ONE);
      await at(chain, (await now(chain)) + 100);
      await expect(asPayer().withdrawThawed(reservation, chain.consumer)).to.be.revertedWithCustomError(
        receipts,
        "StillThawing",
      );
      await asPayer().thaw(reservation, 0);
      const { thawing, thawedAt } = await receipts.reservationOf(reservation);
      expect([thawing, thawedAt]).to.deep.equal([0n, 0n]);
    });

    it("the operator can collect until it is withdrawn; the payer gets what is left", async () => {
      const { receipts } = setup;
      await asPayer().thaw(reservation, 2n ** 128n - 1n);
      await receipts.collect([await voucher(4n * ONE)]);
      await at(chain, (await now(chain)) + RECEIPT_PARAMS.payerThaw);
      await receipts.collect([await voucher(5n * ONE)]);
      await expect(asPayer().withdrawThawed(reservation, chain.stranger)).to.changeEtherBalance(
        chain.ethers,
        chain.stranger,
        DEPOSIT - 5n * ONE,
      );
      await expect(receipts.collect([await voucher(6n * ONE)])).to.be.revertedWithCustomError(
        receipts,
        "NothingToCollect",
      );
    });

    it("an account that refuses payment harms itself only", async () => {
      const { receipts } = setup;
      const refusing = await chain.ethers.deployContract("ScriptedAccount");
      await refusing.setRefuses(true);
      await asPayer().thaw(reservation, ONE);
      await at(chain, (await now(chain)) + RECEIPT_PARAMS.payerThaw + 1);
      await expect(asPayer().withdrawThawed(reservation, refusing))
        .to.be.revertedWithCustomError(receipts, "PaymentRefused")
        .withArgs(refusing, ONE);
      await asPayer().withdrawThawed(reservation, chain.consumer);
    });

    it("a receiver that calls back finds nothing to take twice", async () => {
      const { receipts } = setup;
      const account = await chain.ethers.deployContract("ScriptedAccount");
      await setup.profiles.connect(chain.owner).setPayout(account);
      await receipts.collect([await voucher(ONE)]);
      const again = receipts.interface.encodeFunctionData("withdraw", [ZeroAddress, await account.getAddress()]);
      await account.setReaction(receipts, again);
      await receipts.withdraw(ZeroAddress, account);
      expect(await account.reactionSucceeded()).to.equal(false);
      expect(await chain.ethers.provider.getBalance(account)).to.equal(ONE);
    });
  });

  it("a pause stops collecting and every payment, and extends the thaw", async () => {
    const { receipts, hub } = setup;
    const payer = receipts.connect(chain.consumer);
    await receipts.collect([await voucher(ONE)]);
    await payer.thaw(reservation, ONE);
    await at(chain, (await now(chain)) + RECEIPT_PARAMS.payerThaw - 100);
    await hub.pause();
    await at(chain, (await now(chain)) + DAY);
    for (const call of [
      async () => receipts.collect([await voucher(2n * ONE)]),
      () => payer.withdrawThawed(reservation, chain.consumer),
      () => receipts.withdraw(ZeroAddress, chain.owner),
      () => receipts.connect(chain.owner).withdrawTo(ZeroAddress, chain.owner),
    ]) {
      await expect(call()).to.be.revertedWithCustomError(hub, "Paused");
    }
    await hub.unpause();
    await expect(payer.withdrawThawed(reservation, chain.consumer)).to.be.revertedWithCustomError(
      receipts,
      "StillThawing",
    );
    await at(chain, (await now(chain)) + 100);
    await payer.withdrawThawed(reservation, chain.consumer);
  });

  it("tokens are paid as tokens", async () => {
    const { receipts, hub, token } = setup;
    await hub.addCurrency(token);
    const currency = await token.getAddress();
    await token.connect(chain.deployer).transfer(chain.consumer, DEPOSIT);
    await token.connect(chain.consumer).approve(receipts, DEPOSIT);
    const held = await reserve(chain, setup, { currency });
    const paid = await signedVoucher(chain, setup, { reservation: held, cumulative: ONE });
    await receipts.collect([paid, await voucher(2n * ONE)]);
    expect(await receipts.creditOf(currency, chain.owner)).to.equal(ONE);
    expect(await earned()).to.equal(2n * ONE);
    await expect(receipts.withdraw(currency, chain.owner)).to.changeTokenBalance(chain.ethers, token, chain.owner, ONE);
    await receipts.connect(chain.consumer).thaw(held, DEPOSIT);
    await at(chain, (await now(chain)) + RECEIPT_PARAMS.payerThaw + 1);
    await expect(receipts.connect(chain.consumer).withdrawThawed(held, chain.consumer)).to.changeTokenBalance(
      chain.ethers,
      token,
      chain.consumer,
      DEPOSIT - ONE,
    );
    expect(await token.balanceOf(receipts)).to.equal(0);
  });
});

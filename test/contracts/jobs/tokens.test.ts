import { expect } from "chai";
import { Signature, ZeroAddress } from "ethers";

import { DelegatorFees__factory, type WeirdToken } from "../../../typechain-types/index.js";
import {
  answeredJob,
  earned,
  expireJob,
  finaliseJob,
  type JobSetup,
  requestArgs,
  requestJob,
  termsOf,
} from "../../support/jobs.js";
import { connect, type Connection, deployWithOperator, HOUR, OFFER, PARAMS, TOKEN } from "../../support/protocol.js";
import { delegate } from "../../support/staking.js";

const FEE = 5n * TOKEN;

describe("JobEscrow fees in tokens", () => {
  let chain: Connection;
  let setup: JobSetup;
  let currency: string;

  before(async () => {
    chain = await connect();
  });

  beforeEach(async () => {
    setup = await chain.networkHelpers.loadFixture(fixture);
    currency = await setup.token.getAddress();
  });

  /** The stake token is a currency too, and the owner's offer asks five of it. */
  async function fixture() {
    const deployed = await deployWithOperator(chain);
    const { hub, token, jobs, offers, modelId } = deployed;
    await hub.addCurrency(token);
    await offers.connect(chain.owner).setOffer(modelId, { ...OFFER, currency: token, price: FEE });
    await token.connect(chain.deployer).transfer(chain.consumer, 100n * TOKEN);
    await token.connect(chain.consumer).approve(jobs, 100n * TOKEN);
    return deployed;
  }

  const inToken = () => ({ currency, maxFee: FEE, value: 0n });
  const balance = ({ address }: { address: string }) => setup.token.balanceOf(address);

  it("escrows exactly the price, and splits it in the token", async () => {
    const { jobs, token } = setup;
    const jobId = await answeredJob(chain, setup, inToken());
    expect(await token.balanceOf(jobs)).to.equal(FEE);
    expect(await balance(chain.consumer)).to.equal(95n * TOKEN);
    await chain.networkHelpers.time.increase(PARAMS.challengeWindow + 1);
    await finaliseJob(jobs, jobId);
    expect(await jobs.creditOf(currency, chain.owner)).to.equal(earned(FEE));
    expect(await jobs.auditPool(currency)).to.equal(FEE - earned(FEE));
    const before = await balance(chain.owner);
    await expect(jobs.connect(chain.stranger).withdraw(currency, chain.owner))
      .to.emit(jobs, "Withdrawn")
      .withArgs(chain.owner.address, currency, chain.owner.address, earned(FEE));
    expect((await balance(chain.owner)) - before).to.equal(earned(FEE));
    expect(await token.balanceOf(jobs)).to.equal(FEE - earned(FEE));
  });

  it("gives delegators their part, in the fee's currency", async () => {
    const { jobs, staking, profiles, token } = setup;
    await delegate(chain, setup, chain.challenger, 1000n * TOKEN);
    await profiles.connect(chain.owner).setCommission(2_000);
    await chain.networkHelpers.time.increase(8 * 24 * HOUR);
    const fees = DelegatorFees__factory.connect(await staking.delegatorFees(), chain.deployer);
    for (const [paid, change] of [
      [FEE, inToken()],
      [OFFER.price, {}],
    ] as const) {
      const inNative = paid === OFFER.price;
      if (inNative) await setup.offers.connect(chain.owner).setOffer(setup.modelId, OFFER);
      const unit = inNative ? ZeroAddress : currency;
      const jobId = await answeredJob(chain, setup, change);
      await chain.networkHelpers.time.increase(PARAMS.challengeWindow + 1);
      await finaliseJob(jobs, jobId);
      // A fifth is commission; of the rest half belongs to the half of the stake that is delegated.
      const toDelegators = (earned(paid) * 4n) / 10n;
      expect(await jobs.creditOf(unit, chain.owner)).to.equal(earned(paid) - toDelegators);
      expect(await fees.earned(chain.owner, 0, unit, chain.challenger)).to.be.within(toDelegators - 1n, toDelegators);
    }
    expect(await token.balanceOf(jobs)).to.equal(FEE - (earned(FEE) * 4n) / 10n);
  });

  it("gives delegators their part also where a job ends in the middle of a payment to one of them", async () => {
    const { jobs, staking, token, offers, modelId } = setup;
    const fees = DelegatorFees__factory.connect(await staking.delegatorFees(), chain.deployer);
    const account = await chain.ethers.deployContract("ScriptedAccount");
    await delegate(chain, setup, chain.challenger, 999n * TOKEN);
    await delegate(chain, setup, chain.stranger, TOKEN);
    const jobId = await answeredJob(chain, setup, inToken());
    // The second one is paid in native coin, so that the stranger has something to collect.
    await offers.connect(chain.owner).setOffer(modelId, OFFER);
    const other = await answeredJob(chain, setup);
    await chain.networkHelpers.time.increase(PARAMS.challengeWindow + 1);
    await finaliseJob(jobs, other);
    const data = jobs.interface.encodeFunctionData("finalise", [await termsOf(jobs, jobId), []]);
    await account.setReaction(jobs, data);
    await fees.connect(chain.stranger).collect(chain.owner, 0, ZeroAddress, account);
    expect(await account.reactionSucceeded()).to.equal(true);
    // Half of the stake is delegated, and the owner asks no commission.
    const toDelegators = earned(FEE) / 2n;
    expect(await jobs.creditOf(currency, chain.owner)).to.equal(earned(FEE) - toDelegators);
    expect(await token.balanceOf(fees)).to.equal(toDelegators);
  });

  it("keeps currencies apart", async () => {
    const { jobs } = setup;
    await requestJob(chain, setup, { ...inToken(), value: 7n });
    expect([
      await jobs.creditOf(ZeroAddress, chain.consumer),
      await jobs.creditOf(currency, chain.consumer),
    ]).to.deep.equal([7n, 0n]);
    await expect(jobs.withdraw(currency, chain.consumer))
      .to.be.revertedWithCustomError(jobs, "NothingToWithdraw")
      .withArgs(chain.consumer.address, currency);
  });

  it("refunds in the token, and what was paid for gas in native coin", async () => {
    const { jobs, offers, modelId } = setup;
    await offers.connect(chain.owner).setOffer(modelId, { ...OFFER, currency, price: FEE, answerGas: 50_000 });
    const jobId = await requestJob(chain, setup, { ...inToken(), value: TOKEN });
    const { gasFee } = await termsOf(jobs, jobId);
    expect(gasFee).to.be.above(0n);
    await chain.networkHelpers.time.increase(2 * HOUR + 1);
    await expireJob(jobs, jobId);
    expect(await jobs.creditOf(currency, chain.consumer)).to.equal(FEE);
    // All of the value: the gas part and what was too much.
    expect(await jobs.creditOf(ZeroAddress, chain.consumer)).to.equal(TOKEN);
  });

  it("pays in the offer's currency only, and offers ask in listed ones", async () => {
    const { offers, modelId } = setup;
    await expect(requestJob(chain, setup, { maxFee: FEE, value: FEE }))
      .to.be.revertedWithCustomError(offers, "CurrencyMismatch")
      .withArgs(ZeroAddress, currency);
    const other = await chain.ethers.deployContract("WeirdToken");
    await expect(offers.connect(chain.owner).setOffer(modelId, { ...OFFER, currency: other }))
      .to.be.revertedWithCustomError(offers, "CurrencyNotListed")
      .withArgs(await other.getAddress());
  });

  describe("permits", () => {
    async function permitOf(deadline: bigint, value = FEE) {
      const { token, jobs } = setup;
      const { chainId } = await chain.ethers.provider.getNetwork();
      const domain = { name: await token.name(), version: "1", chainId, verifyingContract: currency };
      const fields = ["address owner", "address spender", "uint256 value", "uint256 nonce", "uint256 deadline"];
      const types = {
        Permit: fields.map((field) => ({ type: field.split(" ")[0]!, name: field.split(" ")[1]! })),
      };
      const owner = chain.consumer.address;
      const nonce = await token.nonces(owner);
      const message = { owner, spender: await jobs.getAddress(), value, nonce, deadline };
      const { v, r, s } = Signature.from(await chain.consumer.signTypedData(domain, types, message));
      return { deadline, v, r, s };
    }
    const later = async () => BigInt((await chain.networkHelpers.time.latest()) + HOUR);

    beforeEach(async () => {
      await setup.token.connect(chain.consumer).approve(setup.jobs, 0);
    });

    it("stand for an allowance", async () => {
      const { jobs, token } = setup;
      const args = requestArgs(chain, setup, { currency, maxFee: FEE });
      await jobs.connect(chain.consumer).requestWithPermit(...args, await permitOf(await later()));
      expect(await token.balanceOf(jobs)).to.equal(FEE);
    });

    it("that somebody else presented first do no harm", async () => {
      const { jobs, token } = setup;
      const { deadline, v, r, s } = await permitOf(await later());
      await token.connect(chain.stranger).permit(chain.consumer, jobs, FEE, deadline, v, r, s);
      const args = requestArgs(chain, setup, { currency, maxFee: FEE });
      await jobs.connect(chain.consumer).requestWithPermit(...args, { deadline, v, r, s });
      expect(await token.balanceOf(jobs)).to.equal(FEE);
    });

    it("that the token refuses end the request", async () => {
      const { jobs } = setup;
      const args = requestArgs(chain, setup, { currency, maxFee: FEE });
      await expect(jobs.connect(chain.consumer).requestWithPermit(...args, await permitOf(1n)))
        .to.be.revertedWithCustomError(jobs, "PermitRefused")
        .withArgs(chain.consumer.address);
    });
  });

  describe("strange tokens", () => {
    let weird: WeirdToken;

    beforeEach(async () => {
      const { hub, jobs, offers, modelId } = setup;
      weird = await chain.ethers.deployContract("WeirdToken");
      currency = await weird.getAddress();
      await hub.addCurrency(weird);
      await offers.connect(chain.owner).setOffer(modelId, { ...OFFER, currency, price: FEE });
      await weird.mint(chain.consumer, 100n * TOKEN);
      await weird.connect(chain.consumer).approve(jobs, 100n * TOKEN);
    });

    it("35: that take a fee on transfer are refused", async () => {
      const { jobs } = setup;
      await weird.setFee(1);
      await expect(requestJob(chain, setup, inToken()))
        .to.be.revertedWithCustomError(jobs, "TransferMismatch")
        .withArgs(FEE, (FEE * 99n) / 100n);
    });

    it("35: that block an account stop no settlement, and its credit can go elsewhere", async () => {
      const { jobs } = setup;
      const jobId = await answeredJob(chain, setup, inToken());
      await weird.setBlocked(chain.owner, true);
      await chain.networkHelpers.time.increase(PARAMS.challengeWindow + 1);
      await finaliseJob(jobs, jobId);
      await expect(jobs.withdraw(currency, chain.owner)).to.be.revertedWithCustomError(weird, "Blocklisted");
      await jobs.connect(chain.owner).withdrawTo(currency, chain.stranger);
      expect(await weird.balanceOf(chain.stranger)).to.equal(earned(FEE));
    });

    it("34: that call back in the middle of a transfer find the escrow shut", async () => {
      const { jobs } = setup;
      const encode = jobs.interface.encodeFunctionData.bind(jobs.interface);
      for (const data of [
        encode("withdraw", [currency, chain.consumer.address]),
        encode("request", requestArgs(chain, setup, { currency, maxFee: FEE })),
      ]) {
        await weird.setHook(jobs, data);
        await requestJob(chain, setup, inToken());
        expect(await weird.hookSucceeded()).to.equal(false);
        expect(await weird.hookTarget()).to.equal(ZeroAddress);
      }
      expect(await weird.balanceOf(jobs)).to.equal(2n * FEE);
    });
  });
});

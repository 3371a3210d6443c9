import { expect } from "chai";
import { id, parseEther, parseUnits } from "ethers";

import { type Trace, traceOf } from "../../support/alphabet.js";
import {
  at,
  BOND,
  claimOf,
  deployDisputes,
  type Disputes,
  expectBalanced,
  FALSE_OUTPUT,
  openChallenge,
  openingOf,
  PAYMENT,
  type Play,
  play,
  uphold,
} from "../../support/challenges.js";
import { firstDemand, type Place } from "../../support/demands.js";
import { connect, type Connection } from "../../support/protocol.js";

const ROOT: Place = { node: 1, height: 9, index: 0 };
const leaf = (index: number): Place => ({ node: 1, height: 0, index });
const pair = (index: number): Place => ({ node: 1, height: 1, index });

describe("ChallengeManager: prices and payments", () => {
  let chain: Connection;
  let disputes: Disputes;
  let challengeId: string;
  let trace: Trace;
  let game: Play;

  before(async () => {
    chain = await connect();
  });

  beforeEach(async () => {
    ({ disputes, challengeId, trace } = await chain.networkHelpers.loadFixture(fixture));
    game = play(chain, disputes, challengeId, trace);
  });

  async function fixture() {
    const deployed = await deployDisputes(chain);
    const claim = await claimOf(chain, deployed);
    const asserted = traceOf(deployed.model, claim.inputsRoot, FALSE_OUTPUT);
    return {
      disputes: deployed,
      trace: asserted,
      challengeId: await openChallenge(chain, deployed, claim, { trace: asserted }),
    };
  }

  const credit = (signer: Connection["stranger"]) => disputes.manager.creditOf(signer);
  const burnt = () => disputes.manager.totalBurnt();

  /** Makes a demand and gives what it cost: escrowed and burnt. */
  async function costOf(demanding: () => Promise<unknown>): Promise<{ price: bigint; surcharge: bigint }> {
    const before = await burnt();
    await demanding();
    const logs = await disputes.manager.queryFilter(disputes.manager.filters.Demanded(challengeId), "latest");
    const { price, surcharge } = logs.at(-1)!.args;
    expect((await burnt()) - before).to.equal(surcharge);
    return { price, surcharge };
  }

  async function expectMoneyAdds(): Promise<void> {
    const { balance, accounted } = await expectBalanced(chain, disputes);
    expect(balance).to.equal(accounted);
  }

  it("the price doubles with every eight outstanding demands, and the surcharge burns", async () => {
    for (let i = 0; i < 34; i++) {
      const { price, surcharge } = await costOf(() => game.demand(leaf(i)));
      expect(surcharge, `demand ${i}`).to.equal(price * (2n ** BigInt(Math.floor(i / 8)) - 1n));
    }
    // Supplies lower it again.
    for (let i = 0; i < 27; i++) await game.supply(leaf(i));
    expect((await costOf(() => game.demand(leaf(40)))).surcharge).to.equal(0);
    await expectMoneyAdds();
  });

  describe("base-price slots", () => {
    beforeEach(async () => {
      for (let i = 0; i < 8; i++) await game.demand(leaf(i), chain.publisher);
    });

    it("the accused has one at a time, by its owner or its worker key", async () => {
      expect((await costOf(() => game.demand(leaf(20), chain.worker))).surcharge).to.equal(0);
      expect((await costOf(() => game.demand(leaf(21), chain.worker))).surcharge).to.be.above(0);
      expect((await costOf(() => game.demand(leaf(22), chain.owner))).surcharge).to.be.above(0);
      await game.supply(leaf(20));
      expect((await costOf(() => game.demand(leaf(23), chain.owner))).surcharge).to.equal(0);
      expect((await costOf(() => game.demand(leaf(24), chain.stranger))).surcharge).to.be.above(0);
    });

    it("the accused does not use it up where there is no surcharge", async () => {
      for (let i = 0; i < 4; i++) await game.supply(leaf(i));
      expect((await costOf(() => game.demand(leaf(20), chain.owner))).surcharge).to.equal(0);
      for (let i = 30; i < 36; i++) await game.demand(leaf(i), chain.publisher);
      expect((await costOf(() => game.demand(leaf(21), chain.owner))).surcharge).to.equal(0);
    });

    it("the demander of the demand around has one inside it", async () => {
      await game.demand(ROOT, chain.stranger);
      await game.supply(ROOT);
      expect((await costOf(() => game.deeper(ROOT, pair(50), chain.consumer))).surcharge).to.be.above(0);
      expect((await costOf(() => game.deeper(ROOT, pair(51), chain.stranger))).surcharge).to.equal(0);
      expect((await costOf(() => game.deeper(ROOT, pair(52), chain.stranger))).surcharge).to.be.above(0);
      expect((await game.demandAt(ROOT)).followed).to.equal(true);
    });

    it("the demander of the demand around does not use it up where there is no surcharge", async () => {
      await game.demand(ROOT, chain.stranger);
      await game.supply(ROOT);
      for (let i = 0; i < 4; i++) await game.supply(leaf(i));
      expect((await costOf(() => game.deeper(ROOT, pair(50), chain.stranger))).surcharge).to.equal(0);
      expect((await game.demandAt(ROOT)).followed).to.equal(false);
      for (let i = 30; i < 36; i++) await game.demand(leaf(i), chain.publisher);
      expect((await costOf(() => game.deeper(ROOT, pair(51), chain.stranger))).surcharge).to.equal(0);
      expect((await game.demandAt(ROOT)).followed).to.equal(true);
    });

    it("an accused who demanded around has both", async () => {
      await game.demand(ROOT, chain.owner);
      await game.supply(ROOT);
      expect((await costOf(() => game.deeper(ROOT, pair(50), chain.owner))).surcharge).to.equal(0);
      expect((await costOf(() => game.deeper(ROOT, pair(51), chain.owner))).surcharge).to.equal(0);
      expect((await costOf(() => game.deeper(ROOT, pair(52), chain.owner))).surcharge).to.be.above(0);
    });
  });

  describe("beyond half of the bond", () => {
    /** At this base fee the supply for the large root is worth more than half of the bond. */
    const dear = parseUnits("100", "gwei");

    async function dearDemand(place: Place, by = chain.stranger): Promise<bigint> {
      await chain.networkHelpers.setNextBlockBaseFeePerGas(dear);
      await game.demand(place, by);
      return (await game.demandAt(place)).price;
    }

    it("answered demands are kept until the challenge is upheld", async () => {
      const small = await dearDemand(leaf(1));
      const large = await dearDemand(ROOT);
      expect(small).to.be.below(BOND / 2n);
      expect(small + large).to.be.above(BOND / 2n);
      await game.supply(leaf(1));
      await game.supply(ROOT);
      const { paid, held } = await game.state();
      expect([paid, held]).to.deep.equal([small, large]);
      expect(await credit(chain.challenger)).to.equal(small);
      await uphold(chain, game);
      await expect(game.execute()).to.emit(disputes.manager, "ChallengeSettled").withArgs(challengeId, BOND, large);
      expect(await credit(chain.challenger)).to.equal(small + large + BOND);
      await expectMoneyAdds();
    });

    it("answered demands go back in full when the challenge is lost, and half of the bond is still at stake", async () => {
      const small = await dearDemand(leaf(1), chain.consumer);
      const large = await dearDemand(ROOT, chain.consumer);
      await game.supply(leaf(1));
      await game.supply(ROOT);
      await game.refute(3, 0);
      expect(await burnt()).to.be.at.least(BOND / 4n);
      const before = await credit(chain.consumer);
      await game.refund(leaf(1));
      await game.refund(ROOT);
      expect((await credit(chain.consumer)) - before).to.equal(small + large);
      for (const signer of [chain.consumer, chain.challenger, chain.stranger]) await disputes.manager.withdraw(signer);
      expect(await disputes.manager.totalOwed()).to.equal(0);
      await expectMoneyAdds();
    });

    it("exactly half is still paid: 0 and +1 wei", async () => {
      const claim = await claimOf(chain, disputes);
      trace = traceOf(disputes.model, claim.inputsRoot, FALSE_OUTPUT);
      const { price } = await disputes.manager.demandPrice(challengeId, 256, dear);
      for (const offset of [0n, 1n]) {
        const prepared = await openingOf(chain, disputes, claim, { trace, salt: id(`${offset}`) });
        ({ challengeId } = prepared);
        const asChallenger = disputes.manager.connect(chain.challenger);
        await asChallenger.commitChallenge(challengeId);
        await chain.networkHelpers.setNextBlockBaseFeePerGas(1_000_000_000n);
        await asChallenger.openChallenge(...prepared.args, { value: 2n * price - offset });
        game = play(chain, disputes, challengeId, trace);
        await dearDemand(leaf(1));
        await game.supply(leaf(1));
        const { paid, held } = await game.state();
        expect([paid, held]).to.deep.equal(offset === 0n ? [price, 0n] : [0n, price]);
      }
    });
  });

  describe("withdrawals", () => {
    it("pay the account itself, or whom it names, once", async () => {
      const { manager } = disputes;
      await game.demand(ROOT);
      const amount = await credit(chain.stranger);
      expect(amount).to.be.above(0);
      const { price } = await game.demandAt(ROOT);
      await game.supply(ROOT);
      await expect(manager.connect(chain.consumer).withdraw(chain.stranger))
        .to.emit(manager, "Withdrawn")
        .withArgs(chain.stranger.address, chain.stranger.address, amount);
      await expect(manager.withdraw(chain.stranger)).to.be.revertedWithCustomError(manager, "NothingToWithdraw");
      const receiver = "0x00000000000000000000000000000000000000aa";
      await manager.connect(chain.challenger).withdrawTo(receiver);
      expect(await chain.ethers.provider.getBalance(receiver)).to.equal(price);
      await expect(manager.connect(chain.challenger).withdrawTo(receiver)).to.be.revertedWithCustomError(
        manager,
        "NothingToWithdraw",
      );
      await expect(
        manager.connect(chain.challenger).withdrawTo("0x0000000000000000000000000000000000000000"),
      ).to.be.revertedWithCustomError(manager, "ZeroAddress");
      await expectMoneyAdds();
    });

    it("refused by the receiver lose nothing, and a receiver that calls back gets nothing twice", async () => {
      const { manager } = disputes;
      const account = await chain.ethers.deployContract("ScriptedAccount");
      const call = manager.interface.encodeFunctionData("demand", [challengeId, firstDemand(trace, ROOT)]);
      await account.execute(manager, call, { value: PAYMENT });
      const amount = await manager.creditOf(account);
      await account.setRefuses(true);
      await expect(manager.withdraw(account))
        .to.be.revertedWithCustomError(manager, "PaymentRefused")
        .withArgs(await account.getAddress(), amount);
      expect(await manager.creditOf(account)).to.equal(amount);
      await account.setRefuses(false);
      await account.setReaction(
        manager,
        manager.interface.encodeFunctionData("withdraw", [await account.getAddress()]),
      );
      await manager.withdraw(account);
      expect(await account.reactionSucceeded()).to.equal(false);
      expect(await chain.ethers.provider.getBalance(account)).to.equal(amount);
      await expectMoneyAdds();
    });
  });

  it("coins forced in are nobody's, and change nothing", async () => {
    const { manager } = disputes;
    const owed = await manager.totalOwed();
    const address = await manager.getAddress();
    const { balance } = await expectBalanced(chain, disputes);
    await chain.networkHelpers.setBalance(address, balance + parseEther("3"));
    expect(await manager.totalOwed()).to.equal(owed);
    await at(chain, (await game.state()).lastDeadline);
    await game.refute(3, 0);
    expect((await manager.totalOwed()) + (await manager.totalBurnt())).to.equal(balance);
  });
});

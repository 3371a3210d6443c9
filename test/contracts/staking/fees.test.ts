import { expect } from "chai";
import { ZeroAddress } from "ethers";

import { type DelegatorFees, DelegatorFees__factory, type TestToken } from "../../../typechain-types/index.js";
import { EPOCH } from "../../support/hub.js";
import { connect, type Connection, DAY, TOKEN } from "../../support/protocol.js";
import { delegate, deployStaking, type StakingSetup } from "../../support/staking.js";

describe("DelegatorFees", () => {
  let chain: Connection;
  let setup: StakingSetup;
  let fees: DelegatorFees;
  let coin: TestToken;

  before(async () => {
    chain = await connect();
  });

  beforeEach(async () => {
    ({ setup, fees, coin } = await chain.networkHelpers.loadFixture(fixture));
  });

  /** Consumer and stranger delegate 100 and 200 tokens; a second token is a listed currency. */
  async function fixture() {
    const setup = await deployStaking(chain);
    await delegate(chain, setup, chain.consumer, 100n * TOKEN);
    await delegate(chain, setup, chain.stranger, 200n * TOKEN);
    const fees = DelegatorFees__factory.connect(await setup.staking.delegatorFees(), chain.deployer);
    const coin = await chain.ethers.deployContract("TestToken", [chain.deployer, TOKEN * 1000n, 0, 0]);
    await setup.hub.addCurrency(coin);
    return { setup, fees, coin };
  }

  const credit = (amount: bigint, operator = chain.owner.address) =>
    setup.source.creditFees(fees, operator, ZeroAddress, amount, { value: amount });
  /** Every credit is rounded down, by less than a wei for each holder. */
  const near = (actual: bigint, expected: bigint) => {
    expect(actual).to.be.within(expected - 4n, expected);
  };
  const earned = (holder: { address: string }, currency = ZeroAddress) =>
    fees.earned(chain.owner, 0, currency, holder.address);
  const collect = (holder: typeof chain.owner, receiver = holder.address, currency = ZeroAddress) =>
    fees.connect(holder).collect(chain.owner, 0, currency, receiver);

  it("go by the shares that staking tells of", async () => {
    expect(await fees.sharesOf(chain.owner, 0, chain.consumer)).to.deep.equal([100_000n * TOKEN, 300_000n * TOKEN]);
    expect(await fees.sharesOf(chain.owner, 1, chain.consumer)).to.deep.equal([0n, 0n]);
    expect(await fees.staking()).to.equal(await setup.staking.getAddress());
    expect(await fees.hub()).to.equal(await setup.hub.getAddress());
  });

  it("are shared by shares, and collected once, where the delegator says", async () => {
    await credit(300n);
    near(await earned(chain.consumer), 100n);
    near(await earned(chain.stranger), 200n);
    const mine = await earned(chain.consumer);
    await expect(collect(chain.consumer, chain.worker.address)).to.changeEtherBalances(
      chain.ethers,
      [fees, chain.worker],
      [-mine, mine],
    );
    await expect(collect(chain.consumer)).to.be.revertedWithCustomError(fees, "NothingToCollect");
    near(await earned(chain.stranger), 200n);
    await credit(30n);
    near(await earned(chain.consumer), 10n);
    near(await earned(chain.stranger), 220n);
  });

  it("of before a deposit belong to those who were there", async () => {
    await credit(300n);
    await delegate(chain, setup, chain.challenger, 300n * TOKEN);
    expect(await earned(chain.challenger)).to.equal(0);
    await delegate(chain, setup, chain.consumer, 100n * TOKEN);
    await credit(700n);
    near(await earned(chain.consumer), 100n + 200n);
    near(await earned(chain.stranger), 200n + 200n);
    near(await earned(chain.challenger), 300n);
  });

  it("stop with the request of an exit, and begin again when it is cancelled", async () => {
    const asStranger = setup.staking.connect(chain.stranger);
    await credit(300n);
    await asStranger.requestFullExit(chain.owner);
    await credit(50n);
    near(await earned(chain.stranger), 200n);
    near(await earned(chain.consumer), 150n);
    await chain.networkHelpers.time.increase(EPOCH);
    await asStranger.cancelExit(chain.owner, 0);
    await credit(300n);
    near(await earned(chain.stranger), 400n);
  });

  it("are not touched by a slash, which leaves everybody the shares that it had", async () => {
    await setup.source.lock(setup.staking, chain.owner, ZeroAddress.padEnd(66, "0"), 40n * TOKEN);
    await credit(300n);
    await setup.source.slash(setup.staking, chain.owner, ZeroAddress.padEnd(66, "0"), []);
    await credit(300n);
    near(await earned(chain.consumer), 200n);
    near(await earned(chain.stranger), 400n);
  });

  it("go to the operator where nobody has a share", async () => {
    await expect(credit(70n, chain.challenger.address))
      .to.emit(fees, "FeesWithoutDelegators")
      .withArgs(chain.challenger.address, ZeroAddress, 70n);
    await expect(collect(chain.challenger)).to.changeEtherBalance(chain.ethers, chain.challenger, 70n);
  });

  it("are paid in listed tokens too, each on its own", async () => {
    await coin.transfer(setup.source, 600n);
    await setup.source.creditFees(fees, chain.owner, coin, 300n);
    expect(await earned(chain.consumer)).to.equal(0);
    const address = await coin.getAddress();
    const mine = await earned(chain.consumer, address);
    near(mine, 100n);
    await expect(collect(chain.consumer, chain.worker.address, address)).to.changeTokenBalance(
      chain.ethers,
      coin,
      chain.worker,
      mine,
    );
    // Beside what waits there already.
    await setup.source.creditFees(fees, chain.owner, coin, 300n);
    near(await earned(chain.consumer, address), 100n);
  });

  it("come in listed currencies only, in full, from lockers", async () => {
    const { source } = setup;
    await expect(source.creditFees(fees, chain.owner, setup.token, 1n))
      .to.be.revertedWithCustomError(fees, "UnknownCurrency")
      .withArgs(await setup.token.getAddress());
    await expect(source.creditFees(fees, chain.owner, ZeroAddress, 2n, { value: 1n }))
      .to.be.revertedWithCustomError(fees, "WrongAmount")
      .withArgs(2, 1);
    await expect(source.creditFees(fees, chain.owner, coin, 1n, { value: 1n }))
      .to.be.revertedWithCustomError(fees, "WrongAmount")
      .withArgs(0, 1);
    await expect(fees.credit(chain.owner, ZeroAddress, 1n, { value: 1n })).to.be.revertedWithCustomError(
      fees,
      "NotLocker",
    );
    await expect(fees.setShares(chain.owner, 0, chain.deployer, 1n))
      .to.be.revertedWithCustomError(fees, "NotStaking")
      .withArgs(chain.deployer.address, await setup.staking.getAddress());
  });

  it("come in full also where a token takes a part on the way", async () => {
    const weird = await chain.ethers.deployContract("WeirdToken");
    await setup.hub.addCurrency(weird);
    await weird.mint(setup.source, 300n);
    await weird.setFee(1);
    await expect(setup.source.creditFees(fees, chain.owner, weird, 300n))
      .to.be.revertedWithCustomError(fees, "WrongAmount")
      .withArgs(300, 297);
  });

  it("stay where the receiver is nobody, or takes no coins", async () => {
    await credit(300n);
    const mine = await earned(chain.consumer);
    await expect(collect(chain.consumer, ZeroAddress)).to.be.revertedWithCustomError(fees, "ZeroAddress");
    const hub = await setup.hub.getAddress();
    await expect(collect(chain.consumer, hub))
      .to.be.revertedWithCustomError(fees, "PaymentRefused")
      .withArgs(hub, mine);
    expect(await earned(chain.consumer)).to.equal(mine);
  });

  it("wait for the end of a pause", async () => {
    await credit(300n);
    await setup.hub.pause();
    await credit(300n);
    await expect(collect(chain.consumer)).to.be.revertedWithCustomError(setup.hub, "Paused");
    await chain.networkHelpers.time.increase(7 * DAY);
    await collect(chain.consumer);
    expect(await earned(chain.consumer)).to.equal(0);
  });

  it("leave less than one unit of each credit behind", async () => {
    for (const amount of [1n, 7n, 100n, 12_345n]) await credit(amount);
    const sum = (await earned(chain.consumer)) + (await earned(chain.stranger));
    const balance = await chain.ethers.provider.getBalance(fees);
    expect(sum).to.be.within(balance - 4n, balance);
  });
});

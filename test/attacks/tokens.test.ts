import { expect } from "chai";
import { ZeroAddress } from "ethers";

import type { Hub, OperatorStaking, ToySource, WeirdToken } from "../../typechain-types/index.js";
import { deployHub } from "../support/hub.js";
import { connect, type Connection, PARAMS, TOKEN } from "../support/protocol.js";
import { lockId } from "../support/staking.js";

const DEAD = "0x000000000000000000000000000000000000dEaD";

/** Stake tokens with bad habits: attacks 14, 34, 35 and 40 of docs/attacks.md. */
describe("attacks by stake tokens", () => {
  let chain: Connection;
  let hub: Hub;
  let token: WeirdToken;
  let staking: OperatorStaking;
  let source: ToySource;
  const A = lockId("a");

  before(async () => {
    chain = await connect();
  });

  beforeEach(async () => {
    ({ hub, token, staking, source } = await chain.networkHelpers.loadFixture(fixture));
  });

  async function fixture() {
    const { ethers, owner } = chain;
    const hub = await deployHub(chain);
    const manager = await ethers.deployContract("ToyManager", [hub, 0, 0]);
    const token = await ethers.deployContract("WeirdToken");
    const staking = await ethers.deployContract("OperatorStaking", [token, hub, false]);
    const source = await ethers.deployContract("ToySource", [manager]);
    await hub.seal(manager, [source], []);
    await token.mint(owner, 1000n * TOKEN);
    await token.connect(owner).approve(staking, 1000n * TOKEN);
    return { hub, token, staking, source };
  }

  const asOwner = () => staking.connect(chain.owner);
  async function slashWithReward() {
    await asOwner().deposit(chain.owner, 100n * TOKEN);
    await source.lock(staking, chain.owner, A, 60n * TOKEN);
    await source.slash(staking, chain.owner, A, [{ to: chain.challenger.address, amount: 30n * TOKEN }]);
  }

  it("14, 35: a deposit that arrives short of a fee is refused", async () => {
    await token.setFee(1);
    await expect(asOwner().deposit(chain.owner, 100n * TOKEN))
      .to.be.revertedWithCustomError(staking, "TransferMismatch")
      .withArgs(100n * TOKEN, 99n * TOKEN);
    expect(await staking.totalOwed()).to.equal(0);
  });

  it("35: a token that shrank balances takes no more deposits", async () => {
    await asOwner().deposit(chain.owner, 100n * TOKEN);
    await token.shrink(staking, 1);
    await expect(asOwner().deposit(chain.owner, 1))
      .to.be.revertedWithCustomError(staking, "BalanceShort")
      .withArgs(100n * TOKEN - 1n, 100n * TOKEN);
  });

  it("35: transfers that return nothing serve", async () => {
    const silent = await chain.ethers.deployContract("SilentToken");
    const served = await chain.ethers.deployContract("OperatorStaking", [silent, hub, false]);
    await silent.mint(chain.owner, 5);
    await silent.connect(chain.owner).approve(served, 5);
    await served.connect(chain.owner).deposit(chain.owner, 5);
    await served.connect(chain.owner).requestExit(chain.owner, 5);
    await chain.networkHelpers.time.increase(PARAMS.unbonding);
    await served.connect(chain.owner).withdrawExit(chain.owner, 0, chain.owner);
    expect(await silent.balanceOf(chain.owner)).to.equal(5);
  });

  it("35: six decimals, or none, are only a matter of display", async () => {
    await asOwner().deposit(chain.owner, 3);
    await source.lock(staking, chain.owner, A, 3);
    await source.slash(staking, chain.owner, A, [{ to: chain.challenger.address, amount: 3 }]);
    expect(await staking.rewardOf(chain.challenger)).to.equal(1);
    expect(await staking.pendingBurn()).to.equal(2);
  });

  it("35, 40: a blocklist that holds every party stops no slash", async () => {
    await asOwner().deposit(chain.owner, 100n * TOKEN);
    await source.lock(staking, chain.owner, A, 60n * TOKEN);
    for (const account of [chain.owner, chain.challenger, chain.consumer, DEAD, staking]) {
      await token.setBlocked(account, true);
    }
    await source.slash(staking, chain.owner, A, [{ to: chain.challenger.address, amount: 30n * TOKEN }]);
    expect(await staking.stakeOf(chain.owner)).to.equal(40n * TOKEN);
    expect(await staking.pendingBurn()).to.equal(30n * TOKEN);
    // The burn waits for the token, and a blocked winner names another receiver.
    await expect(staking.burnSlashed()).to.be.revertedWithCustomError(token, "Blocklisted");
    await token.setBlocked(staking, false);
    await token.setBlocked(DEAD, false);
    await staking.burnSlashed();
    expect(await token.balanceOf(DEAD)).to.equal(30n * TOKEN);
    await expect(staking.connect(chain.challenger).withdrawReward(chain.challenger)).to.be.revertedWithCustomError(
      token,
      "Blocklisted",
    );
    await staking.connect(chain.challenger).withdrawReward(chain.stranger);
    expect(await token.balanceOf(chain.stranger)).to.equal(30n * TOKEN);
  });

  it("burns without a burn function end at the dead address", async () => {
    await slashWithReward();
    await expect(staking.burnSlashed())
      .to.emit(staking, "Burnt")
      .withArgs(30n * TOKEN, false);
    expect(await token.balanceOf(DEAD)).to.equal(30n * TOKEN);
    expect(await staking.totalOwed()).to.equal(70n * TOKEN);
  });

  it("a burn function that does nothing is not believed", async () => {
    const believing = await chain.ethers.deployContract("OperatorStaking", [token, hub, true]);
    await token.connect(chain.owner).approve(believing, 10n);
    await believing.connect(chain.owner).deposit(chain.owner, 10n);
    await source.lock(believing, chain.owner, A, 10n);
    await source.slash(believing, chain.owner, A, []);
    await expect(believing.burnSlashed()).to.be.revertedWithCustomError(believing, "TransferMismatch").withArgs(10, 0);
    expect(await believing.pendingBurn()).to.equal(10);
  });

  it("34: a hook in the middle of a payment can't be paid twice", async () => {
    const account = await chain.ethers.deployContract("ScriptedAccount");
    const accountAddress = await account.getAddress();
    const call = (data: string) => account.execute(staking, data);
    const encode = staking.interface.encodeFunctionData.bind(staking.interface);
    await token.mint(account, 100n);
    await account.execute(token, token.interface.encodeFunctionData("approve", [await staking.getAddress(), 100n]));
    await call(encode("deposit", [accountAddress, 100n]));
    await call(encode("requestExit", [accountAddress, 60n]));
    await source.lock(staking, account, A, 40n);
    await source.slash(staking, account, A, [{ to: accountAddress, amount: 20n }]);
    await chain.networkHelpers.time.increase(PARAMS.unbonding);

    const again = [
      encode("withdrawExit", [accountAddress, 0, accountAddress]),
      encode("cancelExit", [accountAddress, 0]),
      encode("withdrawReward", [accountAddress]),
      encode("deposit", [accountAddress, 1n]),
      encode("burnSlashed"),
    ];
    for (const data of again) {
      const snapshot = await chain.networkHelpers.takeSnapshot();
      await token.setHook(account, account.interface.encodeFunctionData("execute", [await staking.getAddress(), data]));
      await call(encode("withdrawExit", [accountAddress, 0, accountAddress]));
      expect(await token.hookTarget(), "the hook ran").to.equal(ZeroAddress);
      expect(await token.hookSucceeded(), data).to.equal(false);
      // The exit bore its part of the slash.
      expect(await token.balanceOf(account)).to.equal(36n);
      expect(await staking.totalOwed()).to.equal(64n);
      await snapshot.restore();
    }
  });

  it("34: a hook in the middle of a deposit counts no token twice", async () => {
    const account = await chain.ethers.deployContract("ScriptedAccount");
    const accountAddress = await account.getAddress();
    const encode = staking.interface.encodeFunctionData.bind(staking.interface);
    await token.mint(account, 10n);
    await account.execute(token, token.interface.encodeFunctionData("approve", [await staking.getAddress(), 10n]));
    const nested = account.interface.encodeFunctionData("execute", [
      await staking.getAddress(),
      encode("deposit", [accountAddress, 5n]),
    ]);
    await token.setHook(account, nested);
    await account.execute(staking, encode("deposit", [accountAddress, 5n]));
    expect(await token.hookSucceeded()).to.equal(false);
    expect(await staking.stakeOf(account)).to.equal(5n);
    expect(await token.balanceOf(staking)).to.equal(5n);
  });
});

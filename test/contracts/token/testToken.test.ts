import { expect } from "chai";

import { connect, DAY, TOKEN } from "../../support/protocol.js";

describe("TestToken", () => {
  async function deploy() {
    const chain = await connect();
    const token = await chain.ethers.deployContract("TestToken", [chain.owner, 5n * TOKEN, 100n * TOKEN, DAY]);
    return { ...chain, token };
  }

  it("starts with its holder's supply", async () => {
    const { token, owner } = await deploy();
    expect(await token.totalSupply()).to.equal(5n * TOKEN);
    expect(await token.balanceOf(owner)).to.equal(5n * TOKEN);
    expect(await token.dripAmount()).to.equal(100n * TOKEN);
    expect(await token.dripPeriod()).to.equal(DAY);
  });

  it("drips once per period and account, to the second", async () => {
    const { token, stranger, consumer, networkHelpers } = await deploy();
    await token.connect(stranger).drip();
    const nextAt = (await networkHelpers.time.latest()) + DAY;
    expect(await token.nextDripAt(stranger)).to.equal(nextAt);
    await token.connect(consumer).drip();
    await networkHelpers.time.setNextBlockTimestamp(nextAt - 1);
    await expect(token.connect(stranger).drip())
      .to.be.revertedWithCustomError(token, "DripTooSoon")
      .withArgs(stranger.address, nextAt);
    await networkHelpers.time.setNextBlockTimestamp(nextAt);
    await expect(token.connect(stranger).drip())
      .to.emit(token, "Dripped")
      .withArgs(stranger.address, 100n * TOKEN, nextAt + DAY);
    expect(await token.balanceOf(stranger)).to.equal(200n * TOKEN);
  });

  it("burns", async () => {
    const { token, owner } = await deploy();
    await token.connect(owner).burn(TOKEN);
    expect(await token.totalSupply()).to.equal(4n * TOKEN);
  });
});

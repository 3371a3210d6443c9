import { expect } from "chai";
import { Signature } from "ethers";

import { connect, type Connection, deployProtocol, type Protocol, TOKEN } from "../../support/protocol.js";

describe("OperatorStaking deposits", () => {
  let chain: Connection;
  let protocol: Protocol;

  before(async () => {
    chain = await connect();
  });

  beforeEach(async () => {
    protocol = await chain.networkHelpers.loadFixture(fixture);
  });

  async function fixture() {
    const deployed = await deployProtocol(chain);
    await deployed.token.transfer(chain.owner, 100n * TOKEN);
    return deployed;
  }

  const MAX_UINT96 = 2n ** 96n - 1n;

  it("moves tokens and credits the caller's stake", async () => {
    const { staking, token } = protocol;
    const { owner, ethers } = chain;
    await token.connect(owner).approve(staking, 60n * TOKEN);
    const deposit = staking.connect(owner).deposit(owner, 60n * TOKEN);
    await expect(deposit).to.changeTokenBalances(ethers, token, [owner, staking], [-60n * TOKEN, 60n * TOKEN]);
    await expect(deposit)
      .to.emit(staking, "Deposited")
      .withArgs(owner.address, owner.address, 60n * TOKEN, 60_000n * TOKEN);
    expect(await staking.stakeOf(owner)).to.equal(60n * TOKEN);
    expect(await staking.freeStake(owner)).to.equal(60n * TOKEN);
    expect(await staking.totalOwed()).to.equal(60n * TOKEN);
    expect((await staking.ownPool(owner)).active).to.equal(60n * TOKEN);
  });

  it("refuses nothing, what is not allowed, and what 96 bits can't hold", async () => {
    const { staking, token } = protocol;
    const { owner, ethers } = chain;
    await expect(staking.connect(owner).deposit(owner, 0)).to.be.revertedWithCustomError(staking, "ZeroAmount");
    await expect(staking.connect(owner).deposit(owner, 1)).to.be.revertedWithCustomError(
      token,
      "ERC20InsufficientAllowance",
    );

    const weird = await ethers.deployContract("WeirdToken");
    const vast = await ethers.deployContract("OperatorStaking", [weird, protocol.hub, false]);
    await weird.mint(owner, 2n ** 100n);
    await weird.connect(owner).approve(vast, 2n ** 100n);
    await expect(vast.connect(owner).deposit(owner, MAX_UINT96 + 1n))
      .to.be.revertedWithCustomError(vast, "AmountTooLarge")
      .withArgs(MAX_UINT96 + 1n);
    await vast.connect(owner).deposit(owner, MAX_UINT96);
    await expect(vast.connect(owner).deposit(owner, 1))
      .to.be.revertedWithCustomError(vast, "AmountTooLarge")
      .withArgs(1);
    // What is queued to leave counts, because it can come back.
    await vast.connect(owner).requestExit(owner, 5);
    await expect(vast.connect(owner).deposit(owner, 1))
      .to.be.revertedWithCustomError(vast, "AmountTooLarge")
      .withArgs(1);
    await vast.connect(owner).cancelExit(owner, 0);
    expect(await vast.freeStake(owner)).to.equal(MAX_UINT96);
  });

  describe("with a permit", () => {
    async function permit(amount: bigint, deadline: bigint): Promise<Signature> {
      const { token, staking } = protocol;
      const { owner, ethers } = chain;
      const domain = await token.eip712Domain();
      const signature = await owner.signTypedData(
        {
          name: domain.name,
          version: domain.version,
          chainId: domain.chainId,
          verifyingContract: domain.verifyingContract,
        },
        {
          Permit: [
            { name: "owner", type: "address" },
            { name: "spender", type: "address" },
            { name: "value", type: "uint256" },
            { name: "nonce", type: "uint256" },
            { name: "deadline", type: "uint256" },
          ],
        },
        {
          owner: owner.address,
          spender: await staking.getAddress(),
          value: amount,
          nonce: await token.nonces(owner),
          deadline,
        },
      );
      return ethers.Signature.from(signature);
    }

    it("needs no approval before", async () => {
      const { staking } = protocol;
      const { v, r, s } = await permit(TOKEN, 2n ** 40n);
      await staking.connect(chain.owner).depositWithPermit(chain.owner, TOKEN, 2n ** 40n, v, r, s);
      expect(await staking.stakeOf(chain.owner)).to.equal(TOKEN);
    });

    it("goes through where somebody else has used the permit first", async () => {
      const { staking, token } = protocol;
      const { v, r, s } = await permit(TOKEN, 2n ** 40n);
      await token.connect(chain.stranger).permit(chain.owner, staking, TOKEN, 2n ** 40n, v, r, s);
      await staking.connect(chain.owner).depositWithPermit(chain.owner, TOKEN, 2n ** 40n, v, r, s);
      expect(await staking.stakeOf(chain.owner)).to.equal(TOKEN);
    });

    it("is refused by name where the permit is not the caller's", async () => {
      const { staking } = protocol;
      const { v, r, s } = await permit(TOKEN, 2n ** 40n);
      await expect(staking.connect(chain.stranger).depositWithPermit(chain.owner, TOKEN, 2n ** 40n, v, r, s))
        .to.be.revertedWithCustomError(staking, "PermitRefused")
        .withArgs(chain.stranger.address);
      await expect(staking.connect(chain.owner).depositWithPermit(chain.owner, 2n * TOKEN, 2n ** 40n, v, r, s))
        .to.be.revertedWithCustomError(staking, "PermitRefused")
        .withArgs(chain.owner.address);
    });
  });

  it("wants a token and a hub", async () => {
    const { ethers, stranger } = chain;
    const { token, hub, staking } = protocol;
    const deploy = (tokenAt: unknown, hubAt: unknown) =>
      ethers.deployContract("OperatorStaking", [tokenAt, hubAt, true]);
    for (const [tokenAt, hubAt] of [
      [stranger, hub],
      [token, stranger],
    ]) {
      await expect(deploy(tokenAt, hubAt))
        .to.be.revertedWithCustomError(staking, "NotAContract")
        .withArgs(stranger.address);
    }
    expect(await staking.token()).to.equal(await token.getAddress());
    expect(await staking.hub()).to.equal(await hub.getAddress());
  });
});

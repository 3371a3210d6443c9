import { expect } from "chai";
import { network } from "hardhat";

describe("local chain", () => {
  it("transfers coins and mines a block for each transaction", async () => {
    const { ethers } = await network.create();
    const [sender, receiver] = await ethers.getSigners();
    const before = await ethers.provider.getBalance(receiver!.address);
    await (await sender!.sendTransaction({ to: receiver!.address, value: 7n })).wait();
    expect(await ethers.provider.getBalance(receiver!.address)).to.equal(before + 7n);
    expect(await ethers.provider.getBlockNumber()).to.equal(1);
  });
});

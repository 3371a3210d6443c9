import { expect } from "chai";
import { parseEther, Wallet } from "ethers";

import { startAnvil, type Anvil } from "../../scripts/support/anvil.js";
import { DEEPEST, padBlocks, reorganise } from "../../src/sim/simulate/reorganise.js";

describe("reorganisations of a soak", function () {
  this.timeout(60_000);
  let chain: Anvil;
  let [honest, cheat]: Wallet[] = [];

  before(async () => {
    chain = await startAnvil();
    [honest, cheat] = [0, 1].map(() => new Wallet(Wallet.createRandom().privateKey, chain.provider));
    for (const { address } of [honest!, cheat!]) {
      await chain.provider.send("hardhat_setBalance", [address, "0x56bc75e2d63100000"]);
    }
    await padBlocks(chain, 1);
  });

  after(() => chain.stop());

  const world = () => ({ provider: chain.provider, isHonestKey: (address: string) => address === honest!.address });
  const pay = async (from: Wallet): Promise<string> => {
    const sent = await from.sendTransaction({ to: from.address, value: parseEther("1") });
    await sent.wait();
    return sent.hash;
  };
  const isMined = async (hash: string): Promise<boolean> => (await chain.provider.getTransactionReceipt(hash)) !== null;

  it("take back what honest roles did, keep what others sent, and leave what stood before", async () => {
    const { provider } = chain;
    const before = await pay(honest!);
    const floor = await provider.getBlockNumber();
    const [first, kept, second] = [await pay(honest!), await pay(cheat!), await pay(honest!)];
    const hash = (await provider.getBlock(floor + 1))?.hash;
    // 0.99: as deep as it may go.
    expect(await reorganise(world(), floor, () => 0.99)).to.deep.equal({ depth: 3, lost: 2 });
    expect(await Promise.all([before, first, kept, second].map(isMined))).to.deep.equal([true, false, true, false]);
    expect(await provider.getBlockNumber(), "one more block, so that everybody looks again").to.equal(floor + 4);
    expect((await provider.getBlock(floor + 1))?.hash).to.not.equal(hash);
    const again = await pay(honest!);
    expect(await isMined(again), "at the nonce that is free again").to.equal(true);
  });

  it("go no deeper than roles look, and nowhere where there is nothing", async () => {
    const floor = await chain.provider.getBlockNumber();
    expect(await reorganise(world(), floor, () => 0.99)).to.equal(undefined);
    await padBlocks(chain, DEEPEST + 5);
    expect(await reorganise(world(), floor, () => 0.99)).to.deep.equal({ depth: DEEPEST, lost: 0 });
  });
});

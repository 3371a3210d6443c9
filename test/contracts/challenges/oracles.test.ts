import { expect } from "chai";
import { parseUnits } from "ethers";

import { deployDisputes, type Disputes, TERMS } from "../../support/challenges.js";
import { connect, type Connection } from "../../support/protocol.js";

const OP_STACK = "0x420000000000000000000000000000000000000F";
const ARBITRUM = "0x000000000000000000000000000000000000006C";
const MOOD = { honest: 0, reverts: 1, burns: 2, silent: 3 } as const;
const SIZE = 420n + 256n;
const GAS = 95_000n + 44n * 256n;
const GWEI = parseUnits("1", "gwei");

describe("ChallengeManager: data fees from the chain's oracle", () => {
  let chain: Connection;

  before(async () => {
    chain = await connect();
  });

  async function toyAt(address: string) {
    const toy = await chain.ethers.deployContract("ToyFeeOracle");
    await chain.ethers.provider.send("hardhat_setCode", [address, await chain.ethers.provider.getCode(toy)]);
    return chain.ethers.getContractAt("ToyFeeOracle", address);
  }

  it("asks the predeploy of OP Stack chains for its upper bound", async () => {
    const predeploy = await toyAt(OP_STACK);
    await predeploy.set(3n * GWEI, MOOD.honest);
    const oracle = await chain.ethers.deployContract("OpStackFeeOracle");
    expect(await oracle.dataFee(1_000)).to.equal(1_068n * 3n * GWEI);
  });

  it("asks the precompile of Arbitrum chains for the price of a byte", async () => {
    const precompile = await toyAt(ARBITRUM);
    await precompile.set(5n * GWEI, MOOD.honest);
    const oracle = await chain.ethers.deployContract("ArbitrumFeeOracle");
    expect(await oracle.dataFee(1_000)).to.equal(5_000n * GWEI);
  });

  describe("in prices", () => {
    async function priced(dataPrice: bigint) {
      const oracle = await chain.ethers.deployContract("ToyFeeOracle");
      const disputes = await deployDisputes(chain, { terms: { dataPrice, feeOracle: await oracle.getAddress() } });
      return { oracle, disputes };
    }

    const dataFee = async ({ manager, modelId }: Disputes): Promise<bigint> => {
      const { price } = await manager.demandPrice(modelId, 256, 0);
      return price / BigInt(TERMS.priceMultiple) - GAS * TERMS.baseFeeFloor;
    };

    it("the parameter is the least: -1, 0, +1", async () => {
      const { oracle, disputes } = await priced(10n);
      for (const [perByte, expected] of [
        [9n, 10n],
        [10n, 10n],
        [11n, 11n],
      ] as const) {
        await oracle.set(perByte, MOOD.honest);
        expect(await dataFee(disputes)).to.equal(SIZE * expected);
      }
    });

    it("10,000 gwei a byte is the most, so that a broken oracle can't make disputes unaffordable: -1, 0, +1", async () => {
      const { oracle, disputes } = await priced(0n);
      const most = 10_000n * GWEI;
      for (const perByte of [most - 1n, most, most + 1n, 2n ** 200n]) {
        await oracle.set(perByte, MOOD.honest);
        expect(await dataFee(disputes)).to.equal(SIZE * (perByte < most ? perByte : most));
      }
    });

    it("an oracle that reverts, burns its gas or says nothing counts as silent", async () => {
      const { oracle, disputes } = await priced(7n);
      for (const mood of [MOOD.reverts, MOOD.burns, MOOD.silent]) {
        await oracle.set(1_000n, mood);
        expect(await dataFee(disputes)).to.equal(SIZE * 7n);
      }
    });

    it("one that answers with more than a word, or reverts with one, counts as silent too", async () => {
      const { oracle, disputes } = await priced(7n);
      // MSTORE 2^64 at 0, then RETURN 64 bytes, or REVERT with 32.
      for (const end of ["60406000f3", "60206000fd"]) {
        const code = `0x68010000000000000000600052${end}`;
        await chain.ethers.provider.send("hardhat_setCode", [await oracle.getAddress(), code]);
        expect(await dataFee(disputes)).to.equal(SIZE * 7n);
      }
    });

    it("116: supplies are paid at least four times what their data costs, and bonds grow with it", async () => {
      const { oracle, disputes } = await priced(0n);
      await oracle.set(100n * GWEI, MOOD.honest);
      const { manager, modelId, layout } = disputes;
      const { price } = await manager.demandPrice(modelId, 8192, 0);
      expect(price).to.be.at.least(4n * (await oracle.dataFee(8192)));
      expect(await manager.bondFor(modelId, 0)).to.equal(2n * BigInt(layout.depth) * price);
    });
  });
});

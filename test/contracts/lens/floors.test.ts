import { readFileSync } from "node:fs";

import { expect } from "chai";
import { id, parseEther, parseUnits } from "ethers";

import type { ClaimLens } from "../../../typechain-types/index.js";
import {
  BOND,
  claimOf,
  type Disputes,
  lie,
  LONG_LAYOUT,
  openChallenge,
  play,
  uphold,
} from "../../support/challenges.js";
import { PARAMETERS } from "../../support/hub.js";
import { deployWithLenses } from "../../support/lens.js";
import { connect, type Connection, TOKEN } from "../../support/protocol.js";
import { delegate } from "../../support/staking.js";

type Transactions = Record<string, { readonly transaction: string; readonly calldata: number }>;

const snapshot = (name: string): Transactions =>
  JSON.parse(readFileSync(`snapshots/gas/${name}.json`, "utf8")) as Transactions;

const GWEI = parseUnits("1", "gwei");
const MILLION = 1_000_000n;

describe("ClaimLens: floors and probabilities", () => {
  let chain: Connection;
  let suite: Disputes;
  let lens: ClaimLens;

  before(async () => {
    chain = await connect();
  });

  beforeEach(async () => {
    ({ suite, claims: lens } = await chain.networkHelpers.loadFixture(fixture));
  });

  const fixture = () => deployWithLenses(chain);

  const floorsAt = async (change: { baseFee?: bigint; dataPrice?: bigint; tokenPrice?: bigint } = {}) => {
    const market = { baseFee: GWEI, dataPrice: 0n, tokenPrice: parseEther("1"), ...change };
    return (await lens.floorsOf(suite.modelId, market)).floors;
  };
  /** Cost in gas, at one gwei. */
  const gasOf = (cost: bigint) => cost / GWEI;

  it("an unknown model has none", async () => {
    const market = { baseFee: GWEI, dataPrice: GWEI, tokenPrice: TOKEN };
    const { known, floors } = await lens.floorsOf(id("model"), market);
    expect([known, floors.lock.floor, floors.bond.floor]).to.deep.equal([false, 0n, 0n]);
  });

  it("count the gas and the bytes that whole challenges take", async () => {
    const challenges = snapshot("challenges");
    const opening = snapshot("opening");
    const parts = [
      challenges["commit"],
      opening["trace of 1"],
      challenges["resolve"],
      challenges["execute"],
      challenges["withdraw"],
    ];
    const measured = parts.reduce((sum, part) => sum + BigInt(part!.transaction), 0n);
    const { lock } = await floorsAt();
    expect(gasOf(lock.cost)).to.be.within(measured, (measured * 5n) / 4n);

    const bytes = parts.reduce((sum, part) => sum + BigInt(part!.calldata), 0n);
    const withData = (await floorsAt({ dataPrice: GWEI })).lock.cost - lock.cost;
    expect(gasOf(withData)).to.be.within(bytes, (bytes * 7n) / 4n);

    // Roots ride along with an opening up to 2,048 of them; the layout has 5.
    const perRoot =
      (BigInt(opening["trace of 2048"]!.transaction) - BigInt(opening["trace of 1"]!.transaction)) / 2047n;
    const { suite: long, claims } = await deployWithLenses(chain, { layout: LONG_LAYOUT });
    const { floors } = await claims.floorsOf(long.modelId, { baseFee: GWEI, dataPrice: 0n, tokenPrice: TOKEN });
    expect(gasOf(lock.cost - floors.lock.cost)).to.be.within(5n * perRoot, 6n * perRoot);
  });

  it("take the parameters' prices where the market's are lower", async () => {
    const floor = await floorsAt({ baseFee: 0n });
    expect(floor.lock.cost).to.equal((await floorsAt({ baseFee: GWEI })).lock.cost);
    expect((await floorsAt({ baseFee: 2n * GWEI })).lock.cost).to.equal(2n * floor.lock.cost);
    expect((await floorsAt({ baseFee: 2n * GWEI })).bond.cost).to.equal(2n * floor.bond.cost);
  });

  it("a lock at the floor is worth what its challenger then gets, where the operator backs the least", async () => {
    const { staking } = suite;
    // Ten delegated tokens for each of its own.
    await delegate(chain, suite, chain.stranger, 1_000_000n * TOKEN);
    const claim = await claimOf(chain, suite, lie);
    const challengeId = await openChallenge(chain, suite, claim, { trace: claim.truth });
    const game = play(chain, suite, challengeId, claim.truth);
    await uphold(chain, game);
    await game.execute();
    const reward = await staking.rewardOf(chain.challenger);
    expect(reward).to.equal(7n * TOKEN);
    // The claim's lock was 100 tokens, the floor is 10.
    const { lock, reservation } = await floorsAt({ tokenPrice: parseEther("2") });
    expect([lock.floor, lock.worth]).to.deep.equal([PARAMETERS.jobs.lockFloor, (reward / 10n) * 2n]);
    expect([reservation.floor, reservation.worth]).to.deep.equal([PARAMETERS.receipts.reservationFloor, lock.worth]);
    expect(reservation.cost).to.equal(lock.cost);
  });

  it("a floor covers its cost from the price on at which it is worth as much", async () => {
    const { lock } = await floorsAt();
    // 0.7 tokens reach a challenger.
    const price = (lock.cost * 10n + 6n) / 7n;
    expect((await floorsAt({ tokenPrice: price - 2n })).lock.covers).to.equal(false);
    expect((await floorsAt({ tokenPrice: price + 1n })).lock.covers).to.equal(true);
    expect((await floorsAt({ tokenPrice: 0n })).lock.covers).to.equal(false);
  });

  it("the least bond is the manager's; a quarter of it is sure to reach a refuter", async () => {
    const { manager, registry, modelId } = suite;
    const { bond } = await floorsAt();
    expect(bond.floor).to.equal(await manager.bondFor(modelId, GWEI));
    expect(bond.floor).to.be.at.most(BOND);
    expect(bond.worth).to.equal(bond.floor / 4n);
    const { maxProofGas, maxProofBytes } = await registry.model(modelId);
    expect(gasOf(bond.cost) - maxProofGas).to.be.at.least(
      BigInt(snapshot("challenges")["refute, no operands, 3 demands"]!.transaction),
    );
    expect(bond.covers).to.equal(bond.worth >= bond.cost);
    const dear = await floorsAt({ dataPrice: 1000n * GWEI });
    expect(dear.bond.cost - bond.cost).to.be.at.least(maxProofBytes * 1000n * GWEI);
    expect(dear.bond.covers).to.equal(false);
  });

  describe("needed probability", () => {
    const needed = async (gain: bigint, saving: bigint, lock: bigint, price = TOKEN) => [
      ...(await lens.neededProbability(gain, saving, lock, price)),
    ];

    it("is the least number of millionths at which the burn outweighs gain and saving", async () => {
      let seed = 20261128n;
      const next = (bound: bigint) => {
        seed = (seed * 6364136223846793005n + 1442695040888963407n) % 2n ** 64n;
        return seed % bound;
      };
      for (let i = 0; i < 50; i += 1) {
        const [gain, saving] = [next(10n ** 15n), next(10n ** 15n)];
        const lock = next(10n ** 17n) + 4n * 10n ** 15n;
        const burn = lock - lock / 2n;
        const [possible, p] = (await needed(gain, saving, lock)) as [boolean, bigint];
        expect(possible).to.equal(true);
        expect(p * burn > (gain + saving) * MILLION, `${p} is enough`).to.equal(true);
        expect((p - 1n) * burn > (gain + saving) * MILLION, `${p} - 1 is not`).to.equal(false);
      }
    });

    it("is impossible where not even certainty outweighs them: -1, 0, +1", async () => {
      expect(await needed(60n, 40n, 198n)).to.deep.equal([false, 0n]);
      expect(await needed(60n, 40n, 200n)).to.deep.equal([false, 0n]);
      // Of an odd lock the greater half burns; one wei above, certainty is not even needed.
      expect(await needed(60n, 40n, 201n)).to.deep.equal([true, (100n * MILLION) / 101n + 1n]);
      expect(await needed(0n, 0n, 0n)).to.deep.equal([false, 0n]);
      expect(await needed(0n, 0n, 1n)).to.deep.equal([true, 1n]);
    });

    it("never exceeds a million, and takes the largest numbers", async () => {
      const most = 2n ** 128n - 1n;
      expect(await needed(10n ** 24n - 1n, 0n, 2n * 10n ** 24n)).to.deep.equal([true, MILLION]);
      expect(await needed(most, most, 1n)).to.deep.equal([false, 0n]);
      expect(await needed(0n, 1n, 2n ** 96n - 1n, most)).to.deep.equal([true, 1n]);
    });

    it("values the lock at the token's price", async () => {
      expect(await needed(50n, 0n, 200n, TOKEN / 2n)).to.deep.equal([false, 0n]);
      expect(await needed(50n, 0n, 200n, TOKEN * 2n)).to.deep.equal([true, 250_001n]);
    });
  });
});

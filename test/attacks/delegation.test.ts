import { expect } from "chai";
import { ZeroAddress } from "ethers";

import { DelegatorFees__factory } from "../../typechain-types/index.js";
import { fuzzSeed } from "../support/fuzz.js";
import { dice } from "../support/graphs.js";
import { EPOCH } from "../support/hub.js";
import { connect, type Connection, DAY, PARAMS, TOKEN } from "../support/protocol.js";
import { delegate, deployStaking, expectSolvent, lockId, type StakingSetup } from "../support/staking.js";

/** Numbers are those of docs/attacks.md. */
describe("attacks by delegators and pauses", () => {
  let chain: Connection;
  let setup: StakingSetup;
  const A = lockId("a");

  before(async () => {
    chain = await connect();
  });

  beforeEach(async () => {
    setup = await chain.networkHelpers.loadFixture(fixture);
  });

  async function fixture() {
    return deployStaking(chain);
  }

  const pass = (seconds: number) => chain.networkHelpers.time.increase(seconds);
  const lock = (amount: bigint) => setup.source.lock(setup.staking, chain.owner, A, amount);
  const slash = () => setup.source.slash(setup.staking, chain.owner, A, []);

  it("11: however exits, slashes and roundings mix, no more leaves than is there, and all of it can", async () => {
    const { staking, token } = setup;
    const holders = [chain.owner, chain.consumer, chain.stranger, chain.challenger];
    const luck = dice(fuzzSeed);
    console.log(`      FUZZ_SEED=${fuzzSeed}`);
    for (const holder of holders.slice(1)) await delegate(chain, setup, holder, TOKEN + BigInt(luck.roll(1_000_003)));
    const queued: { holder: (typeof holders)[number]; exitId: number }[] = [];
    for (let round = 0; round < 6; round++) {
      for (const holder of holders) {
        const { amount, exitCount } = await staking.position(chain.owner, holder);
        // Odd parts, a wei, and once all but a wei.
        const asked = round === 4 ? amount - 1n : luck.chance(30) ? 1n : amount / BigInt(3 + luck.roll(5));
        if (asked <= 0n) continue;
        await staking.connect(holder).requestExit(chain.owner, asked);
        queued.push({ holder, exitId: Number(exitCount) });
      }
      if (luck.chance(60)) await pass(EPOCH);
      const free = await staking.freeStake(chain.owner);
      const taken = free / BigInt(2 + luck.roll(4));
      if (taken > 0n) {
        await lock(taken);
        await slash();
      }
      for (const own of [true, false]) {
        const pool = await (own ? staking.ownPool(chain.owner) : staking.delegatedPool(chain.owner));
        let leaving = 0n;
        for (const { holder, exitId } of queued) {
          if ((holder === chain.owner) === own) leaving += (await staking.exit(chain.owner, holder, exitId)).amount;
        }
        expect(leaving, `round ${round}: all that leaves`).to.be.at.most(pool.active + pool.exiting);
      }
      await expectSolvent(setup, holders);
    }
    const burnt = await staking.pendingBurn();
    for (const holder of holders) {
      const { amount, exitCount } = await staking.position(chain.owner, holder);
      if (amount === 0n) continue;
      await staking.connect(holder).requestFullExit(chain.owner);
      queued.push({ holder, exitId: Number(exitCount) });
    }
    await pass(PARAMS.unbonding + EPOCH);
    for (const { holder, exitId } of queued) {
      await staking.connect(holder).withdrawExit(chain.owner, exitId, holder);
      await expectSolvent(setup, holders);
    }
    const left = (await token.balanceOf(staking)) - burnt;
    expect(left, "dust").to.be.below(BigInt(queued.length) * 2n);
    expect(left, "never short").to.be.at.least(0n);
  });

  it("24: whoever delegates just before a fee has its share of that fee alone, and three weeks of being slashable for it", async () => {
    const { staking, source } = setup;
    const fees = DelegatorFees__factory.connect(await staking.delegatorFees(), chain.deployer);
    const pay = (amount: bigint) => source.creditFees(fees, chain.owner, ZeroAddress, amount, { value: amount });
    const earned = (holder: { address: string }) => fees.earned(chain.owner, 0, ZeroAddress, holder.address);
    await delegate(chain, setup, chain.consumer, 100n * TOKEN);
    await pay(1_000n);
    // In the same second, on both sides of a fee: in, and out at once.
    await delegate(chain, setup, chain.stranger, 100n * TOKEN);
    await pay(1_000n);
    await staking.connect(chain.stranger).requestFullExit(chain.owner);
    await pay(1_000n);
    expect(await earned(chain.stranger)).to.be.within(499n, 500n);
    expect(await earned(chain.consumer)).to.be.within(2_498n, 2_500n);
    // A lie that was told before the exit began costs it as much as those who stay.
    await lock(150n * TOKEN);
    await pass(PARAMS.unbonding - 10);
    await expect(
      staking.connect(chain.stranger).withdrawExit(chain.owner, 0, chain.stranger),
    ).to.be.revertedWithCustomError(staking, "ExitNotReady");
    await slash();
    const { amount } = await staking.exit(chain.owner, chain.stranger, 0);
    expect(amount).to.be.below(100n * TOKEN);
    const stayed = (await staking.position(chain.owner, chain.consumer)).amount;
    expect(amount).to.be.within(stayed - 1n, stayed + 1n);
  });

  it("25: a pause stops no slash, and whoever waits to leave is no nearer to it when the pause ends", async () => {
    const { staking, hub } = setup;
    await lock(60n * TOKEN);
    await staking.connect(chain.owner).requestExit(chain.owner, 100n * TOKEN);
    const { readyAt } = await staking.exit(chain.owner, chain.owner, 0);
    const leave = () => staking.connect(chain.owner).withdrawExit(chain.owner, 0, chain.owner);
    await hub.pause();
    const pausedAt = await hub.time();
    await pass(7 * DAY - 100);
    await expect(leave()).to.be.revertedWithCustomError(hub, "Paused");
    expect(await hub.time(), "protocol time stands").to.equal(pausedAt);
    await slash();
    expect(await staking.stakeOf(chain.owner)).to.equal(40n * TOKEN);
    await hub.unpause();
    await expect(leave()).to.be.revertedWithCustomError(staking, "ExitNotReady");
    // The whole pause later, to the second.
    const lag = BigInt(await chain.networkHelpers.time.latest()) - (await hub.time());
    expect(lag).to.be.above(BigInt(7 * DAY - 100));
    await chain.networkHelpers.time.setNextBlockTimestamp(readyAt + lag - 1n);
    await expect(leave()).to.be.revertedWithCustomError(staking, "ExitNotReady");
    await chain.networkHelpers.time.setNextBlockTimestamp(readyAt + lag);
    await leave();
    expect(await setup.token.balanceOf(chain.owner)).to.equal(40n * TOKEN);
  });
});

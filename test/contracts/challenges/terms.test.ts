import { expect } from "chai";
import { encodeBytes32String, parseEther, parseUnits } from "ethers";

import { deployDisputes, type Disputes, TERMS } from "../../support/challenges.js";
import { deployHub } from "../../support/hub.js";
import { connect, type Connection, DAY, HOUR, PARAMS } from "../../support/protocol.js";

type Term = keyof typeof TERMS;

describe("ChallengeManager: clocks and prices", () => {
  let chain: Connection;
  let disputes: Disputes;

  before(async () => {
    chain = await connect();
    disputes = await deployDisputes(chain);
  });

  it("keeps what it was deployed with", async () => {
    const { manager, hub, staking, registry, verifier } = disputes;
    expect(await manager.inclusionDelay()).to.equal(TERMS.inclusionDelay);
    expect(await manager.hub()).to.equal(await hub.getAddress());
    expect(await manager.staking()).to.equal(await staking.getAddress());
    expect(await manager.verifier()).to.equal(await verifier.getAddress());
    expect(await manager.registry()).to.equal(await registry.getAddress());
  });

  const delay = TERMS.inclusionDelay;
  /** Unbonding that outlasts every dispute that the bounds allow. */
  const staking = { unbonding: 365 * DAY };
  const windows: readonly (readonly [Term, number])[] = [
    ["refutationWindow", 2 * delay + 6 * HOUR],
    ["supplyWindow", delay + 6 * HOUR],
    ["graceWindow", delay + 6 * HOUR],
    ["airGap", delay],
  ];
  const deploy = (change: Partial<Record<Term, bigint | number>>) =>
    deployHub(chain, { parameters: { staking, challenges: change } });
  for (const [name, min] of windows) {
    it(`accepts ${name} from ${min} s to 14 days, -1 and +1 not`, async () => {
      const max = 14 * DAY;
      for (const value of [min, min + 1, max]) await deploy({ [name]: value });
      const { hub } = disputes;
      await expect(deploy({ [name]: min - 1 }))
        .to.be.revertedWithCustomError(hub, "WindowTooShort")
        .withArgs(encodeBytes32String(name), min - 1, min);
      await expect(deploy({ [name]: max + 1 }))
        .to.be.revertedWithCustomError(hub, "ParameterOutOfBounds")
        .withArgs(encodeBytes32String(name), max + 1, min, max);
    });
  }

  const sums: readonly (readonly [Term, bigint, bigint])[] = [
    ["bondFloor", parseUnits("1", "gwei"), parseEther("1000")],
    ["baseFeeFloor", 1n, parseUnits("10000", "gwei")],
    ["dataPrice", 0n, parseUnits("10000", "gwei")],
    ["priceMultiple", 4n, 64n],
  ];
  for (const [name, min, max] of sums) {
    it(`accepts ${name} from ${min} to ${max}, -1 and +1 not`, async () => {
      for (const value of [min, min + 1n, max]) await deploy({ [name]: value });
      for (const value of [min - 1n, max + 1n].filter((each) => each >= 0n)) {
        await expect(deploy({ [name]: value }), `${value}`)
          .to.be.revertedWithCustomError(disputes.hub, "ParameterOutOfBounds")
          .withArgs(encodeBytes32String(name), value, min, max);
      }
    });
  }

  it("needs contracts for staking and verifier", async () => {
    const { manager, staking: real, verifier } = disputes;
    const account = chain.stranger.address;
    for (const args of [
      [account, verifier],
      [real, account],
    ]) {
      await expect(chain.ethers.deployContract("ChallengeManager", args))
        .to.be.revertedWithCustomError(manager, "NotAContract")
        .withArgs(account);
    }
    await expect(chain.ethers.deployContract("TraceVerifier", [account]))
      .to.be.revertedWithCustomError(verifier, "NotAContract")
      .withArgs(account);
  });

  it("gives the worst case in closed form, which unbonding outlasts", async () => {
    const { manager } = disputes;
    const { refutationWindow, supplyWindow, graceWindow, airGap } = TERMS;
    for (const [window, depth] of [
      [0, 0],
      [PARAMS.challengeWindow, 3],
      [72 * HOUR, 8],
    ] as const) {
      expect(await manager.worstCaseFinality(window, depth)).to.equal(
        window + refutationWindow + depth * (supplyWindow + graceWindow) + airGap,
      );
    }
    // Never reverts.
    expect(await manager.worstCaseFinality(2n ** 32n - 1n, 255)).to.equal(2n ** 32n - 1n);
    expect(await manager.worstCaseFinality(PARAMS.challengeWindow, 8)).to.be.below(PARAMS.unbonding);
  });

  it("asks a bond that repays a chain of demands twice, and no less than the floor", async () => {
    const { manager, modelId, layout } = disputes;
    const fee = parseUnits("7", "gwei");
    const { price } = await manager.demandPrice(modelId, 8192, fee);
    expect(await manager.bondFor(modelId, fee)).to.equal(2n * BigInt(layout.depth) * price);
    const floor = parseEther("5");
    const other = await deployDisputes(chain, { terms: { bondFloor: floor } });
    expect(await other.manager.bondFor(other.modelId, fee)).to.equal(floor);
  });

  it("prices a demand by gas at the base fee or its floor, and by bytes", async () => {
    const { manager } = disputes;
    const id = disputes.modelId;
    const floor = TERMS.baseFeeFloor;
    const gas = (payload: bigint): bigint => 95_000n + 44n * payload;
    for (const payload of [32n, 256n, 8192n]) {
      expect((await manager.demandPrice(id, payload, 0)).price).to.equal(4n * gas(payload) * floor);
      expect((await manager.demandPrice(id, payload, floor - 1n)).price).to.equal(4n * gas(payload) * floor);
      expect((await manager.demandPrice(id, payload, floor + 1n)).price).to.equal(4n * gas(payload) * (floor + 1n));
    }
    const rollup = await deployDisputes(chain, { terms: { dataPrice: parseUnits("3", "gwei"), priceMultiple: 5 } });
    expect((await rollup.manager.demandPrice(id, 256, 0)).price).to.equal(
      5n * (gas(256n) * floor + (420n + 256n) * parseUnits("3", "gwei")),
    );
  });
});

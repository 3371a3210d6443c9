import { expect } from "chai";
import { encodeBytes32String, parseEther, parseUnits } from "ethers";

import { deployDisputes, type Disputes, TERMS } from "../../support/challenges.js";
import { connect, type Connection, DAY, HOUR, PARAMS } from "../../support/protocol.js";

type Term = keyof typeof TERMS;

describe("ChallengeManager: clocks and prices", () => {
  let chain: Connection;
  let disputes: Disputes;

  before(async () => {
    chain = await connect();
    disputes = await deployDisputes(chain);
  });

  const deploy = (change: Partial<Record<Term, bigint | number>>) =>
    chain.ethers.deployContract("ChallengeManager", [disputes.staking, disputes.verifier, { ...TERMS, ...change }]);

  it("keeps what it was deployed with", async () => {
    const { manager, hub, staking, registry, verifier } = disputes;
    const kept = await manager.parameters();
    for (const name of Object.keys(TERMS) as Term[]) expect(kept[name], name).to.equal(TERMS[name]);
    expect(await manager.inclusionDelay()).to.equal(TERMS.inclusionDelay);
    expect(await manager.hub()).to.equal(await hub.getAddress());
    expect(await manager.staking()).to.equal(await staking.getAddress());
    expect(await manager.verifier()).to.equal(await verifier.getAddress());
    expect(await manager.registry()).to.equal(await registry.getAddress());
  });

  const delay = TERMS.inclusionDelay;
  const bounds: readonly (readonly [Term, bigint | number, bigint | number])[] = [
    ["refutationWindow", 2 * delay + 6 * HOUR, 14 * DAY],
    ["supplyWindow", delay + 6 * HOUR, 14 * DAY],
    ["graceWindow", delay + 6 * HOUR, 14 * DAY],
    ["airGap", delay, 14 * DAY],
    ["bondFloor", parseUnits("1", "gwei"), parseEther("1000")],
    ["baseFeeFloor", 1, parseUnits("10000", "gwei")],
    ["dataPrice", 0, parseUnits("10000", "gwei")],
    ["priceMultiple", 4, 64],
  ];
  for (const [name, min, max] of bounds) {
    it(`accepts ${name} from ${min} to ${max}, -1 and +1 not`, async () => {
      await deploy({ [name]: min });
      await deploy({ [name]: max });
      const outside = [BigInt(min) - 1n, BigInt(max) + 1n].filter((value) => value >= 0n);
      for (const value of outside) {
        await expect(deploy({ [name]: value }), `${value}`)
          .to.be.revertedWithCustomError(disputes.manager, "ParameterOutOfBounds")
          .withArgs(encodeBytes32String(name), value, min, max);
      }
    });
  }

  it("accepts an inclusion delay from ten minutes to three days, with windows that allow for it", async () => {
    const windows = { refutationWindow: 14 * DAY, supplyWindow: 14 * DAY, graceWindow: 14 * DAY, airGap: 14 * DAY };
    for (const inclusionDelay of [600, 3 * DAY]) await deploy({ ...windows, inclusionDelay });
    for (const inclusionDelay of [599, 3 * DAY + 1]) {
      await expect(deploy({ ...windows, inclusionDelay }))
        .to.be.revertedWithCustomError(disputes.manager, "ParameterOutOfBounds")
        .withArgs(encodeBytes32String("inclusionDelay"), inclusionDelay, 600, 3 * DAY);
    }
  });

  it("needs contracts for staking and verifier", async () => {
    const { manager, staking, verifier } = disputes;
    const account = chain.stranger.address;
    for (const args of [
      [account, verifier],
      [staking, account],
    ]) {
      await expect(chain.ethers.deployContract("ChallengeManager", [...args, TERMS]))
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
    const gas = (payload: bigint): bigint => 90_000n + 44n * payload;
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

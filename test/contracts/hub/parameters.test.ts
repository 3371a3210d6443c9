import { expect } from "chai";
import { AbiCoder, keccak256, ZeroAddress } from "ethers";

import type { Hub } from "../../../typechain-types/index.js";
import { deployHub, INCLUSION_DELAY, PARAMETERS, type ParameterChange, parametersWith } from "../../support/hub.js";
import { connect, type Connection, DAY, HOUR } from "../../support/protocol.js";

const NOTICE = 3 * DAY;
const DELAY = PARAMETERS.staking.unbonding + NOTICE;
const MAX96 = 2n ** 96n - 1n;

describe("Hub parameters", () => {
  let chain: Connection;
  let hub: Hub;

  before(async () => {
    chain = await connect();
  });

  beforeEach(async () => {
    hub = await chain.networkHelpers.loadFixture(fixture);
  });

  async function fixture() {
    return deployHub(chain);
  }

  const nextAt = (time: number) => chain.networkHelpers.time.setNextBlockTimestamp(time);
  const propose = (change: ParameterChange) => hub.proposeParameters(parametersWith(change));
  const apply = (change: ParameterChange) => hub.connect(chain.stranger).applyParameters(parametersWith(change));

  it("are those of the deployment", async () => {
    expect((await hub.stakingParams()).unbonding).to.equal(PARAMETERS.staking.unbonding);
    expect((await hub.jobParams()).lockFloor).to.equal(PARAMETERS.jobs.lockFloor);
    expect((await hub.receiptParams()).payerThaw).to.equal(PARAMETERS.receipts.payerThaw);
    expect((await hub.challengeParams()).airGap).to.equal(PARAMETERS.challenges.airGap);
    expect((await hub.lotteryParams()).auditors).to.equal(PARAMETERS.lottery.auditors);
    expect(await hub.inclusionDelay()).to.equal(INCLUSION_DELAY);
    const { refutationWindow, supplyWindow, graceWindow, airGap } = PARAMETERS.challenges;
    const finality = DAY + refutationWindow + 8 * (supplyWindow + graceWindow) + airGap;
    expect(await hub.worstCaseFinality(DAY, 8)).to.equal(finality);
  });

  it("change after unbonding and notice, to the second, by anybody, and once", async () => {
    const change = { jobs: { maxDuration: 2 * DAY } };
    const hash = keccak256(
      AbiCoder.defaultAbiCoder().encode(
        [hub.interface.getFunction("proposeParameters").inputs[0]!],
        [parametersWith(change)],
      ),
    );
    await propose(change);
    const effectiveAt = (await chain.networkHelpers.time.latest()) + DELAY;
    expect(await hub.proposal()).to.deep.equal([hash, BigInt(effectiveAt)]);
    expect(BigInt(DELAY) > (await hub.stakingParams()).unbonding).to.equal(true);

    await nextAt(effectiveAt - 1);
    await expect(apply(change)).to.be.revertedWithCustomError(hub, "NotYetEffective").withArgs(effectiveAt);
    await nextAt(effectiveAt);
    await expect(apply(change)).to.emit(hub, "ParametersChanged");
    expect((await hub.jobParams()).maxDuration).to.equal(2 * DAY);
    expect(await hub.proposal()).to.deep.equal(["0x".padEnd(66, "0"), 0n]);
    await expect(apply(change)).to.be.revertedWithCustomError(hub, "NotProposed");
  });

  it("apply only as announced, and the last announcement counts", async () => {
    const [first, second] = [{ jobs: { maxDuration: 2 * DAY } }, { jobs: { maxDuration: 3 * DAY } }];
    await propose(first);
    await chain.networkHelpers.time.increase(DELAY);
    await propose(second);
    await expect(apply(first)).to.be.revertedWithCustomError(hub, "NotProposed");
    await expect(apply(second)).to.be.revertedWithCustomError(hub, "NotYetEffective");
    await chain.networkHelpers.time.increase(DELAY);
    await apply(second);
  });

  it("wait longer by every pause", async () => {
    const change = { jobs: { maxDuration: 2 * DAY } };
    await propose(change);
    const effectiveAt = (await chain.networkHelpers.time.latest()) + DELAY;
    await hub.pause();
    const begin = await chain.networkHelpers.time.latest();
    await nextAt(begin + DAY);
    await hub.unpause();
    await nextAt(effectiveAt + DAY - 1);
    await expect(apply(change)).to.be.revertedWithCustomError(hub, "NotYetEffective");
    await nextAt(effectiveAt + DAY);
    await apply(change);
  });

  it("are not changed by a cancelled announcement", async () => {
    const change = { jobs: { maxDuration: 2 * DAY } };
    await expect(hub.cancelProposal()).to.be.revertedWithCustomError(hub, "NotProposed");
    await propose(change);
    await expect(hub.cancelProposal()).to.emit(hub, "ProposalCancelled");
    await chain.networkHelpers.time.increase(DELAY);
    await expect(apply(change)).to.be.revertedWithCustomError(hub, "NotProposed");
  });

  it("are announced and withdrawn by their roles alone", async () => {
    const stranger = hub.connect(chain.stranger);
    for (const call of [
      () => stranger.proposeParameters(parametersWith({})),
      () => stranger.cancelProposal(),
      () => stranger.addCurrency(hub),
    ]) {
      await expect(call()).to.be.revertedWithCustomError(hub, "AccessManagedUnauthorized");
    }
  });

  const windows = 2 * INCLUSION_DELAY + 6 * HOUR;
  const reaction = INCLUSION_DELAY + 6 * HOUR;
  /** Section, parameter, least and largest value. Unbonding has to be long for the largest windows. */
  const BOUNDS: [keyof ParameterChange, string, bigint | number, bigint | number][] = [
    ["staking", "commissionDelay", DAY, 90 * DAY],
    ["staking", "jailTime", HOUR, 30 * DAY],
    ["staking", "strikesToJail", 1, 255],
    ["staking", "minDelegation", 1, MAX96],
    ["jobs", "challengeWindow", windows, 30 * DAY],
    ["jobs", "maxDuration", 60, 30 * DAY],
    ["jobs", "lockFloor", 10, MAX96],
    ["jobs", "auditShare", 0, 2_000],
    ["jobs", "missPenalty", 0, 1_000],
    ["jobs", "maxCallbackGas", 0, 5_000_000],
    ["receipts", "challengeWindow", windows, 30 * DAY],
    ["receipts", "maxReservation", HOUR, 30 * DAY],
    ["receipts", "payerThaw", DAY, 90 * DAY],
    ["receipts", "reservationFloor", 10, MAX96],
    ["challenges", "refutationWindow", windows, 14 * DAY],
    ["challenges", "supplyWindow", reaction, 14 * DAY],
    ["challenges", "graceWindow", reaction, 14 * DAY],
    ["challenges", "airGap", INCLUSION_DELAY, 14 * DAY],
    ["challenges", "bondFloor", 10n ** 9n, 1_000n * 10n ** 18n],
    ["challenges", "priceMultiple", 4, 64],
    ["challenges", "baseFeeFloor", 1, 10n ** 13n],
    ["challenges", "dataPrice", 0, 10n ** 13n],
    ["lottery", "probability", 0, 1_000_000],
    ["lottery", "auditors", 1, 8],
    ["lottery", "auditStake", 10, MAX96],
  ];

  for (const [section, name, least, most] of BOUNDS) {
    it(`bound ${section}.${name}: ${least} to ${most}`, async () => {
      const withValue = (value: bigint): ParameterChange => {
        const staking = { unbonding: 365 * DAY, ...(section === "staking" ? { [name]: value } : {}) };
        return section === "staking" ? { staking } : { staking, [section]: { [name]: value } };
      };
      for (const value of [BigInt(least), BigInt(most)]) await propose(withValue(value));
      for (const value of [BigInt(least) - 1n, BigInt(most) + 1n]) {
        if (value < 0n || value > MAX96 || (name === "strikesToJail" && value > 255n)) continue;
        const error = name.match(/Window|airGap/) && value < BigInt(least) ? "WindowTooShort" : "ParameterOutOfBounds";
        await expect(propose(withValue(value))).to.be.revertedWithCustomError(hub, error);
      }
    });
  }

  it("keep unbonding longer than the longest dispute of any source and a day: 0 and +1 seconds", async () => {
    const least = Number(await hub.worstCaseFinality(PARAMETERS.receipts.challengeWindow, 8)) + DAY;
    await expect(propose({ staking: { unbonding: least } }))
      .to.be.revertedWithCustomError(hub, "UnbondingTooShort")
      .withArgs(least, least);
    await propose({ staking: { unbonding: least + 1 } });
    // Whichever window is longer counts.
    await expect(
      propose({ staking: { unbonding: least + 1 }, jobs: { challengeWindow: 3 * DAY + 1 } }),
    ).to.be.revertedWithCustomError(hub, "UnbondingTooShort");
    await expect(propose({ staking: { unbonding: 365 * DAY + 1 } })).to.be.revertedWithCustomError(
      hub,
      "ParameterOutOfBounds",
    );
    await expect(deployHub(chain, { parameters: { staking: { unbonding: least } } })).to.be.revertedWithCustomError(
      hub,
      "UnbondingTooShort",
    );
  });

  it("fix an inclusion delay of ten minutes to three days for ever", async () => {
    for (const inclusionDelay of [599, 3 * DAY + 1]) {
      await expect(deployHub(chain, { inclusionDelay })).to.be.revertedWithCustomError(hub, "ParameterOutOfBounds");
    }
    await deployHub(chain, { inclusionDelay: 600 });
  });

  it("list the native coin and at most eight tokens, which stay", async () => {
    const tokens: string[] = [];
    for (let i = 0; i < 9; i++) tokens.push(await (await chain.ethers.deployContract("SilentToken")).getAddress());
    expect(await hub.currencies()).to.deep.equal([ZeroAddress]);
    expect(await hub.isCurrency(ZeroAddress)).to.equal(true);
    await expect(hub.addCurrency(tokens[0]!)).to.emit(hub, "CurrencyAdded").withArgs(tokens[0], 1);
    for (const known of [tokens[0]!, ZeroAddress]) {
      const error = known === ZeroAddress ? "NotAContract" : "CurrencyListed";
      await expect(hub.addCurrency(known)).to.be.revertedWithCustomError(hub, error).withArgs(known);
    }
    for (const token of tokens.slice(1, 8)) await hub.addCurrency(token);
    await expect(hub.addCurrency(tokens[8]!)).to.be.revertedWithCustomError(hub, "TooManyCurrencies").withArgs(8);
    expect(await hub.currencies()).to.deep.equal([ZeroAddress, ...tokens.slice(0, 8)]);
    expect(await hub.isCurrency(tokens[8]!)).to.equal(false);
  });
});

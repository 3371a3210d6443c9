import { expect } from "chai";
import { id, parseEther, ZeroAddress } from "ethers";

import type { AccountLens } from "../../../typechain-types/index.js";
import {
  at,
  BOND,
  claimOf,
  deploySuite,
  type Disputes,
  FALSE_OUTPUT,
  lie,
  openChallenge,
  PAYMENT,
  play,
  uphold,
} from "../../support/challenges.js";
import { traceOf } from "../../support/alphabet.js";
import { PARAMETERS } from "../../support/hub.js";
import { earned, finaliseJob } from "../../support/jobs.js";
import { deployWithLenses } from "../../support/lens.js";
import { connect, type Connection, DAY, OFFER, profilesOf, TOKEN } from "../../support/protocol.js";
import { presentedClaim, reserve, signedVoucher } from "../../support/receipts.js";
import { delegate } from "../../support/staking.js";

const STAKE = 100_000n * TOKEN;
const ONE = parseEther("0.1");

describe("AccountLens", () => {
  let chain: Connection;
  let suite: Disputes;
  let lens: AccountLens;

  before(async () => {
    chain = await connect();
  });

  beforeEach(async () => {
    ({ suite, accounts: lens } = await chain.networkHelpers.loadFixture(fixture));
  });

  const fixture = () => deployWithLenses(chain);

  it("refuses contracts of another deployment, and accounts without code", async () => {
    const { jobs, receipts, manager, lottery, staking, arbiter } = suite;
    const other = await deploySuite(chain, arbiter);
    const deploy = (...peers: unknown[]) => chain.ethers.deployContract("AccountLens", peers as never);
    const home = await staking.getAddress();
    await expect(deploy(jobs, other.receipts, manager, lottery))
      .to.be.revertedWithCustomError(lens, "ForeignPeer")
      .withArgs(other.receipts, home);
    await expect(deploy(jobs, receipts, other.manager, lottery))
      .to.be.revertedWithCustomError(lens, "ForeignPeer")
      .withArgs(other.manager, home);
    await expect(deploy(jobs, receipts, manager, other.lottery))
      .to.be.revertedWithCustomError(lens, "ForeignPeer")
      .withArgs(other.lottery, home);
    for (const peers of [
      [chain.stranger, receipts, manager, lottery],
      [jobs, chain.stranger, manager, lottery],
      [jobs, receipts, chain.stranger, lottery],
      [jobs, receipts, manager, chain.stranger],
    ]) {
      await expect(deploy(...peers))
        .to.be.revertedWithCustomError({ interface: suite.manager.interface }, "NotAContract")
        .withArgs(chain.stranger);
    }
  });

  it("knows nothing of strangers, and does not revert", async () => {
    const nobody = chain.stranger;
    const operator = await lens.operatorAccount(nobody);
    expect(operator.stake).to.equal(0);
    expect(operator.worker).to.equal(ZeroAddress);
    expect(operator.payout.account).to.equal(nobody);
    const delegation = await lens.delegation(nobody, chain.consumer);
    expect([delegation.position.amount, delegation.allEarningShares]).to.deep.equal([0n, 0n]);
    const challenger = await lens.challengerAccount(nobody, [id("no challenge")]);
    expect([challenger.standing, challenger.bonds, challenger.owed.challenges]).to.deep.equal([0n, 0n, 0n]);
    for (const pages of [lens.exits, lens.retiredPositions]) {
      const { page, next } = await pages(nobody, nobody, 2n ** 32n - 1n, 2n ** 32n - 1n);
      expect([page.length, next]).to.deep.equal([0, 0n]);
    }
    const [offer] = await lens.offersOf(nobody, [id("no model")]);
    expect([offer!.modelId, offer!.offer.open, offer!.waiting]).to.deep.equal([id("no model"), false, 0n]);
  });

  it("shows what an operator has, what is bound and what it is owed, in every currency of both escrows", async () => {
    const { hub, jobs, receipts, staking } = suite;
    const coin = await chain.ethers.deployContract("TestToken", [chain.consumer, 1000n * TOKEN, 0, 0]);
    await hub.addCurrency(coin);
    const currency = await coin.getAddress();
    const profiles = (await profilesOf(staking)).connect(chain.owner);
    await profiles.setPayout(chain.stranger);
    await profiles.setCommission(1000);
    await staking.connect(chain.owner).setDrawStake(300n * TOKEN);
    await receipts.connect(chain.owner).setReservationCap(1000n * TOKEN);
    await coin.connect(chain.consumer).approve(receipts, 1000n * TOKEN);

    const reservation = await reserve(chain, suite, { currency, lock: 100n * TOKEN });
    await receipts.collect([await signedVoucher(chain, suite, { reservation, cumulative: ONE })]);
    const { id: jobId } = await claimOf(chain, suite);
    const { challengeDeadline } = await jobs.job(jobId);
    await at(chain, challengeDeadline + 1n);
    await finaliseJob(jobs, jobId);
    await claimOf(chain, suite);

    const a = await lens.operatorAccount(chain.owner);
    expect([a.stake, a.own.active, a.own.locked, a.delegated.active]).to.deep.equal([STAKE, STAKE, 200n * TOKEN, 0n]);
    expect([a.draws.current, a.draws.next, a.drawWeight]).to.deep.equal([300n * TOKEN, 300n * TOKEN, 300n * TOKEN]);
    expect(a.freeStake).to.equal(STAKE - 500n * TOKEN);
    expect([a.reserved, a.reservationCap]).to.deep.equal([100n * TOKEN, 1000n * TOKEN]);
    expect([a.worker, a.pendingWorker]).to.deep.equal([chain.worker.address, ZeroAddress]);
    // Announced a day ago, with a delay of a week.
    expect([a.commission, a.terms.nextCommission]).to.deep.equal([0n, 1000n]);
    expect([a.conduct.jailed, a.releaseFee]).to.deep.equal([false, 0n]);
    expect(a.epoch).to.equal(await hub.epoch());
    expect([a.owner.account, a.payout.account, a.hotKey.account]).to.deep.equal([
      chain.owner.address,
      chain.stranger.address,
      chain.worker.address,
    ]);
    const credits = ({ fees }: typeof a.owner) => fees.map((fee) => [fee.currency, fee.jobs, fee.receipts]);
    expect(credits(a.payout)).to.deep.equal([
      [ZeroAddress, earned(OFFER.price), 0n],
      [currency, 0n, ONE],
    ]);
    expect(credits(a.owner)).to.deep.equal([
      [ZeroAddress, 0n, 0n],
      [currency, 0n, 0n],
    ]);
    const [offer] = await lens.offersOf(chain.owner, [suite.modelId]);
    expect([offer!.offer.price, offer!.waiting]).to.deep.equal([OFFER.price, 0n]);
  });

  it("shows strikes, jail and what leaving it costs", async () => {
    const { jobs, staking } = suite;
    const locker = await jobs.getAddress();
    await chain.networkHelpers.setBalance(locker, parseEther("1"));
    const asLocker = staking.connect(await chain.ethers.getImpersonatedSigner(locker));
    for (let i = 0; i < PARAMETERS.staking.strikesToJail; i += 1) {
      const before = await lens.operatorAccount(chain.owner);
      expect([before.conduct.strikes, before.conduct.jailed, before.releaseFee]).to.deep.equal([BigInt(i), false, 0n]);
      await asLocker.strike(chain.owner);
    }
    const { conduct, releaseFee, drawWeight } = await lens.operatorAccount(chain.owner);
    expect([conduct.jailed, releaseFee, drawWeight]).to.deep.equal([true, PARAMETERS.staking.releaseFee, 0n]);
  });

  it("shows a delegation and what it has earned", async () => {
    const { jobs, staking } = suite;
    const profiles = await profilesOf(staking);
    await profiles.connect(chain.owner).setCommission(0);
    await delegate(chain, suite, chain.stranger, STAKE);
    await chain.networkHelpers.time.increase(PARAMETERS.staking.commissionDelay);
    const { id: jobId } = await claimOf(chain, suite);
    await at(chain, (await jobs.job(jobId)).challengeDeadline + 1n);
    await finaliseJob(jobs, jobId);

    const d = await lens.delegation(chain.owner, chain.stranger);
    expect([d.position.amount, d.generation]).to.deep.equal([STAKE, 0n]);
    expect(d.earningShares).to.equal(d.allEarningShares).and.to.equal(d.position.shares);
    expect(d.earnings).to.have.lengthOf(1);
    // As much is delegated as the operator has, which takes no commission; sharing may lose a wei.
    expect(d.earnings[0]!.amount).to.be.within(earned(OFFER.price) / 2n - 1n, earned(OFFER.price) / 2n);
    const own = await lens.delegation(chain.owner, chain.owner);
    expect([own.position.amount, own.earnings.length]).to.deep.equal([0n, 0]);
  });

  it("sums a challenger's standing challenges, and no others", async () => {
    const { model, manager } = suite;
    const claim = await claimOf(chain, suite);
    const trace = traceOf(model, claim.inputsRoot, FALSE_OUTPUT);
    const mine = await openChallenge(chain, suite, claim, { trace });
    const lost = await openChallenge(chain, suite, claim, { trace, salt: id("lost"), value: BOND * 2n });
    const other = await openChallenge(chain, suite, claim, { trace, salt: id("other"), challenger: chain.stranger });
    const ids = [mine, lost, other, id("none")];
    const before = await lens.challengerAccount(chain.challenger, ids);
    expect([before.standing, before.bonds, before.outstanding]).to.deep.equal([2n, BOND * 3n, 0n]);

    await play(chain, suite, lost, trace).refute(3, 0, chain.worker);
    const place = { node: 0, height: 0, index: 0 };
    await play(chain, suite, mine, trace).demand(place);
    const waiting = await lens.challengerAccount(chain.challenger, ids);
    expect([waiting.standing, waiting.bonds, waiting.outstanding]).to.deep.equal([1n, BOND, 1n]);
    await play(chain, suite, mine, trace).supply(place);
    const after = await lens.challengerAccount(chain.challenger, ids);
    const { price } = await manager.demandAt(mine, place);
    expect([after.outstanding, after.paid, after.held]).to.deep.equal([0n, price, 0n]);
    expect(after.owed.challenges).to.equal(price);
    expect((await lens.owedTo(chain.worker)).challenges).to.equal(BOND);
    expect((await lens.owedTo(chain.stranger)).challenges).to.equal(PAYMENT - price);
  });

  it("pages through exits: standing ones, and which can leave", async () => {
    const { staking, hub } = suite;
    const owner = staking.connect(chain.owner);
    for (let i = 1n; i <= 5n; i += 1n) await owner.requestExit(chain.owner, i * TOKEN);
    await owner.cancelExit(chain.owner, 1);
    const read = async (start: number, count: number) => {
      const { page, next } = await lens.exits(chain.owner, chain.owner, start, count);
      return [page.map(({ exitId, exit }) => [exitId, exit.amount / TOKEN]), next];
    };
    expect(await read(0, 2)).to.deep.equal([[[0n, 1n]], 2n]);
    expect(await read(2, 2)).to.deep.equal([
      [
        [2n, 3n],
        [3n, 4n],
      ],
      4n,
    ]);
    expect(await read(4, 2)).to.deep.equal([[[4n, 5n]], 0n]);
    expect(await read(4, 1)).to.deep.equal([[[4n, 5n]], 0n]);
    expect(await read(5, 1)).to.deep.equal([[], 0n]);
    expect(await read(0, 0)).to.deep.equal([[], 0n]);

    const { readyAt } = await staking.exit(chain.owner, chain.owner, 0);
    const withdrawable = async () => (await lens.exits(chain.owner, chain.owner, 0, 1)).page[0]!.withdrawable;
    await chain.networkHelpers.time.increaseTo(readyAt - 1n);
    expect(await withdrawable()).to.equal(false);
    await chain.networkHelpers.time.increaseTo(readyAt);
    expect(await withdrawable()).to.equal(true);
    await hub.pause();
    expect(await withdrawable()).to.equal(false);
    await hub.unpause();
    await owner.withdrawExit(chain.owner, 0, chain.owner);
    expect(await read(0, 2)).to.deep.equal([[], 2n]);
  });

  it("shows what a slashed-out pool has left to collect", async () => {
    const { jobs, receipts, staking } = suite;
    await (await profilesOf(staking)).connect(chain.owner).setCommission(0);
    await delegate(chain, suite, chain.stranger, STAKE);
    await chain.networkHelpers.time.increase(PARAMETERS.staking.commissionDelay);
    const { id: jobId } = await claimOf(chain, suite);
    await at(chain, (await jobs.job(jobId)).challengeDeadline + 1n);
    await finaliseJob(jobs, jobId);
    const { amount } = (await lens.delegation(chain.owner, chain.stranger)).earnings[0]!;

    await receipts.connect(chain.owner).setReservationCap(2n * STAKE);
    const reservation = await reserve(chain, suite, { lock: 2n * STAKE, duration: 7 * DAY });
    const claim = await presentedClaim(chain, suite, reservation, { answer: lie });
    const challengeId = await openChallenge(chain, suite, claim, { trace: claim.truth });
    const game = play(chain, suite, challengeId, claim.truth);
    await uphold(chain, game);
    await game.execute();
    // Worn-out pools give way when stake comes next.
    await delegate(chain, suite, chain.stranger, TOKEN);

    expect((await lens.operatorAccount(chain.owner)).stake).to.equal(TOKEN);
    const { page, next } = await lens.retiredPositions(chain.owner, chain.stranger, 0, 10);
    expect(page.map(({ generation, earnings }) => [generation, earnings[0]!.amount])).to.deep.equal([[0n, amount]]);
    expect(next).to.equal(0);
    const d = await lens.delegation(chain.owner, chain.stranger);
    expect([d.generation, d.position.amount]).to.deep.equal([1n, TOKEN]);
    expect((await lens.owedTo(chain.challenger)).rewards).to.equal((STAKE / 2n / 10n) * 7n);
  });
});

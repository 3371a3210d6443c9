import { expect } from "chai";
import { id, ZeroAddress } from "ethers";

import { traceOf } from "../support/alphabet.js";
import { at, BOND, CLAIM, claimOf, lie, uphold } from "../support/challenges.js";
import {
  agree,
  agreementOf,
  AUDIT_STAKE,
  type Audits,
  deployAudits,
  type DrawnAudit,
  drawnAudit,
  drawJob,
  finalise,
  LOT,
  object,
  passSeed,
  SEAT,
} from "../support/lottery.js";
import { floatBytes, openElement } from "../support/jobs.js";
import { connect, type Connection, OFFER, TOKEN } from "../support/protocol.js";

const SHARE = (OFFER.price * 500n) / 10_000n;
const LOCK = 100n * TOKEN;
/** The domain is [-1, 1]. */
const OUTSIDE = [floatBytes([1.5, 0, 0, 0])];

describe("attacks on the audit lottery", () => {
  let chain: Connection;
  let suite: Audits;
  let drawn: DrawnAudit;

  before(async () => {
    chain = await connect();
  });

  /** A drawn audit, of a right answer or of a lie. */
  async function audit(answer?: typeof lie): Promise<void> {
    suite = await deployAudits(chain);
    drawn = await drawnAudit(chain, suite, answer);
  }

  const statusOf = async (auditor: Connection["stranger"]) =>
    (await suite.lottery.seat(await suite.lottery.seatIdOf(drawn.claim.id, auditor))).status;
  const settle = (auditor: Connection["stranger"]) => suite.lottery.settle(drawn.claim.id, auditor);

  it("75: a copied report earns nothing", async () => {
    await audit();
    const { lottery, manager, staking } = suite;
    const [worker, thief, late] = drawn.auditors;
    const report = await agreementOf(suite, drawn.claim.id, worker!, drawn.claim.truth);
    await report.commit();
    // Before the commit deadline there is only the id to copy: it is not the thief's.
    await lottery.connect(thief).commit(drawn.claim.id, thief!, report.report);
    await at(chain, (await lottery.audit(drawn.claim.id)).commitDeadline + 1n);
    await report.announce();
    await report.open();
    // Afterwards the root is there, and too late.
    const copy = await agreementOf(suite, drawn.claim.id, late!, drawn.claim.truth);
    await expect(copy.commit()).to.be.revertedWithCustomError(lottery, "CommitClosed");
    await copy.announce();
    await expect(copy.open()).to.be.revertedWithCustomError(lottery, "ClaimNotOpen");

    await finalise(chain, suite, drawn.claim.id);
    await at(chain, (await manager.challenge(report.report)).lastDeadline + 1n);
    await manager.resolve(report.report);
    for (const auditor of [worker!, thief!, late!]) await settle(auditor);
    expect(await statusOf(worker!)).to.equal(SEAT.paid);
    for (const copier of [thief!, late!]) {
      expect(await statusOf(copier)).to.equal(SEAT.missed);
      expect(await lottery.earned(copier, ZeroAddress)).to.equal(0);
      expect((await staking.conductOf(copier)).strikes).to.equal(1);
    }
  });

  it("80: all auditors but one collude with a lying operator, and lose their stakes with it", async () => {
    await audit(lie);
    const { jobs, staking, lottery } = suite;
    const [honest, ...colluders] = drawn.auditors;
    const before = await Promise.all(colluders.map((auditor) => staking.stakeOf(auditor)));
    const operatorBefore = await staking.stakeOf(chain.owner);
    const objection = await object(chain, suite, drawn.claim, honest!);
    const games = [];
    for (const colluder of colluders) {
      // Their root is the true one: they saw the lie and kept silent about it. Nobody refutes them.
      const report = await agreementOf(suite, drawn.claim.id, colluder, drawn.claim.truth);
      await report.commit();
      games.push(report);
    }
    await at(chain, (await lottery.audit(drawn.claim.id)).commitDeadline + 1n);
    for (const report of games) {
      await report.announce();
      await report.open();
    }
    await uphold(chain, objection);
    await objection.execute();
    expect((await jobs.job(drawn.claim.id)).status).to.equal(CLAIM.wrong);
    expect(await staking.stakeOf(chain.owner)).to.equal(operatorBefore - LOCK);
    for (const [i, report] of games.entries()) {
      await suite.manager.resolve(report.report);
      await settle(colluders[i]!);
      expect(await staking.stakeOf(colluders[i]!)).to.equal(before[i]! - AUDIT_STAKE);
      expect(await lottery.earned(colluders[i]!, ZeroAddress)).to.equal(0);
    }
    // What they lost together burns, and is more than the most that a lie about this fee could have been worth to them.
    expect(await staking.pendingBurn()).to.be.at.least(BigInt(colluders.length) * AUDIT_STAKE);
    expect(await staking.rewardOf(honest!)).to.equal(((LOCK / 2n) * 70n) / 100n);
  });

  it("105: washing fees through the lottery never pays, and takes nothing out of the pool", async () => {
    // Consumer, operator and all auditors are one. At a chance of one every wash is paid, and costs at least what it brings.
    suite = await deployAudits(chain);
    const { jobs, lottery } = suite;
    const others = await claimOf(chain, suite);
    await finalise(chain, suite, others.id);
    const pool = async () =>
      (await jobs.auditPool(ZeroAddress)) + (await chain.ethers.provider.getBalance(await lottery.getAddress()));
    const before = await pool();
    expect(before).to.equal(SHARE);

    drawn = await drawnAudit(chain, suite);
    for (const auditor of drawn.auditors) {
      const report = await agreementOf(suite, drawn.claim.id, auditor, drawn.claim.truth);
      await report.commit();
    }
    await at(chain, (await lottery.audit(drawn.claim.id)).commitDeadline + 1n);
    const reports = [];
    for (const auditor of drawn.auditors) {
      const report = await agreementOf(suite, drawn.claim.id, auditor, drawn.claim.truth);
      await report.announce();
      await report.open();
      reports.push(report.report);
    }
    await finalise(chain, suite, drawn.claim.id);
    await at(chain, (await suite.manager.challenge(reports.at(-1)!)).lastDeadline + 1n);
    for (const [i, report] of reports.entries()) {
      await suite.manager.resolve(report);
      await settle(drawn.auditors[i]!);
      await lottery.collect(drawn.auditors[i]!, ZeroAddress);
    }
    expect(await pool()).to.be.at.least(before);
    expect(await pool()).to.be.below(before + 3n);

    // At a smaller chance a drawn wash is paid more, and rarely: never more on average than the share of its fee. Undoing what was
    // not drawn saves no share: an answered job leaves it in every ending.
    for (const probability of [700_000n, 333_333n, 250_000n]) {
      suite = await deployAudits(chain, { lottery: { probability, auditors: 2 } });
      let claim = await claimOf(chain, suite, undefined, OUTSIDE);
      for (let undone = 1n; ; undone++) {
        await passSeed(chain);
        // One at least is undone, whatever its lot.
        if (undone > 1n && (await suite.lottery.lotOf(claim.id)) === LOT.drawn) break;
        await suite.manager.voidOutsideDomain(suite.jobs, claim.id, openElement(OUTSIDE, ["f32"], 0, 0));
        expect((await suite.jobs.job(claim.id)).status).to.equal(CLAIM.void);
        expect(await suite.jobs.auditPool(ZeroAddress)).to.equal(undone * SHARE);
        claim = await claimOf(chain, suite, undefined, OUTSIDE);
      }
      await drawJob(suite, claim.id);
      const { pay } = await suite.lottery.audit(claim.id);
      expect(pay * 2n * probability).to.be.at.most(SHARE * 1_000_000n);
      expect((pay + 1n) * 2n * probability).to.be.above(SHARE * 1_000_000n);
    }
  });

  it("106: an auditor that agrees without working loses more than it could earn", async () => {
    await audit();
    const { lottery, staking, manager } = suite;
    const [first, second] = drawn.auditors;
    const { inputsRoot, id: jobId } = drawn.claim;
    // The answer is public, so the last tensor of a trace comes for free; the tensors before it do not.
    const invented = traceOf(suite.model, inputsRoot, { garble: { 0: id("?"), 1: id("?"), 2: id("?") } });
    const game = await agree(chain, suite, jobId, first!, invented);
    const place = { node: 0, height: 0, index: 0 };
    await game.demand(place, chain.stranger);
    await at(chain, (await game.demandAt(place)).supplyDeadline + 1n);
    await game.expire(place);
    await finalise(chain, suite, jobId);
    const before = await staking.stakeOf(first!);
    await settle(first!);
    expect(await statusOf(first!)).to.equal(SEAT.slashed);
    expect(before - (await staking.stakeOf(first!))).to.equal(AUDIT_STAKE);
    expect(await manager.creditOf(first!)).to.equal(0);
    expect(BOND).to.be.above((await lottery.audit(jobId)).pay);
    // Whoever asks is paid for it.
    expect(await manager.creditOf(chain.stranger)).to.be.at.least(BOND / 2n);
    await settle(second!);
  });

  it("118: silence that was bribed costs pay and a strike, and does not save the liar", async () => {
    await audit(lie);
    const { jobs, lottery, staking } = suite;
    const [honest, silent, alsoSilent] = drawn.auditors;
    const objection = await object(chain, suite, drawn.claim, honest!);
    await at(chain, (await lottery.audit(drawn.claim.id)).reportDeadline + 1n);
    for (const auditor of [silent!, alsoSilent!]) {
      await settle(auditor);
      expect(await statusOf(auditor)).to.equal(SEAT.missed);
      expect((await staking.conductOf(auditor)).strikes).to.equal(1);
    }
    await uphold(chain, objection);
    await objection.execute();
    expect((await jobs.job(drawn.claim.id)).status).to.equal(CLAIM.wrong);

    // Whoever makes a habit of it goes to jail, and is not drawn there.
    suite = await deployAudits(chain, { auditors: 3 });
    const habitual = suite.auditors[0]!;
    const missed: string[] = [];
    for (let i = 0n; i < (await suite.hub.stakingParams()).strikesToJail; i++) {
      missed.push((await drawnAudit(chain, suite)).claim.id);
    }
    const { reportDeadline } = await suite.lottery.audit(missed.at(-1)!);
    const epoch = await suite.hub.EPOCH();
    await at(chain, (reportDeadline / epoch + 1n) * epoch);
    for (const jobId of missed) await suite.lottery.settle(jobId, habitual);
    expect(await suite.staking.isJailed(habitual)).to.equal(true);
    expect(await suite.staking.freeDrawStake(habitual)).to.equal(0);
  });
});

import { expect } from "chai";
import { id, ZeroAddress, ZeroHash } from "ethers";

import { traceOf } from "../../support/alphabet.js";
import {
  type AnsweredClaim,
  at,
  BOND,
  claimOf,
  deploySuite,
  INPUTS,
  lie,
  openingOf,
  play,
  rightOutputs,
  uphold,
} from "../../support/challenges.js";
import { listHash, presentJob, requestJob, submitJob } from "../../support/jobs.js";
import {
  agreementOf,
  AUDIT_STAKE,
  type Audits,
  deployAudits,
  type DrawnAudit,
  drawnAudit,
  drawnAuditors,
  drawJob,
  finalise,
  LOT,
  passSeed,
  SEAT,
} from "../../support/lottery.js";
import { appointWorker, connect, type Connection, OFFER, profilesOf } from "../../support/protocol.js";
import { delegate } from "../../support/staking.js";

type Signer = Connection["stranger"];

const SHARE = (OFFER.price * 500n) / 10_000n;

describe("AuditLottery: seats as claims, objections, and where pay goes", () => {
  let chain: Connection;
  let suite: Audits;

  before(async () => {
    chain = await connect();
  });

  beforeEach(async () => {
    suite = await chain.networkHelpers.loadFixture(fixture);
  });

  async function fixture() {
    return deployAudits(chain);
  }

  const seatOf = async (jobId: string, auditor: { readonly address: string }) =>
    suite.lottery.seat(await suite.lottery.seatIdOf(jobId, auditor.address));

  describe("construction", () => {
    it("refuses accounts without code, and contracts of another deployment", async () => {
      const { jobs, manager, staking, lottery, arbiter } = suite;
      const deploy = (...peers: unknown[]) => chain.ethers.deployContract("AuditLottery", peers as never);
      for (const peers of [
        [chain.stranger, manager],
        [jobs, chain.stranger],
      ]) {
        await expect(deploy(...peers))
          .to.be.revertedWithCustomError(lottery, "NotAContract")
          .withArgs(chain.stranger);
      }
      const other = await deploySuite(chain, arbiter);
      await expect(deploy(jobs, other.manager))
        .to.be.revertedWithCustomError(lottery, "ForeignPeer")
        .withArgs(other.manager, other.staking);
      expect(await staking.getAddress()).not.to.equal(await other.staking.getAddress());
    });

    it("is visible", async () => {
      const { jobs, manager, lottery } = suite;
      expect(await lottery.jobs()).to.equal(await jobs.getAddress());
      expect(await lottery.challenges()).to.equal(await manager.getAddress());
      expect(await lottery.challengeManager()).to.equal(await manager.getAddress());
      // What is left of a job's window after the reports.
      expect(await lottery.challengeWindow()).to.equal((await jobs.challengeWindow()) / 2n);
    });
  });

  describe("a seat", () => {
    it("is no claim before it is drawn, and never a wrong one", async () => {
      const { lottery } = suite;
      const unknown = await lottery.claim(id("no seat"));
      expect([unknown.status, unknown.modelId, unknown.lock]).to.deep.equal([0n, ZeroHash, 0n]);
      await expect(lottery.settleWrong(id("no seat"), [])).to.be.revertedWithCustomError(lottery, "ClaimNotOpen");
    });

    it("takes no report after the report deadline: 0 and +1 seconds", async () => {
      const { lottery } = suite;
      const { claim, auditors } = await drawnAudit(chain, suite);
      const [auditor] = auditors;
      await lottery.connect(auditor).commit(claim.id, auditor!, id("a report"));
      const { reportDeadline } = await lottery.audit(claim.id);
      const seatId = await lottery.seatIdOf(claim.id, auditor!);
      await chain.networkHelpers.time.increaseTo(reportDeadline);
      await lottery.challengeOpened(seatId);
      await chain.networkHelpers.time.increaseTo(reportDeadline + 1n);
      await expect(lottery.challengeOpened(seatId))
        .to.be.revertedWithCustomError(lottery, "ReportClosed")
        .withArgs(claim.id, reportDeadline);
    });
  });

  describe("an objection", () => {
    /** A wrong answer, and the first of its auditors. */
    async function wrongAnswer(): Promise<DrawnAudit & { readonly auditor: Signer }> {
      const drawn = await drawnAudit(chain, suite, lie);
      return { ...drawn, auditor: drawn.auditors[0]! };
    }

    /** Commits the auditor to a challenge of `challenger` against a claim. */
    async function committed(jobId: string, auditor: Signer, against: AnsweredClaim, challenger = auditor) {
      const opening = await openingOf(chain, suite, against, { trace: against.truth, challenger });
      await suite.lottery.connect(auditor).commit(jobId, auditor, opening.challengeId);
      const manager = suite.manager.connect(challenger);
      return {
        announce: () => manager.commitChallenge(opening.challengeId),
        open: () => manager.openChallenge(...opening.args, { value: BOND }),
        game: play(chain, suite, opening.challengeId, against.truth),
      };
    }

    const settled = async (jobId: string, auditor: Signer) => {
      await suite.lottery.settle(jobId, auditor);
      return (await seatOf(jobId, auditor)).status;
    };

    it("may be the worker's", async () => {
      const { claim, auditor } = await wrongAnswer();
      await appointWorker({ ...chain, owner: auditor, worker: chain.stranger }, suite.staking);
      const objection = await committed(claim.id, auditor, claim, chain.stranger);
      await objection.announce();
      await objection.open();
      await uphold(chain, objection.game);
      await objection.game.execute();
      expect(await settled(claim.id, auditor)).to.equal(SEAT.released);
    });

    it("is one against the audited job", async () => {
      const other = await claimOf(chain, suite, lie);
      const { claim, auditor } = await wrongAnswer();
      const objection = await committed(claim.id, auditor, other);
      await objection.announce();
      await objection.open();
      await chain.networkHelpers.time.increaseTo((await suite.lottery.audit(claim.id)).reportDeadline + 1n);
      expect(await settled(claim.id, auditor)).to.equal(SEAT.missed);
    });

    it("counts until the report deadline: 0 and +1 seconds", async () => {
      const { claim, auditors } = await wrongAnswer();
      const [punctual, late] = auditors as [Signer, Signer];
      const first = await committed(claim.id, punctual, claim);
      const second = await committed(claim.id, late, claim);
      const { reportDeadline } = await suite.lottery.audit(claim.id);
      await at(chain, reportDeadline - 2n);
      await first.announce();
      await second.announce();
      await at(chain, reportDeadline);
      await first.open();
      await at(chain, reportDeadline + 1n);
      await second.open();
      expect(await settled(claim.id, late)).to.equal(SEAT.missed);
      await expect(suite.lottery.settle(claim.id, punctual)).to.be.revertedWithCustomError(
        suite.lottery,
        "NotSettleable",
      );
    });
  });

  describe("pay", () => {
    /** All auditors of a right answer have agreed with it, and it is final. */
    async function allAgreed({ claim, auditors }: DrawnAudit): Promise<void> {
      const reports = [];
      for (const auditor of auditors) reports.push(await agreementOf(suite, claim.id, auditor, claim.truth));
      for (const report of reports) await report.commit();
      await at(chain, (await suite.lottery.audit(claim.id)).commitDeadline);
      for (const report of reports) await report.announce();
      for (const report of reports) await report.open();
      await finalise(chain, suite, claim.id);
      for (const { report } of reports) await uphold(chain, play(chain, suite, report, claim.truth));
      for (const auditor of auditors) await suite.lottery.settle(claim.id, auditor);
    }

    /** A right answer that was paid for in tokens, and its auditors. */
    async function tokenAudit(): Promise<DrawnAudit> {
      const { token, hub, offers, jobs, model, modelId } = suite;
      await hub.addCurrency(token);
      await offers.connect(chain.owner).setOffer(modelId, { ...OFFER, currency: token });
      await token.connect(chain.deployer).transfer(chain.consumer, OFFER.price);
      await token.connect(chain.consumer).approve(jobs, OFFER.price);
      const currency = await token.getAddress();
      const jobId = await requestJob(chain, suite, { inputs: INPUTS, currency, value: 0n });
      const inputsRoot = listHash(INPUTS, ["f32"]);
      const outputs = rightOutputs(suite, inputsRoot);
      await submitJob(jobs.connect(chain.worker), jobId, outputs);
      await presentJob(jobs, jobId);
      const claim = {
        ...{ id: jobId, source: await jobs.getAddress(), inputsRoot, outputs, dtypes: [] },
        truth: traceOf(model, inputsRoot),
      };
      await passSeed(chain);
      await drawJob(suite, jobId);
      return { claim, auditors: await drawnAuditors(suite, jobId) };
    }

    it("in tokens goes to the auditor and to who delegates to it", async () => {
      const { lottery, staking, token } = suite;
      const drawn = await tokenAudit();
      const [alone, shared] = drawn.auditors as [Signer, Signer];
      await allAgreed(drawn);
      const pay = SHARE / 3n;
      await expect(lottery.collect(alone, token)).to.changeTokenBalance(chain.ethers, token, alone, pay);

      await delegate(chain, suite, chain.stranger, AUDIT_STAKE, shared.address);
      const toDelegators = (pay * AUDIT_STAKE) / (11n * AUDIT_STAKE);
      const fees = await staking.delegatorFees();
      const before = await token.balanceOf(shared);
      await expect(lottery.collect(shared, token)).to.changeTokenBalance(chain.ethers, token, fees, toDelegators);
      expect((await token.balanceOf(shared)) - before).to.equal(pay - toDelegators);
    });

    it("stays where the payout takes no coins", async () => {
      const { lottery, hub, staking } = suite;
      const drawn = await drawnAudit(chain, suite);
      const [auditor] = drawn.auditors;
      await allAgreed(drawn);
      await (await profilesOf(staking)).connect(auditor).setPayout(hub);
      await expect(lottery.collect(auditor!, ZeroAddress))
        .to.be.revertedWithCustomError(lottery, "PaymentRefused")
        .withArgs(hub, SHARE / 3n);
      expect(await lottery.earned(auditor!, ZeroAddress)).to.equal(SHARE / 3n);
    });

    it("is collected in part where the pool has less, and the rest later", async () => {
      suite = await deployAudits(chain, { lottery: { probability: 500_000 } });
      const { lottery, jobs } = suite;
      let drawn: DrawnAudit | undefined;
      while (drawn === undefined) {
        const claim = await claimOf(chain, suite);
        await passSeed(chain);
        if ((await lottery.lotOf(claim.id)) !== LOT.drawn) continue;
        await drawJob(suite, claim.id);
        drawn = { claim, auditors: await drawnAuditors(suite, claim.id) };
      }
      await allAgreed(drawn);
      const [first, second, third] = drawn.auditors as [Signer, Signer, Signer];
      const pay = (2n * SHARE) / 3n;
      await expect(lottery.collect(first, ZeroAddress)).to.changeEtherBalance(chain.ethers, first, pay);
      await expect(lottery.collect(second, ZeroAddress)).to.changeEtherBalance(chain.ethers, second, SHARE - pay);
      expect(await jobs.auditPool(ZeroAddress)).to.equal(0);
      expect(await lottery.earned(second, ZeroAddress)).to.equal(2n * pay - SHARE);
      await expect(lottery.collect(third, ZeroAddress)).to.be.revertedWithCustomError(lottery, "NothingToCollect");

      const next = await claimOf(chain, suite);
      await finalise(chain, suite, next.id);
      await expect(lottery.collect(second, ZeroAddress)).to.changeEtherBalance(chain.ethers, second, 2n * pay - SHARE);
    });
  });
});

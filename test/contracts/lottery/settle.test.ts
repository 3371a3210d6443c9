import { expect } from "chai";
import { id, ZeroAddress } from "ethers";

import { traceOf } from "../../support/alphabet.js";
import { at, BOND, CLAIM, lie, openingOf, play, STATUS, uphold, VERDICT } from "../../support/challenges.js";
import { DAY } from "../../support/hub.js";
import { deployLenses } from "../../support/lens.js";
import {
  agree,
  agreementOf,
  AUDIT_STAKE,
  type Audits,
  deployAudits,
  type DrawnAudit,
  drawnAudit,
  finalise,
  object,
  SEAT,
} from "../../support/lottery.js";
import { appointWorker, connect, type Connection, OFFER } from "../../support/protocol.js";

const SHARE = (OFFER.price * 500n) / 10_000n;
const PAY = SHARE / 3n;
/** A trace that is false at one element of its first tensor. */
const FALSE_TRACE = { alter: [{ node: 0, element: 0, bits: 1n }] };

describe("AuditLottery: reports and what becomes of them", () => {
  let chain: Connection;
  let suite: Audits;
  let drawn: DrawnAudit;

  before(async () => {
    chain = await connect();
  });

  beforeEach(async () => {
    ({ suite, drawn } = await chain.networkHelpers.loadFixture(fixture));
  });

  async function fixture() {
    const deployed = await deployAudits(chain);
    return { suite: deployed, drawn: await drawnAudit(chain, deployed) };
  }

  /** The claim is wrong: the operator lied. */
  async function wrongAnswer(): Promise<void> {
    suite = await deployAudits(chain);
    drawn = await drawnAudit(chain, suite, lie);
  }

  const auditor = (index = 0) => drawn.auditors[index]!;
  const settle = (index = 0) => suite.lottery.connect(chain.stranger).settle(drawn.claim.id, auditor(index));
  const seatOf = async (index = 0) => suite.lottery.seat(await suite.lottery.seatIdOf(drawn.claim.id, auditor(index)));
  const deadlines = () => suite.lottery.audit(drawn.claim.id);
  const unsettleable = (index = 0) =>
    expect(settle(index)).to.be.revertedWithCustomError(suite.lottery, "NotSettleable");
  const free = (index = 0) => suite.staking.freeDrawStake(auditor(index));

  const final = () => finalise(chain, suite, drawn.claim.id);
  const objection = (index = 0, trace = drawn.claim.truth) => object(chain, suite, drawn.claim, auditor(index), trace);

  describe("commit", () => {
    const report = id("a report");

    it("is for the auditor or its worker, once, while it is picked", async () => {
      const { lottery, staking } = suite;
      const jobId = drawn.claim.id;
      await expect(lottery.connect(chain.stranger).commit(jobId, auditor(), report))
        .to.be.revertedWithCustomError(lottery, "NotAuditor")
        .withArgs(chain.stranger, auditor());
      await appointWorker({ ...chain, owner: auditor(), worker: chain.stranger }, staking);
      await expect(lottery.connect(chain.stranger).commit(jobId, auditor(), report))
        .to.emit(lottery, "ReportCommitted")
        .withArgs(jobId, auditor(), report);
      await expect(lottery.connect(auditor()).commit(jobId, auditor(), report))
        .to.be.revertedWithCustomError(lottery, "WrongSeatStatus")
        .withArgs(jobId, auditor(), SEAT.committed, SEAT.picked);
      const [bystander] = suite.auditors.filter(({ address }) =>
        drawn.auditors.every((one) => one.address !== address),
      );
      await expect(lottery.connect(bystander).commit(jobId, bystander!, report)).to.be.revertedWithCustomError(
        lottery,
        "WrongSeatStatus",
      );
    });

    it("ends with the commit deadline: -1, 0 and +1 seconds", async () => {
      const { lottery } = suite;
      const { commitDeadline } = await deadlines();
      const commit = (index: number) => lottery.connect(auditor(index)).commit(drawn.claim.id, auditor(index), report);
      await at(chain, commitDeadline - 1n);
      await commit(0);
      await at(chain, commitDeadline);
      await commit(1);
      await at(chain, commitDeadline + 1n);
      await expect(commit(2)).to.be.revertedWithCustomError(lottery, "CommitClosed");
    });
  });

  describe("a report that finds nothing", () => {
    it("is opened after the commit deadline and until the report deadline", async () => {
      const { lottery, manager } = suite;
      const { commitDeadline, reportDeadline } = await deadlines();
      const reports = [];
      for (const index of [0, 1, 2]) {
        const report = await agreementOf(suite, drawn.claim.id, auditor(index), drawn.claim.truth);
        await report.commit();
        reports.push(report);
      }
      const [first, second, third] = reports;
      await at(chain, commitDeadline - 1n);
      await first!.announce();
      await expect(first!.open()).to.be.revertedWithCustomError(lottery, "CommitOpen");
      await at(chain, commitDeadline + 1n);
      await first!.open();
      const challenge = await manager.challenge(first!.report);
      expect([challenge.status, challenge.verdict, challenge.challenger, challenge.claimId]).to.deep.equal([
        STATUS.open,
        VERDICT.right,
        auditor().address,
        first!.seatId,
      ]);
      await at(chain, reportDeadline - 10n);
      await second!.announce();
      await third!.announce();
      await at(chain, reportDeadline);
      await second!.open();
      await expect(third!.open()).to.be.revertedWithCustomError(manager, "ClaimNotChallengeable");
    });

    it("needs a seat that has committed", async () => {
      const report = await agreementOf(suite, drawn.claim.id, auditor(), drawn.claim.truth);
      await at(chain, (await deadlines()).commitDeadline);
      await report.announce();
      await expect(report.open()).to.be.revertedWithCustomError(suite.lottery, "ClaimNotOpen");
    });

    it("needs all roots of its trace", async () => {
      const trace = { ...drawn.claim.truth, roots: drawn.claim.truth.roots.slice(1) };
      const report = await agreementOf(suite, drawn.claim.id, auditor(), trace);
      await report.commit();
      await at(chain, (await deadlines()).commitDeadline);
      await report.announce();
      await expect(report.open()).to.be.revertedWithCustomError(suite.verifier, "RootCount");
    });

    it("does not keep the claim from becoming final, and is paid when both are", async () => {
      const { lottery, manager, jobs } = suite;
      const game = await agree(chain, suite, drawn.claim.id, auditor(), drawn.claim.truth);
      await unsettleable();
      await final();
      expect((await jobs.job(drawn.claim.id)).status).to.equal(CLAIM.final);
      await unsettleable();
      await uphold(chain, game);
      await expect(settle()).to.emit(lottery, "SeatSettled").withArgs(drawn.claim.id, auditor(), SEAT.paid, PAY);
      expect(await lottery.earned(auditor(), ZeroAddress)).to.equal(PAY);
      expect(await free()).to.equal(5n * AUDIT_STAKE);
      await unsettleable();

      await game.execute();
      expect(await manager.creditOf(auditor())).to.equal(BOND);
      expect((await game.state()).status).to.equal(STATUS.settled);
    });

    it("with a false root loses bond and audit stake", async () => {
      const { lottery, staking, manager } = suite;
      const trace = traceOf(suite.model, drawn.claim.inputsRoot, FALSE_TRACE);
      const game = await agree(chain, suite, drawn.claim.id, auditor(), trace);
      const before = await staking.stakeOf(auditor());
      await game.refute(0, 0, chain.stranger);
      expect(await manager.creditOf(chain.stranger)).to.equal(BOND / 2n);
      await expect(settle()).to.emit(lottery, "SeatSettled").withArgs(drawn.claim.id, auditor(), SEAT.slashed, 0);
      expect(await staking.stakeOf(auditor())).to.equal(before - AUDIT_STAKE);
      expect(await staking.pendingBurn()).to.equal(AUDIT_STAKE);
      await unsettleable();
    });

    it("without the data behind its root loses them too", async () => {
      const trace = traceOf(suite.model, drawn.claim.inputsRoot, { garble: { 1: id("nothing") } });
      const game = await agree(chain, suite, drawn.claim.id, auditor(), trace);
      const place = { node: 1, height: 9, index: 0 };
      await game.demand(place, chain.stranger);
      await at(chain, (await game.demandAt(place)).supplyDeadline + 1n);
      await game.expire(place);
      await settle();
      expect((await seatOf()).status).to.equal(SEAT.slashed);
    });

    it("loses the audit stake where the claim is slashed, even with the true root", async () => {
      await wrongAnswer();
      const game = await agree(chain, suite, drawn.claim.id, auditor(1), drawn.claim.truth);
      const opening = await openingOf(chain, suite, drawn.claim, { trace: drawn.claim.truth });
      await suite.manager.connect(chain.challenger).commitChallenge(opening.challengeId);
      await suite.manager.connect(chain.challenger).openChallenge(...opening.args, { value: BOND });
      const challenge = play(chain, suite, opening.challengeId, drawn.claim.truth);
      await uphold(chain, challenge);
      await unsettleable(1);
      await challenge.execute();
      await game.resolve();
      await settle(1);
      expect((await seatOf(1)).status).to.equal(SEAT.slashed);
      // The root was not refuted, so the bond comes back.
      await at(chain, (await game.state()).executableAt);
      await game.execute();
      expect(await suite.manager.creditOf(auditor(1))).to.equal(BOND);
    });

    it("can't be closed while it can be refuted, whatever its auditor opens beside it", async () => {
      const { manager, lottery } = suite;
      const dummy = await agreementOf(suite, drawn.claim.id, auditor(), drawn.claim.truth, chain.stranger);
      const trace = traceOf(suite.model, drawn.claim.inputsRoot, { garble: { 1: id("nothing") } });
      const report = await agreementOf(suite, drawn.claim.id, auditor(), trace);
      await report.commit();
      const { commitDeadline, reportDeadline } = await deadlines();
      await at(chain, commitDeadline);
      await dummy.announce();
      await dummy.open();
      await at(chain, reportDeadline - 1n);
      await report.announce();
      await report.open();
      const [game, shield] = [play(chain, suite, report.report, trace), play(chain, suite, dummy.report, trace)];
      const place = { node: 1, height: 9, index: 0 };
      await at(chain, (await game.state()).refutationDeadline);
      await game.demand(place);
      await final();
      await shield.resolve();
      await at(chain, (await shield.state()).executableAt);
      await expect(shield.execute()).to.be.revertedWithCustomError(lottery, "ClaimNotOpen");
      await expect(game.settle()).to.be.revertedWithCustomError(manager, "ClaimNotSettled");
      await at(chain, (await game.demandAt(place)).supplyDeadline + 1n);
      await game.expire(place);
      await settle();
      expect((await seatOf()).status).to.equal(SEAT.slashed);
      // Then the stranger has its bond back.
      await shield.execute();
      expect(await manager.creditOf(chain.stranger)).to.be.at.least(BOND);
    });
  });

  describe("a report that finds something", () => {
    it("is an ordinary challenge: rewarded there, and the audit stake is free", async () => {
      await wrongAnswer();
      const game = await objection();
      await unsettleable();
      await uphold(chain, game);
      await unsettleable();
      await game.execute();
      await expect(settle())
        .to.emit(suite.lottery, "SeatSettled")
        .withArgs(drawn.claim.id, auditor(), SEAT.released, 0);
      expect(await suite.staking.rewardOf(auditor())).to.be.above(0);
      expect(await free()).to.equal(5n * AUDIT_STAKE);
    });

    it("loses the audit stake where it is refuted", async () => {
      await wrongAnswer();
      const trace = traceOf(suite.model, drawn.claim.inputsRoot, FALSE_TRACE);
      const game = await objection(0, trace);
      await game.refute(0, 0);
      await settle();
      expect((await seatOf()).status).to.equal(SEAT.slashed);
    });

    it("is not somebody else's", async () => {
      await wrongAnswer();
      const game = await objection();
      await suite.lottery.connect(auditor(1)).commit(drawn.claim.id, auditor(1), (await seatOf()).report);
      await uphold(chain, game);
      await game.execute();
      await settle(1);
      expect((await seatOf(1)).status).to.equal(SEAT.missed);
    });
  });

  describe("no report", () => {
    it("is a strike after the report deadline: 0 and +1 seconds", async () => {
      const { staking } = suite;
      const { reportDeadline } = await deadlines();
      await suite.lottery.connect(auditor(1)).commit(drawn.claim.id, auditor(1), id("never opened"));
      await at(chain, reportDeadline);
      await unsettleable();
      await at(chain, reportDeadline + 1n);
      await settle();
      await settle(1);
      for (const index of [0, 1]) {
        expect((await seatOf(index)).status).to.equal(SEAT.missed);
        expect((await staking.conductOf(auditor(index))).strikes).to.equal(1);
        expect(await free(index)).to.equal(5n * AUDIT_STAKE);
      }
    });

    it("is asked of nobody where the claim is void", async () => {
      const { manager, jobs, staking } = suite;
      const trace = traceOf(suite.model, drawn.claim.inputsRoot, {
        alter: [{ node: 3, element: 1, bits: 0x7fc00000n }],
      });
      const opening = await openingOf(chain, suite, drawn.claim, { trace, element: 1 });
      await manager.connect(chain.challenger).commitChallenge(opening.challengeId);
      await manager.connect(chain.challenger).openChallenge(...opening.args, { value: BOND });
      await uphold(chain, play(chain, suite, opening.challengeId, trace));
      await manager.execute(opening.challengeId);
      expect((await jobs.job(drawn.claim.id)).status).to.equal(CLAIM.void);
      await settle();
      expect((await seatOf()).status).to.equal(SEAT.released);
      expect((await staking.conductOf(auditor())).strikes).to.equal(0);
    });

    it("stops with the rest during a pause", async () => {
      await at(chain, (await deadlines()).reportDeadline + 1n);
      await suite.hub.pause();
      await expect(settle()).to.be.revertedWithCustomError(suite.hub, "Paused");
    });
  });

  describe("pay", () => {
    /** The first auditor's report is paid for. */
    async function paid(): Promise<void> {
      const game = await agree(chain, suite, drawn.claim.id, auditor(), drawn.claim.truth);
      await final();
      await uphold(chain, game);
      await settle();
    }

    it("is collected from the escrow's pool", async () => {
      const { lottery, jobs } = suite;
      await paid();
      const { accounts } = await deployLenses(chain, suite);
      expect((await accounts.owedTo(auditor())).fees[0]!.audits).to.equal(PAY);
      const collect = lottery.connect(chain.stranger).collect(auditor(), ZeroAddress);
      await expect(collect).to.changeEtherBalance(chain.ethers, auditor(), PAY);
      expect(await lottery.earned(auditor(), ZeroAddress)).to.equal(0);
      expect(await jobs.auditPool(ZeroAddress)).to.equal(0);
      expect(await chain.ethers.provider.getBalance(lottery)).to.equal(SHARE - PAY);
      await expect(lottery.collect(auditor(), ZeroAddress)).to.be.revertedWithCustomError(lottery, "NothingToCollect");
    });

    it("goes in part to who delegates to the auditor", async () => {
      const { lottery, staking, token } = suite;
      await paid();
      await token.connect(chain.deployer).transfer(chain.stranger, AUDIT_STAKE);
      await token.connect(chain.stranger).approve(staking, AUDIT_STAKE);
      await staking.connect(chain.stranger).deposit(auditor(), AUDIT_STAKE);
      const toDelegators = (PAY * AUDIT_STAKE) / (11n * AUDIT_STAKE);
      await expect(lottery.collect(auditor(), ZeroAddress))
        .to.emit(lottery, "PayCollected")
        .withArgs(auditor(), ZeroAddress, auditor(), PAY - toDelegators, toDelegators);
    });

    it("takes coins from nobody but the escrow, and stops during a pause", async () => {
      const { lottery, hub } = suite;
      await paid();
      await expect(
        chain.stranger.sendTransaction({ to: await lottery.getAddress(), value: 1n }),
      ).to.be.revertedWithCustomError(lottery, "PaymentRefused");
      await hub.pause();
      await expect(lottery.collect(auditor(), ZeroAddress)).to.be.revertedWithCustomError(hub, "Paused");
    });
  });

  it("a report is voided with its dispute in an emergency", async () => {
    const { hub, manager } = suite;
    const game = await agree(chain, suite, drawn.claim.id, auditor(), drawn.claim.truth);
    await hub.pause();
    await manager.emergencyVoid([(await seatOf()).report]);
    expect((await game.state()).status).to.equal(STATUS.refunded);
    await hub.unpause();
    await chain.networkHelpers.time.increase(2 * DAY);
    await final();
    await settle();
    expect((await seatOf()).status).to.equal(SEAT.released);
  });
});

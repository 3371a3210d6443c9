import { expect } from "chai";
import { AbiCoder, keccak256 } from "ethers";

import { at, CLAIM, claimOf, deployDisputes } from "../../support/challenges.js";
import { DAY } from "../../support/hub.js";
import { finaliseJob, presentJob, requestJob, termsOf } from "../../support/jobs.js";
import {
  AUDIT_STAKE,
  type Audits,
  deployAudits,
  DRAW_WINDOW,
  drawJob,
  drawnAudit,
  drawnAuditors,
  enrol,
  LOT,
  passSeed,
  SEAT,
  SEED_DELAY,
} from "../../support/lottery.js";
import { connect, type Connection, HOUR, OFFER, PARAMS, TOKEN } from "../../support/protocol.js";

const SHARE = (OFFER.price * 500n) / 10_000n;

describe("AuditLottery: who audits what", () => {
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

  const refused = (jobId: string, lot: bigint) =>
    expect(drawJob(suite, jobId)).to.be.revertedWithCustomError(suite.lottery, "NotDrawn").withArgs(jobId, lot);

  describe("join and quit", () => {
    it("weighs an auditor by its draw stake from the next epoch on", async () => {
      const { lottery, hub, modelId } = suite;
      await enrol(chain, suite, chain.stranger, 800n * TOKEN);
      const epoch = await hub.epoch();
      const weight = (800n * TOKEN) >> 24n;
      expect(await lottery.weightOf(modelId, chain.stranger, epoch)).to.equal(0);
      expect(await lottery.weightOf(modelId, chain.owner, epoch)).to.equal(0);
      expect(await lottery.weightOf(modelId, chain.stranger, epoch + 1n)).to.equal(weight);
      const others = 5n * ((500n * TOKEN) >> 24n);
      expect(await lottery.totalWeight(modelId, epoch)).to.equal(others);
      expect(await lottery.totalWeight(modelId, epoch + 1n)).to.equal(others + weight);

      await expect(lottery.connect(chain.stranger).quit(modelId))
        .to.emit(lottery, "AuditorWeighed")
        .withArgs(chain.stranger, modelId, epoch + 1n, 0);
      expect(await lottery.totalWeight(modelId, epoch + 1n)).to.equal(others);
    });

    it("refuses who set nothing aside, and who never joined", async () => {
      const { lottery, modelId } = suite;
      const stranger = lottery.connect(chain.stranger);
      await expect(stranger.join(modelId)).to.be.revertedWithCustomError(lottery, "NoDrawStake");
      await expect(stranger.quit(modelId)).to.be.revertedWithCustomError(lottery, "NotListed");
      await expect(lottery.refresh(modelId, chain.stranger)).to.be.revertedWithCustomError(lottery, "NotListed");
    });

    it("lets anybody renew a weight", async () => {
      const { lottery, staking, hub, modelId, auditors } = suite;
      const next = (await hub.epoch()) + 1n;
      await staking.connect(auditors[0]).setDrawStake(50n * TOKEN);
      await lottery.connect(chain.stranger).refresh(modelId, auditors[0]!);
      expect(await lottery.weightOf(modelId, auditors[0]!, next)).to.equal((50n * TOKEN) >> 24n);
    });
  });

  describe("draw", () => {
    it("seats as many auditors as the parameter says, each once, and locks their stake", async () => {
      const { lottery, staking, modelId } = suite;
      const claim = await claimOf(chain, suite);
      await passSeed(chain);
      await expect(drawJob(suite, claim.id)).to.emit(lottery, "AuditDrawn");
      const drawn = await drawnAuditors(suite, claim.id);
      expect(new Set(drawn.map(({ address }) => address)).size).to.equal(3);
      for (const auditor of drawn) {
        const seatId = await lottery.seatIdOf(claim.id, auditor);
        expect((await staking.lockOf(lottery, auditor, seatId)).amount).to.equal(AUDIT_STAKE);
        expect(await staking.freeDrawStake(auditor)).to.equal(400n * TOKEN);
        const seat = await lottery.seat(seatId);
        expect([seat.jobId, seat.auditor, seat.status]).to.deep.equal([claim.id, auditor.address, SEAT.picked]);
      }
      const { challengeDeadline } = await suite.jobs.job(claim.id);
      const audit = await lottery.audit(claim.id);
      expect(audit.commitDeadline).to.equal(challengeDeadline - BigInt((3 * PARAMS.challengeWindow) / 4));
      expect(audit.reportDeadline).to.equal(challengeDeadline - BigInt(PARAMS.challengeWindow / 2));
      // Every job is drawn here, so that three auditors share what the fee brings the pool.
      expect(audit.pay).to.equal(SHARE / 3n);
      expect(await lottery.totalWeight(modelId, await suite.hub.epoch())).to.equal(5n * ((500n * TOKEN) >> 24n));
    });

    it("never picks the operator, and makes do with fewer auditors where there are no more", async () => {
      suite = await deployAudits(chain, { auditors: 2 });
      await enrol(chain, suite, chain.owner);
      await chain.networkHelpers.time.increase(DAY);
      const { auditors } = await drawnAudit(chain, suite);
      expect(auditors.map(({ address }) => address)).to.have.members(suite.auditors.map(({ address }) => address));
    });

    it("refuses where nobody has joined or has the stake free", async () => {
      const empty = { ...(await deployDisputes(chain, { lottery: { probability: 1_000_000 } })), auditors: [] };
      const claim = await claimOf(chain, empty);
      await passSeed(chain);
      await expect(drawJob(empty, claim.id)).to.be.revertedWithCustomError(empty.lottery, "NobodyToAudit");

      suite = await deployAudits(chain, { auditors: 1 });
      const [auditor] = suite.auditors;
      for (let i = 0; i < 5; i++) await drawnAudit(chain, suite);
      expect(await suite.staking.freeDrawStake(auditor!)).to.equal(0);
      const last = await claimOf(chain, suite);
      await passSeed(chain);
      await expect(drawJob(suite, last.id)).to.be.revertedWithCustomError(suite.lottery, "NobodyToAudit");
    });

    it("waits for the block that decides: -1, 0 and +1 blocks", async () => {
      const { lottery } = suite;
      const claim = await claimOf(chain, suite);
      // `claimOf` has mined one block after the answer, to present it; what is tried now would be in the next one.
      await chain.networkHelpers.mine(SEED_DELAY - 3);
      await refused(claim.id, LOT.pending);
      await chain.networkHelpers.mine();
      await refused(claim.id, LOT.pending);
      await chain.networkHelpers.mine();
      await drawJob(suite, claim.id);
      expect(await lottery.lotOf(claim.id)).to.equal(LOT.audited);
      await refused(claim.id, LOT.audited);
    });

    it("lapses after an hour: -1, 0 and +1 seconds", async () => {
      const claim = await claimOf(chain, suite);
      const other = await claimOf(chain, suite);
      await passSeed(chain);
      const answered = (await suite.jobs.job(claim.id)).challengeDeadline - BigInt(PARAMS.challengeWindow);
      await at(chain, answered + BigInt(DRAW_WINDOW) - 1n);
      await drawJob(suite, other.id);
      const snapshot = await chain.networkHelpers.takeSnapshot();
      await at(chain, answered + BigInt(DRAW_WINDOW));
      await drawJob(suite, claim.id);
      await snapshot.restore();
      await at(chain, answered + BigInt(DRAW_WINDOW) + 1n);
      await refused(claim.id, LOT.lapsed);
    });

    it("lapses with the hash that decides, where blocks come fast and leave no history: 256 and 257 later", async () => {
      const { lottery, jobs } = suite;
      // Where EIP-2935 keeps older hashes.
      await chain.networkHelpers.setCode("0x0000F90827F1C53a10cb7A02335B175320002935", "0x");
      const claim = await claimOf(chain, suite);
      const [answer] = await jobs.queryFilter(jobs.filters.JobAnswered(claim.id));
      const height = BigInt(await chain.ethers.provider.getBlockNumber());
      const last = BigInt(answer!.blockNumber + SEED_DELAY) + 256n;
      await chain.networkHelpers.mine(last - height, { interval: 1 });
      expect(await lottery.lotOf(claim.id)).to.equal(LOT.drawn);
      await chain.networkHelpers.mine(1, { interval: 1 });
      expect(await lottery.lotOf(claim.id)).to.equal(LOT.lapsed);
      await refused(claim.id, LOT.lapsed);
    });

    it("picks the same auditors whoever draws, and in the next epoch too", async () => {
      const { time } = chain.networkHelpers;
      const epoch = BigInt(DAY);
      await at(chain, ((await suite.hub.epoch()) + 1n) * epoch - 100n);
      const claim = await claimOf(chain, suite);
      await passSeed(chain);
      const snapshot = await chain.networkHelpers.takeSnapshot();
      await drawJob(suite, claim.id);
      const first = (await drawnAuditors(suite, claim.id)).map(({ address }) => address);
      await snapshot.restore();
      // Whatever anybody changes now counts too late.
      for (const auditor of suite.auditors.slice(0, 2)) await suite.lottery.connect(auditor).quit(suite.modelId);
      await enrol(chain, suite, chain.stranger, 5_000n * TOKEN);
      await time.increase(HOUR / 2);
      await drawJob(suite, claim.id, chain.stranger);
      expect((await drawnAuditors(suite, claim.id)).map(({ address }) => address)).to.deep.equal(first);
    });

    it("draws with the probability, by the hash of a block after the answer", async () => {
      const probability = 500_000n;
      // Enough to seat three for each of the answers, should all of them be drawn.
      suite = await deployAudits(chain, { auditors: 10, lottery: { probability } });
      const { lottery, jobs } = suite;
      const seen = new Set<bigint>();
      for (let i = 0; i < 12 || seen.size < 2; i++) {
        const claim = await claimOf(chain, suite);
        const [answer] = await jobs.queryFilter(jobs.filters.JobAnswered(claim.id));
        await passSeed(chain);
        const { hash } = (await chain.ethers.provider.getBlock(answer!.blockNumber + SEED_DELAY))!;
        const coded = AbiCoder.defaultAbiCoder().encode(
          ["bytes32", "address", "bytes32"],
          [hash, await lottery.getAddress(), claim.id],
        );
        const lot = BigInt(keccak256(coded)) % 1_000_000n < probability ? LOT.drawn : LOT.blank;
        expect(await lottery.lotOf(claim.id)).to.equal(lot);
        if (lot === LOT.blank) await refused(claim.id, LOT.blank);
        else await drawJob(suite, claim.id);
        if (lot === LOT.drawn) expect((await lottery.audit(claim.id)).pay).to.equal((2n * SHARE) / 3n);
        seen.add(lot);
      }
    });

    it("refuses jobs that are unknown, unanswered or settled, and where the chance is none", async () => {
      const { jobs, lottery } = suite;
      const unanswered = await requestJob(chain, suite, { inputs: [new Uint8Array(16)] });
      await presentJob(jobs, unanswered);
      await refused(unanswered, LOT.none);
      const unknown = { ...(await termsOf(jobs, unanswered)), nonce: 99 };
      await expect(lottery.draw(unknown)).to.be.revertedWithCustomError(lottery, "NotDrawn");
      const final = await claimOf(chain, suite);
      await chain.networkHelpers.time.increase(PARAMS.challengeWindow + 1);
      await finaliseJob(jobs, final.id);
      expect((await jobs.job(final.id)).status).to.equal(CLAIM.final);
      await refused(final.id, LOT.none);

      suite = await deployAudits(chain, { auditors: 1, lottery: { probability: 0 } });
      const claim = await claimOf(chain, suite);
      await passSeed(chain);
      await refused(claim.id, LOT.blank);
    });

    it("stops during a pause", async () => {
      const claim = await claimOf(chain, suite);
      await passSeed(chain);
      await suite.hub.pause();
      await expect(drawJob(suite, claim.id)).to.be.revertedWithCustomError(suite.hub, "Paused");
    });
  });
});

import { expect } from "chai";
import { id, ZeroAddress } from "ethers";

import type { ClaimLens } from "../../../typechain-types/index.js";
import { traceOf } from "../../support/alphabet.js";
import {
  at,
  CLAIM,
  claimOf,
  deploySuite,
  type Disputes,
  FALSE_OUTPUT,
  INPUTS,
  lie,
  openChallenge,
  play,
  rightOutputs,
  STATUS,
  TERMS,
  VERDICT,
} from "../../support/challenges.js";
import { PARAMETERS } from "../../support/hub.js";
import { finaliseJob, listHash, presentJob, requestJob, submitJob } from "../../support/jobs.js";
import { deployWithLenses } from "../../support/lens.js";
import { connect, type Connection, DAY, HOUR, TOKEN } from "../../support/protocol.js";
import { now, presentedClaim, reserve } from "../../support/receipts.js";

const CHAIN_OF_DEMANDS = TERMS.supplyWindow + TERMS.graceWindow;
/** From the challenge deadline to the end of every dispute, for a longest chain of demands. */
const disputes = (depth: number): bigint => BigInt(TERMS.refutationWindow + depth * CHAIN_OF_DEMANDS + TERMS.airGap);
const ASSIGNED = 1n;

describe("ClaimLens", () => {
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

  const life = async (claimId: string) => lens.claimLife(suite.jobs, claimId);
  /** Mines a block of that time; views are asked at it. */
  const passTo = (time: bigint) => chain.networkHelpers.time.increaseTo(time);

  it("refuses contracts of another deployment, and accounts without code", async () => {
    const { jobs, manager, staking, arbiter } = suite;
    const other = await deploySuite(chain, arbiter);
    const deploy = (...peers: unknown[]) => chain.ethers.deployContract("ClaimLens", peers as never);
    await expect(deploy(jobs, other.manager))
      .to.be.revertedWithCustomError(lens, "ForeignPeer")
      .withArgs(other.manager, staking);
    for (const peers of [
      [chain.stranger, manager],
      [jobs, chain.stranger],
    ]) {
      await expect(deploy(...peers))
        .to.be.revertedWithCustomError(lens, "NotAContract")
        .withArgs(chain.stranger);
    }
  });

  it("shows nothing of unknown sources, claims, challenges and models, and does not revert", async () => {
    for (const source of [ZeroAddress, chain.stranger.address, await suite.manager.getAddress()]) {
      const { known, presented } = await lens.claimLife(source, id("claim"));
      expect([known, presented]).to.deep.equal([false, false]);
    }
    for (const source of [suite.jobs, suite.receipts]) {
      const { known, presented, claim, worst, undisputed } = await lens.claimLife(source, id("claim"));
      expect([known, presented, claim.status, worst.time, undisputed]).to.deep.equal([true, false, 0n, 0n, false]);
      expect(claim.publicInputs).to.equal(false);
    }
    const { challenge, worst, canRefute, canResolve, canExecute } = await lens.challengeLife(id("challenge"));
    expect([challenge.status, worst.time]).to.deep.equal([STATUS.none, 0n]);
    expect([canRefute, canResolve, canExecute]).to.deep.equal([false, false, false]);
    const { known, depth, perSource } = await lens.finalityOf(id("model"));
    expect([known, depth, perSource.length]).to.deep.equal([false, 0n, 0]);
  });

  it("follows a job from its request to finality, before and after it is presented", async () => {
    const { jobs, layout } = suite;
    const jobId = await requestJob(chain, suite, { inputs: INPUTS });
    const { deadline } = await jobs.job(jobId);
    const assigned = await life(jobId);
    expect([assigned.known, assigned.presented]).to.deep.equal([true, false]);
    expect([assigned.claim.status, assigned.claim.lock]).to.deep.equal([ASSIGNED, 100n * TOKEN]);
    expect([...assigned.answer]).to.deep.equal([deadline, deadline]);
    expect(assigned.challenge.time).to.equal(0);

    const outputs = rightOutputs(suite, listHash(INPUTS, ["f32"]));
    await submitJob(jobs.connect(chain.worker), jobId, outputs);
    const last = BigInt(await now(chain)) + BigInt(PARAMETERS.jobs.challengeWindow);
    const unpresented = await life(jobId);
    expect(unpresented.answer.time).to.equal(0);
    expect([unpresented.presented, unpresented.claim.status]).to.deep.equal([false, CLAIM.answered]);
    expect([...unpresented.challenge]).to.deep.equal([last, last]);
    // The escrow keeps no more than the hash of the job's model: the deepest there may be counts.
    expect([unpresented.depth, unpresented.worst.time]).to.deep.equal([8n, last + disputes(8)]);

    await presentJob(jobs, jobId);
    const presented = await life(jobId);
    expect([presented.presented, presented.depth]).to.deep.equal([true, BigInt(layout.depth)]);
    expect([...presented.earliest]).to.deep.equal([last + 1n, last + 1n]);
    expect([...presented.worst]).to.deep.equal([last + disputes(3), last + disputes(3)]);

    await passTo(last);
    expect((await life(jobId)).undisputed).to.equal(false);
    await passTo(last + 1n);
    const over = await life(jobId);
    expect([over.undisputed, ...over.challenge]).to.deep.equal([true, last, 0n]);
    await finaliseJob(jobs, jobId);
    const final = await life(jobId);
    expect([final.claim.status, final.claim.lock, final.worst.time]).to.deep.equal([CLAIM.final, 0n, 0n]);
  });

  it("shows a receipt's life by its own window", async () => {
    const { receipts } = suite;
    await receipts.connect(chain.owner).setReservationCap(1000n * TOKEN);
    const claim = await presentedClaim(chain, suite, await reserve(chain, suite));
    const shown = await lens.claimLife(receipts, claim.id);
    const last = (await receipts.claim(claim.id)).challengeDeadline;
    expect([shown.presented, shown.claim.status, shown.depth]).to.deep.equal([true, CLAIM.answered, 3n]);
    expect([shown.earliest.time, shown.worst.time]).to.deep.equal([last + 1n, last + disputes(3)]);
  });

  it("gives chain times that count a pause, while it lasts and after", async () => {
    const { hub } = suite;
    const claim = await claimOf(chain, suite);
    const { challengeDeadline: last } = (await life(claim.id)).claim;
    await hub.pause();
    const begin = BigInt(await now(chain));
    await chain.networkHelpers.time.increase(HOUR);
    const paused = await life(claim.id);
    expect([...paused.challenge]).to.deep.equal([last, last + 7n * BigInt(DAY)]);
    await hub.unpause();
    const length = BigInt(await now(chain)) - begin;
    const after = await life(claim.id);
    expect([...after.challenge]).to.deep.equal([last, last + length]);
    await passTo(last + length);
    expect((await life(claim.id)).undisputed).to.equal(false);
    await passTo(last + length + 1n);
    expect((await life(claim.id)).undisputed).to.equal(true);
  });

  it("follows an open challenge, and a demand that nobody answers", async () => {
    const claim = await claimOf(chain, suite, lie);
    const challengeId = await openChallenge(chain, suite, claim, { trace: claim.truth });
    const opened = BigInt(await now(chain));
    const game = play(chain, suite, challengeId, claim.truth);
    const show = () => lens.challengeLife(challengeId);
    const can = async () => {
      const { canRefute, canResolve, canExecute } = await show();
      return { canRefute, canResolve, canExecute };
    };

    const open = await show();
    const end = opened + BigInt(TERMS.refutationWindow);
    expect([open.firstDemands.time, open.refutation.time]).to.deep.equal([end, end]);
    expect([open.challenge.verdict, open.worst.time]).to.deep.equal([VERDICT.wrong, opened + disputes(3)]);
    expect((await life(claim.id)).claim.openChallenges).to.equal(1);

    // A demand waits: it has to be answered, or to expire.
    const place = { node: 0, height: 0, index: 0 };
    await at(chain, end);
    await game.demand(place);
    await passTo(end + 1n + BigInt(TERMS.supplyWindow));
    expect(await can()).to.deep.equal({ canRefute: false, canResolve: false, canExecute: false });
  });

  it("knows when a challenge can be resolved and executed, to the second", async () => {
    const { hub, manager } = suite;
    const claim = await claimOf(chain, suite, lie);
    const challengeId = await openChallenge(chain, suite, claim, { trace: claim.truth });
    const game = play(chain, suite, challengeId, claim.truth);
    const can = async () => {
      const { canRefute, canResolve, canExecute } = await lens.challengeLife(challengeId);
      return [canRefute, canResolve, canExecute];
    };
    const { lastDeadline } = await game.state();
    await passTo(lastDeadline);
    expect(await can()).to.deep.equal([true, false, false]);
    await passTo(lastDeadline + 1n);
    expect(await can()).to.deep.equal([false, true, false]);
    await game.resolve();
    const { executableAt } = await manager.challenge(challengeId);
    const upheld = await lens.challengeLife(challengeId);
    expect([upheld.executable.time, upheld.worst.time]).to.deep.equal([executableAt, executableAt]);
    await passTo(executableAt - 1n);
    expect(await can()).to.deep.equal([false, false, false]);
    await passTo(executableAt);
    expect(await can()).to.deep.equal([false, false, true]);
    await hub.pause();
    expect(await can()).to.deep.equal([false, false, false]);
    await hub.unpause();
    await game.execute();
    const { claim: settled, contest, worst } = await life(claim.id);
    expect([settled.status, contest.settled, contest.outcome]).to.deep.equal([CLAIM.wrong, true, VERDICT.wrong]);
    expect(worst.time).to.equal(0);
  });

  it("a challenge that stands keeps a claim from being undisputed until it is refuted", async () => {
    const { model } = suite;
    const claim = await claimOf(chain, suite);
    const { challengeDeadline } = (await life(claim.id)).claim;
    const trace = traceOf(model, claim.inputsRoot, FALSE_OUTPUT);
    const challengeId = await openChallenge(chain, suite, claim, { trace });
    await passTo(challengeDeadline + 1n);
    expect((await life(claim.id)).undisputed).to.equal(false);
    await play(chain, suite, challengeId, trace).refute(3, 0);
    expect((await life(claim.id)).undisputed).to.equal(true);
  });

  it("gives the closed form of a model's finality at every source", async () => {
    const { known, depth, perSource } = await lens.finalityOf(suite.modelId);
    expect([known, depth]).to.deep.equal([true, 3n]);
    const windows = [PARAMETERS.jobs.challengeWindow, PARAMETERS.receipts.challengeWindow];
    expect(perSource.map((entry) => [...entry])).to.deep.equal([
      [await suite.jobs.getAddress(), BigInt(windows[0]!), BigInt(windows[0]!) + disputes(3)],
      [await suite.receipts.getAddress(), BigInt(windows[1]!), BigInt(windows[1]!) + disputes(3)],
    ]);
  });
});

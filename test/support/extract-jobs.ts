import { expect } from "chai";
import { ZeroAddress } from "ethers";

import type { JobLife } from "../../typechain-types/index.js";
import { deployEnlisted, SEED_DELAY } from "./draws.js";
import { followClock, succeeds } from "./extract-challenges.js";
import type { Dice } from "./graphs.js";
import {
  auditShareOf,
  declineJob,
  expireJob,
  finaliseJob,
  floatBytes,
  INPUT_DTYPES,
  INPUTS,
  type JobSetup,
  openElement,
  presentJob,
  requestJob,
  submitJob,
  termsOf,
} from "./jobs.js";
import { type Connection, HOUR, OFFER, PARAMS } from "./protocol.js";

const OUTSIDE = [floatBytes(Array.from({ length: 100 }, () => 1e30)), INPUTS[1]] as const;

// Of `ClaimStatus`: between them lie the ends of a job.
const REFUNDED = 3n;
const DRAWING = 8n;

/** One job, played at random on the real escrow and on its extract: see `ChallengeTwins`. */
export class JobTwins {
  readonly counts = new Map<string, { done: number; refused: number }>();
  /** The job has ended. */
  over = false;
  private paused = false;

  private constructor(
    private readonly chain: Connection,
    private readonly setup: JobSetup,
    private readonly life: JobLife,
    private readonly jobId: string,
    private readonly outside: boolean,
    private readonly dice: Dice,
  ) {}

  static async start(chain: Connection, beside: Connection, dice: Dice): Promise<JobTwins> {
    const setup = await deployEnlisted(chain);
    const outside = dice.chance(40);
    const named = dice.chance(50);
    const asked = { inputs: outside ? OUTSIDE : INPUTS, ...(named ? {} : { operator: ZeroAddress }) };
    const jobId = await requestJob(chain, setup, asked);
    const requestedAt = await setup.hub.time();
    await presentJob(setup.jobs, jobId);
    const life = await beside.ethers.deployContract("JobLife");
    await life.govern(PARAMS.challengeWindow);
    await life.wait(requestedAt);
    await life.request(OFFER.price, auditShareOf(OFFER.price), 2 * HOUR, named);
    return new JobTwins(chain, setup, life, jobId, outside, dice);
  }

  async step(): Promise<void> {
    const { dice, life, jobId } = this;
    const { jobs, manager, hub } = this.setup;
    const opening = openElement(this.outside ? OUTSIDE : INPUTS, INPUT_DTYPES, 0, 1);
    const worker = jobs.connect(this.chain.worker);
    const consumer = jobs.connect(this.chain.consumer);
    // Only there are they ever taken.
    const drawing = await this.isDrawing();
    const actions: readonly (readonly [string, number, () => Promise<unknown>, () => Promise<unknown>])[] = [
      ["submit", 20, () => submitJob(worker, jobId), () => life.submit()],
      ["decline", 2, () => declineJob(worker, jobId, opening), () => life.decline(this.outside)],
      ["expire", 4, () => expireJob(jobs, jobId), () => life.expire()],
      ["redraw", 6, async () => consumer.redraw(await termsOf(jobs, jobId)), () => life.redraw(true)],
      ["draw", drawing ? 20 : 2, () => this.draw(), () => life.draw()],
      ["cancel", drawing ? 12 : 2, async () => consumer.cancel(await termsOf(jobs, jobId)), () => life.cancel(true)],
      ["open", 8, () => manager.open(jobs, jobId), () => life.challengeOpened()],
      ["close", 6, () => manager.close(jobs, jobId), () => life.challengeClosed()],
      ["wrong", 1, () => manager.wrong(jobs, jobId, [this.chain.challenger]), () => life.settleWrong()],
      ["void", 1, () => manager.void(jobs, jobId), () => life.settleVoid()],
      ["finalise", 8, () => finaliseJob(jobs, jobId), () => life.finalise()],
      ["pause", 2, () => hub.pause(), () => Promise.resolve()],
      ["unpause", 3, () => hub.unpause(), () => Promise.resolve()],
    ];
    let pick = dice.roll(actions.reduce((sum, [, weight]) => sum + weight, 0));
    const [name, , real, extract] = actions.find(([, weight]) => (pick -= weight) < 0)!;
    await this.aim();
    const taken = await succeeds(real);
    // A draw that finds nobody is placed anew.
    const done = taken && !(name === "draw" && (await this.isDrawing()));
    if (!done) await this.chain.networkHelpers.mine();
    await this.follow();
    // The extract has no pause to refuse, and takes the draw's word for whether anybody can be drawn, or is already.
    const asDrawn = name === "cancel" || name === "redraw" || name === "draw";
    const mirrored = name !== "pause" && name !== "unpause" && (done || !asDrawn);
    if (mirrored) expect(await succeeds(extract), name).to.equal(done);
    const count = this.counts.get(name) ?? { done: 0, refused: 0 };
    this.counts.set(name, { done: count.done + Number(done), refused: count.refused + Number(!done) });
    await this.compare(name);
  }

  /** Mostly when the block that decides is known. */
  private async draw(): Promise<void> {
    const { jobs } = this.setup;
    if (this.dice.chance(70)) await this.chain.networkHelpers.mine(SEED_DELAY + 1);
    await jobs.draw(await termsOf(jobs, this.jobId));
  }

  private async isDrawing(): Promise<boolean> {
    return (await this.setup.jobs.job(this.jobId)).status === DRAWING;
  }

  private async aim(): Promise<void> {
    const { dice } = this;
    const { time } = this.chain.networkHelpers;
    const now = BigInt(await time.latest());
    const lag = now - (await this.setup.hub.time());
    const { deadline, challengeDeadline } = await this.setup.jobs.job(this.jobId);
    const target = (deadline === 0n ? challengeDeadline : deadline) + lag + BigInt(dice.roll(3) - 1);
    if (dice.chance(25) && target > now + 2n) await time.setNextBlockTimestamp(target);
    else if (dice.chance(15)) await time.increase(1 + dice.roll(2) * HOUR);
  }

  private async follow(): Promise<void> {
    this.paused = await followClock(this.setup.hub, this.life, this.paused);
  }

  private async compare(after: string): Promise<void> {
    const { life, jobId } = this;
    const { jobs } = this.setup;
    const real = await jobs.job(jobId);
    expect(await life.status(), `${after}: status`).to.equal(real.status);
    this.over = real.status >= REFUNDED && real.status < DRAWING;
    expect(await life.openChallenges(), `${after}: challenges`).to.equal(real.openChallenges);
    const due = real.deadline === 0n ? real.challengeDeadline : real.deadline;
    expect(await life.due(), `${after}: due`).to.equal(due);
    expect(await life.locked(), `${after}: locked`).to.equal(real.lock !== 0n);
    const refunded = await jobs.creditOf(ZeroAddress, this.chain.consumer);
    expect(await life.refunded(), `${after}: refunded`).to.equal(refunded);
    expect(await life.paid(), `${after}: paid`).to.equal(await jobs.creditOf(ZeroAddress, this.chain.owner));
    expect(await life.pooled(), `${after}: pooled`).to.equal(await jobs.auditPool(ZeroAddress));
  }
}

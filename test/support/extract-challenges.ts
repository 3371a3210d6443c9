import { expect } from "chai";
import { isError } from "ethers";

import type { BondLedger, ChallengeLife, Hub } from "../../typechain-types/index.js";
import { traceOf } from "./alphabet.js";
import {
  BOND,
  type AnsweredClaim,
  claimOf,
  deployDisputes,
  type Disputes,
  FALSE_OUTPUT,
  INPUTS,
  lie,
  openChallenge,
  PAYMENT,
  type Play,
  play,
  STATUS,
  TERMS,
} from "./challenges.js";
import { gridOf, type Place } from "./demands.js";
import type { Dice } from "./graphs.js";
import { floatBytes, openElement } from "./jobs.js";
import { type Connection, HOUR } from "./protocol.js";

/** A named refusal of a contract, not a panic or a fault of the test. */
export function isRefusal(error: unknown): boolean {
  return isError(error, "CALL_EXCEPTION") || (error instanceof Error && /reverted/.test(error.message));
}

/** What every extract can be told of the clock. */
interface Clock {
  time(): Promise<bigint>;
  wait(time: bigint): Promise<unknown>;
  setPaused(paused: boolean): Promise<unknown>;
}

/** Brings an extract to the time and the pause of the real contracts; returns whether they are paused. */
export async function followClock(hub: Hub, life: Clock, wasPaused: boolean): Promise<boolean> {
  const [time, paused] = [await hub.time(), await hub.isPaused()];
  if (time > (await life.time())) {
    if (wasPaused) await life.setPaused(false);
    await life.wait(time);
    if (wasPaused) await life.setPaused(true);
  }
  if (paused !== wasPaused) await life.setPaused(paused);
  return paused;
}

/** Whether the call succeeds. */
export async function succeeds(act: () => Promise<unknown>): Promise<boolean> {
  try {
    await act();
    return true;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return false;
  }
}

const OUTSIDE = [floatBytes([0, 1.5, 0.5, 1])] as const;

/**
 * One challenge, played at random on the real contracts and on its extracts, which live on a chain of their own: every call must be
 * taken or refused by both, and leave the same state.
 */
export class ChallengeTwins {
  readonly counts = new Map<string, { done: number; refused: number }>();
  /** The challenge has ended. */
  over = false;
  private readonly demands: { readonly place: Place; readonly watched: boolean }[] = [];
  private paused = false;
  private burnt = 0n;

  private constructor(
    private readonly chain: Connection,
    private readonly disputes: Disputes,
    private readonly life: ChallengeLife,
    private readonly ledger: BondLedger,
    private readonly claim: AnsweredClaim,
    private readonly outside: boolean,
    private readonly truthful: boolean,
    private readonly challengeId: string,
    private readonly game: Play,
    private readonly dice: Dice,
  ) {}

  static async start(chain: Connection, beside: Connection, dice: Dice): Promise<ChallengeTwins> {
    const disputes = await deployDisputes(chain);
    const outside = dice.chance(30);
    const truthful = dice.chance(50);
    const claim = await claimOf(chain, disputes, truthful ? lie : undefined, outside ? OUTSIDE : INPUTS);
    const trace = traceOf(disputes.model, claim.inputsRoot, truthful ? {} : FALSE_OUTPUT);
    const challengeId = await openChallenge(chain, disputes, claim, { trace });
    const life = await beside.ethers.deployContract("ChallengeLife");
    const ledger = await beside.ethers.deployContract("BondLedger");
    await life.wait(await disputes.hub.time());
    await life.govern({
      refutation: TERMS.refutationWindow,
      supply: TERMS.supplyWindow,
      grace: TERMS.graceWindow,
      airGap: TERMS.airGap,
    });
    await life.open();
    await ledger.open(BOND);
    const game = play(chain, disputes, challengeId, trace);
    return new ChallengeTwins(chain, disputes, life, ledger, claim, outside, truthful, challengeId, game, dice);
  }

  async step(): Promise<void> {
    const { dice } = this;
    const actions: readonly (readonly [string, number, () => Promise<boolean | undefined>])[] = [
      ["demand", 12, () => this.demand()],
      ["deeper", 8, () => this.deeper()],
      ["supply", 24, () => this.supply()],
      ["refute", 5, () => this.refute()],
      ["expire", 6, () => this.expire()],
      ["refund", 8, () => this.refund()],
      ["resolve", 8, () => this.both(this.game.resolve, () => this.life.resolve())],
      ["execute", 8, () => this.execute()],
      ["settle", 4, () => this.settle()],
      ["void", 2, () => this.settleClaim()],
      ["pause", 2, () => this.pause(true)],
      ["unpause", 3, () => this.pause(false)],
      ["emergency", 1, () => this.emergencyVoid()],
      ["wait", 5, () => this.wait()],
    ];
    let pick = dice.roll(actions.reduce((sum, [, weight]) => sum + weight, 0));
    const [name, , act] = actions.find(([, weight]) => (pick -= weight) < 0)!;
    await this.aim();
    const done = await act();
    if (done !== undefined) {
      const count = this.counts.get(name) ?? { done: 0, refused: 0 };
      this.counts.set(name, done ? { ...count, done: count.done + 1 } : { ...count, refused: count.refused + 1 });
    }
    await this.compare(name);
  }

  /** Has the next block come to the second around a deadline, often. */
  private async aim(): Promise<void> {
    const { dice } = this;
    const { time } = this.chain.networkHelpers;
    const state = await this.game.state();
    const deadlines = [state.refutationDeadline, state.lastDeadline, state.executableAt];
    for (const { place } of this.demands) {
      const { supplyDeadline, graceDeadline } = await this.game.demandAt(place);
      deadlines.push(supplyDeadline, graceDeadline);
    }
    // Deadlines are protocol times, which lag behind the chain's by the pauses so far.
    const now = BigInt(await time.latest());
    const lag = now - (await this.disputes.hub.time());
    const ahead = deadlines.map((deadline) => deadline + lag).filter((deadline) => deadline > now + 2n);
    if (ahead.length === 0 || !dice.chance(15)) return;
    await time.setNextBlockTimestamp(dice.of(ahead) + BigInt(dice.roll(3) - 1));
  }

  /** Calls the real contract, then the extract at the same protocol time. */
  private async both(real: () => Promise<unknown>, extract: () => Promise<unknown>): Promise<boolean> {
    const done = await succeeds(real);
    // A refused call makes no block: its time must pass for both.
    if (!done) await this.chain.networkHelpers.mine();
    await this.follow();
    expect(await succeeds(extract), "taken by the extract").to.equal(done);
    return done;
  }

  /** Brings the extract to the time and the pause of the real contracts. */
  private async follow(): Promise<void> {
    this.paused = await followClock(this.disputes.hub, this.life, this.paused);
  }

  private async demand(): Promise<boolean | undefined> {
    const { dice } = this;
    const node = dice.roll(4);
    const trace = this.game.trace;
    const height = dice.of(gridOf(trace, node));
    const place = { node, height, index: dice.roll(Math.ceil(trace.trees[node]!.count / 2 ** height)) };
    return this.enterDemand(place, 0n, () => this.game.demand(place));
  }

  private async deeper(): Promise<boolean | undefined> {
    const { dice } = this;
    const outer = this.demands.filter(({ place }) => place.height > 0);
    if (outer.length === 0) return undefined;
    const around = dice.of(outer).place;
    const height = Math.max(0, around.height - 8);
    const first = around.index * 2 ** (around.height - height);
    const place = { node: around.node, height, index: first };
    const { graceDeadline } = await this.game.demandAt(around);
    if (graceDeadline === 0n) return undefined;
    return this.enterDemand(place, graceDeadline, () => this.game.deeper(around, place));
  }

  private async enterDemand(place: Place, around: bigint, act: () => Promise<unknown>): Promise<boolean | undefined> {
    const known = this.demands.find((each) => JSON.stringify(each.place) === JSON.stringify(place));
    // Of other demands the extract does not know where they are.
    if (known !== undefined && !known.watched) return undefined;
    const watched = known !== undefined || (this.demands.every((each) => !each.watched) && this.dice.chance(50));
    const done = await this.both(act, () => this.life.demand(watched, around));
    if (!done) return false;
    this.demands.push({ place, watched });
    const { price } = await this.game.demandAt(place);
    await this.ledger.demand(price, (await this.disputes.manager.totalBurnt()) - this.burnt, PAYMENT);
    return true;
  }

  private async supply(): Promise<boolean | undefined> {
    if (this.demands.length === 0) return undefined;
    const { place, watched } = this.dice.of(this.demands);
    const { supplyDeadline, graceDeadline, price } = await this.game.demandAt(place);
    if (!watched && graceDeadline !== 0n) return undefined;
    const done = await this.both(
      () => this.game.supply(place),
      () => this.life.supply(watched, supplyDeadline),
    );
    if (done) await this.ledger.supply(price);
    return done;
  }

  private async refute(): Promise<boolean> {
    const valid = !this.truthful && this.dice.chance(70);
    const [node, element] = valid ? [3, 0] : [this.dice.roll(3), 0];
    const done = await this.both(
      () => this.game.refute(node, element),
      () => this.life.refute(valid),
    );
    if (done) await this.forfeit();
    return done;
  }

  private async expire(): Promise<boolean | undefined> {
    if (this.demands.length === 0) return undefined;
    const { place, watched } = this.dice.of(this.demands);
    const { supplyDeadline, graceDeadline } = await this.game.demandAt(place);
    if (!watched && graceDeadline !== 0n) return undefined;
    const done = await this.both(
      () => this.game.expire(place),
      () => this.life.expire(watched, supplyDeadline),
    );
    if (done) await this.forfeit();
    return done;
  }

  private async forfeit(): Promise<void> {
    const { bond, paid } = await this.game.state();
    await this.ledger.forfeit(bond - paid - ((await this.disputes.manager.totalBurnt()) - this.burnt));
  }

  private async refund(): Promise<boolean | undefined> {
    if (this.demands.length === 0) return undefined;
    const { place } = this.dice.of(this.demands);
    const { price, graceDeadline, refunded } = await this.game.demandAt(place);
    if (refunded) return undefined;
    return this.both(
      () => this.game.refund(place),
      () => this.ledger.refund(price, graceDeadline !== 0n),
    );
  }

  private async execute(): Promise<boolean> {
    // One challenge alone: nothing older is undecided.
    const done = await this.both(this.game.execute, () => this.life.execute(true));
    if (done) await this.ledger.settle();
    return done;
  }

  private async settle(): Promise<boolean> {
    const done = await this.both(this.game.settle, () => this.life.settle());
    if (done) await this.ledger.settle();
    return done;
  }

  private async settleClaim(): Promise<boolean | undefined> {
    const { manager } = this.disputes;
    if (!this.outside) return undefined;
    const { source, id: claimId } = this.claim;
    const opening = openElement(OUTSIDE, ["f32"], 0, 1);
    const done = await succeeds(() => manager.voidOutsideDomain(source, claimId, opening));
    if (!done) await this.chain.networkHelpers.mine();
    await this.follow();
    if (done) await this.life.settleClaim();
    return done;
  }

  private async emergencyVoid(): Promise<boolean> {
    const { status } = await this.game.state();
    const stands = status === STATUS.open || status === STATUS.upheld;
    const done = await this.both(
      () => this.disputes.manager.emergencyVoid([this.challengeId]),
      () => this.life.emergencyVoid(),
    );
    if (done && stands) await this.ledger.emergencyVoid();
    return done;
  }

  private async pause(on: boolean): Promise<boolean> {
    const { hub } = this.disputes;
    const done = await succeeds(() => (on ? hub.pause() : hub.unpause()));
    if (!done) await this.chain.networkHelpers.mine();
    await this.follow();
    return done;
  }

  private async wait(): Promise<boolean> {
    await this.chain.networkHelpers.time.increase(1 + this.dice.roll(8) * HOUR);
    await this.follow();
    return true;
  }

  private async compare(after: string): Promise<void> {
    const { life, ledger, disputes } = this;
    const { manager } = disputes;
    const real = await this.game.state();
    expect(await life.status(), `${after}: status`).to.equal(real.status);
    this.over = real.status > STATUS.upheld;
    expect(await life.refutationDeadline(), `${after}: refutation deadline`).to.equal(real.refutationDeadline);
    expect(await life.lastDeadline(), `${after}: last deadline`).to.equal(real.lastDeadline);
    expect(await life.executableAt(), `${after}: executable at`).to.equal(real.executableAt);
    expect(await life.outstanding(), `${after}: outstanding`).to.equal(real.outstanding);
    const watched = this.demands.find((each) => each.watched);
    if (watched !== undefined) {
      const demand = await this.game.demandAt(watched.place);
      expect(await life.supplyDeadline(), `${after}: supply deadline`).to.equal(demand.supplyDeadline);
      expect(await life.graceDeadline(), `${after}: grace deadline`).to.equal(demand.graceDeadline);
    }
    this.burnt = await manager.totalBurnt();
    expect(await ledger.paid(), `${after}: paid`).to.equal(real.paid);
    expect(await ledger.held(), `${after}: held`).to.equal(real.held);
    expect(await ledger.burnt(), `${after}: burnt`).to.equal(this.burnt);
    let credits = 0n;
    for (const account of await this.chain.ethers.getSigners()) credits += await manager.creditOf(account);
    expect(await ledger.credited(), `${after}: credited`).to.equal(credits);
    expect(await ledger.owed(), `${after}: owed`).to.equal((await manager.totalOwed()) - credits);
  }
}

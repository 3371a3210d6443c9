import { LAYOUT, TERMS } from "../challenges.js";
import { DAY, EPOCH, HOUR, PARAMETERS, TOKEN } from "../hub.js";
import { attempt, ModelClock } from "../model/clock.js";
import { ModelDisputes } from "../model/disputes.js";
import { ModelStaking } from "../model/staking.js";

export const OPERATOR = "operator";
export const CONSUMER = "consumer";
export const STRANGER = "stranger";
export const HONEST = "honest";
export const PUPPET = "puppet";
export const puppet = (i: number): string => `${PUPPET} ${i}`;

/** An hour after the protocol began; nothing depends on when. */
const START = BigInt(10 * DAY + HOUR);

/** Stake, jobs and challenges under the default parameters, by the model that is held equal to the contracts. */
export class World {
  readonly clock = new ModelClock();
  readonly staking: ModelStaking;
  readonly disputes: ModelDisputes;

  constructor(jobs: { readonly auditShare?: bigint } = {}) {
    this.clock.chain = START;
    const { unbonding, minDelegation, strikesToJail, jailTime, releaseFee } = PARAMETERS.staking;
    this.staking = new ModelStaking(this.clock, {
      ...{ epoch: BigInt(EPOCH), unbonding: BigInt(unbonding), jailTime: BigInt(jailTime) },
      ...{ minDelegation, strikesToJail, releaseFee },
    });
    const { challengeWindow, missPenalty } = PARAMETERS.jobs;
    const { auditShare = BigInt(PARAMETERS.jobs.auditShare) } = jobs;
    const { refutationWindow, supplyWindow, graceWindow, airGap, bondFloor, baseFeeFloor, priceMultiple } = TERMS;
    const inclusionDelay = BigInt(TERMS.inclusionDelay);
    this.disputes = new ModelDisputes(
      this.clock,
      this.staking,
      {
        ...{
          inclusionDelay,
          challengeWindow: BigInt(challengeWindow),
          auditShare,
          missPenalty: BigInt(missPenalty),
        },
        ...{ refutationWindow: BigInt(refutationWindow), supplyWindow: BigInt(supplyWindow) },
        ...{ graceWindow: BigInt(graceWindow), airGap: BigInt(airGap), bondFloor, baseFeeFloor },
        ...{ priceMultiple: BigInt(priceMultiple), depth: BigInt(LAYOUT.depth) },
      },
      (who, operator) => who === operator,
    );
  }

  wait(seconds: number | bigint): void {
    this.clock.chain += BigInt(seconds);
  }

  waitUntil(time: bigint): void {
    if (time > this.clock.chain) this.clock.chain = time;
  }

  /** Whether the rules take it. */
  try(act: () => void): boolean {
    return attempt([this.disputes, this.staking], act) === undefined;
  }

  /** Coins that somebody has of the manager and the escrow. */
  coinsOf(who: string): bigint {
    const { bonds, fees } = this.disputes.state;
    return (bonds.get(who) ?? 0n) + (fees.get(who) ?? 0n);
  }

  /** Stake of some, in tokens: with the operator, in rewards, and taken out. */
  stakeOf(people: readonly string[]): bigint {
    const { rewards, flows } = this.staking.state;
    return people.reduce(
      (sum, who) => sum + this.staking.holding(OPERATOR, who) + (rewards.get(who) ?? 0n) + (flows.get(who) ?? 0n),
      0n,
    );
  }

  /** A job of the operator's, answered. */
  answer(
    id: string,
    job: { lock: bigint; fee: bigint; consumer?: string; publisher?: string; royalty?: bigint },
  ): boolean {
    const { consumer = CONSUMER, publisher = STRANGER, royalty = 0n, fee, lock } = job;
    const terms = { operator: OPERATOR, consumer, publisher, fee, royalty, lock };
    return this.try(() => this.disputes.request(id, terms, BigInt(HOUR))) && this.try(() => this.disputes.submit(id));
  }
}

/** a / b as a number, for figures. */
export const ratio = (a: bigint, b: bigint): number => Number(a) / Number(b);

export const tokens = (n: number): bigint => BigInt(n) * TOKEN;

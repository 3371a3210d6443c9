import { DAY } from "../hub.js";

/** What the contract with the same rule reverts with. */
export class Refusal extends Error {}

export function need(condition: boolean, name: string): asserts condition {
  if (!condition) throw new Refusal(name);
}

/** A model whose calls leave no trace when they are refused: `state` is plain data. */
export interface Model {
  state: object;
}

/** Calls models; returns the name of the refusal, if it is one. */
export function attempt(models: readonly Model[], act: () => void): string | undefined {
  const before = models.map(({ state }) => structuredClone(state));
  try {
    act();
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof Refusal)) throw thrown;
    models.forEach((model, i) => (model.state = before[i]!));
    return thrown.message;
  }
}

/** An hour after an epoch began: what plays do must not depend on the hour of the day that they are started at. */
export const afterEpoch = (time: number, epoch: number): bigint =>
  BigInt((Math.floor(time / epoch) + 1) * epoch + 3600);

/** Longest pause, and the least time between two. */
const MAX_PAUSE = BigInt(7 * DAY);
const MIN_RUN = BigInt(30 * DAY);

/** Protocol time: the chain's, without the seconds of pauses. Numbers are bigints throughout, as the chain's are. */
export class ModelClock {
  /** Chain time. */
  chain = 0n;
  private pauses: { begin: bigint; end: bigint }[] = [];

  get time(): bigint {
    return this.at(this.chain);
  }

  /** The protocol's time at a past time of the chain; now, for one to come. */
  at(chain: bigint): bigint {
    const until = chain < this.chain ? chain : this.chain;
    const before = this.pauses.filter(({ begin }) => begin <= until);
    return before.reduce((time, { begin, end }) => time - ((until < end ? until : end) - begin), until);
  }

  get paused(): boolean {
    return this.chain < (this.pauses.at(-1)?.end ?? 0n);
  }

  pause(): void {
    const last = this.pauses.at(-1);
    need(last === undefined || this.chain >= last.end + MIN_RUN, "PauseTooSoon");
    this.pauses.push({ begin: this.chain, end: this.chain + MAX_PAUSE });
  }

  unpause(): void {
    need(this.paused, "NotPaused");
    this.pauses.at(-1)!.end = this.chain;
  }

  needRunning(): void {
    need(!this.paused, "Paused");
  }
}

import type { Arena, Opened } from "./arena.js";
import type { Dice } from "../graphs.js";

/** Something that a player wants to do, not before a time. */
export interface Plan {
  readonly at: number;
  act(): Promise<unknown>;
}

/** Looks at the arena and says what it wants to do next, or soonest of several things. Asked again after whatever anybody did. */
export interface Player {
  plan(): Plan | undefined;
}

export function soonest(plans: readonly Plan[]): Plan | undefined {
  return plans.reduce<Plan | undefined>(
    (best, plan) => (best === undefined || plan.at < best.at ? plan : best),
    undefined,
  );
}

/** Lets players act in the order of their plans, ties by lot, until nobody wants anything. */
export async function playOut(arena: Arena, players: readonly Player[], dice: Dice): Promise<void> {
  for (let moves = 0; moves < 1000; moves++) {
    const plans = players.flatMap((player) => player.plan() ?? []);
    const at = Math.min(...plans.map((plan) => plan.at));
    const due = plans.filter((plan) => plan.at <= Math.max(at, arena.now));
    if (due.length === 0) return;
    await dice.of(due).act();
  }
  throw new Error("a game that does not end");
}

/** Times at which one player gets around to things: drawn once for each, when it can first be seen. */
export class Attention {
  private readonly times = new Map<string, number>();

  constructor(
    private readonly arena: Arena,
    private readonly dice: Dice,
    private readonly slowest: number,
  ) {}

  to(what: string, since = this.arena.now): number {
    const known = this.times.get(what);
    if (known !== undefined) return known;
    const at = Math.max(since, this.arena.now) + this.dice.roll(this.slowest);
    this.times.set(what, at);
    return at;
  }
}

/** Takes back the prices of own demands when a challenge has ended. */
export function refunds(arena: Arena, challenge: Opened, seats: ReadonlySet<string>, unsuppliedOnly: boolean): Plan[] {
  return [...challenge.demands.values()]
    .filter(({ by, refunded, supplied }) => seats.has(by.address) && !refunded && !(unsuppliedOnly && supplied))
    .map((demanded) => ({ at: arena.now, act: () => arena.refund(demanded.by, challenge, demanded, arena.now) }));
}

import { STATUS } from "../challenges.js";
import { gridOf, type Place } from "../demands.js";
import type { Dice } from "../graphs.js";
import { HOUR } from "../protocol.js";
import { openElement } from "../jobs.js";
import { type Arena, isLive, keyOf, type Opened, type Seat } from "./arena.js";
import { assertionOf, evidenceAbout, inputOf, type Lie, OUTPUT } from "./model.js";
import { type Plan, type Player, refunds, soonest } from "./players.js";
import type { Trace } from "../alphabet.js";

/** How a false challenger behaves; each may also wait with everything until the last second. */
export const ACCUSERS = [
  "answers nothing",
  "answers all demands",
  "answers, then breaks off",
  "fills its own queue",
  "is refuted by its own puppet",
  "captures follow-up demands by a puppet",
  "makes every move too early",
  "three at once",
] as const;
export type AccuserConduct = (typeof ACCUSERS)[number];

/** What a lying operator does beside its answer. */
export const LIARS = [
  "does nothing",
  "floods with demands",
  "floods in the last seconds",
  "demands down to the bytes, each in the last second",
  "has a puppet challenge falsely",
  "has a puppet copy the challenge",
  "challenges itself first",
  "unstakes at once",
  "tries to refute the truth",
] as const;
export type LiarConduct = (typeof LIARS)[number];

interface AccuserOptions {
  readonly arena: Arena;
  readonly seat: Seat;
  readonly puppet: Seat;
  readonly lie: Lie;
  readonly conduct: AccuserConduct;
  readonly dice: Dice;
}

/** Opens one false challenge and tries to get it through, or to lose less by it. */
export class Accuser implements Player {
  private opening: ((when: number) => Promise<Opened | undefined>) | undefined;
  private own: Opened | undefined;
  private failed = false;
  private readonly at: number;
  /** Does everything in the last second in which it counts. */
  private readonly last: boolean;
  private readonly breaksAfter: number;
  private filler: Place[];
  private readonly tried = new Set<string>();

  constructor(private readonly options: AccuserOptions) {
    const { arena, dice, conduct } = options;
    this.last = dice.chance(50);
    const room = arena.claim.deadline - arena.claim.answeredAt - 10;
    this.at =
      this.last && dice.chance(50)
        ? arena.claim.deadline - 1 - dice.roll(3)
        : arena.claim.answeredAt + 1 + dice.roll(room);
    this.breaksAfter = dice.roll(3);
    this.filler = conduct === "fills its own queue" ? placesIn(options.lie.trace, 8 + dice.roll(16), dice) : [];
  }

  plan(): Plan | undefined {
    const { arena, seat, lie } = this.options;
    if (this.failed) return undefined;
    if (this.own === undefined) {
      const { opening } = this;
      if (opening === undefined) {
        const act = async () => (this.opening = await arena.commit(seat, lie.trace, lie.element, this.at));
        return { at: this.at, act };
      }
      const act = async () => {
        this.own = await opening(arena.now + 1);
        this.failed = this.own === undefined;
      };
      return { at: arena.now, act };
    }
    const plans = [...this.supplies(this.own), ...this.schemes(this.own), ...this.endings(this.own)];
    return soonest(plans.filter(({ at }) => at !== Infinity));
  }

  private supplies(own: Opened): Plan[] {
    const { arena, seat, conduct } = this.options;
    if (own.status !== STATUS.open || conduct === "answers nothing") return [];
    const demands = [...own.demands.values()];
    const answered = demands.filter(({ supplied }) => supplied !== undefined).length;
    if (conduct === "answers, then breaks off" && answered >= this.breaksAfter) return [];
    return demands.flatMap((demanded): Plan[] => {
      const name = keyOf(demanded.place);
      if (demanded.supplied !== undefined || this.tried.has(name)) return [];
      const at = this.last ? demanded.deadline : demanded.at + 1;
      const act = async () => {
        this.tried.add(name);
        await arena.supply(seat, own, demanded, at);
      };
      return [{ at, act }];
    });
  }

  private schemes(own: Opened): Plan[] {
    const { arena, seat, puppet, lie, conduct } = this.options;
    if (own.status !== STATUS.open) return [];
    const next = this.filler[0];
    if (next !== undefined) {
      const act = async () => {
        this.filler = this.filler.slice(1);
        await arena.demand(puppet, own, next, undefined, arena.now);
      };
      return [{ at: own.at + 1, act }];
    }
    if (conduct === "is refuted by its own puppet") {
      if (lie.wrong === undefined) return this.abandon(own);
      const { node, element } = lie.wrong;
      return [this.once("refute", own.at + 1, () => this.refuteAs(puppet, own, node, element))];
    }
    if (conduct === "captures follow-up demands by a puppet") return this.capture(own);
    if (conduct === "makes every move too early") {
      const early = (["resolve", "execute", "settle"] as const).map((act) =>
        this.once(act, own.at + 1, () => arena.advance(seat, own, act, arena.now)),
      );
      const expiries = [...own.demands.values()].map((demanded) =>
        this.once(`expire ${keyOf(demanded.place)}`, demanded.at, () => arena.expire(puppet, own, demanded, arena.now)),
      );
      return [...early, ...expiries];
    }
    return [];
  }

  /** Has the puppet take the reward for a root that nobody can show. */
  private abandon(own: Opened): Plan[] {
    const { arena, puppet, lie } = this.options;
    const { trueTrace } = arena.claim;
    const node = lie.trace.roots.findIndex((root, i) => root !== trueTrace.roots[i]);
    const place = { node, height: trueTrace.trees[node]!.depth, index: 0 };
    const demanded = own.demands.get(keyOf(place));
    if (demanded === undefined)
      return [this.once("abandon", own.at + 1, () => arena.demand(puppet, own, place, undefined, arena.now))];
    const at = demanded.deadline + 1;
    return [this.once("expire", at, () => arena.expire(puppet, own, demanded, at))];
  }

  /** Demands below whatever was supplied on the way to the wrong element, before anybody else can. */
  private capture(own: Opened): Plan[] {
    const { arena, puppet, lie } = this.options;
    const { wrong } = lie;
    if (wrong === undefined) return [];
    const width = 256 / 4;
    return [...own.demands.values()].flatMap(({ place, supplied }): Plan[] => {
      if (supplied === undefined || place.node !== wrong.node || place.height === 0) return [];
      const height = Math.max(0, place.height - 8);
      const inner = { node: place.node, height, index: Math.floor(wrong.element / width / 2 ** height) };
      if (own.demands.has(keyOf(inner)) || Math.floor(inner.index / 2 ** (place.height - height)) !== place.index)
        return [];
      return [
        this.once(`capture ${keyOf(inner)}`, supplied.at, () => arena.demand(puppet, own, inner, place, arena.now)),
      ];
    });
  }

  private endings(own: Opened): Plan[] {
    const { arena, seat, puppet } = this.options;
    if (!isLive(own))
      return refunds(arena, own, new Set([seat.address, puppet.address]), own.status === STATUS.settled);
    if (own.status === STATUS.open && own.outstanding === 0) {
      const at = own.lastDeadline + 1;
      return [this.once(`resolve ${own.version}`, at, () => arena.advance(seat, own, "resolve", at))];
    }
    if (own.status !== STATUS.upheld) return [];
    const at = own.executableAt;
    return [this.once(`execute ${own.version}`, at, () => arena.advance(seat, own, "execute", at))];
  }

  private async refuteAs(puppet: Seat, own: Opened, node: number, element: number): Promise<unknown> {
    const { arena, lie } = this.options;
    const { truth } = arena.claim;
    const evidence = evidenceAbout(truth, node, element, assertionOf(truth, lie.trace, node, element));
    return arena.refute(puppet, own, evidence, arena.now);
  }

  private once(name: string, at: number, act: () => Promise<unknown>): Plan {
    return once(this.tried, name, at, act);
  }
}

/** What is done once, and never again after. */
function once(done: Set<string>, name: string, at: number, act: () => Promise<unknown>): Plan {
  if (done.has(name)) return { at: Infinity, act };
  return {
    at,
    act: () => {
      done.add(name);
      return act();
    },
  };
}

interface SaboteurOptions {
  readonly arena: Arena;
  readonly operator: Seat;
  readonly puppet: Seat;
  readonly honest: Seat;
  readonly element: number;
  readonly conduct: LiarConduct;
  readonly dice: Dice;
}

/** A lying operator and its puppet against the challenger that found the lie. */
export class Saboteur implements Player {
  private readonly done = new Set<string>();
  private readonly flood: number;
  private seed: number;
  private places: Place[] | undefined;
  private opening: ((when: number) => Promise<Opened | undefined>) | undefined;

  constructor(private readonly options: SaboteurOptions) {
    this.flood = 4 + options.dice.roll(24);
    this.seed = options.dice.roll(HOUR - 10);
  }

  plan(): Plan | undefined {
    const { arena, honest, puppet, operator } = this.options;
    const target = arena.challenges.find(({ by }) => by === honest);
    const seats = new Set([puppet.address, operator.address]);
    const ended = arena.challenges.filter((challenge) => !isLive(challenge));
    const back = ended.flatMap((challenge) => refunds(arena, challenge, seats, challenge.status === STATUS.settled));
    return soonest([...back, ...this.schemes(target)].filter(({ at }) => at !== Infinity));
  }

  private schemes(target: Opened | undefined): Plan[] {
    const { arena, operator, conduct } = this.options;
    switch (conduct) {
      case "unstakes at once":
        return [this.once("leave", arena.claim.answeredAt + 1, () => arena.leave(operator, arena.now))];
      case "challenges itself first":
        return this.challengeSelf(arena.claim.answeredAt + 1);
      case "has a puppet copy the challenge":
        return target === undefined ? [] : this.challengeSelf(target.at + this.seed);
      default:
        return target === undefined || target.status !== STATUS.open ? [] : this.against(target);
    }
  }

  private against(target: Opened): Plan[] {
    const { arena, puppet, dice, conduct } = this.options;
    const { refutationDeadline, demands, trace } = target;
    switch (conduct) {
      case "floods with demands":
      case "floods in the last seconds": {
        this.places ??= placesIn(trace, this.flood, dice);
        const [place] = this.places;
        if (place === undefined) return [];
        const late = conduct === "floods in the last seconds";
        const at = late ? refutationDeadline - this.places.length : target.at + 1;
        const act = async () => {
          this.places = this.places!.slice(1);
          await arena.demand(puppet, target, place, undefined, at);
        };
        return [{ at, act }];
      }
      case "demands down to the bytes, each in the last second": {
        const deepest = [...demands.values()].at(-1);
        if (deepest === undefined) {
          const node = 1;
          const place = { node, height: trace.trees[node]!.depth, index: 0 };
          const first = () => arena.demand(puppet, target, place, undefined, refutationDeadline);
          return [this.once("first", refutationDeadline, first)];
        }
        const { place, supplied } = deepest;
        if (supplied === undefined || place.height === 0) return [];
        const below = { ...place, height: Math.max(0, place.height - 8), index: 0 };
        const deeper = () => arena.demand(puppet, target, below, place, supplied.grace);
        return [this.once(keyOf(below), supplied.grace, deeper)];
      }
      case "tries to refute the truth": {
        const node = dice.roll(OUTPUT + 1);
        const element = dice.roll(100);
        const { truth } = arena.claim;
        const evidence = () => evidenceAbout(truth, node, element, assertionOf(truth, trace, node, element));
        const opening = () => openElement([inputOf(truth)], ["f32"], 0, element);
        return [
          this.once("refute", target.at + 1, () => arena.refute(puppet, target, evidence(), arena.now)),
          this.once("refute last", target.lastDeadline, () =>
            arena.refute(puppet, target, evidence(), target.lastDeadline),
          ),
          this.once("void", target.at + 1, () => arena.voidOutsideDomain(puppet, opening(), arena.now)),
        ];
      }
      default:
        return [];
    }
  }

  /** The truth, asserted by the liar itself, for a part of the reward. */
  private challengeSelf(at: number): Plan[] {
    const { arena, puppet, element } = this.options;
    const { opening } = this;
    if (opening !== undefined) return [this.once("open", arena.now, () => opening(arena.now))];
    const commit = async () => (this.opening = await arena.commit(puppet, arena.claim.trueTrace, element, at));
    return [this.once("commit", at, commit)];
  }

  private once(name: string, at: number, act: () => Promise<unknown>): Plan {
    return once(this.done, name, at, act);
  }
}

/** Some places of a trace that can be demanded, each once. */
function placesIn(trace: Trace, count: number, dice: Dice): Place[] {
  const all = trace.trees.flatMap((tree, node) =>
    gridOf(trace, node).flatMap((height) =>
      Array.from({ length: Math.ceil(tree.count / 2 ** height) }, (_, index) => ({ node, height, index })),
    ),
  );
  const chosen: Place[] = [];
  while (chosen.length < count) {
    const place = dice.of(all);
    if (!chosen.some((other) => keyOf(other) === keyOf(place))) chosen.push(place);
  }
  return chosen;
}

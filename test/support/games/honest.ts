import { expect } from "chai";
import { getBytes } from "ethers";

import { fromHex } from "../../../src/audit/bytes.js";
import { type Assertion, type Move, nextMove } from "../../../src/audit/dispute.js";
import { LEAF } from "../../../src/audit/tree.js";
import { openTraced } from "../alphabet.js";
import { STATUS } from "../challenges.js";
import type { Dice } from "../graphs.js";
import { HOUR } from "../protocol.js";
import { type Arena, isLive, keyOf, type Opened, type Seat } from "./arena.js";
import { evidenceAbout, OUTPUT } from "./model.js";
import { Attention, type Plan, type Player, refunds, soonest } from "./players.js";

/** Longest time in which an honest party sees something and has its transaction mined: the inclusion delay. */
const SLOWEST = 6 * HOUR;
/** Longest time until a wrong answer is found. */
const DETECTION = 11 * HOUR;
/** With so many demands waiting a further one has a surcharge that burns: the accused is spared it, a bystander stays out. */
const CROWD = 8;
const LOST: ReadonlySet<bigint> = new Set([STATUS.refuted, STATUS.unanswered]);

/**
 * Who holds the inputs and wants the truth to win: challenges what is wrong, answers demands, ends what is false as the suite's own
 * defender would (`nextMove`), and carries everything to its end.
 */
export class Honest implements Player {
  private readonly attention: Attention;
  private readonly moves = new Map<string, { version: number; move: Move }>();
  private opening: { at: number; open: (when: number) => Promise<Opened | undefined> } | undefined;
  private own: Opened | undefined;
  private readonly retry = new Map<string, number>();
  private readonly found: number;

  constructor(
    private readonly arena: Arena,
    readonly seat: Seat,
    private readonly dice: Dice,
    private readonly role: { readonly accuses?: { readonly element: number }; readonly accused?: true },
  ) {
    this.attention = new Attention(arena, dice, SLOWEST);
    this.found = dice.roll(DETECTION);
  }

  plan(): Plan | undefined {
    const { arena } = this;
    const plans = [...this.accuse(), ...arena.challenges.flatMap((challenge) => this.about(challenge))];
    const { claim } = arena;
    if (this.role.accused && !claim.ended && !arena.challenges.some(isLive))
      plans.push({ at: claim.deadline + 1, act: () => this.sure(arena.finalise(this.seat, claim.deadline + 1)) });
    return soonest(plans);
  }

  private accuse(): Plan[] {
    const { arena, seat, dice, opening } = this;
    const { accuses } = this.role;
    if (accuses === undefined || this.own !== undefined) return [];
    if (opening !== undefined) {
      const act = async () => {
        this.own = await opening.open(opening.at);
        expect(this.own, "an honest challenge was refused").to.not.equal(undefined);
      };
      return [{ at: opening.at, act }];
    }
    const at = arena.claim.answeredAt + this.found;
    const act = async () => {
      const open = await arena.commit(seat, arena.claim.trueTrace, accuses.element, at);
      this.opening = { at: arena.now + 1 + dice.roll(HOUR - 1), open };
    };
    return [{ at, act }];
  }

  private about(challenge: Opened): Plan[] {
    const { arena, seat } = this;
    if (LOST.has(challenge.status)) return refunds(arena, challenge, new Set([seat.address]), false);
    if (challenge.status === STATUS.settled) return refunds(arena, challenge, new Set([seat.address]), true);
    if (arena.claim.ended) {
      return [{ at: arena.now, act: () => this.sure(arena.advance(seat, challenge, "settle", arena.now)) }];
    }
    if (challenge.status === STATUS.upheld) return challenge.truthful ? [this.execute(challenge)] : [];
    if (!challenge.truthful) return this.defend(challenge);
    const plans = [...challenge.demands.values()].flatMap((demanded): Plan[] => {
      if (demanded.supplied !== undefined) return [];
      const name = `${challenge.id} ${keyOf(demanded.place)}`;
      if (challenge === this.own) {
        const at = this.attention.to(name, demanded.at);
        return [{ at, act: () => this.sure(arena.supply(seat, challenge, demanded, at)) }];
      }
      const at = this.attention.to(name, demanded.deadline + 1);
      return [{ at, act: () => this.sure(arena.expire(seat, challenge, demanded, at)) }];
    });
    if (challenge.outstanding > 0) return plans;
    const at = challenge.lastDeadline + 1;
    return [...plans, { at, act: () => this.sure(arena.advance(seat, challenge, "resolve", at)) }];
  }

  /** Other challenges may have to be decided first: then it is tried again. */
  private execute(challenge: Opened): Plan {
    const { arena, seat } = this;
    const at = Math.max(challenge.executableAt, this.retry.get(challenge.id) ?? 0);
    const act = async () => {
      if (!(await arena.advance(seat, challenge, "execute", at))) this.retry.set(challenge.id, arena.now + HOUR);
    };
    return { at, act };
  }

  private defend(challenge: Opened): Plan[] {
    const { arena, seat } = this;
    const move = this.moveAgainst(challenge);
    if (move.kind === "none") return [];
    if (move.kind === "refute") {
      const at = this.attention.to(`${challenge.id} refute`);
      const evidence = () => evidenceAbout(arena.claim.truth, move.node, move.element, move.asserted);
      return [{ at, act: () => this.sure(arena.refute(seat, challenge, evidence(), at)) }];
    }
    const { position, around } = move;
    const demanded = challenge.demands.get(keyOf(position));
    if (demanded === undefined) {
      if (!this.isDecidedFirst(challenge)) return [];
      if (this.role.accused === undefined && challenge.outstanding >= CROWD) return [];
      const at = this.attention.to(`${challenge.id} ${keyOf(position)}`);
      return [{ at, act: () => this.sure(arena.demand(seat, challenge, position, around, at)) }];
    }
    const at = this.attention.to(`${challenge.id} expire ${keyOf(position)}`, demanded.deadline + 1);
    return [{ at, act: () => this.sure(arena.expire(seat, challenge, demanded, at)) }];
  }

  /**
   * Whether a price comes back when the challenge is lost. Beside an own challenge it may end otherwise: settled with the claim, and
   * paid for what it answered. Only one that could share the reward is decided before the claim is.
   */
  private isDecidedFirst({ isVoid, at }: Opened): boolean {
    if (this.role.accuses === undefined) return true;
    return !isVoid && this.own !== undefined && at <= this.own.at + HOUR;
  }

  private moveAgainst(challenge: Opened): Move {
    const known = this.moves.get(challenge.id);
    if (known?.version === challenge.version) return known.move;
    const { claim } = this.arena;
    const tensor = (node: number) => claim.truth.memory.results[node]!;
    const move = nextMove({ list: claim.trueTrace.list, tensor }, shownBy(challenge));
    this.moves.set(challenge.id, { version: challenge.version, move });
    return move;
  }

  /** What honest players do at the right time succeeds. */
  private async sure(act: Promise<boolean>): Promise<void> {
    expect(await act, "an honest move was refused").to.equal(true);
  }
}

/** What the events show of a challenge. */
function shownBy({ trace, element, demands }: Opened): Assertion {
  const { root, leaf, proof } = openTraced(trace, OUTPUT, element);
  return {
    traceRoot: trace.list.root(),
    roots: trace.roots.map(fromHex),
    supplied: (position) => {
      const what = demands.get(keyOf(position))?.supplied?.what;
      if (what === undefined) return undefined;
      return typeof what === "string" ? { leaf: getBytes(what) } : { hashes: what.map((hash) => getBytes(hash)) };
    },
    shown: {
      ...{ node: OUTPUT, index: Math.floor((4 * element) / LEAF) },
      ...{ root: fromHex(root), leaf: fromHex(leaf), proof: proof.map(fromHex) },
    },
  };
}

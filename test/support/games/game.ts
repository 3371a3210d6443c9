import { expect } from "chai";

import type { Played, Purse } from "../../../scripts/games/table.js";
import { CLAIM, STATUS, TERMS } from "../challenges.js";
import type { Dice } from "../graphs.js";
import { HOUR, PARAMS, TOKEN } from "../protocol.js";
import type { Run } from "../runs.js";
import type { Arena, Seat, Side } from "./arena.js";
import { Accuser, ACCUSERS, LIARS, Saboteur } from "./dishonest.js";
import { Honest } from "./honest.js";
import { FALSE_TRACES, falseTrace, WRONG_ANSWERS, wrongAnswer } from "./model.js";
import { type Player, playOut } from "./players.js";

const LOCK = 100n * TOKEN;
/** What rewards leave to burn of a lock that is all the operator's own, and the consumer's part. */
const LOST_AT_LEAST = LOCK / 2n + ((LOCK / 2n) * 30n) / 100n;
/** Blocks have a second of their own, and `execute` is tried again after an hour where another challenge comes first. */
const SLACK = 2 * HOUR;

/** One game from a fresh claim to its end, with everything that must be true of it. */
export async function playGame(arena: Arena, before: Purses, runs: readonly Run[], dice: Dice): Promise<Played> {
  for (const seat of arena.seats) seat.side = "honest";
  const truth = dice.of(runs);
  const other = dice.of(runs.filter((run) => run !== truth));
  const table = dice.chance(50) ? await liar(arena, truth, other, dice) : await accuser(arena, truth, other, dice);
  arena.seats[2]!.side = "consumer";
  await playOut(arena, table.players, dice);
  await expectEnd(arena, table.cheat, table.honest);
  // Nobody else's can have changed: credits go to those who did something.
  const moved = new Set([...arena.gas.keys(), arena.seats[0]!]);
  const after = await purses(arena, moved);
  const sides = Object.fromEntries(
    (["honest", "dishonest", "consumer"] as const).map((side) => [side, sumOf(arena, side, before, after)]),
  ) as Record<Side, Purse>;
  expectConserved(before, after, sides);
  const { honest, dishonest } = sides;
  expectProfits(arena, table, honest, dishonest);
  const seconds = arena.now - arena.claim.answeredAt;
  return { cheat: table.cheat, conduct: table.conduct, lie: table.lie, seconds, honest, dishonest };
}

interface Table extends Pick<Played, "cheat" | "conduct" | "lie"> {
  readonly players: readonly Player[];
  /** Who challenges what is wrong. */
  readonly honest?: Seat;
}

async function liar(arena: Arena, truth: Run, other: Run, dice: Dice): Promise<Table> {
  const [operator, worker, , challenger, puppet, second] = arena.seats as [Seat, Seat, Seat, Seat, Seat, Seat];
  for (const seat of [operator, worker, puppet, second]) seat.side = "dishonest";
  const lie = dice.of(WRONG_ANSWERS);
  const conduct = dice.of(LIARS);
  const answer = wrongAnswer(lie, truth, other, dice);
  await arena.deal(truth, answer.run);
  const players: Player[] = [new Honest(arena, challenger, dice, { accuses: answer })];
  if (conduct === "has a puppet challenge falsely") {
    const kind = dice.of(FALSE_TRACES);
    const accusers = ACCUSERS.filter((each) => each !== "three at once");
    const rival = { lie: falseTrace(kind, truth, other, dice), conduct: dice.of(accusers) };
    players.push(new Accuser({ arena, seat: puppet, puppet: second, dice, ...rival }));
  }
  players.push(
    new Saboteur({ ...{ arena, operator, puppet, honest: challenger, conduct, dice }, element: answer.element }),
  );
  return { cheat: "operator", conduct, lie, players, honest: challenger };
}

async function accuser(arena: Arena, truth: Run, other: Run, dice: Dice): Promise<Table> {
  const [, worker, , watcher, ...puppets] = arena.seats as [Seat, Seat, Seat, Seat, ...Seat[]];
  for (const seat of puppets) seat.side = "dishonest";
  const kind = dice.of(FALSE_TRACES);
  const conduct = dice.of(ACCUSERS);
  await arena.deal(truth, truth);
  const players: Player[] = [new Honest(arena, worker, dice, { accused: true }), new Honest(arena, watcher, dice, {})];
  const [puppet, ...accusers] = puppets as [Seat, ...Seat[]];
  for (const seat of conduct === "three at once" ? accusers : accusers.slice(0, 1)) {
    const options = {
      lie: falseTrace(kind, truth, other, dice),
      conduct: conduct === "three at once" ? dice.of(ACCUSERS) : conduct,
    };
    players.push(new Accuser({ arena, seat, puppet, dice, ...options }));
  }
  return { cheat: "challenger", conduct, lie: kind, players };
}

/** Who won, and when. */
async function expectEnd(arena: Arena, cheat: Played["cheat"], accuserOfWrong: Seat | undefined): Promise<void> {
  const { claim, challenges, suite, depth, worst } = arena;
  const { status } = await suite.jobs.claim(claim.id);
  expect(status, "the claim's end").to.equal(cheat === "operator" ? CLAIM.wrong : CLAIM.final);
  const steps = depth * (TERMS.supplyWindow + TERMS.graceWindow);
  for (const challenge of challenges) {
    const bound = challenge.at + TERMS.refutationWindow + steps;
    expect(challenge.lastDeadline, "deadlines of a challenge").to.be.at.most(bound);
    expect(challenge.status, "a challenge goes on").to.be.above(STATUS.upheld);
    if (challenge.by === accuserOfWrong) expect(challenge.status, "an honest challenge").to.equal(STATUS.settled);
    if (cheat === "challenger")
      expect(challenge.status, "a false challenge").to.be.oneOf([STATUS.refuted, STATUS.unanswered]);
  }
  expect(worst, "closed form").to.equal(PARAMS.challengeWindow + TERMS.refutationWindow + steps + TERMS.airGap);
  expect(arena.now - claim.answeredAt, "finality").to.be.at.most(worst + SLACK);
}

export interface Purses {
  readonly coins: ReadonlyMap<Seat, bigint>;
  readonly stake: ReadonlyMap<Seat, bigint>;
  readonly gone: { readonly coins: bigint; readonly stake: bigint };
}

/** What some have, all of them unless told otherwise. */
export async function purses(arena: Arena, seats: Iterable<Seat> = arena.seats): Promise<Purses> {
  const coins = new Map<Seat, bigint>();
  const stake = new Map<Seat, bigint>();
  await Promise.all(
    [...seats].map(async (seat) => {
      coins.set(seat, await arena.coinsOf(seat));
      stake.set(seat, await arena.stakeOf(seat));
    }),
  );
  return { coins, stake, gone: await arena.gone() };
}

function sumOf(arena: Arena, side: Side, before: Purses, after: Purses): Purse {
  const sum: Purse = { coins: 0n, stake: 0n, gas: 0n };
  for (const seat of arena.seats) {
    if (seat.side !== side) continue;
    const gas = arena.gas.get(seat) ?? 0n;
    const coins = before.coins.get(seat)!;
    const stake = before.stake.get(seat)!;
    sum.coins += (after.coins.get(seat) ?? coins) - coins + gas;
    sum.stake += (after.stake.get(seat) ?? stake) - stake;
    sum.gas += gas;
  }
  return sum;
}

/** What all sides lost is burnt or in the audit pool, to the wei. */
function expectConserved(before: Purses, after: Purses, sides: Record<Side, Purse>): void {
  const all = Object.values(sides);
  for (const what of ["coins", "stake"] as const) {
    const sum = all.reduce((total, purse) => total + purse[what], 0n);
    expect(sum, `${what} of all sides`).to.equal(before.gone[what] - after.gone[what]);
  }
}

function expectProfits(arena: Arena, { cheat, conduct }: Table, honest: Purse, dishonest: Purse): void {
  expect(honest.coins, "coins of the honest").to.be.at.least(0n);
  expect(honest.stake, "stake of the honest").to.be.at.least(0n);
  // A liar that challenges itself more than an hour earlier leaves the watcher its bond and no reward.
  const least = conduct === "challenges itself first" ? -1n : 0n;
  expect(honest.coins + honest.stake, "profit of the honest").to.be.above(least);
  expect(dishonest.coins, "coins of the dishonest").to.be.at.most(0n);
  if (cheat === "operator") {
    expect(dishonest.stake, "stake of the dishonest").to.be.at.most(-LOST_AT_LEAST);
  } else {
    const bonds = arena.bond * BigInt(arena.challenges.length);
    expect(dishonest.coins, "bonds of the dishonest").to.be.at.most(-bonds / 4n);
    expect(dishonest.stake, "stake of the dishonest").to.equal(0n);
  }
}

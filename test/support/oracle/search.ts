import type { Dice } from "../graphs.js";

/** Bounds of a whole number that the attacker chooses; `log` where it ranges over orders of magnitude. */
export interface Range {
  readonly from: number;
  readonly to: number;
  readonly log?: true;
}

export type Point = Readonly<Record<string, number>>;

/** An attack as a game against the rules: what it brings, for everything that the attacker can choose. */
export interface Attack {
  readonly numbers: readonly number[];
  readonly name: string;
  /** What the profit is a part of. */
  readonly unit: string;
  readonly ranges: Readonly<Record<string, Range>>;
  /** Profit of all attackers together, in units. Points that the rules refuse bring nothing: `undefined`. */
  profit(point: Point): number | undefined;
}

export interface Best {
  readonly profit: number;
  readonly point: Point;
  /** Points tried that the rules allow. */
  readonly tried: number;
}

const CLIMBS = 5;

/** Random points, then climbs from the best of them: the largest profit found. */
export function searchBest({ ranges, profit }: Attack, evaluations: number, dice: Dice): Best {
  const found: { point: Point; profit: number }[] = [];
  let left = evaluations;
  const evaluate = (point: Point): number => {
    left--;
    const value = profit(point);
    if (value === undefined) return -Infinity;
    found.push({ point, profit: value });
    return value;
  };
  const names = Object.keys(ranges);
  while (left > evaluations / 2) {
    evaluate(Object.fromEntries(names.map((name) => [name, pick(ranges[name]!, dice)])));
  }
  const starts = [...found].sort((a, b) => b.profit - a.profit).slice(0, CLIMBS);
  for (const start of starts) {
    let [at, best] = [start.point, start.profit];
    const budget = left - evaluations / 2 / CLIMBS;
    for (let scale = 2; left > budget && left > 0;) {
      const name = dice.of(names);
      const next = { ...at, [name]: step(ranges[name]!, at[name]!, scale, dice) };
      const value = evaluate(next);
      if (value > best) [at, best, scale] = [next, value, 2];
      else scale = Math.min(scale * 1.3, 1000);
    }
  }
  const best = found.reduce((a, b) => (b.profit > a.profit ? b : a));
  return { ...best, tried: found.length };
}

/** Bounds themselves often. */
function pick({ from, to, log }: Range, dice: Dice): number {
  if (dice.chance(20)) return dice.chance(50) ? from : to;
  const part = dice.roll(1_000_001) / 1_000_000;
  return Math.round(log ? from * (to / from) ** part : from + (to - from) * part);
}

/** A step of at most the width of the range divided by `scale`, at least one. */
function step({ from, to, log }: Range, at: number, scale: number, dice: Dice): number {
  const part = (2 * dice.roll(1_000_001)) / 1_000_000 - 1;
  const moved = log ? at * (to / from) ** (part / scale) : at + ((to - from) * part) / scale;
  const whole = Math.round(moved) === at ? at + (part < 0 ? -1 : 1) : Math.round(moved);
  return Math.min(to, Math.max(from, whole));
}

import { Command } from "commander";

import { fingerprintOf, withImports } from "../support/fingerprint.js";
import { whole } from "../support/flags.js";

/** The test that plays them. */
export const GAMES = "test/invariant/games.test.ts";
/** Games of one process. */
const SHARD = 500;
const MOST_SEED = 40_000;

interface GamesFlags {
  readonly games: number;
  readonly seed: number;
  readonly out: string;
  readonly json: boolean;
}

export interface Shard {
  readonly seed: number;
  readonly games: number;
}

/** Flags of `npm run games`; prints help and ends the process where that is asked. */
export function parseFlags(args: readonly string[]): GamesFlags {
  return new Command("games")
    .description(
      "Random games between honest and dishonest operators, challengers and defenders: who wins, and what it costs.",
    )
    .option("--games <n>", `how many, by shards of ${SHARD}`, whole("games", 1e7), 10_000)
    .option("--seed <n>", "of the first shard; each further one has the next", whole("seed", MOST_SEED), 1)
    .option("--out <folder>", "where the games of finished shards are kept", "cache/games")
    .option("--json", "a record for each game on the output, the tests' own words on the error output", false)
    .parse(args, { from: "user" })
    .opts<GamesFlags>();
}

/** Shards of `SHARD` games, the last of what is left, at one seed after the other. */
export function shardsOf(games: number, seed: number): Shard[] {
  return Array.from({ length: Math.ceil(games / SHARD) }, (_, i) => ({
    seed: ((seed + i - 1) % MOST_SEED) + 1,
    games: Math.min(SHARD, games - i * SHARD),
  }));
}

/** What decides how a game goes: games of other code are played anew. */
export function gamesVersion(): string {
  return fingerprintOf("contracts/**/*.sol", ...withImports([GAMES]));
}

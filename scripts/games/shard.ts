import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";

import type { Children } from "../../src/sim/driver/children.js";
import { runTests } from "../support/run-tests.js";
import { GAMES, type Shard } from "./plan.js";
import { type Played, readGames } from "./table.js";

/** Where the games of a finished shard are kept. */
export function shardFile(folder: string, { seed, games }: Shard): string {
  return join(folder, `${seed}-${games}.jsonl`);
}

/** The games of a shard that was played before, if it was. */
export function readShard(folder: string, shard: Shard): Played[] | undefined {
  const file = shardFile(folder, shard);
  return existsSync(file) ? readGames(readFileSync(file, "utf8")) : undefined;
}

/** Plays a shard and keeps its games, all or none; none where the honest lost one. */
export async function playShard(
  children: Children,
  folder: string,
  shard: Shard,
  onLine: (line: string) => void,
): Promise<Played[] | undefined> {
  const file = shardFile(folder, shard);
  const unfinished = `${file}.unfinished`;
  mkdirSync(dirname(file), { recursive: true });
  rmSync(unfinished, { force: true });
  const settings = { FUZZ_SEED: `${shard.seed}`, GAMES: `${shard.games}`, GAMES_FILE: unfinished };
  const files = [GAMES];
  if (!(await runTests(children, { name: `games-${shard.seed}`, files, settings }, onLine))) return undefined;
  renameSync(unfinished, file);
  return readShard(folder, shard);
}

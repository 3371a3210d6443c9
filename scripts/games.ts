/**
 * `npm run games -- --games 10000 --seed 1 [--json]`: games between honest and dishonest parties on the real contracts, in shards of
 * a seed each. Ends with a table; with --json each game is a record on the output, when its shard ends.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { parseFlags, shardsOf } from "./games/plan.js";
import { markdownOf, type Played, readGames, tableOf, writeGame } from "./games/table.js";

const { games, seed, json } = parseFlags(process.argv.slice(2));
const folder = mkdtempSync(join(tmpdir(), "touchstone-games-"));
const all: Played[] = [];
const started = Date.now();
for (const shard of shardsOf(games, seed)) {
  const file = join(folder, `${shard.seed}.json`);
  const child = spawn("tsx", ["scripts/test.ts", "test/invariant/games.test.ts"], {
    stdio: ["ignore", json ? process.stderr : "inherit", "inherit"],
    env: { ...process.env, FUZZ_SEED: `${shard.seed}`, GAMES: `${shard.games}`, GAMES_FILE: file },
  });
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) {
    console.error(
      `=== seed ${shard.seed} FAILED, repeat with: npm run games -- --games ${shard.games} --seed ${shard.seed}`,
    );
    process.exitCode = 1;
    continue;
  }
  const played = readGames(readFileSync(file, "utf8"));
  all.push(...played);
  const seconds = (Date.now() - started) / 1000;
  if (json) for (const game of played) process.stdout.write(writeGame(game));
  else console.log(`=== ${all.length} of ${games} games, ${seconds.toFixed(0)} s`);
}
rmSync(folder, { recursive: true });
if (!json && all.length > 0) console.log(markdownOf(tableOf(all)));

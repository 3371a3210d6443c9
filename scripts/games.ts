/**
 * `npm run games -- --games 10000 --seed 1 [--json]`: games between honest and dishonest parties on the real contracts, in shards of
 * a seed each. Games of finished shards are kept in --out, so that a run that was ended goes on where it was. Ends with a table; with
 * --json each game is a record on the output, when its shard ends.
 */
import { resolve } from "node:path";

import { runInPlace } from "../src/sim/run.js";
import { lockFile } from "../src/store/lock.js";
import { gamesVersion, parseFlags, shardsOf } from "./games/plan.js";
import { playShard, readShard } from "./games/shard.js";
import { markdownOf, type Played, tableOf, writeGame } from "./games/table.js";

const { games, seed, out, json } = parseFlags(process.argv.slice(2));
const release = lockFile(resolve(out, "lock"), "The folder of games");
const folder = resolve(out, gamesVersion());
const all: Played[] = [];
const started = Date.now();
const ok = await runInPlace("games", async ({ children }) => {
  let lost = 0;
  for (const shard of shardsOf(games, seed)) {
    const kept = readShard(folder, shard);
    const played = kept ?? (await playShard(children, folder, shard, json ? console.error : console.log));
    if (played === undefined) {
      lost++;
      const repeat = `npm run games -- --games ${shard.games} --seed ${shard.seed}`;
      console.error(`=== seed ${shard.seed} FAILED, repeat with: ${repeat}`);
      continue;
    }
    all.push(...played);
    const seconds = (Date.now() - started) / 1000;
    if (json) for (const game of played) process.stdout.write(writeGame(game));
    else console.log(`=== ${all.length} of ${games} games${kept ? " (kept)" : ""}, ${seconds.toFixed(0)} s`);
  }
  return lost === 0;
});
release();
if (!json && all.length > 0) console.log(markdownOf(tableOf(all)));
if (!ok) process.exitCode = 1;

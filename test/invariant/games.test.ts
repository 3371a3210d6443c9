import { appendFileSync } from "node:fs";

import { expect } from "chai";

import { markdownOf, type Played, tableOf, writeGame } from "../../scripts/games/table.js";
import { asInCi, fuzzRuns, fuzzSeed } from "../support/fuzz.js";
import { Arena } from "../support/games/arena.js";
import { playGame, purses } from "../support/games/game.js";
import { truths } from "../support/games/model.js";
import { dice } from "../support/graphs.js";
import { connect } from "../support/protocol.js";

/** `npm run games` says how many, and where it wants them. */
const { GAMES: wanted, GAMES_FILE: file } = process.env;
const GAMES = wanted === undefined ? fuzzRuns(50) : Number(wanted);
const INPUTS = 4;
/** Kinds of conduct that CI's games come by, at least. */
const KINDS = 12;

/** Honest and dishonest operators, challengers and defenders on the real contracts, with the real Arbiter and real stake. */
describe("Games", () => {
  it("are won by the honest, within the clocks, and cost the dishonest money", async function () {
    this.timeout(24 * 3_600_000);
    console.log(`      ${GAMES} games, FUZZ_SEED=${fuzzSeed}`);
    const runs = truths(INPUTS);
    const chain = await connect();
    const arena = await Arena.start(chain, runs[0]!);
    const before = await purses(arena);
    const played: Played[] = [];
    for (let i = 0; i < GAMES; i++) {
      const snapshot = await chain.networkHelpers.takeSnapshot();
      const seed = fuzzSeed * 100_000 + i;
      try {
        const game = await playGame(arena, before, runs, dice(seed));
        played.push(game);
        if (file !== undefined) appendFileSync(file, writeGame(game));
      } catch (error) {
        console.log(`      game ${i} of FUZZ_SEED=${fuzzSeed} failed`);
        throw error;
      }
      await snapshot.restore();
    }
    const rows = tableOf(played);
    if (file === undefined) console.log(markdownOf(rows).replace(/^/gm, "      "));
    if (asInCi && wanted === undefined) expect(rows.length, "kinds of conduct").to.be.at.least(KINDS);
  });
});

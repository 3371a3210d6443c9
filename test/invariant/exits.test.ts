import { expect } from "chai";

import { DisputeFuzz, isRefusal } from "../support/dispute-fuzz.js";
import { Bystanders } from "../support/exits.js";
import { asInCi, fuzzRuns, fuzzSeed, fuzzSteps } from "../support/fuzz.js";
import { dice } from "../support/graphs.js";
import { connect } from "../support/protocol.js";

const PLAYS = 2;
const STEPS = fuzzSteps(60);
/** Percent of steps after which everybody leaves. */
const REHEARSALS = 5;

/** Ways out that have to be taken; rewards of slashes come too seldom for plays as short as CI's. */
const WAYS = ["expire", "finalise", "release", "exit", "thawed", "credit"];

/** Promises 1, 20 and 22 of docs/protocol.md. */
describe("Exits, rehearsed from random states", () => {
  it("give everybody everything, and play goes on", async function () {
    this.timeout(600_000);
    const plays = fuzzRuns(PLAYS);
    console.log(`      ${plays} plays of ${STEPS} steps, FUZZ_SEED=${fuzzSeed}`);
    let rehearsals = 0;
    const total = new Map<string, number>();
    for (let i = 0; i < plays; i++) {
      const chain = await connect();
      const chance = dice(fuzzSeed * 1000 + i);
      const fuzz = await DisputeFuzz.start(chain, chance);
      const bystanders = await Bystanders.start(chain, fuzz.disputes, chance);
      const rehearse = async () => {
        await fuzz.rehearse(() => bystanders.leave());
        rehearsals++;
      };
      for (let step = 0; step < STEPS; step++) {
        await fuzz.step();
        await bystanders.step().catch((error: unknown) => {
          if (!isRefusal(error)) throw error;
        });
        if (chance.chance(REHEARSALS)) await rehearse();
      }
      await rehearse();
      for (const [way, count] of bystanders.counts) total.set(way, (total.get(way) ?? 0) + count);
    }
    const figures = [...total].map(([way, count]) => `${way} ${count}`);
    console.log(`      ${rehearsals} rehearsals: ${figures.sort().join(", ")}`);
    if (asInCi) for (const way of WAYS) expect(total.get(way), way).to.be.above(0);
  });
});

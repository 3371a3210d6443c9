import { expect } from "chai";

import { DisputeFuzz } from "../support/dispute-fuzz.js";
import { asInCi, fuzzRuns, fuzzSeed, fuzzSteps } from "../support/fuzz.js";
import { dice } from "../support/graphs.js";
import { connect } from "../support/protocol.js";

const PLAYS = 4;
const STEPS = fuzzSteps(150);

/** Every kind of step has to succeed somewhere, or the play tests less than it seems to. */
const KINDS = [
  "claim",
  "open",
  "demand",
  "deeper",
  "supply",
  "refute",
  "expire",
  "refund",
  "resolve",
  "execute",
  "pause",
];

describe("Disputes, played at random", () => {
  it("conserve every wei, keep every rule, and end", async function () {
    this.timeout(600_000);
    const total = new Map<string, { done: number; refused: number }>();
    const plays = fuzzRuns(PLAYS);
    console.log(`      ${plays} plays of ${STEPS} steps, FUZZ_SEED=${fuzzSeed}`);
    for (let i = 0; i < plays; i++) {
      const fuzz = await DisputeFuzz.start(await connect(), dice(fuzzSeed * 1000 + i));
      for (let step = 0; step < STEPS; step++) await fuzz.step();
      await fuzz.finish();
      for (const [name, { done, refused }] of fuzz.counts) {
        const sum = total.get(name) ?? { done: 0, refused: 0 };
        total.set(name, { done: sum.done + done, refused: sum.refused + refused });
      }
    }
    const figures = [...total].map(([name, { done, refused }]) => `${name} ${done}/${done + refused}`);
    console.log(`      succeeded/tried: ${figures.sort().join(", ")}`);
    if (asInCi) for (const kind of KINDS) expect(total.get(kind)?.done, kind).to.be.above(0);
  });
});

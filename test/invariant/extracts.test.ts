import { expect } from "chai";

import { EXTRACTS } from "../../scripts/prove/extracts.js";
import { ChallengeTwins } from "../support/extract-challenges.js";
import { JobTwins } from "../support/extract-jobs.js";
import { asInCi, fuzzRuns, fuzzSeed, fuzzSteps } from "../support/fuzz.js";
import { dice, type Dice } from "../support/graphs.js";
import { connect, type Connection } from "../support/protocol.js";

const PLAYS = 16;
const STEPS = fuzzSteps(40);
/** What an ended life refuses is tried this often. */
const STEPS_AFTER = 5;

interface Twins {
  readonly counts: ReadonlyMap<string, { done: number; refused: number }>;
  readonly over: boolean;
  step(): Promise<void>;
}

/** `npm run prove` proves promises on extracts. Here extract and contract are the same machine, as far as random traces see. */
describe("Extracts", () => {
  it("exist for what is proved", () => {
    expect(EXTRACTS.map(({ name }) => name)).to.deep.equal(["ChallengeLife", "JobLife", "BondLedger"]);
  });

  it("live a challenge and its coins as the manager does", async function () {
    this.timeout(600_000);
    await compare(ChallengeTwins.start.bind(ChallengeTwins), [
      "demand",
      "supply",
      "refute",
      "expire",
      "resolve",
      "execute",
    ]);
  });

  it("live a job as the escrow does", async function () {
    this.timeout(600_000);
    await compare(JobTwins.start.bind(JobTwins), [
      "submit",
      "expire",
      "draw",
      "cancel",
      "redraw",
      "open",
      "close",
      "finalise",
    ]);
  });

  async function compare(
    start: (chain: Connection, beside: Connection, dice: Dice) => Promise<Twins>,
    needed: readonly string[],
  ): Promise<void> {
    const total = new Map<string, { done: number; refused: number }>();
    const plays = fuzzRuns(PLAYS);
    console.log(`      ${plays} traces of at most ${STEPS} calls, FUZZ_SEED=${fuzzSeed}`);
    for (let i = 0; i < plays; i++) {
      const twins = await start(await connect(), await connect(), dice(fuzzSeed * 1000 + i));
      for (let step = 0, after = 0; step < STEPS && after < STEPS_AFTER; step++) {
        await twins.step();
        if (twins.over) after++;
      }
      for (const [name, { done, refused }] of twins.counts) {
        const sum = total.get(name) ?? { done: 0, refused: 0 };
        total.set(name, { done: sum.done + done, refused: sum.refused + refused });
      }
    }
    const figures = [...total].map(([name, { done, refused }]) => `${name} ${done}/${done + refused}`);
    console.log(`      taken/tried: ${figures.sort().join(", ")}`);
    if (asInCi) for (const name of needed) expect(total.get(name)?.done, name).to.be.above(0);
  }
});

import { expect } from "chai";

import { asInCi, fuzzRuns, fuzzSeed, fuzzSteps } from "../support/fuzz.js";
import { dice } from "../support/graphs.js";
import { DisputeTwins } from "../support/model/dispute-twins.js";
import { ReceiptTwins } from "../support/model/receipt-twins.js";
import { StakingTwins } from "../support/model/staking-twins.js";
import { connect } from "../support/protocol.js";

const PLAYS = 2;
const STEPS = fuzzSteps(200);

const STAKING = ["deposit", "requestExit", "cancelExit", "withdrawExit", "lock", "slash", "setDrawStake"];

const DISPUTES = ["submit", "open", "demand", "deeper", "supply", "expire", "refund", "resolve", "execute", "settle"];

const RECEIPTS = [
  "activate",
  "deposit",
  "release",
  "thaw",
  "withdrawThawed",
  "collect",
  "withdraw",
  "present",
  "challenge",
];

/** What a play needs of twins. */
interface Twins {
  readonly counts: ReadonlyMap<string, { done: number; refused: number }>;
  step(): Promise<void>;
  /** Compares everything. */
  finish(): Promise<void>;
}

/** The rules of money and clocks, written a second time in a few hundred lines, beside the contracts. */
describe("The model of money and clocks", () => {
  it("keeps stake as the staking contract does", async function () {
    this.timeout(3_600_000);
    await compare((seed) => connect().then((chain) => StakingTwins.start(chain, dice(seed))), STAKING);
  });

  it("ends jobs and challenges as escrow and manager do, and pays the same", async function () {
    this.timeout(3_600_000);
    await compare((seed) => connect().then((chain) => DisputeTwins.start(chain, dice(seed))), DISPUTES);
  });

  it("keeps reservations, deposits and receipts as the receipt escrow does", async function () {
    this.timeout(3_600_000);
    await compare((seed) => connect().then((chain) => ReceiptTwins.start(chain, dice(seed))), RECEIPTS);
  });

  async function compare(start: (seed: number) => Promise<Twins>, needed: readonly string[]): Promise<void> {
    const total = new Map<string, { done: number; refused: number }>();
    const plays = fuzzRuns(PLAYS);
    console.log(`      ${plays} plays of ${STEPS} calls, FUZZ_SEED=${fuzzSeed}`);
    for (let i = 0; i < plays; i++) {
      const twins = await start(fuzzSeed * 1000 + i);
      for (let step = 0; step < STEPS; step++) await twins.step();
      await twins.finish();
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

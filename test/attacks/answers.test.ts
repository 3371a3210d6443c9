import { expect } from "chai";

import {
  BOND,
  CLAIM,
  claimOf,
  deployDisputes,
  type Disputes,
  openChallenge,
  openingOf,
  play,
  rightOutputs,
  uphold,
} from "../support/challenges.js";
import { fuzzSeed } from "../support/fuzz.js";
import { dice } from "../support/graphs.js";
import { floatBytes, listHash } from "../support/jobs.js";
import { connect, type Connection } from "../support/protocol.js";

/** Inputs that a consumer tries in search of a false alarm. */
const HUNTED = 6;

/** Numbers are those of docs/attacks.md. */
describe("attacks by answers and inputs", () => {
  let chain: Connection;
  let disputes: Disputes;

  before(async () => {
    chain = await connect();
  });

  beforeEach(async () => {
    disputes = await chain.networkHelpers.loadFixture(fixture);
  });

  async function fixture() {
    return deployDisputes(chain);
  }

  it("76: one right answer given to every question is right once, and slashed at the next question", async () => {
    const [first, second] = [[floatBytes([0, 0.25, 0.5, 1])], [floatBytes([1, 0.5, 0.25, 0])]];
    const stock = rightOutputs(disputes, listHash(first, ["f32"]));
    const reuse = (outputs: Uint8Array[]) => outputs.splice(0, outputs.length, ...stock);
    const lucky = await claimOf(chain, disputes, reuse, first);
    const lazy = await claimOf(chain, disputes, reuse, second);
    // Nothing to show against the first: its element is right.
    const { args, challengeId } = await openingOf(chain, disputes, lucky, { trace: lucky.truth });
    const asChallenger = disputes.manager.connect(chain.challenger);
    await asChallenger.commitChallenge(challengeId);
    await expect(asChallenger.openChallenge(...args, { value: BOND })).to.be.revertedWithCustomError(
      disputes.verifier,
      "NoDeviation",
    );
    const game = play(chain, disputes, await openChallenge(chain, disputes, lazy, { trace: lazy.truth }), lazy.truth);
    await uphold(chain, game);
    await expect(game.execute()).to.emit(disputes.staking, "Slashed");
    expect((await disputes.jobs.claim(lazy.id)).status).to.equal(CLAIM.wrong);
    expect((await disputes.jobs.claim(lucky.id)).status).to.equal(CLAIM.answered);
  });

  it("92: whatever inputs are hunted for, an answer with the audit machine's bits can't be challenged with the truth", async () => {
    const luck = dice(fuzzSeed);
    console.log(`      ${HUNTED} inputs, FUZZ_SEED=${fuzzSeed}`);
    const asChallenger = disputes.manager.connect(chain.challenger);
    for (let i = 0; i < HUNTED; i++) {
      const claim = await claimOf(chain, disputes, undefined, [
        floatBytes([0, 1, 2, 3].map(() => luck.roll(2 ** 24) / 2 ** 23 - 1)),
      ]);
      for (const [output, node] of disputes.layout.outputs.map(({ node }, output) => [output, node] as const)) {
        const element = luck.roll(disputes.layout.nodes[node]!.elements);
        const { args, challengeId } = await openingOf(chain, disputes, claim, { trace: claim.truth, output, element });
        await asChallenger.commitChallenge(challengeId);
        await expect(asChallenger.openChallenge(...args, { value: BOND })).to.be.revertedWithCustomError(
          disputes.verifier,
          "NoDeviation",
        );
      }
    }
  });
});

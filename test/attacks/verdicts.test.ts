import { expect } from "chai";
import { hexlify, id } from "ethers";

import { type Trace, traceOf, writeBits } from "../support/alphabet.js";
import {
  type AnsweredClaim,
  BOND,
  CLAIM,
  claimOf,
  deployDisputes,
  type Disputes,
  FALSE_OUTPUT,
  lie,
  openChallenge,
  openingOf,
  play,
  uphold,
  VERDICT,
} from "../support/challenges.js";
import { connect, type Connection } from "../support/protocol.js";

/** 2^-10, the tolerance of output 0, in units of the last place of numbers in [1, 2). */
const TOLERANCE_ULPS = 8192n;

describe("attacks by deviations", () => {
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

  /** A claim whose output 0 has these bits at element 0. */
  const claiming = (bits: (right: bigint) => bigint): Promise<AnsweredClaim> =>
    claimOf(chain, disputes, (outputs) => {
      const right = BigInt(hexlify(outputs[0]!.subarray(0, 4)));
      writeBits(outputs[0]!, "f32", 0, bits(right));
    });

  const tracing = (claim: AnsweredClaim, bits: bigint): Trace =>
    traceOf(disputes.model, claim.inputsRoot, { alter: [{ node: 3, element: 0, bits }] });

  let salt = 0;
  async function verdictOf(claim: AnsweredClaim, trace: Trace): Promise<bigint> {
    const opened = await openChallenge(chain, disputes, claim, { trace, salt: id(`${salt++}`) });
    return (await disputes.manager.challenge(opened)).verdict;
  }

  async function refusedAsRight(claim: AnsweredClaim, trace: Trace): Promise<void> {
    await expect(verdictOf(claim, trace)).to.be.revertedWithCustomError(disputes.verifier, "NoDeviation");
  }

  it("61: an element or an output that does not exist can't deviate", async () => {
    const { manager, verifier, registry } = disputes;
    const claim = await claimOf(chain, disputes, lie);
    const { args } = await openingOf(chain, disputes, claim, { trace: claim.truth });
    const [source, claimId, traceRoot, deviation, roots, word] = args;
    const asChallenger = manager.connect(chain.challenger);
    for (const [change, contract, error] of [
      [{ element: 4 }, verifier, "ElementOutOfRange"],
      [{ tensor: 2 }, registry, "NoSuchTensor"],
    ] as const) {
      const claimed = { ...deviation.claimed, ...change };
      const { tensor, element } = claimed;
      const challengeId = await manager.challengeIdOf(
        chain.challenger,
        source,
        claimId,
        traceRoot,
        tensor,
        element,
        word,
      );
      await asChallenger.commitChallenge(challengeId);
      const opening = asChallenger.openChallenge(source, claimId, traceRoot, { ...deviation, claimed }, roots, word, {
        value: BOND,
      });
      await expect(opening).to.be.revertedWithCustomError(contract, error);
    }
  });

  it("62: openings with surplus, missing or altered parts open nothing", async () => {
    const { manager, verifier } = disputes;
    const claim = await claimOf(chain, disputes, lie);
    const { args, challengeId } = await openingOf(chain, disputes, claim, { trace: claim.truth });
    const [source, claimId, traceRoot, good, roots, word] = args;
    const asChallenger = manager.connect(chain.challenger);
    await asChallenger.commitChallenge(challengeId);
    const { claimed, traced } = good;
    const more = id("more");
    const bad: [typeof good, string][] = [
      [{ claimed: { ...claimed, proof: [more] }, traced }, "ProofLength"],
      [{ claimed, traced: { ...traced, proof: [more] } }, "ProofLength"],
      [{ claimed, traced: { ...traced, listProof: [...traced.listProof, more] } }, "ProofLength"],
      [{ claimed, traced: { ...traced, listProof: traced.listProof.slice(1) } }, "ProofLength"],
      [{ claimed, traced: { ...traced, listProof: [more, ...traced.listProof.slice(1)] } }, "RootsMismatch"],
      [{ claimed, traced: { ...traced, root: more } }, "RootsMismatch"],
      [{ claimed, traced: { ...traced, leaf: hexlify(claimed.leaf) } }, "TensorRootMismatch"],
      [{ claimed: { ...claimed, leaf: traced.leaf }, traced }, "TensorRootMismatch"],
      [{ claimed: { ...claimed, roots: [more] }, traced }, "ListHashMismatch"],
      [{ claimed, traced: { ...traced, leaf: traced.leaf.slice(0, -2) } }, "LeavesLength"],
    ];
    for (const [deviation, error] of bad) {
      await expect(
        asChallenger.openChallenge(source, claimId, traceRoot, deviation, roots, word, { value: BOND }),
        error,
      ).to.be.revertedWithCustomError(verifier, error);
    }
    await asChallenger.openChallenge(...args, { value: BOND });
  });

  it("63: claims of NaN and infinities are wrong, -0 is 0, and subnormal numbers are numbers", async () => {
    for (const bits of [0x7fc00000n, 0x7f800001n, 0xffc00000n, 0x7f800000n, 0xff800000n]) {
      const claim = await claiming(() => bits);
      expect(await verdictOf(claim, claim.truth), hexlify(`0x${bits.toString(16)}`)).to.equal(VERDICT.wrong);
    }
    const zero = await claiming(() => 0x80000000n);
    await refusedAsRight(zero, tracing(zero, 0n));
    // The least subnormal lies inside any tolerance around zero; NaN and infinity in the trace are void.
    await refusedAsRight(zero, tracing(zero, 1n));
    for (const bits of [0x7fc00000n, 0x7f800001n, 0x7f800000n, 0xff800000n]) {
      expect(await verdictOf(zero, tracing(zero, bits))).to.equal(VERDICT.void);
    }
    const infinite = await claiming(() => 0x7f800000n);
    await refusedAsRight(infinite, tracing(infinite, 0x7f800000n));
    expect(await verdictOf(infinite, tracing(infinite, 0xff800000n))).to.equal(VERDICT.void);
  });

  it("64: a deviation exactly at the tolerance is right, one unit more is wrong, on both sides", async () => {
    for (const side of [1n, -1n]) {
      // Between 1.25 and 1.75, so that the claim stays in [1, 2).
      const middle = 0x3fc00000n;
      for (const [ulps, right] of [
        [TOLERANCE_ULPS - 1n, true],
        [TOLERANCE_ULPS, true],
        [TOLERANCE_ULPS + 1n, false],
      ] as const) {
        const claim = await claiming(() => middle + side * ulps);
        const trace = tracing(claim, middle);
        if (right) await refusedAsRight(claim, trace);
        else expect(await verdictOf(claim, trace)).to.equal(VERDICT.wrong);
      }
    }
  });

  it("64: integers have no tolerance", async () => {
    const claim = await claimOf(chain, disputes, (outputs) => {
      outputs[1]![3]! ^= 1;
    });
    const opened = await openChallenge(chain, disputes, claim, { trace: claim.truth, output: 1 });
    expect((await disputes.manager.challenge(opened)).verdict).to.equal(VERDICT.wrong);
    await expect(
      openChallenge(chain, disputes, claim, { trace: claim.truth, output: 1, element: 1 }),
    ).to.be.revertedWithCustomError(disputes.verifier, "NoDeviation");
  });

  it("65: a trace with a wrong inner tensor and a right output has nothing to show", async () => {
    const claim = await claimOf(chain, disputes);
    const inner = traceOf(disputes.model, claim.inputsRoot, { alter: [{ node: 0, element: 3, bits: 9n }] });
    await refusedAsRight(claim, inner);
  });

  it("65: a trace with right inner tensors and a wrong output is refuted at the output", async () => {
    const claim = await claimOf(chain, disputes);
    const trace = traceOf(disputes.model, claim.inputsRoot, FALSE_OUTPUT);
    const game = play(chain, disputes, await openChallenge(chain, disputes, claim, { trace }), trace);
    for (const node of [0, 1, 2, 4]) {
      await expect(game.refute(node, 0)).to.be.revertedWithCustomError(disputes.manager, "NodeConsistent");
    }
    await game.refute(3, 0);
  });

  it("93: an answer of nothing but NaN is slashed", async () => {
    const claim = await claimOf(chain, disputes, (outputs) => {
      for (let element = 0; element < 4; element++) writeBits(outputs[0]!, "f32", element, 0x7fc00000n);
    });
    const game = play(
      chain,
      disputes,
      await openChallenge(chain, disputes, claim, { trace: claim.truth }),
      claim.truth,
    );
    await uphold(chain, game);
    await game.execute();
    expect((await disputes.jobs.claim(claim.id)).status).to.equal(CLAIM.wrong);
  });
});

import { expect } from "chai";
import { id, ZeroAddress } from "ethers";

import { traceOf } from "../../support/alphabet.js";
import {
  at,
  BOND,
  CLAIM,
  claimOf,
  deployDisputes,
  type Disputes,
  FALSE_OUTPUT,
  INPUTS,
  lie,
  openChallenge,
  PAYMENT,
  play,
} from "../../support/challenges.js";
import { earned, finaliseJob, floatBytes, openElement } from "../../support/jobs.js";
import { connect, type Connection, OFFER } from "../../support/protocol.js";

/** The domain is [-1, 1]. */
const OUTSIDE = [floatBytes([0, 1.5, 0.5, Number.NaN])];
const opening = (element: number, inputs = OUTSIDE) => openElement(inputs, ["f32"], 0, element);

describe("ChallengeManager: inputs outside the domain", () => {
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

  it("void the claim at once, without a bond: fee back but for the audit share, stake free", async () => {
    const { manager, jobs, staking } = disputes;
    const claim = await claimOf(chain, disputes, lie, OUTSIDE);
    await expect(manager.connect(chain.stranger).voidOutsideDomain(jobs, claim.id, opening(1)))
      .to.emit(manager, "DomainVoided")
      .withArgs(await jobs.getAddress(), claim.id, chain.stranger.address, 0, 1, 0x3fc00000n);
    expect((await jobs.claim(claim.id)).status).to.equal(CLAIM.void);
    expect(await jobs.creditOf(ZeroAddress, chain.consumer)).to.equal(earned(OFFER.price));
    expect(await staking.freeStake(chain.owner)).to.equal(await staking.stakeOf(chain.owner));
    await expect(manager.voidOutsideDomain(jobs, claim.id, opening(1)))
      .to.be.revertedWithCustomError(manager, "ClaimNotChallengeable")
      .withArgs(await jobs.getAddress(), claim.id, CLAIM.void);
  });

  it("are not finite, or beyond a bound", async () => {
    const { manager, jobs, verifier } = disputes;
    const claim = await claimOf(chain, disputes, lie, OUTSIDE);
    for (const [element, bits] of [
      [0, 0n],
      [2, 0x3f000000n],
    ] as const) {
      await expect(manager.voidOutsideDomain(jobs, claim.id, opening(element)))
        .to.be.revertedWithCustomError(verifier, "InsideDomain")
        .withArgs(0, element, bits);
    }
    await manager.voidOutsideDomain(jobs, claim.id, opening(3));
  });

  it("are opened from the claim's inputs root", async () => {
    const { manager, jobs, verifier } = disputes;
    const claim = await claimOf(chain, disputes, lie);
    await expect(manager.voidOutsideDomain(jobs, claim.id, opening(1))).to.be.revertedWithCustomError(
      verifier,
      "ListHashMismatch",
    );
    const honest = opening(1, [...INPUTS]);
    await expect(
      manager.voidOutsideDomain(jobs, claim.id, { ...honest, leaf: opening(1).leaf }),
    ).to.be.revertedWithCustomError(verifier, "TensorRootMismatch");
    await expect(manager.voidOutsideDomain(jobs, claim.id, { ...honest, element: 4 })).to.be.revertedWithCustomError(
      verifier,
      "ElementOutOfRange",
    );
    await expect(manager.voidOutsideDomain(jobs, claim.id, { ...honest, tensor: 1 })).to.be.revertedWithCustomError(
      disputes.registry,
      "NoSuchTensor",
    );
    await expect(manager.voidOutsideDomain(jobs, id("nothing"), honest)).to.be.revertedWithCustomError(
      manager,
      "ClaimNotChallengeable",
    );
    await expect(manager.voidOutsideDomain(chain.stranger, claim.id, honest)).to.be.revertedWithCustomError(
      manager,
      "UnknownSource",
    );
  });

  it("can be shown in the challenge window: 0 and +1 seconds", async () => {
    const { manager, jobs } = disputes;
    const [a, b] = [await claimOf(chain, disputes, lie, OUTSIDE), await claimOf(chain, disputes, lie, OUTSIDE)];
    const deadline = (await jobs.claim(a.id)).challengeDeadline;
    await at(chain, deadline);
    await manager.voidOutsideDomain(jobs, a.id, opening(1));
    const later = (await jobs.claim(b.id)).challengeDeadline;
    await at(chain, later + 1n);
    await expect(manager.voidOutsideDomain(jobs, b.id, opening(1)))
      .to.be.revertedWithCustomError(manager, "ClaimClosed")
      .withArgs(await jobs.getAddress(), b.id, later);
    await finaliseJob(jobs, b.id);
  });

  it("can be shown later while a challenge stands, which then gets its bond back", async () => {
    const { manager, jobs } = disputes;
    const claim = await claimOf(chain, disputes, lie, OUTSIDE);
    const game = play(
      chain,
      disputes,
      await openChallenge(chain, disputes, claim, { trace: claim.truth }),
      claim.truth,
    );
    const place = { node: 0, height: 0, index: 0 };
    await game.demand(place);
    await at(chain, (await jobs.claim(claim.id)).challengeDeadline + 1n);
    await manager.voidOutsideDomain(jobs, claim.id, opening(1));
    await game.settle();
    expect(await manager.creditOf(chain.challenger)).to.equal(BOND);
    // The demand was not answered: its price goes back.
    await game.refund(place);
    expect(await manager.creditOf(chain.stranger)).to.equal(PAYMENT);
    expect((await jobs.claim(claim.id)).openChallenges).to.equal(0);
  });

  it("save nobody whose inputs are inside", async () => {
    const { manager, jobs, verifier } = disputes;
    const claim = await claimOf(chain, disputes);
    const trace = traceOf(disputes.model, claim.inputsRoot, FALSE_OUTPUT);
    await openChallenge(chain, disputes, claim, { trace });
    for (let element = 0; element < 4; element++) {
      await expect(
        manager.voidOutsideDomain(jobs, claim.id, opening(element, [...INPUTS])),
      ).to.be.revertedWithCustomError(verifier, "InsideDomain");
    }
  });
});

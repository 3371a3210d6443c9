import { expect } from "chai";
import { AbiCoder, hexlify, id, keccak256 } from "ethers";

import { finaliseJob } from "../../support/jobs.js";
import {
  FALSE_OUTPUT,
  at,
  BOND,
  claimOf,
  deployDisputes,
  type Disputes,
  lie,
  LONG_LAYOUT,
  openChallenge,
  openingOf,
  STATUS,
  TERMS,
  VERDICT,
} from "../../support/challenges.js";
import { traceOf } from "../../support/alphabet.js";
import { connect, type Connection, HOUR } from "../../support/protocol.js";

describe("ChallengeManager: commit and open", () => {
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

  const latest = () => chain.networkHelpers.time.latest();

  it("has an id that binds chain, contract, challenger, claim, trace, place and salt, in this order", async () => {
    const { manager, jobs } = disputes;
    const [contract, source] = [await manager.getAddress(), await jobs.getAddress()];
    const { address } = chain.challenger;
    const [claimId, traceRoot, salt] = [id("claim"), id("trace"), id("salt")];
    const { chainId } = await chain.ethers.provider.getNetwork();
    const types = ["uint256", "address", "address", "address", "bytes32", "bytes32", "uint32", "uint32", "bytes32"];
    const fields = [chainId, contract, address, source, claimId, traceRoot, 3, 7, salt];
    expect(await manager.challengeIdOf(address, source, claimId, traceRoot, 3, 7, salt)).to.equal(
      keccak256(AbiCoder.defaultAbiCoder().encode(types, fields)),
    );
  });

  it("stores and announces everything that a defender needs", async () => {
    const { manager, jobs, modelId } = disputes;
    const claim = await claimOf(chain, disputes, lie);
    const { challengeId, args } = await openingOf(chain, disputes, claim, { trace: claim.truth });
    const asChallenger = manager.connect(chain.challenger);
    await expect(asChallenger.commitChallenge(challengeId))
      .to.emit(manager, "ChallengeCommitted")
      .withArgs(challengeId, chain.challenger.address);
    const opening = asChallenger.openChallenge(...args, { value: BOND });
    await opening;
    const deadline = (await latest()) + TERMS.refutationWindow;
    const traceRoot = hexlify(claim.truth.list.root());
    await expect(opening)
      .to.emit(manager, "ChallengeOpened")
      .withArgs(
        challengeId,
        await jobs.getAddress(),
        claim.id,
        chain.challenger.address,
        VERDICT.wrong,
        modelId,
        traceRoot,
        BOND,
        deadline,
      );
    const right = BigInt(hexlify(claim.truth.trees[3]!.leaves(0, 1).subarray(0, 4)));
    await expect(opening).to.emit(manager, "DeviationShown").withArgs(challengeId, 0, 0, 0x40800000n, right);
    await expect(opening).to.emit(manager, "RootsGiven").withArgs(challengeId, claim.truth.roots);
    await expect(opening).to.emit(jobs, "ClaimChallenged").withArgs(claim.id, 1);

    const state = await manager.challenge(challengeId);
    expect(state.status).to.equal(STATUS.open);
    expect([state.refutationDeadline, state.lastDeadline]).to.deep.equal([BigInt(deadline), BigInt(deadline)]);
    expect([state.bond, state.paid, state.held]).to.deep.equal([BOND, 0n, 0n]);
    expect(await manager.totalOwed()).to.equal(BOND);
    expect((await jobs.claim(claim.id)).openChallenges).to.equal(1);
  });

  describe("commitment", () => {
    it("binds sender, source, claim, trace root, deviation and salt", async () => {
      const { manager } = disputes;
      const claim = await claimOf(chain, disputes, lie);
      const other = await claimOf(chain, disputes, lie);
      const { challengeId, args } = await openingOf(chain, disputes, claim, { trace: claim.truth });
      const asChallenger = manager.connect(chain.challenger);
      await asChallenger.commitChallenge(challengeId);
      const [source, claimId, traceRoot, deviation, roots, salt] = args;
      // Somebody else, another claim, another salt: none of them was committed to.
      await expect(
        manager.connect(chain.stranger).openChallenge(...args, { value: BOND }),
      ).to.be.revertedWithCustomError(manager, "NotCommitted");
      await expect(
        asChallenger.openChallenge(source, other.id, traceRoot, deviation, roots, salt, { value: BOND }),
      ).to.be.revertedWithCustomError(manager, "NotCommitted");
      await expect(
        asChallenger.openChallenge(source, claimId, id("root"), deviation, roots, salt, { value: BOND }),
      ).to.be.revertedWithCustomError(manager, "NotCommitted");
      await expect(
        asChallenger.openChallenge(source, claimId, traceRoot, deviation, roots, id("other"), { value: BOND }),
      ).to.be.revertedWithCustomError(manager, "NotCommitted");
      const elsewhere = { ...deviation, claimed: { ...deviation.claimed, element: 1 } };
      await expect(
        asChallenger.openChallenge(source, claimId, traceRoot, elsewhere, roots, salt, { value: BOND }),
      ).to.be.revertedWithCustomError(manager, "NotCommitted");
      await asChallenger.openChallenge(...args, { value: BOND });
    });

    it("is used once, and no challenge opens twice", async () => {
      const { manager } = disputes;
      const claim = await claimOf(chain, disputes, lie);
      const { challengeId, args } = await openingOf(chain, disputes, claim, { trace: claim.truth });
      const asChallenger = manager.connect(chain.challenger);
      await asChallenger.commitChallenge(challengeId);
      await asChallenger.openChallenge(...args, { value: BOND });
      expect((await manager.commitmentOf(chain.challenger, challengeId)).committedAt).to.equal(0);
      await asChallenger.commitChallenge(challengeId);
      await expect(asChallenger.openChallenge(...args, { value: BOND }))
        .to.be.revertedWithCustomError(manager, "ChallengeExists")
        .withArgs(challengeId);
    });

    it("can't be opened in its own block", async () => {
      const { manager } = disputes;
      const claim = await claimOf(chain, disputes, lie);
      const { challengeId, args } = await openingOf(chain, disputes, claim, { trace: claim.truth });
      const asChallenger = manager.connect(chain.challenger);
      await chain.ethers.provider.send("evm_setAutomine", [false]);
      try {
        await asChallenger.commitChallenge(challengeId, { gasLimit: 200_000 });
        const early = await asChallenger.openChallenge(...args, { value: BOND, gasLimit: 3_000_000 });
        await chain.networkHelpers.mine();
        expect((await chain.ethers.provider.getTransactionReceipt(early.hash))!.status).to.equal(0);
      } finally {
        await chain.ethers.provider.send("evm_setAutomine", [true]);
      }
      await asChallenger.openChallenge(...args, { value: BOND });
    });

    it("lives for an hour and the inclusion delay: -1, 0 and +1 seconds", async () => {
      const { manager } = disputes;
      const asChallenger = manager.connect(chain.challenger);
      for (const [offset, opens] of [
        [-1, true],
        [0, true],
        [1, false],
      ] as const) {
        const claim = await claimOf(chain, disputes, lie);
        const { challengeId, args } = await openingOf(chain, disputes, claim, { trace: claim.truth });
        await asChallenger.commitChallenge(challengeId);
        const expiry = (await latest()) + HOUR + TERMS.inclusionDelay;
        await at(chain, expiry + offset);
        const opening = asChallenger.openChallenge(...args, { value: BOND });
        if (opens) await opening;
        else
          await expect(opening).to.be.revertedWithCustomError(manager, "CommitExpired").withArgs(challengeId, expiry);
      }
    });

    it("of somebody else neither blocks nor helps", async () => {
      const { manager } = disputes;
      const claim = await claimOf(chain, disputes, lie);
      const { challengeId, args } = await openingOf(chain, disputes, claim, { trace: claim.truth });
      await manager.connect(chain.stranger).commitChallenge(challengeId);
      await expect(
        manager.connect(chain.challenger).openChallenge(...args, { value: BOND }),
      ).to.be.revertedWithCustomError(manager, "NotCommitted");
      await manager.connect(chain.challenger).commitChallenge(challengeId);
      // A refreshed copy does not make the challenger's commitment fresh again.
      await manager.connect(chain.stranger).commitChallenge(challengeId);
      await manager.connect(chain.challenger).openChallenge(...args, { value: BOND });
    });
  });

  describe("requirements", () => {
    async function opening(answer = lie) {
      const claim = await claimOf(chain, disputes, answer);
      const prepared = await openingOf(chain, disputes, claim, { trace: claim.truth });
      const manager = disputes.manager.connect(prepared.challenger);
      await manager.commitChallenge(prepared.challengeId);
      return { claim, manager, ...prepared };
    }

    it("a source of this deployment", async () => {
      const { manager, layout } = disputes;
      const stranger = await deployDisputes(chain, { layout });
      const claim = await claimOf(chain, stranger, lie);
      const { challengeId, args } = await openingOf(chain, { ...stranger, manager }, claim, { trace: claim.truth });
      await manager.connect(chain.challenger).commitChallenge(challengeId);
      await expect(manager.connect(chain.challenger).openChallenge(...args, { value: BOND }))
        .to.be.revertedWithCustomError(manager, "UnknownSource")
        .withArgs(args[0]);
    });

    it("an answered claim", async () => {
      const { manager, jobs } = disputes;
      const claim = await claimOf(chain, disputes, lie);
      const unknown = { ...claim, id: id("nothing") };
      const { challengeId, args } = await openingOf(chain, disputes, unknown, { trace: claim.truth });
      await manager.connect(chain.challenger).commitChallenge(challengeId);
      await expect(manager.connect(chain.challenger).openChallenge(...args, { value: BOND }))
        .to.be.revertedWithCustomError(manager, "ClaimNotChallengeable")
        .withArgs(await jobs.getAddress(), unknown.id, 0);
    });

    it("the challenge window: -1, 0 and +1 seconds", async () => {
      for (const [offset, opens] of [
        [-1, true],
        [0, true],
        [1, false],
      ] as const) {
        const { manager, jobs } = disputes;
        const claim = await claimOf(chain, disputes, lie);
        const { challengeId, args } = await openingOf(chain, disputes, claim, { trace: claim.truth });
        const deadline = (await jobs.claim(claim.id)).challengeDeadline;
        await at(chain, deadline - 60n);
        await manager.connect(chain.challenger).commitChallenge(challengeId);
        await at(chain, deadline + BigInt(offset));
        const opened = manager.connect(chain.challenger).openChallenge(...args, { value: BOND });
        if (opens) await opened;
        else {
          await expect(opened)
            .to.be.revertedWithCustomError(jobs, "ChallengeWindowClosed")
            .withArgs(claim.id, deadline);
        }
      }
    });

    it("a bond: -1, 0 and +1 wei", async () => {
      for (const [offset, opens] of [
        [-1n, false],
        [0n, true],
        [1n, true],
      ] as const) {
        const { args, manager } = await opening();
        await chain.networkHelpers.setNextBlockBaseFeePerGas(5_000_000_000n);
        const needed = await manager.bondFor(disputes.modelId, 5_000_000_000n);
        expect(needed).to.be.above(TERMS.bondFloor);
        const opened = manager.openChallenge(...args, { value: needed + offset });
        if (opens) await opened;
        else
          await expect(opened)
            .to.be.revertedWithCustomError(manager, "BondTooSmall")
            .withArgs(needed - 1n, needed);
      }
    });

    it("every root, and those that the trace root commits to", async () => {
      const { verifier } = disputes;
      const claim = await claimOf(chain, disputes, lie);
      const { roots } = claim.truth;
      for (const given of [[], roots.slice(1), [...roots, roots[0]!]]) {
        const { args, challengeId } = await openingOf(chain, disputes, claim, { trace: claim.truth, roots: given });
        const manager = disputes.manager.connect(chain.challenger);
        await manager.commitChallenge(challengeId);
        await expect(manager.openChallenge(...args, { value: BOND }))
          .to.be.revertedWithCustomError(verifier, "RootCount")
          .withArgs(given.length, roots.length);
      }
      const swapped = [roots[1]!, roots[0]!, ...roots.slice(2)];
      const { args, challengeId } = await openingOf(chain, disputes, claim, { trace: claim.truth, roots: swapped });
      const manager = disputes.manager.connect(chain.challenger);
      await manager.commitChallenge(challengeId);
      await expect(manager.openChallenge(...args, { value: BOND })).to.be.revertedWithCustomError(
        verifier,
        "RootsMismatch",
      );
    });

    it("a deviation: an answer inside the tolerance stands", async () => {
      const { verifier } = disputes;
      const { args, manager, claim } = await opening(() => undefined);
      const right = BigInt(hexlify(claim.outputs[0]!.subarray(0, 4)));
      await expect(manager.openChallenge(...args, { value: BOND }))
        .to.be.revertedWithCustomError(verifier, "NoDeviation")
        .withArgs(right, right);
    });
  });

  it("takes no roots, and emits none, where they have to be demanded", async () => {
    disputes = await deployDisputes(chain, { layout: LONG_LAYOUT });
    const { manager, verifier } = disputes;
    const claim = await claimOf(chain, disputes, lie);
    const trace = claim.truth;
    const given = await openingOf(chain, disputes, claim, { trace, roots: trace.roots.slice(0, 2048) });
    await manager.connect(chain.challenger).commitChallenge(given.challengeId);
    await expect(manager.connect(chain.challenger).openChallenge(...given.args, { value: BOND }))
      .to.be.revertedWithCustomError(verifier, "RootCount")
      .withArgs(2048, 0);
    const { args } = await openingOf(chain, disputes, claim, { trace });
    const opening = manager.connect(chain.challenger).openChallenge(...args, { value: BOND });
    await expect(opening).to.emit(manager, "ChallengeOpened");
    await expect(opening).not.to.emit(manager, "RootsGiven");
  });

  it("keeps the claim from becoming final, also a right one", async () => {
    const { jobs } = disputes;
    const claim = await claimOf(chain, disputes);
    await openChallenge(chain, disputes, claim, { trace: traceOf(disputes.model, claim.inputsRoot, FALSE_OUTPUT) });
    await at(chain, (await jobs.claim(claim.id)).challengeDeadline + 1n);
    await expect(finaliseJob(jobs, claim.id)).to.be.revertedWithCustomError(jobs, "Challenged").withArgs(claim.id, 1);
  });
});

import { expect } from "chai";
import { hexlify, id } from "ethers";

import { tensorTreeOfBytes } from "../../src/audit/tree.js";
import { evidenceOf, type Trace, type TraceChange, traceOf } from "../support/alphabet.js";
import {
  type AnsweredClaim,
  at,
  BOND,
  CLAIM,
  claimOf,
  deployDisputes,
  type Disputes,
  FALSE_OUTPUT,
  type Layout,
  LAYOUT,
  lie,
  openChallenge,
  PAYMENT,
  type Play,
  play,
  STATUS,
  TERMS,
  uphold,
} from "../support/challenges.js";
import { searchByDemands } from "../support/defender.js";
import { firstDemand, type Place } from "../support/demands.js";
import { fuzzSeed } from "../support/fuzz.js";
import { dice } from "../support/graphs.js";
import { connect, type Connection } from "../support/protocol.js";

const ROOT: Place = { node: 1, height: 9, index: 0 };
const PAIR: Place = { node: 1, height: 1, index: 5 };
const LEAF: Place = { node: 1, height: 0, index: 11 };
const leaf = (index: number): Place => ({ ...LEAF, index });

describe("attacks by demands and missing data", () => {
  let chain: Connection;
  let disputes: Disputes;
  let claim: AnsweredClaim;

  before(async () => {
    chain = await connect();
  });

  beforeEach(async () => {
    ({ disputes, claim } = await chain.networkHelpers.loadFixture(fixture));
  });

  async function fixture() {
    const deployed = await deployDisputes(chain);
    return { disputes: deployed, claim: await claimOf(chain, deployed) };
  }

  /** A false challenge: the output deviates, and the trace is false where `change` says. */
  async function slander(change: TraceChange = {}): Promise<{ game: Play; trace: Trace; id: string }> {
    const alter = [...FALSE_OUTPUT.alter!, ...(change.alter ?? [])];
    const trace = traceOf(disputes.model, claim.inputsRoot, { ...change, alter });
    const opened = await openChallenge(chain, disputes, claim, { trace });
    return { game: play(chain, disputes, opened, trace), trace, id: opened };
  }

  /** A true challenge to a wrong answer. */
  async function accuse(): Promise<{ game: Play; id: string }> {
    claim = await claimOf(chain, disputes, lie);
    const opened = await openChallenge(chain, disputes, claim, { trace: claim.truth });
    return { game: play(chain, disputes, opened, claim.truth), id: opened };
  }

  const credit = (signer: Connection["stranger"]) => disputes.manager.creditOf(signer);
  /** Coins of somebody, in the wallet and to be withdrawn. */
  const wealth = async (signer: Connection["stranger"]) =>
    (await chain.ethers.provider.getBalance(signer)) + (await credit(signer));

  it("53: bogus demands pay an honest challenger more than they cost it, and their maker more and more", async () => {
    const { game, id: challengeId } = await accuse();
    const [challenger, maker] = [await wealth(chain.challenger), await wealth(chain.stranger)];
    for (let round = 0; round < 3; round++) {
      const places = Array.from({ length: 10 }, (_, i) => leaf(10 * round + i));
      for (const place of places) await game.demand(place);
      for (const place of places) await game.supply(place);
    }
    const gained = (await wealth(chain.challenger)) - challenger;
    expect(gained, "the challenger has its gas back, and more").to.be.above(0);
    expect(maker - (await wealth(chain.stranger))).to.be.above(gained);
    // With 64 outstanding, the next one costs 256 times the base price.
    for (let i = 100; i < 164; i++) await game.demand(leaf(i));
    const { price, surcharge } = await disputes.manager.demandPrice(challengeId, 256, 0);
    expect(surcharge).to.equal(255n * price);
    for (let i = 100; i < 164; i++) await game.supply(leaf(i));
    await uphold(chain, game);
    await game.execute();
    expect((await disputes.jobs.claim(claim.id)).status).to.equal(CLAIM.wrong);
  });

  it("54: bogus challenges pay whoever refutes them, and cost their maker at least a quarter of the bond", async () => {
    const { game } = await slander();
    const [maker, defender] = [await wealth(chain.challenger), await wealth(chain.stranger)];
    await game.refute(3, 0);
    expect(await wealth(chain.stranger)).to.be.above(defender);
    expect(await wealth(chain.challenger)).to.equal(maker);
    expect(await disputes.manager.totalBurnt()).to.be.at.least(BOND / 4n);
    // Refuting oneself saves half of the bond at most.
    const own = await slander({ alter: [{ node: 0, element: 0, bits: 7n }] });
    const before = await wealth(chain.challenger);
    await own.game.refute(3, 0, chain.challenger);
    expect((await wealth(chain.challenger)) - before).to.be.at.most(BOND / 2n);
  });

  it("55: a garbage root without preimage dies by one unanswered demand", async () => {
    for (const [node, height] of [
      [0, 0],
      [1, 9],
      [2, 2],
    ] as const) {
      ({ disputes, claim } = await chain.networkHelpers.loadFixture(fixture));
      const { game, id: challengeId } = await slander({ garble: { [node]: id("garbage") } });
      const { demanded, wrong } = await searchByDemands(disputes, challengeId, claim.truth, {
        game,
        by: chain.stranger,
        answer: () => Promise.resolve(false),
      });
      expect(demanded).to.deep.equal([{ node, height, index: 0 }]);
      expect(wrong).to.equal(undefined);
      const place = demanded[0]!;
      // What the true tensor would show is no answer to it.
      const answer = play(chain, disputes, challengeId, claim.truth).supply(place);
      await expect(answer).to.be.revertedWithCustomError(disputes.verifier, "SupplyMismatch");
      await at(chain, (await game.demandAt(place)).supplyDeadline + 1n);
      await game.expire(place);
      expect((await game.state()).status).to.equal(STATUS.unanswered);
    }
  });

  it("56: one bad element at a random place is found and refuted in L + 1 transactions at most", async () => {
    const { roll } = dice(fuzzSeed);
    console.log(`      FUZZ_SEED=${fuzzSeed}`);
    for (let i = 0; i < 6; i++) {
      ({ disputes, claim } = await chain.networkHelpers.loadFixture(fixture));
      const node = roll(3);
      const element = roll(LAYOUT.nodes[node]!.elements);
      const right = claim.truth.trees[node]!.element(element);
      const { game, id: challengeId } = await slander({ alter: [{ node, element, bits: right ^ 1n }] });
      const { demanded, wrong } = await searchByDemands(disputes, challengeId, claim.truth, {
        game,
        by: chain.stranger,
        answer: async (place) => {
          await game.supply(place);
          return true;
        },
      });
      expect(wrong).to.deep.equal({ node, element });
      expect(demanded.length).to.be.at.most(LAYOUT.depth);
      await game.refute(node, element);
      expect((await game.state()).status).to.equal(STATUS.refuted);
    }
  });

  describe("57: the root of a tensor of another shape", () => {
    const TENSOR: Place = { node: 2, height: 2, index: 0 };

    /** Commits to `bytes` zero-extended or cut bytes of node 2, which has 800 in 4 leaves, and demands its root. */
    async function misshape(bytes: number) {
      const data = new Uint8Array(bytes);
      data.set(claim.truth.trees[2]!.leaves(0, 4).subarray(0, Math.min(bytes, 800)));
      const other = tensorTreeOfBytes(data, "i64");
      const { game, id: challengeId } = await slander({ garble: { 2: hexlify(other.root()) } });
      await game.demand(TENSOR);
      const row = (height: number): string[] =>
        Array.from({ length: Math.ceil(other.count / 2 ** height) }, (_, i) => hexlify(other.hashAt(height, i)));
      return { game, challengeId, other, row };
    }

    async function expireAt(game: Play, place: Place): Promise<void> {
      await at(chain, (await game.demandAt(place)).supplyDeadline + 1n);
      await game.expire(place);
      expect((await game.state()).status).to.equal(STATUS.unanswered);
    }

    it("a smaller one has no supply", async () => {
      const { game, challengeId, row } = await misshape(512);
      const { manager, verifier } = disputes;
      await expect(manager.supplyHashes(challengeId, TENSOR, row(0))).to.be.revertedWithCustomError(
        verifier,
        "SupplyCount",
      );
      await expect(
        manager.supplyHashes(challengeId, TENSOR, [...row(0), id("a"), id("b")]),
      ).to.be.revertedWithCustomError(verifier, "SupplyMismatch");
      await expireAt(game, TENSOR);
    });

    it("a larger one has inner hashes where leaves should be, and no bytes for them", async () => {
      const { game, challengeId, other, row } = await misshape(1600);
      const { manager, verifier } = disputes;
      await expect(manager.supplyHashes(challengeId, TENSOR, row(0))).to.be.revertedWithCustomError(
        verifier,
        "SupplyCount",
      );
      await manager.supplyHashes(challengeId, TENSOR, row(1));
      const place: Place = { node: 2, height: 0, index: 1 };
      const subtree = {
        position: place,
        root: row(1)[1]!,
        proof: [row(1)[0]!, row(2)[1]!],
        node: "0x",
        nodeProof: [],
      };
      await manager.demandDeeper(challengeId, TENSOR, subtree, { value: PAYMENT });
      const preimage = Buffer.concat([other.hashAt(0, 2), other.hashAt(0, 3)]);
      await expect(manager.supplyLeaf(challengeId, place, preimage)).to.be.revertedWithCustomError(
        verifier,
        "LeavesLength",
      );
      await expireAt(game, place);
    });

    it("bytes behind the last element can't be supplied unless they are zero", async () => {
      const { manager, verifier } = disputes;
      const right = claim.truth.trees[0]!;
      const dirty = right.leaves(0, 1);
      dirty[160] = 1;
      // As 64 elements these bytes are a leaf without padding; node 0 has 40.
      const root = hexlify(tensorTreeOfBytes(dirty, "f32").root());
      const { game, id: challengeId } = await slander({ garble: { 0: root } });
      const place: Place = { node: 0, height: 0, index: 0 };
      await game.demand(place);
      await expect(manager.supplyLeaf(challengeId, place, dirty))
        .to.be.revertedWithCustomError(verifier, "PaddingNotZero")
        .withArgs([0, 0, 0]);
    });
  });

  it("58: a node of another model does not tell a demand's shape", async () => {
    const { game, id: challengeId, trace } = await slander();
    const subtree = { ...firstDemand(trace, ROOT), node: "0x000000010100" };
    await expect(disputes.manager.demand(challengeId, subtree, { value: PAYMENT })).to.be.revertedWithCustomError(
      disputes.arbiter,
      "NodeNotInGraph",
    );
    expect((await game.state()).demands).to.equal(0);
  });

  it("95, 96: evidence of 64 KiB passes through with gas to spare", async () => {
    const { manager } = disputes;
    const { id: challengeId, trace } = await slander();
    const evidence = evidenceOf(trace, 3, 0);
    const leaves = `0x${"a5".repeat(255 * 256)}`;
    const openings = [{ root: id("root"), listProof: [], ranges: [{ first: 0, leaves, proof: [] }] }];
    const response = await manager.refute(challengeId, { ...evidence, openings });
    const { gasUsed } = (await response.wait())!;
    expect((response.data.length - 2) / 2).to.be.above(65_000);
    // 8M are the Arbiter's; the cap of a transaction is 16.7M.
    expect(gasUsed).to.be.below(3_500_000n);
  });

  it("97: a false challenger that answers every demand in the last second loses within the closed form", async () => {
    const element = 11 * 256 + 7;
    const { game, id: challengeId } = await slander({
      alter: [{ node: 1, element, bits: claim.truth.trees[1]!.element(element) ^ 1n }],
    });
    const { openedAt, refutationDeadline } = await game.state();
    await at(chain, refutationDeadline);
    let last: Place | undefined;
    const { wrong } = await searchByDemands(disputes, challengeId, claim.truth, {
      game: {
        ...game,
        deeper: async (around, place, by) => {
          // The defender, too, waits until its last second.
          await at(chain, (await game.demandAt(around)).graceDeadline);
          return game.deeper(around, place, by);
        },
      },
      by: chain.stranger,
      answer: async (place) => {
        last = place;
        await at(chain, (await game.demandAt(place)).supplyDeadline);
        await game.supply(place);
        return true;
      },
    });
    await at(chain, (await game.demandAt(last!)).graceDeadline);
    await game.refute(wrong!.node, wrong!.element);
    const took = (await chain.networkHelpers.time.latest()) - Number(openedAt);
    const bound = TERMS.refutationWindow + LAYOUT.depth * (TERMS.supplyWindow + TERMS.graceWindow);
    expect(took).to.equal(bound);
    expect((await game.state()).status).to.equal(STATUS.refuted);
  });

  describe("98: a flood of demands", () => {
    it("in the last second delays an honest challenger by one supply window only", async () => {
      const { game } = await accuse();
      const { refutationDeadline } = await game.state();
      const count = 40;
      await at(chain, refutationDeadline - BigInt(count) + 1n);
      for (let i = 0; i < count; i++) await game.demand(leaf(i));
      const paid = await credit(chain.challenger);
      for (let i = 0; i < count; i++) await game.supply(leaf(i));
      expect(await credit(chain.challenger)).to.be.above(paid);
      const { lastDeadline } = await game.state();
      expect(lastDeadline).to.be.at.most(refutationDeadline + BigInt(TERMS.supplyWindow + TERMS.graceWindow));
      await uphold(chain, game);
      await game.execute();
      expect((await disputes.jobs.claim(claim.id)).status).to.equal(CLAIM.wrong);
    });

    it("by a false challenger into its own queue does not make the accused's demand dearer", async () => {
      const { game, id: challengeId } = await slander({ garble: { 0: id("garbage") } });
      for (let i = 0; i < 40; i++) await game.demand(leaf(i), chain.challenger);
      const place: Place = { node: 0, height: 0, index: 0 };
      const before = await disputes.manager.totalBurnt();
      await game.demand(place, chain.worker);
      expect(await disputes.manager.totalBurnt()).to.equal(before);
      await at(chain, (await game.demandAt(place)).supplyDeadline + 1n);
      await game.expire(place);
      expect(await disputes.manager.totalBurnt()).to.be.above(before);
      expect((await disputes.manager.challenge(challengeId)).status).to.equal(STATUS.unanswered);
    });
  });

  it("107: an ill-formed node is no shelter: its demand is refused, and refuting it is easy", async () => {
    const layout: Layout = {
      ...LAYOUT,
      nodes: [{ elements: 0, dtype: "f32" }, ...LAYOUT.nodes.slice(1)],
    };
    disputes = await deployDisputes(chain, { layout });
    claim = await claimOf(chain, disputes);
    const { game } = await slander();
    const place: Place = { node: 0, height: 0, index: 0 };
    await expect(game.demand(place)).to.be.revertedWithCustomError(disputes.verifier, "IllFormedNode").withArgs(0);
    await game.refute(0, 0);
    expect((await game.state()).status).to.equal(STATUS.refuted);
  });

  it("107: a tensor deeper than the registered chain can't be demanded, which would outlast the worst case", async () => {
    disputes = await deployDisputes(chain, { layout: { ...LAYOUT, depth: 2 } });
    claim = await claimOf(chain, disputes);
    const { game } = await slander();
    await expect(game.demand(ROOT)).to.be.revertedWithCustomError(disputes.verifier, "IllFormedNode").withArgs(1);
    await game.demand({ node: 2, height: 2, index: 0 });
  });

  it("112: a puppet that captures the follow-up demands shares with those who led there", async () => {
    const element = 11 * 256 + 7;
    const { game } = await slander({
      alter: [{ node: 1, element, bits: claim.truth.trees[1]!.element(element) ^ 1n }],
    });
    const [honest, puppet] = [chain.stranger, chain.consumer];
    await game.demand(ROOT, honest);
    await game.supply(ROOT);
    await game.deeper(ROOT, PAIR, puppet);
    await game.supply(PAIR);
    await game.deeper(PAIR, LEAF, puppet);
    const before = await credit(honest);
    const { paid } = await game.state();
    await at(chain, (await game.demandAt(LEAF)).supplyDeadline + 1n);
    await game.expire(LEAF, puppet);
    expect((await credit(honest)) - before).to.equal((BOND - paid) / 2n / 3n);
    // And everybody's price goes back.
    for (const place of [ROOT, PAIR, LEAF]) await game.refund(place);
  });

  it("115: a false challenger that is paid for its supplies and refuted by its own puppet loses", async () => {
    const { manager } = disputes;
    const { game } = await slander();
    const colluders = [chain.challenger, chain.consumer];
    const sum = async () => (await wealth(colluders[0]!)) + (await wealth(colluders[1]!));
    const before = (await sum()) + BOND;
    // Honest defenders demand far more than the bond could repay, at a high base fee.
    const places = [ROOT, ...Array.from({ length: 12 }, (_, i) => ({ ...PAIR, index: i }))];
    for (const place of places) {
      await chain.networkHelpers.setNextBlockBaseFeePerGas(60_000_000_000n);
      await game.demand(place, chain.owner);
    }
    for (const place of places) await game.supply(place);
    const { paid, held } = await game.state();
    expect(paid + held).to.be.above(BOND);
    await game.refute(3, 0, chain.consumer);
    expect(before - (await sum())).to.be.at.least(BOND / 4n);
    const owner = await wealth(chain.owner);
    for (const place of places) await game.refund(place);
    expect((await wealth(chain.owner)) - owner).to.equal(paid + held);
    for (const signer of [chain.owner, ...colluders]) await manager.withdraw(signer);
    expect(await manager.totalOwed()).to.equal(0);
  });
});

import { expect } from "chai";
import { hexlify, id, isHexString, parseUnits } from "ethers";

import { type Trace, traceOf } from "../../support/alphabet.js";
import {
  at,
  claimOf,
  deployDisputes,
  type Disputes,
  FALSE_OUTPUT,
  LONG_LAYOUT,
  openChallenge,
  PAYMENT,
  type Play,
  play,
  STATUS,
  TERMS,
} from "../../support/challenges.js";
import { deeperDemand, firstDemand, type Place, ROOT_LIST, rootAt, supplyFor } from "../../support/demands.js";
import { connect, type Connection } from "../../support/protocol.js";

/** Node 1 has 274 leaves in a tree of depth 9: its grid is 9, 1 and 0. */
const BIG = 1;
const ROOT: Place = { node: BIG, height: 9, index: 0 };
const PAIR: Place = { node: BIG, height: 1, index: 5 };
const LEAF: Place = { node: BIG, height: 0, index: 11 };
const LAST_LEAF: Place = { node: BIG, height: 0, index: 273 };

describe("ChallengeManager: demand and supply", () => {
  let chain: Connection;
  let disputes: Disputes;
  let challengeId: string;
  let trace: Trace;
  let game: Play;

  before(async () => {
    chain = await connect();
  });

  beforeEach(async () => {
    ({ disputes, challengeId, trace } = await chain.networkHelpers.loadFixture(fixture));
    game = play(chain, disputes, challengeId, trace);
  });

  async function fixture() {
    const deployed = await deployDisputes(chain);
    const claim = await claimOf(chain, deployed);
    const asserted = traceOf(deployed.model, claim.inputsRoot, FALSE_OUTPUT);
    return {
      disputes: deployed,
      trace: asserted,
      challengeId: await openChallenge(chain, deployed, claim, { trace: asserted }),
    };
  }

  const priceOf = async (payload: number): Promise<bigint> => {
    const baseFee = (await chain.ethers.provider.getBlock("latest"))!.baseFeePerGas!;
    return (await disputes.manager.demandPrice(challengeId, payload, baseFee)).price;
  };

  describe("demand", () => {
    it("escrows the base price, credits the rest back and starts the supply window", async () => {
      const { manager } = disputes;
      const owed = await manager.totalOwed();
      const demanding = game.demand(ROOT);
      await demanding;
      const price = await priceOf(137 * 32);
      const deadline = (await chain.networkHelpers.time.latest()) + TERMS.supplyWindow;
      await expect(demanding)
        .to.emit(manager, "Demanded")
        .withArgs(challengeId, chain.stranger.address, [BIG, 9, 0], rootAt(trace, ROOT), price, 0, deadline);
      const stored = await game.demandAt(ROOT);
      expect([stored.demander, stored.price, stored.supplyDeadline, stored.graceDeadline]).to.deep.equal([
        chain.stranger.address,
        price,
        BigInt(deadline),
        0n,
      ]);
      expect([stored.shape.leaves, stored.shape.tail]).to.deep.equal([274n, BigInt(70_000 - 273 * 256)]);
      expect(await manager.creditOf(chain.stranger)).to.equal(PAYMENT - price);
      expect(await manager.totalOwed()).to.equal(owed + PAYMENT);
      const { demands, outstanding } = await game.state();
      expect([demands, outstanding]).to.deep.equal([1n, 1n]);
    });

    it("reaches every grid position of every tensor, first or last", async () => {
      const places: Place[] = [
        ROOT,
        PAIR,
        { node: BIG, height: 1, index: 136 },
        LEAF,
        LAST_LEAF,
        { node: 0, height: 0, index: 0 },
        { node: 2, height: 2, index: 0 },
        { node: 2, height: 0, index: 3 },
        { node: 4, height: 1, index: 0 },
        { node: 4, height: 0, index: 1 },
      ];
      for (const place of places) await game.demand(place);
      for (const place of places) await game.supply(place);
      expect((await game.state()).outstanding).to.equal(0);
    });

    it("names grid heights inside the shape only", async () => {
      const { manager, verifier } = disputes;
      const wrong: Place[] = [
        { node: BIG, height: 10, index: 0 },
        { node: BIG, height: 9, index: 1 },
        { node: BIG, height: 8, index: 0 },
        { node: BIG, height: 2, index: 0 },
        { node: BIG, height: 1, index: 137 },
        { node: BIG, height: 0, index: 274 },
        { node: 0, height: 0, index: 1 },
        { node: 2, height: 1, index: 0 },
      ];
      for (const position of wrong) {
        const subtree = { ...firstDemand(trace, { ...position, height: 0, index: 0 }), position };
        await expect(
          manager.connect(chain.stranger).demand(challengeId, subtree, { value: PAYMENT }),
          JSON.stringify(position),
        ).to.be.revertedWithCustomError(verifier, "NoSuchPosition");
      }
    });

    it("is proven against the trace root and the graph root", async () => {
      const { manager, verifier, arbiter } = disputes;
      const good = firstDemand(trace, PAIR);
      const asStranger = manager.connect(chain.stranger);
      const value = PAYMENT;
      for (const bad of [
        { ...good, root: id("other") },
        { ...good, proof: [id("sibling"), ...good.proof.slice(1)] },
      ]) {
        await expect(asStranger.demand(challengeId, bad, { value }))
          .to.be.revertedWithCustomError(verifier, "DemandProofMismatch")
          .withArgs(Object.values(PAIR), isHexString, trace.list.root());
      }
      const { length } = good.proof;
      const short = asStranger.demand(challengeId, { ...good, proof: good.proof.slice(1) }, { value });
      await expect(short)
        .to.be.revertedWithCustomError(verifier, "ProofLength")
        .withArgs(length - 1, length);
      const long = asStranger.demand(challengeId, { ...good, proof: [...good.proof, id("more")] }, { value });
      await expect(long)
        .to.be.revertedWithCustomError(verifier, "ProofLength")
        .withArgs(length + 1, length);
      const { node, nodeProof } = firstDemand(trace, { node: 2, height: 2, index: 0 });
      await expect(
        asStranger.demand(challengeId, { ...good, node, nodeProof }, { value }),
      ).to.be.revertedWithCustomError(arbiter, "NodeNotInGraph");
    });

    it("happens once per position, also after the supply", async () => {
      const { manager } = disputes;
      await game.demand(ROOT);
      const again = () => game.demand(ROOT, chain.consumer);
      await expect(again())
        .to.be.revertedWithCustomError(manager, "AlreadyDemanded")
        .withArgs(challengeId, [BIG, 9, 0]);
      await game.supply(ROOT);
      await expect(again()).to.be.revertedWithCustomError(manager, "AlreadyDemanded");
    });

    it("is not for the list where it rode along", async () => {
      const subtree = {
        position: { node: ROOT_LIST, height: trace.list.depth, index: 0 },
        root: hexlify(trace.list.root()),
        proof: [],
        node: "0x",
        nodeProof: [],
      };
      await expect(disputes.manager.demand(challengeId, subtree, { value: PAYMENT }))
        .to.be.revertedWithCustomError(disputes.verifier, "RootsKnown")
        .withArgs(5);
    });

    it("ends with the refutation window: -1, 0 and +1 seconds", async () => {
      const { manager } = disputes;
      const deadline = (await game.state()).refutationDeadline;
      await at(chain, deadline - 1n);
      await game.demand(ROOT);
      await at(chain, deadline);
      await game.demand(PAIR);
      await at(chain, deadline + 1n);
      await expect(game.demand(LEAF))
        .to.be.revertedWithCustomError(manager, "FirstDemandsClosed")
        .withArgs(challengeId, deadline);
    });

    it("costs its price: -1, 0 and +1 wei", async () => {
      const { manager } = disputes;
      const fee = parseUnits("3", "gwei");
      const places = [ROOT, PAIR, LEAF] as const;
      const payloads = [137 * 32, 2 * 32, 256];
      for (const [i, place] of places.entries()) {
        const { price } = await manager.demandPrice(challengeId, payloads[i]!, fee);
        const offset = BigInt(i - 1);
        await chain.networkHelpers.setNextBlockBaseFeePerGas(fee);
        const demanding = manager
          .connect(chain.stranger)
          .demand(challengeId, firstDemand(trace, place), { value: price + offset });
        if (offset >= 0n) await demanding;
        else {
          await expect(demanding)
            .to.be.revertedWithCustomError(manager, "DemandTooCheap")
            .withArgs(price - 1n, price);
        }
      }
    });
  });

  describe("supply", () => {
    it("pays the challenger, whoever supplies, and starts the grace window", async () => {
      const { manager } = disputes;
      await game.demand(ROOT);
      const { price } = await game.demandAt(ROOT);
      const supplying = game.supply(ROOT, chain.consumer);
      await supplying;
      const grace = (await chain.networkHelpers.time.latest()) + TERMS.graceWindow;
      await expect(supplying)
        .to.emit(manager, "HashesSupplied")
        .withArgs(challengeId, [BIG, 9, 0], supplyFor(trace, ROOT), grace);
      expect(await manager.creditOf(chain.challenger)).to.equal(price);
      expect((await game.demandAt(ROOT)).graceDeadline).to.equal(grace);
      const { paid, held, outstanding } = await game.state();
      expect([paid, held, outstanding]).to.deep.equal([price, 0n, 0n]);
    });

    it("of a leaf emits its bytes", async () => {
      await game.demand(LEAF);
      const supplying = game.supply(LEAF);
      await supplying;
      const grace = (await chain.networkHelpers.time.latest()) + TERMS.graceWindow;
      await expect(supplying)
        .to.emit(disputes.manager, "LeafSupplied")
        .withArgs(challengeId, [BIG, 0, 11], supplyFor(trace, LEAF), grace);
    });

    it("ends with the supply window: -1, 0 and +1 seconds", async () => {
      for (const place of [ROOT, PAIR, LEAF]) await game.demand(place);
      await at(chain, (await game.demandAt(ROOT)).supplyDeadline - 1n);
      await game.supply(ROOT);
      await at(chain, (await game.demandAt(PAIR)).supplyDeadline);
      await game.supply(PAIR);
      const { supplyDeadline } = await game.demandAt(LEAF);
      await at(chain, supplyDeadline + 1n);
      await expect(game.supply(LEAF))
        .to.be.revertedWithCustomError(disputes.manager, "SupplyClosed")
        .withArgs(challengeId, [BIG, 0, 11], supplyDeadline);
    });

    it("is of the right kind, length and hash", async () => {
      const { manager, verifier } = disputes;
      for (const place of [ROOT, PAIR, LEAF]) await game.demand(place);
      const hashes = supplyFor(trace, ROOT) as string[];
      const leaf = supplyFor(trace, LEAF) as string;
      const supply = (place: Place, payload: string | string[]) =>
        typeof payload === "string"
          ? manager.supplyLeaf(challengeId, place, payload)
          : manager.supplyHashes(challengeId, place, payload);
      await expect(supply(ROOT, leaf)).to.be.revertedWithCustomError(verifier, "WrongSupply").withArgs([BIG, 9, 0]);
      await expect(supply(LEAF, [rootAt(trace, LEAF)])).to.be.revertedWithCustomError(verifier, "WrongSupply");
      await expect(supply(ROOT, hashes.slice(1)))
        .to.be.revertedWithCustomError(verifier, "SupplyCount")
        .withArgs(136, 137);
      // Surplus hashes would be those outside the shape.
      const zero = hexlify(trace.trees[BIG]!.hashAt(1, 137));
      await expect(supply(ROOT, [...hashes, zero]))
        .to.be.revertedWithCustomError(verifier, "SupplyCount")
        .withArgs(138, 137);
      const swapped = [hashes[1]!, hashes[0]!, ...hashes.slice(2)];
      await expect(supply(ROOT, swapped)).to.be.revertedWithCustomError(verifier, "SupplyMismatch");
      await expect(supply(LEAF, leaf.slice(0, -2)))
        .to.be.revertedWithCustomError(verifier, "LeavesLength")
        .withArgs(255);
      await expect(supply(LEAF, `${leaf.slice(0, -2)}ff`)).to.be.revertedWithCustomError(verifier, "SupplyMismatch");
      await expect(supply(LAST_LEAF, leaf)).to.be.revertedWithCustomError(manager, "NotDemanded");
    });

    it("happens once", async () => {
      await game.demand(ROOT);
      await game.supply(ROOT);
      await expect(game.supply(ROOT))
        .to.be.revertedWithCustomError(disputes.manager, "AlreadySupplied")
        .withArgs(challengeId, [BIG, 9, 0]);
    });
  });

  describe("deeper demands", () => {
    it("step down the grid until the bytes of a leaf", async () => {
      await game.demand(ROOT);
      await game.supply(ROOT);
      await game.deeper(ROOT, PAIR);
      await game.supply(PAIR);
      await game.deeper(PAIR, { ...LEAF, index: 10 });
      await game.deeper(PAIR, LEAF, chain.consumer);
      await game.supply(LEAF);
      expect((await game.state()).outstanding).to.equal(1);
    });

    it("lie one grid height below, inside what was supplied", async () => {
      const { manager, verifier } = disputes;
      for (const place of [ROOT, PAIR, LEAF, { node: 4, height: 1, index: 0 }]) {
        await game.demand(place);
        await game.supply(place);
      }
      const outside: [Place, Place][] = [
        [PAIR, { ...LEAF, index: 12 }],
        [ROOT, LEAF],
        [PAIR, PAIR],
        [LEAF, LEAF],
        [PAIR, { node: 4, height: 0, index: 0 }],
        [ROOT, { node: ROOT_LIST, height: 3, index: 0 }],
      ];
      for (const [around, position] of outside) {
        const subtree = { ...deeperDemand(trace, ROOT, { ...PAIR, index: 0 }), position };
        await expect(
          manager.demandDeeper(challengeId, around, subtree, { value: PAYMENT }),
        ).to.be.revertedWithCustomError(verifier, "NotRevealed");
      }
      const beyond = { ...deeperDemand(trace, ROOT, { ...PAIR, index: 0 }), position: { ...PAIR, index: 137 } };
      await expect(manager.demandDeeper(challengeId, ROOT, beyond, { value: PAYMENT })).to.be.revertedWithCustomError(
        verifier,
        "NoSuchPosition",
      );
      const unproven = { ...deeperDemand(trace, ROOT, { ...PAIR, index: 6 }), root: id("other") };
      await expect(manager.demandDeeper(challengeId, ROOT, unproven, { value: PAYMENT })).to.be.revertedWithCustomError(
        verifier,
        "DemandProofMismatch",
      );
    });

    it("need a supply around them", async () => {
      const { manager } = disputes;
      await expect(game.deeper(ROOT, PAIR))
        .to.be.revertedWithCustomError(manager, "NotSupplied")
        .withArgs(challengeId, [BIG, 9, 0]);
      await game.demand(ROOT);
      await expect(game.deeper(ROOT, PAIR)).to.be.revertedWithCustomError(manager, "NotSupplied");
    });

    it("end with the grace window: -1, 0 and +1 seconds, also after the refutation deadline", async () => {
      const { manager } = disputes;
      const { refutationDeadline } = await game.state();
      await at(chain, refutationDeadline);
      await game.demand(ROOT);
      await at(chain, (await game.demandAt(ROOT)).supplyDeadline);
      await game.supply(ROOT);
      const { graceDeadline } = await game.demandAt(ROOT);
      expect(graceDeadline).to.equal(refutationDeadline + BigInt(TERMS.supplyWindow + TERMS.graceWindow));
      await at(chain, graceDeadline - 1n);
      await game.deeper(ROOT, { ...PAIR, index: 1 });
      await at(chain, graceDeadline);
      await game.deeper(ROOT, { ...PAIR, index: 2 });
      await at(chain, graceDeadline + 1n);
      await expect(game.deeper(ROOT, PAIR))
        .to.be.revertedWithCustomError(manager, "GraceOver")
        .withArgs(challengeId, [BIG, 9, 0], graceDeadline);
      expect((await game.state()).lastDeadline).to.equal(graceDeadline + BigInt(TERMS.supplyWindow));
    });
  });

  describe("a list of roots that is too long to ride along", () => {
    /** 2,050 roots in a tree of depth 12: its grid is 12 and 4. Node 700 has 10 leaves in a tree of depth 4. */
    const LIST: Place = { node: ROOT_LIST, height: 12, index: 0 };
    const ROOTS: Place = { node: ROOT_LIST, height: 4, index: 43 };
    const TENSOR: Place = { node: 700, height: 4, index: 0 };

    beforeEach(async () => {
      const long = await chain.networkHelpers.loadFixture(longFixture);
      disputes = long.disputes;
      ({ trace, challengeId } = long);
      game = play(chain, disputes, challengeId, trace);
    });

    async function longFixture() {
      const deployed = await deployDisputes(chain, { layout: LONG_LAYOUT });
      const claim = await claimOf(chain, deployed);
      const asserted = traceOf(deployed.model, claim.inputsRoot, {
        alter: [{ node: 2049, element: 0, bits: 0x40800000n }],
      });
      return {
        disputes: deployed,
        trace: asserted,
        challengeId: await openChallenge(chain, deployed, claim, { trace: asserted }),
      };
    }

    it("is demanded down to the roots, and on into a tensor", async () => {
      await game.demand(LIST);
      await game.supply(LIST);
      await game.deeper(LIST, ROOTS);
      await game.supply(ROOTS);
      await game.deeper(ROOTS, TENSOR);
      await game.supply(TENSOR);
      await game.deeper(TENSOR, { node: 700, height: 0, index: 9 });
      await game.supply({ node: 700, height: 0, index: 9 });
      // The last roots: two of sixteen positions lie inside the list.
      const last: Place = { node: ROOT_LIST, height: 4, index: 128 };
      await game.deeper(LIST, last);
      expect(supplyFor(trace, last)).to.have.length(2);
      await game.supply(last);
      await game.deeper(last, { node: 2049, height: 0, index: 0 });
      await game.supply({ node: 2049, height: 0, index: 0 });
    });

    it("gives first demands of roots and tensors too", async () => {
      await game.demand(ROOTS);
      await game.demand(TENSOR);
      await game.demand({ node: 2049, height: 0, index: 0 });
    });

    it("stands above every tensor: what may be demanded around a position", async () => {
      const { verifier, modelId } = disputes;
      const expectAround = async (leaves: number, places: readonly Place[]) => {
        const keys = places.map(({ node, height, index }) => {
          return (1n << 72n) | (BigInt(node) << 40n) | (BigInt(height) << 32n) | BigInt(index);
        });
        expect([...(await verifier.keysAround(modelId, places[0]!, leaves))]).to.deep.equal(keys);
      };
      const above = [{ node: ROOT_LIST, height: 0, index: 700 }, ROOTS, LIST];
      await expectAround(0, [ROOTS, LIST]);
      await expectAround(0, [LIST]);
      await expectAround(10, [{ node: 700, height: 0, index: 9 }, TENSOR, ...above]);
      // The grid of a tree of depth 8 has its root alone, and of one of depth 16 another height.
      const top = (height: number): Place => ({ node: 700, height, index: 0 });
      await expectAround(256, [{ node: 700, height: 0, index: 200 }, top(8), ...above]);
      const middle: Place = { node: 700, height: 8, index: 200 };
      await expectAround(65_536, [{ node: 700, height: 0, index: 51_234 }, middle, top(16), ...above]);
    });

    it("has no positions at height 0, and tensors only below their own roots", async () => {
      const { manager, verifier } = disputes;
      const value = PAYMENT;
      const bottom = { ...firstDemand(trace, ROOTS), position: { node: ROOT_LIST, height: 0, index: 700 } };
      await expect(manager.demand(challengeId, bottom, { value })).to.be.revertedWithCustomError(
        verifier,
        "NoSuchPosition",
      );
      await game.demand(ROOTS);
      await game.supply(ROOTS);
      for (const position of [
        { node: ROOT_LIST, height: 0, index: 700 },
        { ...TENSOR, height: 0 },
        { ...TENSOR, index: 1 },
      ]) {
        const subtree = { ...deeperDemand(trace, ROOTS, TENSOR), position };
        await expect(manager.demandDeeper(challengeId, ROOTS, subtree, { value })).to.be.revertedWithCustomError(
          verifier,
          "NotRevealed",
        );
      }
      const elsewhere = deeperDemand(trace, ROOTS, { node: 600, height: 0, index: 0 });
      await expect(manager.demandDeeper(challengeId, ROOTS, elsewhere, { value })).to.be.revertedWithCustomError(
        verifier,
        "NotRevealed",
      );
    });
  });

  it("nothing more happens to a challenge that has ended", async () => {
    const { manager } = disputes;
    await game.demand(ROOT);
    await game.demand(LEAF);
    await game.supply(ROOT);
    await game.refute(3, 0);
    const actions = [
      () => game.demand(PAIR),
      () => game.deeper(ROOT, PAIR),
      () => game.supply(LEAF),
      () => game.expire(LEAF),
    ];
    for (const action of actions) {
      await expect(action())
        .to.be.revertedWithCustomError(manager, "WrongChallengeStatus")
        .withArgs(challengeId, STATUS.refuted, STATUS.open);
    }
  });
});

import { expect } from "chai";

import type { SortitionHarness } from "../../../typechain-types/index.js";
import { fuzzSeed } from "../../support/fuzz.js";
import { dice } from "../../support/graphs.js";
import { connect, type Connection } from "../../support/protocol.js";

/** Weights by leaf and epoch, as plainly as can be: what was written for an epoch holds until it is written again. */
class Reference {
  private readonly leaves: Map<number, bigint>[] = [];

  set(leaf: number, weight: bigint, from: number): void {
    (this.leaves[leaf] ??= new Map()).set(from, weight);
  }

  weightOf(leaf: number, epoch: number): bigint {
    const written = [...this.leaves[leaf]!.keys()].filter((from) => from <= epoch);
    return written.length === 0 ? 0n : this.leaves[leaf]!.get(Math.max(...written))!;
  }

  get count(): number {
    return this.leaves.length;
  }

  total(epoch: number): bigint {
    return this.leaves.reduce((sum, _, leaf) => sum + this.weightOf(leaf, epoch), 0n);
  }

  leafAt(point: bigint, epoch: number): number {
    for (let leaf = 0; ; leaf++) {
      const weight = this.weightOf(leaf, epoch);
      if (point < weight) return leaf;
      point -= weight;
    }
  }
}

describe("SortitionTree", () => {
  let chain: Connection;
  let tree: SortitionHarness;

  before(async () => {
    chain = await connect();
  });

  beforeEach(async () => {
    tree = await chain.ethers.deployContract("SortitionHarness");
  });

  it("is empty at first", async () => {
    expect(await tree.total(0)).to.equal(0);
    await expect(tree.leafAt(0, 0)).to.be.revertedWithCustomError(tree, "PointOutsideTree").withArgs(0, 0);
    await expect(tree.set(0, 1, 1))
      .to.be.revertedWithCustomError(tree, "NoSuchLeaf")
      .withArgs(0, 0);
  });

  it("counts a change from its epoch on, not before", async () => {
    await tree.add(5, 1);
    await tree.add(7, 1);
    for (const [epoch, total] of [
      [0, 0],
      [1, 12],
      [2, 12],
    ] as const) {
      expect(await tree.total(epoch)).to.equal(total);
    }
    await tree.set(0, 100, 2);
    expect([await tree.total(0), await tree.total(1), await tree.total(2)]).to.deep.equal([0n, 12n, 107n]);
    expect([await tree.weightOf(0, 1), await tree.weightOf(0, 2)]).to.deep.equal([5n, 100n]);
  });

  it("gives each leaf the points of its weight, at every border", async () => {
    for (const weight of [3, 0, 4, 1, 2]) await tree.add(weight, 1);
    const drawn = await Promise.all(
      Array.from({ length: 10 }, async (_, point) => Number(await tree.leafAt(point, 1))),
    );
    expect(drawn).to.deep.equal([0, 0, 0, 2, 2, 2, 2, 3, 4, 4]);
    await expect(tree.leafAt(10, 1)).to.be.revertedWithCustomError(tree, "PointOutsideTree").withArgs(10, 10);
  });

  it("grows by a level at every power of two and keeps the weights of epochs past", async () => {
    const heights: number[] = [];
    for (let leaf = 0; leaf < 9; leaf++) {
      await tree.add(1, leaf + 1);
      heights.push(Number(await tree.height()));
      expect(await tree.total(leaf + 1)).to.equal(leaf + 1);
      expect(await tree.total(leaf)).to.equal(leaf);
    }
    expect(heights).to.deep.equal([0, 1, 2, 2, 3, 3, 3, 3, 4]);
  });

  it("holds weights of 72 bits", async () => {
    const most = 2n ** 72n - 1n;
    await tree.add(most - 1n, 1);
    await tree.add(1, 1);
    expect(await tree.total(1)).to.equal(most);
    expect(await tree.leafAt(most - 1n, 1)).to.equal(1);
    // A sum beyond them can't be written: what is there stays.
    await expect(tree.add(1, 1)).to.be.revertedWithPanic(0x11);
    expect(await tree.total(1)).to.equal(most);
  });

  it(`agrees with a plain list, whatever is done when (FUZZ_SEED=${fuzzSeed})`, async () => {
    const { roll, of } = dice(fuzzSeed);
    const reference = new Reference();
    let epoch = 5;
    for (let step = 0; step < 150; step++) {
      const what = roll(10);
      if (what < 2) epoch += 1 + roll(3);
      else {
        const weight = BigInt(of([0, 1, 2, 1000, roll(1_000_000)]));
        const leaf = what < 5 || reference.count === 0 ? reference.count : roll(reference.count);
        if (leaf === reference.count) await tree.add(weight, epoch + 1);
        else await tree.set(leaf, weight, epoch + 1);
        reference.set(leaf, weight, epoch + 1);
      }
      // The current epoch, and its neighbours.
      const seen = epoch + roll(3) - 1;
      const total = reference.total(seen);
      expect(await tree.total(seen)).to.equal(total);
      if (total === 0n) continue;
      const point = BigInt(roll(Number(total)));
      expect(await tree.leafAt(point, seen)).to.equal(reference.leafAt(point, seen));
    }
  });
});

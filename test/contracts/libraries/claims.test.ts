import { expect } from "chai";
import { concat, hexlify, keccak256 } from "ethers";
import fc from "fast-check";

import { DTYPE_BYTES, DTYPE_CODE, type DType } from "../../../src/audit/graph.js";
import { LEAF, tensorTreeOfBytes } from "../../../src/audit/tree.js";
import type { ClaimHarness } from "../../../typechain-types/index.js";
import { assertAsyncProperty } from "../../support/fuzz.js";
import { openElement } from "../../support/jobs.js";
import { connect, type Connection, TOKEN } from "../../support/protocol.js";
import { DTYPES, noise } from "../../support/tensors.js";

/** The libraries about claims against the off-chain trees, and against the words of docs/audit.md. */
describe("libraries about claims", () => {
  let chain: Connection;
  let harness: ClaimHarness;

  before(async () => {
    chain = await connect();
    harness = await chain.ethers.deployContract("ClaimHarness");
  });

  it("roots of bytes are those of the off-chain trees, at every width around a leaf and a power of two", async () => {
    const lengths = [1, 2, 255, 256, 257, 511, 512, 513, 768, 769, 1024, 1025, 2048, 2049, 4096, 4097, 10_001];
    for (const length of lengths) {
      const bytes = noise(length, length);
      expect(await harness.root(bytes), `${length} bytes`).to.equal(hexlify(tensorTreeOfBytes(bytes, "u8").root()));
    }
  });

  it("roots of random bytes agree", async () => {
    await assertAsyncProperty(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 3000 }), async (bytes) => {
        expect(await harness.root(bytes)).to.equal(hexlify(tensorTreeOfBytes(bytes, "u8").root()));
      }),
      100,
    );
  });

  it("any element of any tensor can be opened, and only as what it is", async () => {
    const any = fc.record({
      dtypes: fc.array(fc.constantFrom(...DTYPES), { minLength: 1, maxLength: 4 }),
      numel: fc.integer({ min: 1, max: 700 }),
      seed: fc.nat(),
      at: fc.nat(),
    });
    await assertAsyncProperty(
      fc.asyncProperty(any, async ({ dtypes, numel, seed, at }) => {
        const tensors = dtypes.map((dtype, i) => noise(seed + i, numel * DTYPE_BYTES[dtype]));
        const tensor = at % dtypes.length;
        const element = at % numel;
        const width = DTYPE_BYTES[dtypes[tensor]!];
        const opening = openElement(tensors, dtypes, tensor, element);
        const listHash = keccak256(concat(opening.roots.map((root) => hexlify(root))));
        const bits = BigInt(hexlify(tensors[tensor]!.subarray(element * width, (element + 1) * width)));
        expect(await harness.read(opening, listHash, numel, width)).to.equal(bits);

        // Shown as the first element of another leaf, it is not accepted.
        const elsewhere = element + LEAF / width < numel ? element + LEAF / width : element - LEAF / width;
        if (elsewhere < 0) return;
        await expect(harness.read({ ...opening, element: elsewhere }, listHash, numel, width)).to.revert(chain.ethers);
      }),
      60,
    );
  });

  it("domains contain exactly the canonical finite values between their bounds", async () => {
    const any = fc.record({
      dtype: fc.constantFrom(...DTYPES),
      bits: fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { minLength: 10, maxLength: 10 }),
    });
    await assertAsyncProperty(
      fc.asyncProperty(any, async ({ dtype, bits }) => {
        const own = bits.map((each) => each & (2n ** BigInt(8 * DTYPE_BYTES[dtype]) - 1n));
        const [first, second] = own.filter((each) => valueOf(dtype, each) !== undefined);
        if (first === undefined || second === undefined) return;
        const [lo, hi] = valueOf(dtype, first)! <= valueOf(dtype, second)! ? [first, second] : [second, first];
        // Also with bits beyond the dtype.
        const probes = [...own, ...bits, lo, hi, lo ^ 1n, hi ^ 1n];
        const expected = probes.map((each) => {
          const value = valueOf(dtype, each);
          return value !== undefined && valueOf(dtype, lo)! <= value && value <= valueOf(dtype, hi)!;
        });
        expect(await harness.contains(DTYPE_CODE[dtype], lo, hi, probes)).to.deep.equal(expected);
      }),
      300,
    );
  });

  it("rewards are half of the slash at most, 30% of that to the consumer, equal parts to challengers", async () => {
    const { consumer, challenger } = chain;
    for (const slashed of [0n, 1n, 2n, 3n, 19n, 20n, 100n * TOKEN, 2n ** 96n - 1n]) {
      for (let count = 0; count <= 8; count++) {
        const challengers = Array.from({ length: count }, () => challenger.address);
        const list = await harness.rewards(slashed, challengers, consumer);
        const half = slashed / 2n;
        expect(list.length).to.equal(count + 1);
        expect(list[0]).to.deep.equal([consumer.address, (half * 30n) / 100n]);
        const parts = list.slice(1).map(({ amount }) => amount);
        expect(new Set(parts).size).to.be.at.most(1);
        const sum = list.reduce((total, { amount }) => total + amount, 0n);
        expect(sum).to.be.at.most(half);
        if (count > 0) expect(half - sum).to.be.below(BigInt(count));
      }
    }
  });
});

/** Value of canonical, finite bits; undefined for others. */
function valueOf(dtype: DType, bits: bigint): bigint | number | undefined {
  const width = 8 * DTYPE_BYTES[dtype];
  if (bits >> BigInt(width) !== 0n) return undefined;
  if (dtype === "f32" || dtype === "f64") {
    const view = new DataView(new ArrayBuffer(8));
    view.setBigUint64(0, bits << BigInt(64 - width));
    const value = dtype === "f32" ? view.getFloat32(0) : view.getFloat64(0);
    return Number.isFinite(value) ? value : undefined;
  }
  if (dtype === "bool") return bits <= 1n ? bits : undefined;
  return dtype.startsWith("i") ? BigInt.asIntN(width, bits) : bits;
}

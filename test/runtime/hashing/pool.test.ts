import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { expect } from "chai";
import fc from "fast-check";

import { toHex } from "../../../src/audit/bytes.js";
import type { Tensor } from "../../../src/audit/graph.js";
import { createInlineSink, type RootSink } from "../../../src/audit/roots.js";
import { partRoot, rootOfParts, tensorRoot, tensorTree } from "../../../src/audit/tree.js";
import { createHashPool, type HashPool } from "../../../src/runtime/hashing/pool.js";
import { createSlots, PART_BYTES, slotMemory } from "../../../src/runtime/hashing/slots.js";
import { codeOf } from "../../support/codes.js";
import { assertProperty } from "../../support/fuzz.js";
import { anyTensor, noiseTensor } from "../../support/tensors.js";

function rootsOf(sink: RootSink, tensors: readonly Tensor[]): string[] {
  for (const tensor of tensors) sink.add(tensor);
  return sink.finish().map(toHex);
}

const expected = (tensors: readonly Tensor[]): string[] => tensors.map((tensor) => toHex(tensorRoot(tensor)));

const hostOf = ({ data }: Tensor): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** Sizes around one part, two parts and as many as there are slots. */
const SIZES = [1, 255, 256, 257, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES + 300, 34 * PART_BYTES + 1];

describe("runtime/hashing", () => {
  describe("parts of trees", () => {
    it("lead to the tensor's root, for any height up to its depth", () => {
      for (const leaves of [1, 2, 3, 5, 8, 9, 16, 17, 33]) {
        const tensor = noiseTensor("u8", [leaves * 256 - 3], leaves);
        const { depth } = tensorTree(tensor);
        for (let height = 0; height <= depth; height++) {
          const bytes = 256 * 2 ** height;
          const parts = Array.from({ length: Math.ceil(tensor.data.length / bytes) }, (_, i) => [
            ...partRoot({ host: hostOf(tensor).subarray(i * bytes, (i + 1) * bytes), dtype: "u8", height }),
          ]);
          const root = rootOfParts(Uint8Array.from(parts.flat()), height);
          expect(toHex(root), `${leaves} leaves, height ${height}`).to.equal(toHex(tensorRoot(tensor)));
        }
      }
    });
  });

  describe("slots", () => {
    it("are taken once, freed by collecting, and refuse what has no room", () => {
      const slots = createSlots(slotMemory());
      const { data, dtype } = noiseTensor("f32", [64], 1);
      const part = { host: new Uint8Array(data.buffer), dtype, height: 0 };
      const used: number[] = [];
      expect(slots.publish(part, 1)).to.equal(0);
      expect(slots.publish(part, 1)).to.equal(undefined);
      used.push(0);
      for (let slot = slots.publish(part); slot !== undefined; slot = slots.publish(part)) used.push(slot);
      expect(new Set(used).size).to.equal(used.length).and.to.be.greaterThan(1);
      let worked = 0;
      while (slots.work()) worked++;
      expect(worked).to.equal(used.length);
      expect(slots.publish(part)).to.equal(undefined);
      const roots = new Map<number, string>();
      slots.collect((slot, root) => roots.set(slot, toHex(root)));
      expect([...roots.keys()].sort()).to.deep.equal(used.sort());
      expect(new Set(roots.values())).to.deep.equal(new Set(expected([noiseTensor("f32", [64], 1)])));
      expect(slots.publish(part)).not.to.equal(undefined);
    });

    it("put a part that cannot be hashed back for others, and say so", () => {
      const memory = slotMemory();
      const slots = createSlots(memory);
      slots.publish({ host: new Uint8Array(256), dtype: "u8", height: 99 });
      expect(() => slots.work()).to.throw();
      expect(slots.finished()).to.equal(1);
      expect(() => createSlots(memory).work(), "still there").to.throw();
    });
  });

  for (const threads of [0, 1, 2]) {
    describe(`a pool of ${threads} threads`, () => {
      let pool: HashPool;
      const failures: unknown[] = [];
      before(() => (pool = createHashPool({ threads, onFailure: (cause) => failures.push(cause) })));
      after(async () => {
        await pool.close();
        expect(failures).to.deep.equal([]);
      });

      it("gives the roots in order, around the sizes of parts and slots", function () {
        this.timeout(60_000);
        const tensors = SIZES.map((bytes, i) => noiseTensor("u8", [bytes], i));
        expect(rootsOf(pool, tensors)).to.deep.equal(expected(tensors));
        expect(pool.finish()).to.deep.equal([]);
      });

      it("gives the roots that one thread gives, for every dtype", () => {
        assertProperty(
          fc.property(fc.array(anyTensor(500), { maxLength: 40 }), (tensors) => {
            expect(rootsOf(pool, tensors)).to.deep.equal(rootsOf(createInlineSink(), tensors));
          }),
          30,
        );
      });

      it("keeps no reference: a tensor may change once it is added", () => {
        const tensor = noiseTensor("f32", [PART_BYTES], 7);
        const truth = expected([tensor]);
        pool.add(tensor);
        (tensor.data as Float32Array).fill(0);
        expect(pool.finish().map(toHex)).to.deep.equal(truth);
      });

      it("refuses an empty tensor and keeps working", () => {
        expect(codeOf(() => pool.add({ dtype: "f32", shape: [0], data: new Float32Array(0) }))).to.equal("TREE_EMPTY");
        const tensors = [noiseTensor("i64", [100], 3)];
        expect(rootsOf(pool, tensors)).to.deep.equal(expected(tensors));
      });
    });
  }

  it("works on the caller's thread once it is closed, and closes twice", async () => {
    for (const used of [false, true]) {
      const pool = createHashPool({ threads: 1, onFailure: () => undefined });
      const tensors = [noiseTensor("f32", [PART_BYTES], 9)];
      if (used) expect(rootsOf(pool, tensors)).to.deep.equal(expected(tensors));
      await pool.close();
      await pool.close();
      expect(rootsOf(pool, tensors)).to.deep.equal(expected(tensors));
    }
  });

  it("has its threads work while the caller does not let go of its own", function () {
    this.timeout(60_000);
    const pool = createHashPool({ threads: 1, onFailure: () => undefined });
    const tensor = noiseTensor("f32", [PART_BYTES], 5);
    // Nothing is awaited in between: the thread starts, works and reports without this one's event loop.
    const started = Date.now();
    pool.add(tensor);
    while (Date.now() - started < 20_000 && !pool.isIdle())
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    expect(pool.isIdle()).to.equal(true);
    expect(pool.finish().map(toHex)).to.deep.equal(expected([tensor]));
    return pool.close();
  });

  it("keeps no process alive, closed or not, even in the middle of work", async function () {
    this.timeout(60_000);
    const file = fileURLToPath(new URL("../../support/abandoned-pool.ts", import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, ["--import", "tsx", file], { timeout: 50_000 });
    expect(stdout).to.equal("left\n");
  });
});

import { keccak_256 } from "@noble/hashes/sha3.js";

import type { Tensor } from "../../../src/audit/graph.js";
import { wasmKeccak } from "../../../src/audit/keccak.js";
import { LEAF, tensorRoot } from "../../../src/audit/tree.js";
import { assertSameBytes, medianTimes, threadClock } from "../measure.js";
import type { Section } from "../section.js";

const MEGABYTES = 16;
const BYTES = MEGABYTES * 1_000_000 - ((MEGABYTES * 1_000_000) % LEAF);

/** Deterministic, and no two leaves alike. */
function sampleFloats(count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => Math.sin(i) * (1 + (i % 1000)));
}

function hashEachPlainly(data: Uint8Array, size: number, out: Uint8Array): void {
  for (let at = 0, to = 0; at < data.length; at += size, to += 32)
    out.set(keccak_256(data.subarray(at, at + size)), to);
}

/** Megabytes of input a second, on one thread. Trees of this size are built as those of any other. */
export const section: Section = {
  run: async () => {
    const floats = sampleFloats(BYTES / 4);
    const bytes = new Uint8Array(floats.buffer);
    const tensor: Tensor = { dtype: "f32", shape: [floats.length], data: floats };
    const sizes = [LEAF, 64];
    for (const size of sizes) {
      const some = bytes.subarray(0, 1001 * size);
      const [ours, theirs] = [new Uint8Array(1001 * 32), new Uint8Array(1001 * 32)];
      wasmKeccak.hashEach(some, size, ours);
      hashEachPlainly(some, size, theirs);
      assertSameBytes(`keccak256 of ${size} bytes`, ours, theirs);
    }
    const out = new Uint8Array((BYTES / 64) * 32);
    const times = await medianTimes(
      {
        leaves: () => wasmKeccak.hashEach(bytes, LEAF, out),
        pairs: () => wasmKeccak.hashEach(bytes, 64, out),
        tree: () => tensorRoot(tensor),
        plain: () => hashEachPlainly(bytes.subarray(0, BYTES / 8), LEAF, out),
      },
      5,
      threadClock,
    );
    const rate = (ms: number, size = BYTES): number => Math.round(size / 1_000 / ms);
    return [
      {
        title: "Hashing on one thread",
        remark: `keccak256, ${MEGABYTES} MB a run, median of 5, by the thread's own processor time. A whole tree is conversion to big-endian, leaves and inner hashes of a tensor of f32.`,
        columns: ["what", "MB/s"],
        rows: [
          ["leaves of 256 bytes", rate(times.leaves)],
          ["pairs of 64 bytes", rate(times.pairs)],
          ["whole tensor trees", rate(times.tree)],
          ["leaves of 256 bytes, @noble/hashes", rate(times.plain, BYTES / 8)],
        ],
      },
    ];
  },
};

import { keccak_256 } from "@noble/hashes/sha3.js";
import { expect } from "chai";
import fc from "fast-check";

import { tensorBytes, toHex } from "../../src/audit/bytes.js";
import { DTYPE_BYTES, type DType } from "../../src/audit/graph.js";
import { wasmKeccak } from "../../src/audit/keccak.js";
import { assertProperty } from "../support/fuzz.js";
import { anyTensor, noise, noiseTensor } from "../support/tensors.js";

/** Digests of consecutive blocks, by another library. */
function plainEach(data: Uint8Array, size: number): string {
  const digests = Array.from({ length: data.length / size }, (_, i) =>
    keccak_256(data.subarray(i * size, (i + 1) * size)),
  );
  return toHex(Uint8Array.from(digests.flatMap((digest) => [...digest])));
}

function each(data: Uint8Array, size: number): string {
  const out = new Uint8Array((data.length / size) * 32);
  wasmKeccak.hashEach(data, size, out);
  return toHex(out);
}

function elements(host: Uint8Array, dtype: DType, size: number): string {
  const out = new Uint8Array(Math.ceil(host.length / size) * 32);
  wasmKeccak.hashElements(host, dtype, size, out);
  return toHex(out);
}

const padded = (bytes: Uint8Array, size: number): Uint8Array => {
  const out = new Uint8Array(Math.ceil(bytes.length / size) * size);
  out.set(bytes);
  return out;
};

describe("audit/keccak", () => {
  it("is keccak256 and not SHA-3: published digests", () => {
    const digestOf = (text: string): string => toHex(wasmKeccak.hash(new TextEncoder().encode(text)));
    expect(digestOf("")).to.equal("0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
    expect(digestOf("abc")).to.equal("0x4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45");
    expect(digestOf("The quick brown fox jumps over the lazy dog")).to.equal(
      "0x4d741b6f1eb29cb2a9b9911c82f56fa8d73b04959d3d9d222895df6c0b28aa15",
    );
  });

  it("agrees with another library for every size up to four blocks", () => {
    for (let size = 0; size <= 4 * 136 + 1; size++) {
      const data = noise(size, size);
      expect(toHex(wasmKeccak.hash(data)), `${size} bytes`).to.equal(toHex(keccak_256(data)));
      if (size > 0)
        expect(each(noise(size, 3 * size), size), `3 times ${size} bytes`).to.equal(
          plainEach(noise(size, 3 * size), size),
        );
    }
  });

  it("agrees around the room of the kernel: long messages, one after the other and in batches", () => {
    const span = 481 * 136;
    for (const size of [span - 1, span, span + 1, 65_535, 65_536, 65_537, 2 * span, 2 * span + 135, 200_000]) {
      const data = noise(size, size);
      expect(toHex(wasmKeccak.hash(data)), `${size} bytes`).to.equal(toHex(keccak_256(data)));
      const twice = noise(size, 2 * size);
      expect(each(twice, size), `twice ${size} bytes`).to.equal(plainEach(twice, size));
    }
  });

  it("agrees for every count up to 20, and around a batch", () => {
    for (const size of [32, 64, 256]) {
      const batch = Math.min(1024, 65_536 / size);
      const counts = [...Array.from({ length: 21 }, (_, i) => i), batch - 1, batch, batch + 1, 2 * batch + 1];
      for (const count of counts) {
        const data = noise(count, count * size);
        expect(each(data, size), `${count} times ${size} bytes`).to.equal(plainEach(data, size));
      }
    }
  });

  it("hashes views into larger and into shared buffers, and writes no digest too many", () => {
    const shared = new Uint8Array(new SharedArrayBuffer(1000), 100, 512);
    shared.set(noise(5, 512));
    const out = new Uint8Array(4 * 32).fill(0xee);
    wasmKeccak.hashEach(shared, 256, out.subarray(32, 96));
    expect(toHex(out.subarray(32, 96))).to.equal(plainEach(noise(5, 512), 256));
    expect(out.subarray(0, 32).every((byte) => byte === 0xee)).to.equal(true);
    expect(out.subarray(96).every((byte) => byte === 0xee)).to.equal(true);
  });

  it("converts elements of every dtype as the plain conversion does", () => {
    assertProperty(
      fc.property(anyTensor(500), fc.constantFrom(16, 64, 256), (tensor, size) => {
        const { data, dtype } = tensor;
        const host = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
        expect(elements(host, dtype, size)).to.equal(plainEach(padded(tensorBytes(tensor), size), size));
      }),
      400,
    );
  });

  it("converts and pads around a batch, whatever was hashed before", () => {
    for (const dtype of ["f32", "u8", "i16", "u64", "bool"] as const) {
      for (const bytes of [65_536 - 8, 65_536, 65_536 + 8, 3 * 65_536 - 8, 8]) {
        const tensor = noiseTensor(dtype, [bytes / DTYPE_BYTES[dtype]], bytes);
        const host = new Uint8Array(tensor.data.buffer);
        expect(elements(host, dtype, 256), `${bytes} bytes of ${dtype}`).to.equal(
          plainEach(padded(tensorBytes(tensor), 256), 256),
        );
      }
    }
  });

  it("makes every NaN the canonical one, and nothing else", () => {
    const singles = [0x7f800001, 0xff800001, 0x7fc00000, 0xffffffff, 0x7f800000, 0xff800000, 0x80000000, 1];
    const doubles = [
      0x7ff0000000000001n,
      0xfff0000100000000n,
      0x7ff8000000000000n,
      (1n << 64n) - 1n,
      0x7ff00000n << 32n,
      1n,
    ];
    const tensors = [
      { dtype: "f32", shape: [8], data: new Float32Array(new Uint32Array(singles).buffer) },
      { dtype: "f64", shape: [6], data: new Float64Array(new BigUint64Array(doubles).buffer) },
    ] as const;
    for (const tensor of tensors) {
      const committed = padded(tensorBytes(tensor), 32);
      expect(elements(new Uint8Array(tensor.data.buffer), tensor.dtype, 32), tensor.dtype).to.equal(
        plainEach(committed, 32),
      );
    }
  });

  it("makes every bool 0 or 1", () => {
    const bools = Uint8Array.from({ length: 256 }, (_, i) => i);
    expect(elements(bools, "bool", 256)).to.equal(
      plainEach(
        bools.map((byte) => Math.min(byte, 1)),
        256,
      ),
    );
  });
});

import { keccak_256 } from "@noble/hashes/sha3.js";
import { expect } from "chai";
import fc from "fast-check";
import { elementBits, nonCanonicalElement, tensorBytes, tensorFromBytes, toHex } from "../../src/audit/bytes.js";
import { DTYPE_BYTES, type Tensor } from "../../src/audit/graph.js";
import { depthOf, rangeProofLength } from "../../src/audit/merkle.js";
import {
  leafCount,
  listLeafRoot,
  listTree,
  listZeros,
  tensorRangeRoot,
  tensorRoot,
  tensorTree,
  tensorTreeOfBytes,
  tensorZeros,
} from "../../src/audit/tree.js";
import { codeOf } from "../support/codes.js";
import { assertProperty } from "../support/fuzz.js";
import { anyTensor, noise, noiseTensor } from "../support/tensors.js";

/** The definition, word for word: pad to a power of two with zero leaves, hash pairs. Another hash library on purpose. */
function plainRoot(leaves: Uint8Array[], zero: Uint8Array): Uint8Array {
  let level = [...leaves];
  while (level.length < 2 ** Math.ceil(Math.log2(leaves.length))) level.push(zero);
  while (level.length > 1) {
    level = level.flatMap((left, i) => (i % 2 ? [] : [keccak_256(new Uint8Array([...left, ...level[i + 1]!]))]));
  }
  return level[0]!;
}

function plainBytes({ dtype, data }: Tensor): Uint8Array {
  const width = DTYPE_BYTES[dtype];
  const host = new DataView(data.buffer, data.byteOffset);
  const out = new DataView(new ArrayBuffer(data.length * width));
  for (let i = 0; i < data.length; i++) {
    if (width === 1) out.setUint8(i, host.getUint8(i));
    if (width === 2) out.setUint16(2 * i, host.getUint16(2 * i, true));
    if (width === 4) out.setUint32(4 * i, host.getUint32(4 * i, true));
    if (width === 8) out.setBigUint64(8 * i, host.getBigUint64(8 * i, true));
  }
  return new Uint8Array(out.buffer);
}

function plainTensorRoot(tensor: Tensor): Uint8Array {
  const bytes = plainBytes(tensor);
  const leaves: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += 256) {
    const leaf = new Uint8Array(256);
    leaf.set(bytes.subarray(at, at + 256));
    leaves.push(keccak_256(leaf));
  }
  return plainRoot(leaves, keccak_256(new Uint8Array(256)));
}

describe("audit/bytes", () => {
  it("writes elements big-endian and reads them back, for every dtype", () => {
    assertProperty(
      fc.property(anyTensor(300), (tensor) => {
        const bytes = tensorBytes(tensor);
        expect(toHex(bytes)).to.equal(toHex(plainBytes(tensor)));
        expect(tensorFromBytes(bytes, tensor.dtype, tensor.shape)).to.deep.equal(tensor);
      }),
      300,
    );
  });

  it("canonicalises NaN of any payload and sign, and bools above 1", () => {
    const data = new Float32Array(new Uint32Array([0x7f800001, 0xffffffff, 0x7f800000, 0xff800000, 0x80000000]).buffer);
    const bytes = tensorBytes({ dtype: "f32", shape: [5], data });
    expect(toHex(bytes)).to.equal("0x7fc000007fc000007f800000ff80000080000000");
    const halves = [0x7ff0000000000001n, 0xffffffffffffffffn, 0xfff0000000000000n, 1n << 63n];
    const doubles = new Float64Array(new BigUint64Array(halves).buffer);
    expect(toHex(tensorBytes({ dtype: "f64", shape: [4], data: doubles }))).to.equal(
      "0x7ff80000000000007ff8000000000000fff00000000000008000000000000000",
    );
    expect(tensorBytes({ dtype: "bool", shape: [3], data: new Uint8Array([0, 1, 255]) })).to.deep.equal(
      new Uint8Array([0, 1, 1]),
    );
  });

  it("finds elements that are not canonical and refuses to make a tensor of them", () => {
    const bytes = new Uint8Array([0x7f, 0xc0, 0, 0, 0xff, 0xc0, 0, 0]);
    expect(nonCanonicalElement(bytes, "f32")).to.equal(1);
    expect(nonCanonicalElement(bytes.subarray(0, 4), "f32")).to.equal(undefined);
    expect(nonCanonicalElement(new Uint8Array([1, 0, 2]), "bool")).to.equal(2);
    expect(codeOf(() => tensorFromBytes(bytes, "f32", [2]))).to.equal("TENSOR_BYTES");
    const doubles = new Uint8Array(24);
    doubles.set([0x7f, 0xf8], 0);
    doubles.set([0x7f, 0xf0], 8);
    expect(nonCanonicalElement(doubles, "f64")).to.equal(undefined);
    doubles.set([0x7f, 0xf0, 0, 0, 0, 0, 0, 1], 16);
    expect(nonCanonicalElement(doubles, "f64")).to.equal(2);
    expect(codeOf(() => tensorFromBytes(bytes, "u8", [7]))).to.equal("TENSOR_BYTES");
  });
});

describe("audit/tree", () => {
  it("gives the root of the definition, around every leaf and power-of-two boundary", () => {
    for (const leaves of [1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 255, 256, 257, 300]) {
      for (const off of [-1, 0, 1]) {
        const tensor = noiseTensor("u8", [Math.max(1, leaves * 256 + off)], leaves);
        expect(toHex(tensorRoot(tensor))).to.equal(toHex(plainTensorRoot(tensor)));
      }
    }
  });

  it("gives the root of the definition for every dtype", () => {
    assertProperty(
      fc.property(anyTensor(2000), (tensor) => {
        expect(toHex(tensorRoot(tensor))).to.equal(toHex(plainTensorRoot(tensor)));
        expect(toHex(tensorTreeOfBytes(tensorBytes(tensor), tensor.dtype).root())).to.equal(toHex(tensorRoot(tensor)));
      }),
      200,
    );
  });

  it("reads single elements", () => {
    assertProperty(
      fc.property(anyTensor(500), fc.nat(), (tensor, at) => {
        const i = at % tensor.data.length;
        expect(tensorTree(tensor).element(i)).to.equal(elementBits(tensorBytes(tensor), tensor.dtype, i));
      }),
      200,
    );
  });

  it("opens any range of leaves, and only what was committed", () => {
    const ranged = fc.record({ tensor: anyTensor(6000), a: fc.nat(), b: fc.nat(), flip: fc.nat() });
    assertProperty(
      fc.property(ranged, ({ tensor, a, b, flip }) => {
        const tree = tensorTree(tensor);
        const first = a % tree.count;
        const n = 1 + (b % (tree.count - first));
        const leaves = tree.leaves(first, n);
        const proof = tree.prove(first, n);
        const { left, right } = rangeProofLength(tree.count, first, n);
        expect(proof.length).to.equal(left + right);
        const root = toHex(tree.root());
        const open = { count: tree.count, first, leaves, proof };
        expect(toHex(tensorRangeRoot(open))).to.equal(root);

        const altered = leaves.slice();
        altered[flip % altered.length]! ^= 1;
        expect(toHex(tensorRangeRoot({ ...open, leaves: altered }))).to.not.equal(root);
        expect(codeOf(() => tensorRangeRoot({ ...open, proof: [...proof, new Uint8Array(32)] }))).to.equal(
          "TREE_PROOF",
        );
        if (proof.length > 0) {
          expect(codeOf(() => tensorRangeRoot({ ...open, proof: proof.slice(1) }))).to.equal("TREE_PROOF");
          const turned = proof.map((hash) => hash.slice());
          turned[flip % turned.length]![flip % 32]! ^= 0x80;
          expect(toHex(tensorRangeRoot({ ...open, proof: turned }))).to.not.equal(root);
        }
      }),
      300,
    );
  });

  it("needs at most one sibling a level for a single leaf", () => {
    const tree = listTree(Array.from({ length: 1000 }, (_, i) => noise(i, 32)));
    for (let first = 0; first < 1000; first += 37) {
      expect(tree.prove(first, 1).length).to.be.at.most(tree.depth);
    }
  });

  it("gives list roots of the definition and opens single entries", () => {
    for (const count of [1, 2, 3, 5, 64, 65, 100]) {
      const hashes = Array.from({ length: count }, (_, i) => noise(i, 32));
      const tree = listTree(hashes);
      expect(toHex(tree.root())).to.equal(toHex(plainRoot(hashes, new Uint8Array(32))));
      hashes.forEach((leaf, index) => {
        expect(toHex(listLeafRoot({ count, index, leaf, proof: tree.prove(index, 1) }))).to.equal(toHex(tree.root()));
      });
    }
  });

  it("holds zero constants beyond its shape", () => {
    const tree = tensorTree(noiseTensor("u8", [3 * 256], 1));
    expect(tree.depth).to.equal(2);
    expect(toHex(tree.hashAt(0, 3))).to.equal(toHex(tensorZeros()[0]!));
    expect(toHex(tensorZeros()[0]!)).to.equal(toHex(keccak_256(new Uint8Array(256))));
    expect(toHex(tensorZeros()[5]!)).to.equal(toHex(plainTensorRoot(tensorOfZeros(32 * 256))));
    expect(toHex(listZeros()[1]!)).to.equal(toHex(keccak_256(new Uint8Array(64))));
  });

  it("refuses empty tensors, empty lists and ranges outside", () => {
    const tree = tensorTree(noiseTensor("f32", [100], 1));
    expect(codeOf(() => tensorTree({ dtype: "f32", shape: [0], data: new Float32Array(0) }))).to.equal("TREE_EMPTY");
    expect(codeOf(() => listTree([]))).to.equal("TREE_EMPTY");
    expect(codeOf(() => tree.prove(0, 3))).to.equal("TREE_RANGE");
    expect(codeOf(() => tree.prove(0, 0))).to.equal("TREE_RANGE");
    expect(codeOf(() => tree.leaves(-1, 1))).to.equal("TREE_RANGE");
    expect(codeOf(() => tensorTreeOfBytes(new Uint8Array(5), "f32"))).to.equal("TENSOR_BYTES");
  });

  it("counts leaves and depths", () => {
    expect([1, 64, 65].map((n) => leafCount(n, "f32"))).to.deep.equal([1, 1, 2]);
    expect([1, 2, 3, 4, 5, 2 ** 26].map(depthOf)).to.deep.equal([0, 1, 2, 2, 3, 26]);
  });
});

function tensorOfZeros(numel: number): Tensor {
  return { dtype: "u8", shape: [numel], data: new Uint8Array(numel) };
}

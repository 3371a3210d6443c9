import { AbiCoder, keccak256, sha256, toUtf8Bytes, zeroPadValue } from "ethers";

import { FORMAT } from "../../src/audit/content.js";
import { DTYPE_CODE } from "../../src/audit/graph.js";

import type { ModelContentStruct, ProvenanceStruct } from "../../typechain-types/registry/ModelRegistry.js";

/** Bits of a few binary32 numbers. */
export const F32 = {
  zero: 0x00000000n,
  minusZero: 0x80000000n,
  half: 0x3f000000n,
  one: 0x3f800000n,
  minusOne: 0xbf800000n,
  largest: 0x7f7fffffn,
  infinity: 0x7f800000n,
  nan: 0x7fc00000n,
} as const;

/** dtype codes (docs/audit.md, 1). */
export const DTYPE = DTYPE_CODE;

/** Content of a small tolerant model: 100 floats in -1..1 and 3 bools in, 4 floats out. The graph is not a real one. */
export function modelContent(change: Partial<ModelContentStruct> = {}): ModelContentStruct {
  return {
    format: FORMAT,
    graphRoot: keccak256(toUtf8Bytes("graph")),
    nodeCount: 5,
    weightsRoot: keccak256(toUtf8Bytes("weights")),
    boundInputs: keccak256("0x"),
    profile: 0,
    maxProofBytes: 4096,
    maxProofGas: 500_000,
    depth: 1,
    inputs: [
      { dtype: DTYPE.f32, lo: F32.minusOne, hi: F32.one, shape: [1, 10, 10] },
      { dtype: DTYPE.bool, lo: 0, hi: 1, shape: [3] },
    ],
    outputs: [{ dtype: DTYPE.f32, node: 4, atol: 0x3a83126fn, rtol: 0, shape: [1, 4] }],
    ...change,
  };
}

export function provenance(change: Partial<ProvenanceStruct> = {}): ProvenanceStruct {
  return {
    sha256Hash: sha256(toUtf8Bytes("file")),
    parent: zeroPadValue("0x", 32),
    cid: "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy",
    licence: "MIT",
    name: "tiny",
    uri: "https://example.org/tiny.onnx",
    ...change,
  };
}

const CONTENT_TYPE =
  "tuple(uint16 format,bytes32 graphRoot,uint32 nodeCount,bytes32 weightsRoot,bytes32 boundInputs,uint8 profile," +
  "uint32 maxProofBytes,uint32 maxProofGas,uint8 depth,tuple(uint8 dtype,uint64 lo,uint64 hi,uint32[] shape)[] inputs," +
  "tuple(uint8 dtype,uint32 node,uint32 atol,uint32 rtol,uint32[] shape)[] outputs)";

/** The content id by its definition (docs/audit.md, 5). */
export function contentIdOf(content: ModelContentStruct): string {
  return keccak256(AbiCoder.defaultAbiCoder().encode([CONTENT_TYPE], [content]));
}

export function modelIdOf(content: ModelContentStruct, publisher: string): string {
  return keccak256(AbiCoder.defaultAbiCoder().encode(["bytes32", "address"], [contentIdOf(content), publisher]));
}

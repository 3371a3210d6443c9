import { expect } from "chai";
import { AbiCoder, concat as hexConcat, keccak256 } from "ethers";
import fc from "fast-check";
import { toHex } from "../../src/audit/bytes.js";
import { chainDepth, commitGraph, contentId, encodeContent, listHash, modelContent } from "../../src/audit/content.js";
import type { AuditGraph, MapNode } from "../../src/audit/graph.js";
import { listTree, tensorRoot } from "../../src/audit/tree.js";
import { codeOf } from "../support/codes.js";
import { assertProperty } from "../support/fuzz.js";
import { anyGraph } from "../support/graphs.js";
import { noise, noiseTensor } from "../support/tensors.js";

/** The struct of contracts/types/Model.sol. */
const CONTENT =
  "tuple(uint16 format, bytes32 graphRoot, uint32 nodeCount, bytes32 weightsRoot, bytes32 boundInputs, uint8 profile, " +
  "uint32 maxProofBytes, uint32 maxProofGas, uint8 depth, tuple(uint8 dtype, uint64 lo, uint64 hi, uint32[] shape)[] inputs, " +
  "tuple(uint8 dtype, uint32 node, uint32 atol, uint32 rtol, uint32[] shape)[] outputs)";

const choices = { profile: "tolerant", tolerances: [], maxProofBytes: 60000, maxProofGas: 7000000 } as const;

function withOutputs(graph: AuditGraph): AuditGraph {
  const outputs = graph.nodes
    .slice(-2)
    .map((_, i) => ({ name: `y${i}`, dtype: "f32" as const, shape: [2, i], node: i }));
  return { ...graph, outputs };
}

describe("audit/content", () => {
  it("encodes a registration as abi.encode does", () => {
    assertProperty(
      fc.property(anyGraph(4), fc.nat(), ({ graph }, salt) => {
        const full = withOutputs(graph);
        const tolerances = full.outputs.map((_, i) => ({ atol: salt + i, rtol: 0x7f7fffff }));
        const content = modelContent(full, commitGraph(full), { ...choices, profile: "exact", tolerances });
        const encoded = AbiCoder.defaultAbiCoder().encode([CONTENT], [content]);
        expect(toHex(encodeContent(content))).to.equal(encoded);
        expect(toHex(contentId(content))).to.equal(keccak256(encoded));
      }),
      100,
    );
  });

  it("changes with every field", () => {
    const graph = withOutputs(fc.sample(anyGraph(3), { seed: 3, numRuns: 1 })[0]!.graph);
    const tolerances = graph.outputs.map(() => ({ atol: 1, rtol: 2 }));
    const content = modelContent(graph, commitGraph(graph), { ...choices, tolerances });
    const id = toHex(contentId(content));
    for (const key of Object.keys(content) as (keyof typeof content)[]) {
      const value = content[key];
      const other =
        typeof value === "number" ? value + 1 : value instanceof Uint8Array ? value.with(0, 1) : value.slice(1);
      if (Array.isArray(value) && value.length === 0) continue;
      expect(toHex(contentId({ ...content, [key]: other }))).to.not.equal(id);
    }
  });

  it("hashes lists of roots, and commits to weights and bound inputs", () => {
    const [a, b] = [noise(1, 32), noise(2, 32)];
    expect(toHex(listHash([a, b]))).to.equal(keccak256(hexConcat([a, b])));
    const bound = [noiseTensor("i64", [3], 1), noiseTensor("f32", [70], 2)];
    const graph: AuditGraph = {
      ...{ inputs: [], weights: bound, nodes: [copy([3])], outputs: [] },
      bound: bound.map((tensor, i) => ({ name: `axes${i}`, tensor })),
    };
    const roots = bound.map((tensor) => tensorRoot(tensor));
    const commitment = commitGraph(graph);
    expect(toHex(commitment.boundInputs)).to.equal(toHex(listHash(roots)));
    expect(toHex(commitment.weightsRoot)).to.equal(toHex(listTree(roots).root()));
    const bare = commitGraph({ ...graph, weights: [], bound: [] });
    expect(toHex(bare.boundInputs)).to.equal("0x" + "00".repeat(32));
    expect(toHex(bare.weightsRoot)).to.equal("0x" + "00".repeat(32));
    expect(toHex(bare.tree.root())).to.equal(keccak256(bare.encodings[0]!));
  });

  it("takes L from the deepest result and the length of the trace", () => {
    const graph = { inputs: [], weights: [], outputs: [], bound: [] };
    expect(chainDepth({ ...graph, nodes: [copy([64])] })).to.equal(1);
    expect(chainDepth({ ...graph, nodes: [copy([64]), copy([65])] })).to.equal(2);
    expect(chainDepth({ ...graph, nodes: [copy([64 * 257])] })).to.equal(3);
    expect(chainDepth({ ...graph, nodes: new Array<MapNode>(2048).fill(copy([1])) })).to.equal(1);
    expect(chainDepth({ ...graph, nodes: new Array<MapNode>(2049).fill(copy([1])) })).to.equal(3);
  });

  it("wants one tolerance per output", () => {
    const graph = withOutputs(fc.sample(anyGraph(3), { seed: 3, numRuns: 1 })[0]!.graph);
    expect(codeOf(() => modelContent(graph, commitGraph(graph), choices))).to.equal("CONTENT");
  });
});

function copy(out: number[]): MapNode {
  const value = { source: { kind: "immediate" }, dtype: "f32", value: 0n } as const;
  return { kind: "map", fn: "copy", dtype: "f32", out, operands: [value], steps: [], label: "" };
}

import { toHex } from "../../src/audit/bytes.js";
import { commitGraph, contentId, encodeContent, listHash, modelContent } from "../../src/audit/content.js";
import { encodeNode } from "../../src/audit/encode.js";
import { type AuditGraph, DTYPE_CODE, type View } from "../../src/audit/graph.js";
import { wasmKeccak } from "../../src/audit/keccak.js";
import {
  listLeafRoot,
  listTree,
  listZeros,
  tensorRangeRoot,
  tensorTree,
  tensorTreeOfBytes,
  tensorZeros,
} from "../../src/audit/tree.js";
import { addressAt, unravel } from "../../src/audit/view.js";
import { codeOf } from "./codes.js";
import { DTYPES, noiseTensor } from "./tensors.js";
import { SAMPLE_GRAPH, SAMPLE_VIEWS } from "./sample-graph.js";
import { file } from "./vector-files.js";

/** The rule that the published trees of bytes follow, so that large ones need no bytes in the file. */
export function ruleBytes(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (31 * i + 7 * Math.floor(i / 256)) % 256);
}
const RULE = "byte i of a u8 tensor is (31 i + 7 floor(i / 256)) mod 256";
const SIZES = [1, 255, 256, 257, 512, 513, 1024, 1025, 4096, 4097, 65536, 65537, 70000];

function trees(): string {
  const sized = SIZES.map((numel) => {
    const tree = tensorTreeOfBytes(ruleBytes(numel), "u8");
    return { numel, leaves: tree.count, depth: tree.depth, root: toHex(tree.root()) };
  });
  const typed = DTYPES.map((dtype, i) => {
    const tree = tensorTree(noiseTensor(dtype, [70], i));
    return { dtype: DTYPE_CODE[dtype], numel: 70, leaves: toHex(tree.leaves(0, tree.count)), root: toHex(tree.root()) };
  });
  const lists = [1, 2, 3, 5, 8, 9, 300].map((count) => {
    const roots = Array.from({ length: count }, (_, i) => wasmKeccak.hash(ruleBytes(i)));
    return { count, root: toHex(listTree(roots).root()), listHash: toHex(listHash(roots)) };
  });
  return file(
    `Trees of docs/audit.md, section 2. sized: ${RULE}. typed: zero-padded leaves of a tensor of every dtype. lists: entry i is ` +
      "the keccak256 of the first i bytes of that rule. zeros: Z_0, Z_1, ... of tensor trees and of list trees.",
    {
      zeros: [{ tensor: tensorZeros().slice(0, 27).map(toHex) }, { list: listZeros().slice(0, 21).map(toHex) }],
      sized,
      typed,
      lists,
    },
  );
}

function proofs(): string {
  const ranges = SIZES.flatMap((numel) => {
    const tree = tensorTreeOfBytes(ruleBytes(numel), "u8");
    const { count } = tree;
    const picks = [
      [0, 1],
      [count - 1, 1],
      [0, count],
      [count >> 1, (count + 3) >> 2],
      [Math.min(1, count - 1), Math.max(1, count - 2)],
    ] as const;
    const seen = new Set(picks.map(([first, n]) => `${first},${n}`));
    return [...seen].map((pick) => {
      const [first, n] = pick.split(",").map(Number) as [number, number];
      return { numel, first, n, proof: tree.prove(first, n).map(toHex), root: toHex(tree.root()) };
    });
  });
  const tree = tensorTreeOfBytes(ruleBytes(1600), "u8");
  const good = { count: tree.count, first: 2, leaves: tree.leaves(2, 3), proof: tree.prove(2, 3) };
  const bad = {
    surplus: { ...good, proof: [...good.proof, new Uint8Array(32)] },
    missing: { ...good, proof: good.proof.slice(1) },
    shifted: { ...good, first: 3 },
    beyond: { ...good, first: 5 },
    reversed: { ...good, proof: good.proof.toReversed() },
    empty: { ...good, leaves: new Uint8Array(0) },
  };
  const refused = Object.entries(bad).map(([name, range]) => {
    let root: string | undefined;
    const error = codeOf(() => (root = toHex(tensorRangeRoot(range))));
    const { first, proof, leaves } = range;
    return {
      name,
      numel: 1600,
      first,
      n: leaves.length / 256,
      proof: proof.map(toHex),
      expected: toHex(tree.root()),
      root,
      error,
    };
  });
  const entries = [1, 2, 3, 5, 300].flatMap((count) => {
    const roots = Array.from({ length: count }, (_, i) => wasmKeccak.hash(ruleBytes(i)));
    const list = listTree(roots);
    return [...new Set([0, count >> 1, count - 1])].map((index) => {
      const proof = list.prove(index, 1);
      const root = toHex(listLeafRoot({ count, index, leaf: roots[index]!, proof }));
      return { count, index, leaf: toHex(roots[index]!), proof: proof.map(toHex), root };
    });
  });
  return file(
    `Range proofs of docs/audit.md, section 2. ranges: ${RULE}; the leaves [first, first + n) with their proof. refused: the ` +
      "proof has the wrong length (error), or leads to another root than expected. entries: proofs of list trees.",
    { ranges, refused, entries },
  );
}

/** Plain JSON of a graph part; bits are hexadecimal strings. */
function json(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_, v: unknown) => (typeof v === "bigint" ? `0x${v.toString(16)}` : v)));
}

function encodings(): string {
  const { weightRoots, encodings: bytes } = commitGraph(SAMPLE_GRAPH);
  const nodes = SAMPLE_GRAPH.nodes.map((node, i) => ({
    node: json(node),
    bytes: toHex(bytes[i]!),
    hash: toHex(wasmKeccak.hash(bytes[i]!)),
  }));
  const whole = encodeNode(SAMPLE_GRAPH.nodes[0]!, weightRoots);
  const rank = whole[3]!;
  const change = (name: string, at: number, value: number) => ({ name, bytes: toHex(whole.with(at, value)) });
  const unreadable = [
    { name: "empty", bytes: "0x" },
    { name: "cut short", bytes: toHex(whole.subarray(0, -1)) },
    { name: "surplus byte", bytes: toHex(new Uint8Array([...whole, 0])) },
    change("unknown kind", 0, 3),
    change("function of another kind", 1, 64),
    change("unknown function", 1, 31),
    change("unknown dtype", 2, 8),
    change("fewer extents than the operands have coefficients", 4, 2),
    change("attributes where there are none", 7, 1),
    change("unknown source", 8 + 4 * rank, 4),
    change("unknown operand dtype", 9 + 4 * rank, 0),
  ];
  return file(
    "Node encodings of docs/audit.md, section 3. nodes: a graph, node by node; the root of weight i is in weights. unreadable: bytes " +
      "that are no node, so that a graph which holds them is inconsistent with any trace.",
    { weights: weightRoots.map(toHex), nodes, unreadable },
  );
}

function addresses(view: View, extents: readonly number[]): (number | null)[] {
  const size = extents.reduce((n, extent) => n * extent, 1);
  return Array.from({ length: size }, (_, i) => addressAt(view, unravel(i, extents)) ?? null);
}

function views(): string {
  const cases = SAMPLE_VIEWS.map(({ name, extents, ...view }) => {
    const { base, coef, guards } = view;
    return { name, extents, base, coef, guards, addresses: addresses(view, extents) };
  });
  return file(
    "Views of docs/audit.md, section 3: the address read at every index, row-major; null where a guard fails and the fill is read.",
    { cases },
  );
}

function content(): string {
  const graph: AuditGraph = SAMPLE_GRAPH;
  const commitment = commitGraph(graph);
  const tolerances = graph.outputs.map((_, i) => ({ atol: 0x38d1b717 + i, rtol: 0x3727c5ac }));
  const choices = { profile: "tolerant", tolerances, maxProofBytes: 40000, maxProofGas: 2_000_000 } as const;
  const value = modelContent(graph, commitment, choices);
  const { graphRoot, weightsRoot, boundInputs } = value;
  const shown = {
    ...value,
    graphRoot: toHex(graphRoot),
    weightsRoot: toHex(weightsRoot),
    boundInputs: toHex(boundInputs),
  };
  return file(
    "Content id of docs/audit.md, section 5: the graph is that of encodings.json, its bound inputs are the tensors whose roots are given.",
    {
      bound: graph.bound.map(({ tensor }) => toHex(tensorTree(tensor).root())),
      contents: [{ content: json(shown), encoded: toHex(encodeContent(value)), contentId: toHex(contentId(value)) }],
    },
  );
}

/** Names and contents of the published vectors of trees, encodings and ids. */
export function commitmentVectors(): ReadonlyMap<string, string> {
  return new Map([
    ["trees.json", trees()],
    ["proofs.json", proofs()],
    ["encodings.json", encodings()],
    ["views.json", views()],
    ["content.json", content()],
  ]);
}

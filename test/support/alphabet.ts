import { hexlify } from "ethers";

import { graphTree } from "../../src/audit/content.js";
import { type DType, DTYPE_BYTES, DTYPE_CODE } from "../../src/audit/graph.js";
import { wasmKeccak } from "../../src/audit/keccak.js";
import { type HashTree, LEAF, listTree, type TensorTree, tensorTreeOfBytes } from "../../src/audit/tree.js";
import type { EvidenceStruct } from "../../typechain-types/challenges/ChallengeManager.js";
import { openElement } from "./jobs.js";

/*
 * Models of `contracts/mocks/AlphabetArbiter.sol`: every element of every node is a letter that anybody can compute.
 */

export interface AlphabetNode {
  /** Elements of the result; 0 for an ill-formed node. */
  readonly elements: number;
  readonly dtype: DType;
}

export interface AlphabetModel {
  readonly nodes: readonly AlphabetNode[];
  readonly encodings: readonly Uint8Array[];
  readonly graph: HashTree;
}

/** Lays nodes out as a graph. */
export function alphabetModel(nodes: readonly AlphabetNode[]): AlphabetModel {
  const encodings = nodes.map(({ elements, dtype }) => {
    const bytes = new Uint8Array(5);
    new DataView(bytes.buffer).setUint32(0, elements);
    bytes[4] = DTYPE_CODE[dtype];
    return bytes;
  });
  return { nodes, encodings, graph: graphTree(encodings) };
}

const WORD = 32;

/** keccak256(abi.encode(inputsRoot, node, element)) of all elements, one after the other. */
function letterHashes(inputsRoot: string, node: number, elements: number): Uint8Array {
  const coded = Buffer.alloc(3 * WORD * elements);
  for (let element = 0; element < elements; element++) {
    const at = 3 * WORD * element;
    coded.write(inputsRoot.slice(2), at, "hex");
    coded.writeUInt32BE(node, at + 2 * WORD - 4);
    coded.writeUInt32BE(element, at + 3 * WORD - 4);
  }
  const out = new Uint8Array(WORD * elements);
  wasmKeccak.hashEach(coded, 3 * WORD, out);
  return out;
}

const known = new Map<string, Uint8Array>();

/** The right bytes of a node's result, in new memory. */
export function letters(inputsRoot: string, node: number, { elements, dtype }: AlphabetNode): Uint8Array {
  const key = [inputsRoot, node, elements, dtype].join();
  const bytes = known.get(key) ?? computeLetters(inputsRoot, node, { elements, dtype });
  known.set(key, bytes);
  return bytes.slice();
}

function computeLetters(inputsRoot: string, node: number, { elements, dtype }: AlphabetNode): Uint8Array {
  const width = DTYPE_BYTES[dtype];
  const hash = letterHashes(inputsRoot, node, elements);
  const bytes = new Uint8Array(elements * width);
  for (let element = 0; element < elements; element++) {
    const end = WORD * (element + 1);
    bytes.set(hash.subarray(end - width, end), element * width);
    if (dtype !== "f32") continue;
    // Numbers in [1, 2).
    bytes[4 * element] = 0x3f;
    bytes[4 * element + 1]! |= 0x80;
  }
  return bytes;
}

/** Writes an element's bits, big-endian. */
export function writeBits(bytes: Uint8Array, dtype: DType, element: number, bits: bigint): void {
  const width = DTYPE_BYTES[dtype];
  for (let i = width - 1, rest = bits; i >= 0; i--, rest >>= 8n) bytes[element * width + i] = Number(rest & 0xffn);
}

/** An asserted trace, as a challenger knows it. `bytes` is what it can supply; `roots` what it commits to. */
export interface Trace {
  readonly model: AlphabetModel;
  readonly trees: readonly TensorTree[];
  readonly roots: readonly string[];
  readonly list: HashTree;
}

/** Where a trace deviates from the truth. */
export interface TraceChange {
  /** Elements with other bits. */
  readonly alter?: readonly { readonly node: number; readonly element: number; readonly bits: bigint }[];
  /** Nodes whose root is this hash, whatever the tensor is. */
  readonly garble?: Readonly<Record<number, string>>;
}

/** The trace of a model on a claim's inputs, true but for `change`. */
export function traceOf(model: AlphabetModel, inputsRoot: string, change: TraceChange = {}): Trace {
  const tensors = model.nodes.map((node, i) => letters(inputsRoot, i, node));
  for (const { node, element, bits } of change.alter ?? []) {
    writeBits(tensors[node]!, model.nodes[node]!.dtype, element, bits);
  }
  const trees = tensors.map((bytes, i) =>
    // An ill-formed node has no tensor; any one stands for it.
    tensorTreeOfBytes(bytes.length === 0 ? new Uint8Array(4) : bytes, model.nodes[i]!.dtype),
  );
  const roots = trees.map((tree, i) => change.garble?.[i] ?? hexlify(tree.root()));
  return { model, trees, roots, list: listTree(roots.map((root) => Buffer.from(root.slice(2), "hex"))) };
}

export const hashes = (proof: readonly Uint8Array[]): string[] => proof.map((hash) => hexlify(hash));

/** The element of a node in a trace, opened from the trace root. */
export function openTraced({ model, trees, roots, list }: Trace, node: number, element: number) {
  const tree = trees[node]!;
  const leaf = Math.floor((element * DTYPE_BYTES[model.nodes[node]!.dtype]) / LEAF);
  return {
    root: roots[node]!,
    listProof: hashes(list.prove(node, 1)),
    leaf: hexlify(tree.leaves(leaf, 1)),
    proof: hashes(tree.prove(leaf, 1)),
  };
}

/** One output element, claimed and traced. */
export function deviationOf(
  claimed: { readonly tensors: readonly Uint8Array[]; readonly dtypes: readonly DType[] },
  trace: Trace,
  at: { readonly output: number; readonly node: number; readonly element: number },
) {
  return {
    claimed: openElement(claimed.tensors, claimed.dtypes, at.output, at.element),
    traced: openTraced(trace, at.node, at.element),
  };
}

/** Evidence about one element: there are no operands to open. */
export function evidenceOf(trace: Trace, node: number, element: number): EvidenceStruct {
  return {
    nodeIndex: node,
    element,
    node: hexlify(trace.model.encodings[node]!),
    nodeProof: hashes(trace.model.graph.prove(node, 1)),
    inputRoots: [],
    openings: [],
    operandOpenings: "0x",
    result: openTraced(trace, node, element),
    operandNodes: [],
  };
}

import { TouchstoneError } from "../errors.js";
import { abiEncode, hash, list, tuple, word } from "./abi.js";
import { concat } from "./bytes.js";
import { encodeNodes } from "./encode.js";
import { type AuditGraph, DTYPE_CODE } from "./graph.js";
import { type Keccak, wasmKeccak } from "./keccak.js";
import { HASH } from "./merkle.js";
import { type HashTree, listTree, tensorRoot } from "./tree.js";
import { demandDepth, resultInfo } from "./wellformed.js";

/** The format that this code implements (docs/audit.md). */
export const FORMAT = 1;

/** `ModelContent` of contracts/types/Model.sol. */
export interface ModelContent {
  format: number;
  graphRoot: Uint8Array;
  nodeCount: number;
  weightsRoot: Uint8Array;
  boundInputs: Uint8Array;
  /** 0 tolerant, 1 exact. */
  profile: 0 | 1;
  maxProofBytes: number;
  maxProofGas: number;
  depth: number;
  inputs: { dtype: number; lo: bigint; hi: bigint; shape: number[] }[];
  outputs: { dtype: number; node: number; atol: number; rtol: number; shape: number[] }[];
}

/** Everything that a graph alone commits to. */
export interface GraphCommitment {
  /** Encodings of all nodes, in order. */
  readonly encodings: readonly Uint8Array[];
  /** Tree over the hashes of the encodings; its root is the graph root. */
  readonly tree: HashTree;
  readonly weightRoots: readonly Uint8Array[];
  readonly weightsRoot: Uint8Array;
  readonly boundInputs: Uint8Array;
  /** `L`, the longest chain of demands. */
  readonly depth: number;
}

/** `keccak256(root_0 || root_1 || ...)`: inputs root and outputs root of a claim (docs/audit.md, 2). */
export function listHash(roots: readonly Uint8Array[], keccak: Keccak = wasmKeccak): Uint8Array {
  return keccak.hash(concat(roots));
}

/** Commits to a graph. Hashes every weight once. */
export function commitGraph(graph: AuditGraph, keccak: Keccak = wasmKeccak): GraphCommitment {
  const weightRoots = graph.weights.map((weight) => tensorRoot(weight, keccak));
  const boundRoots = graph.bound.map(({ tensor }) =>
    tensor.data.length === 0 ? new Uint8Array(HASH) : tensorRoot(tensor, keccak),
  );
  const encodings = encodeNodes(graph, weightRoots);
  return {
    encodings,
    tree: graphTree(encodings, keccak),
    weightRoots,
    weightsRoot: weightRoots.length > 0 ? listTree(weightRoots, keccak).root() : new Uint8Array(32),
    boundInputs: boundRoots.length > 0 ? listHash(boundRoots, keccak) : new Uint8Array(32),
    depth: chainDepth(graph),
  };
}

/** The tree whose root is the graph root, from the encodings of all nodes. */
export function graphTree(encodings: readonly Uint8Array[], keccak: Keccak = wasmKeccak): HashTree {
  return listTree(
    encodings.map((encoding) => keccak.hash(encoding)),
    keccak,
  );
}

/** `L`: the longest chain of demands that a trace of this graph may need (docs/audit.md, 5). */
export function chainDepth(graph: AuditGraph): number {
  return graph.nodes.reduce((depth, node) => Math.max(depth, demandDepth(resultInfo(node), graph.nodes.length)), 0);
}

/** What a publisher decides about a compiled graph. */
export interface ContentChoices {
  readonly profile: "tolerant" | "exact";
  /** Per output, in order; binary32 bits of finite non-negative numbers. */
  readonly tolerances: readonly { readonly atol: number; readonly rtol: number }[];
  readonly maxProofBytes: number;
  readonly maxProofGas: number;
}

/**
 * The content of a registration. Domains are those of the graph's inputs.
 *
 * @throws TouchstoneError `CONTENT` unless there is one tolerance per output.
 */
export function modelContent(graph: AuditGraph, commitment: GraphCommitment, choices: ContentChoices): ModelContent {
  const { tolerances } = choices;
  if (tolerances.length !== graph.outputs.length) {
    throw new TouchstoneError("CONTENT", `${graph.outputs.length} outputs, but ${tolerances.length} tolerances`);
  }
  return {
    format: FORMAT,
    graphRoot: commitment.tree.root(),
    nodeCount: graph.nodes.length,
    weightsRoot: commitment.weightsRoot,
    boundInputs: commitment.boundInputs,
    profile: choices.profile === "exact" ? 1 : 0,
    maxProofBytes: choices.maxProofBytes,
    maxProofGas: choices.maxProofGas,
    depth: commitment.depth,
    inputs: graph.inputs.map(({ dtype, lo, hi, shape }) => ({ dtype: DTYPE_CODE[dtype], lo, hi, shape: [...shape] })),
    outputs: graph.outputs.map(({ dtype, node, shape }, i) => ({
      dtype: DTYPE_CODE[dtype],
      node,
      ...tolerances[i]!,
      shape: [...shape],
    })),
  };
}

/** `abi.encode(content)`. */
export function encodeContent(content: ModelContent): Uint8Array {
  return abiEncode([
    tuple([
      word(content.format),
      hash(content.graphRoot),
      word(content.nodeCount),
      hash(content.weightsRoot),
      hash(content.boundInputs),
      word(content.profile),
      word(content.maxProofBytes),
      word(content.maxProofGas),
      word(content.depth),
      list(
        content.inputs.map(({ dtype, lo, hi, shape }) =>
          tuple([word(dtype), word(lo), word(hi), list(shape.map(word))]),
        ),
      ),
      list(
        content.outputs.map(({ dtype, node, atol, rtol, shape }) =>
          tuple([word(dtype), word(node), word(atol), word(rtol), list(shape.map(word))]),
        ),
      ),
    ]),
  ]);
}

/** The content id: what everybody calls the model by (docs/audit.md, 5). */
export function contentId(content: ModelContent, keccak: Keccak = wasmKeccak): Uint8Array {
  return keccak.hash(encodeContent(content));
}

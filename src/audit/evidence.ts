import { TouchstoneError } from "../errors.js";
import { numelOf } from "./bytes.js";
import { type GraphCommitment, listHash } from "./content.js";
import {
  type AuditGraph,
  type AuditNode,
  DTYPE_BYTES,
  DTYPE_CODE,
  resultDType,
  resultSize,
  type View,
} from "./graph.js";
import { type Keccak, wasmKeccak } from "./keccak.js";
import { type OpeningPlan, planOpenings } from "./reads.js";
import { type HashTree, LEAF, type TensorTree } from "./tree.js";
import { allOperands } from "./wellformed.js";

/*
 * The structs of contracts/types/Evidence.sol, in the shape that ethers and typechain encode, and their making from a trace.
 */

export interface LeafRange {
  first: number;
  leaves: Uint8Array;
  proof: Uint8Array[];
}

export interface Opening {
  root: Uint8Array;
  listProof: Uint8Array[];
  ranges: LeafRange[];
}

export interface ResultOpening {
  root: Uint8Array;
  listProof: Uint8Array[];
  leaf: Uint8Array;
  proof: Uint8Array[];
}

export interface OperandNode {
  operand: number;
  node: Uint8Array;
  nodeProof: Uint8Array[];
}

export interface Evidence {
  nodeIndex: number;
  element: number;
  node: Uint8Array;
  nodeProof: Uint8Array[];
  inputRoots: Uint8Array[];
  openings: Opening[];
  operandOpenings: Uint8Array;
  result: ResultOpening;
  operandNodes: OperandNode[];
}

export interface Facts {
  graphRoot: Uint8Array;
  nodeCount: number;
  depth: number;
  inputsRoot: Uint8Array;
  traceRoot: Uint8Array;
  inputSizes: number[];
  inputDtypes: Uint8Array;
}

/** `operandOpenings` of an operand that reads no memory. */
const NO_OPENING = 255;

/** All tensors of one execution, committed. Trees hash when first asked, so only what is opened costs. */
export interface Memory {
  readonly inputs: readonly TensorTree[];
  readonly weights: readonly TensorTree[];
  /** Results of the nodes, at least of those that the judged node reads. */
  readonly results: readonly TensorTree[];
}

/** The trace that somebody asserts: equal to the memory in front of the judged node, perhaps not at it. */
export interface AssertedTrace {
  /** Proof of the tensor root at position `node` under the asserted trace root. */
  proveRoot(node: number): Uint8Array[];
  /** The asserted leaf of the judged element. */
  readonly result: { readonly root: Uint8Array; readonly leaf: Uint8Array; readonly proof: readonly Uint8Array[] };
}

/** What evidence is made for. */
export interface Accusation {
  readonly graph: AuditGraph;
  readonly commitment: GraphCommitment;
  readonly memory: Memory;
  readonly asserted: AssertedTrace;
  readonly nodeIndex: number;
  /** Row-major number of the element in the node's result. */
  readonly element: number;
  /** Numbers of operands whose stated size or dtype is disputed. */
  readonly disputedOperands?: readonly number[];
}

/** Leaf number of element `element` in the result of `node`. */
export function resultLeaf(node: AuditNode, element: number): number {
  return Math.floor((element * DTYPE_BYTES[resultDType(node)]) / LEAF);
}

/** The asserted trace, where all of it is known: `roots` is its list tree, `result` the asserted tensor of the judged node. */
export function assertedTrace(known: {
  roots: HashTree;
  result: TensorTree;
  node: AuditNode;
  element: number;
}): AssertedTrace {
  const { roots, result } = known;
  const leaf = resultLeaf(known.node, known.element);
  return {
    proveRoot: (node) => roots.prove(node, 1),
    result: { root: result.root(), leaf: result.leaves(leaf, 1), proof: result.prove(leaf, 1) },
  };
}

/**
 * Everything that `Arbiter.check` needs to recompute one element.
 *
 * @throws TouchstoneError `EVIDENCE_ELEMENT` if the graph has no such element.
 */
export function buildEvidence(accusation: Accusation): Evidence {
  const { graph, commitment, memory, asserted, nodeIndex, element } = accusation;
  const node = graph.nodes[nodeIndex];
  if (node === undefined || !(element >= 0 && element < resultSize(node))) {
    throw new TouchstoneError("EVIDENCE_ELEMENT", `the graph has no element ${element} of node ${nodeIndex}`);
  }
  const plans = planOpenings(node, element, (view, address) => treeOf(memory, view).element(address));
  const operandOpenings = new Uint8Array(allOperands(node).length).fill(NO_OPENING);
  plans.forEach(({ operands }, number) => operands.forEach((operand) => (operandOpenings[operand] = number)));
  return {
    nodeIndex,
    element,
    node: commitment.encodings[nodeIndex]!,
    nodeProof: commitment.tree.prove(nodeIndex, 1),
    inputRoots: memory.inputs.map((tree) => tree.root()),
    openings: plans.map((plan) => open(plan, memory, asserted)),
    operandOpenings,
    result: {
      root: asserted.result.root,
      listProof: asserted.proveRoot(nodeIndex),
      leaf: asserted.result.leaf,
      proof: [...asserted.result.proof],
    },
    operandNodes: (accusation.disputedOperands ?? []).map((operand) => operandNode(node, operand, commitment)),
  };
}

/**
 * Evidence that a node of the graph is ill-formed, from the committed bytes alone: such a node can be judged without any
 * opening (docs/audit.md, 3).
 *
 * @param operands Operands of the node, where its bytes can be read that far.
 */
export function illFormedEvidence(parts: {
  encodings: readonly Uint8Array[];
  tree: HashTree;
  inputRoots: readonly Uint8Array[];
  nodeIndex: number;
  operands: number;
  disputed?: { operand: number; node: number };
}): Evidence {
  const { encodings, tree, nodeIndex, operands, disputed } = parts;
  return {
    nodeIndex,
    element: 0,
    node: encodings[nodeIndex]!,
    nodeProof: tree.prove(nodeIndex, 1),
    inputRoots: [...parts.inputRoots],
    openings: [],
    operandOpenings: new Uint8Array(operands).fill(NO_OPENING),
    result: { root: new Uint8Array(32), listProof: [], leaf: new Uint8Array(0), proof: [] },
    operandNodes:
      disputed === undefined
        ? []
        : [{ operand: disputed.operand, node: encodings[disputed.node]!, nodeProof: tree.prove(disputed.node, 1) }],
  };
}

/** What the Arbiter is told by its caller about a model, a claim's inputs and an asserted trace. */
export function factsOf(parts: {
  graph: AuditGraph;
  commitment: GraphCommitment;
  inputRoots: readonly Uint8Array[];
  traceRoot: Uint8Array;
  keccak?: Keccak;
}): Facts {
  const { graph, commitment, inputRoots, traceRoot, keccak = wasmKeccak } = parts;
  return {
    graphRoot: commitment.tree.root(),
    nodeCount: graph.nodes.length,
    depth: commitment.depth,
    inputsRoot: listHash(inputRoots, keccak),
    traceRoot,
    inputSizes: graph.inputs.map(({ shape }) => numelOf(shape)),
    inputDtypes: Uint8Array.from(graph.inputs, ({ dtype }) => DTYPE_CODE[dtype]),
  };
}

function treeOf(memory: Memory, { source, numel }: View): TensorTree {
  const trees = { input: memory.inputs, weight: memory.weights, node: memory.results }[source.kind];
  const tree = trees[source.index];
  if (tree?.numel === numel) return tree;
  throw new TouchstoneError(
    "EVIDENCE_MEMORY",
    `the trace holds no ${source.kind} ${source.index} of ${numel} elements`,
    {
      next: "Run the audit executor up to the judged node and keep every tensor that it reads.",
    },
  );
}

function open({ view, ranges }: OpeningPlan, memory: Memory, asserted: AssertedTrace): Opening {
  const tree = treeOf(memory, view);
  return {
    root: tree.root(),
    listProof: view.source.kind === "node" ? asserted.proveRoot(view.source.index) : [],
    ranges: ranges.map(({ first, end }) => ({
      first,
      leaves: tree.leaves(first, end - first),
      proof: tree.prove(first, end - first),
    })),
  };
}

function operandNode(node: AuditNode, operand: number, commitment: GraphCommitment): OperandNode {
  const source = allOperands(node)[operand]?.source;
  if (source?.kind !== "node") {
    throw new TouchstoneError(
      "EVIDENCE_OPERAND",
      `operand ${operand} reads no node, so nothing about one can be disputed`,
    );
  }
  return {
    operand,
    node: commitment.encodings[source.index]!,
    nodeProof: commitment.tree.prove(source.index, 1),
  };
}

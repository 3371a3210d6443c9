import { tensorBytes } from "../../../src/audit/bytes.js";
import { assertedTrace, buildEvidence, type AssertedTrace, type Evidence } from "../../../src/audit/evidence.js";
import type { AuditGraph, MapNode, ReduceNode } from "../../../src/audit/graph.js";
import { listTree } from "../../../src/audit/tree.js";
import { hexlify } from "ethers";
import type { Trace } from "../alphabet.js";
import { floatTensor, graphOf, input, nodeResult, rowMajor, view, weight } from "../graph-parts.js";
import type { Dice } from "../graphs.js";
import { withOutput } from "../real-disputes.js";
import { alterElement, bitsAt, type Run, runGraph } from "../runs.js";

const [TERMS, ROWS] = [150, 113];

/** input x weight */
const SCALE: MapNode = {
  ...{ kind: "map", fn: "mul", dtype: "f32", out: [TERMS], steps: [], label: "scale" },
  operands: [rowMajor(input(0), [TERMS]), rowMajor(weight(0), [TERMS])],
};

/** SCALE x matrix, row by row: 265 leaves, so that a demand from the root to the bytes of a leaf takes three steps. */
const WIDE: MapNode = {
  ...{ kind: "map", fn: "mul", dtype: "f32", out: [ROWS, TERMS], steps: [], label: "wide" },
  operands: [view(nodeResult(0), TERMS, [0, 1]), rowMajor(weight(1), [ROWS, TERMS])],
};

/** sum of a row x weight */
const DENSE: ReduceNode = {
  ...{ kind: "reduce", fn: "dot", dtype: "f32", out: [ROWS], red: [TERMS], steps: [], label: "dense" },
  operands: [rowMajor(nodeResult(1), [ROWS, TERMS]), view(weight(2), TERMS, [0, 1])],
};

/** DENSE - DENSE reversed */
const MIRROR: MapNode = {
  ...{ kind: "map", fn: "sub", dtype: "f32", out: [ROWS], steps: [], label: "mirror" },
  operands: [rowMajor(nodeResult(2), [ROWS]), view(nodeResult(2), ROWS, [-1], { base: ROWS - 1 })],
};

export const OUTPUT = 3;
export const ELEMENTS = ROWS;

function gameGraph(): AuditGraph {
  const weights = [floatTensor([TERMS], 1), floatTensor([ROWS, TERMS], 2), floatTensor([TERMS], 3)];
  return withOutput(graphOf([SCALE, WIDE, DENSE, MIRROR], [floatTensor([TERMS], 4)], weights));
}

/** Real executions of one graph on a few inputs. */
export function truths(count: number): Run[] {
  const graph = gameGraph();
  return Array.from({ length: count }, (_, i) => runGraph(graph, [floatTensor([TERMS], 10 + i)]));
}

/** A run as what a challenger asserts. `garbled` nodes have this root, whatever their tensor is. */
export function traceOfResults({ memory, commitment, graph }: Run, garbled: ReadonlyMap<number, string>): Trace {
  const trees = memory.results;
  const roots = trees.map((tree, node) => garbled.get(node) ?? hexlify(tree.root()));
  return {
    model: {
      nodes: graph.nodes.map(({ dtype }, node) => ({ elements: trees[node]!.numel, dtype })),
      encodings: commitment.encodings,
      graph: commitment.tree,
    },
    trees,
    roots,
    list: listTree(roots.map((root) => Buffer.from(root.slice(2), "hex"))),
  };
}

export const trueTrace = (run: Run): Trace => traceOfResults(run, new Map());

/** Evidence about an element of an asserted trace that is true in front of its node. */
export function evidenceAbout(truth: Run, node: number, element: number, asserted: AssertedTrace): Evidence {
  const { graph, commitment, memory } = truth;
  return buildEvidence({ graph, commitment, memory, asserted, nodeIndex: node, element });
}

/** As whoever made the trace knows it. */
export function assertionOf(truth: Run, trace: Trace, node: number, element: number): AssertedTrace {
  return assertedTrace({ roots: trace.list, result: trace.trees[node]!, node: truth.graph.nodes[node]!, element });
}

export const outputOf = (run: Run): Uint8Array => {
  const tree = run.memory.results[OUTPUT]!;
  return tree.leaves(0, tree.count).slice(0, 4 * tree.numel);
};

export const inputOf = (run: Run): Uint8Array => tensorBytes(run.inputs[0]!);

const NAN = 0x7fc00000n;

export const WRONG_ANSWERS = ["last bit", "answer of other inputs", "not a number", "largest number"] as const;
export type WrongAnswer = (typeof WRONG_ANSWERS)[number];

/** A wrong answer, and an element at which it is wrong. */
export function wrongAnswer(kind: WrongAnswer, truth: Run, other: Run, dice: Dice): { run: Run; element: number } {
  const element = dice.roll(ELEMENTS);
  const bits = { "last bit": bitsAt(truth, OUTPUT, element) ^ 1n, "not a number": NAN, "largest number": 0x7f7fffffn };
  if (kind !== "answer of other inputs") return { run: alterElement(truth, OUTPUT, element, bits[kind]), element };
  const run = { ...truth, memory: { ...truth.memory, results: other.memory.results } };
  const differing = Array.from({ length: ELEMENTS }, (_, i) => i).filter(
    (i) => bitsAt(truth, OUTPUT, i) !== bitsAt(other, OUTPUT, i),
  );
  return { run, element: dice.of(differing) };
}

export const FALSE_TRACES = [
  "output",
  "tensor and output",
  "tensor and all behind",
  "no preimage",
  "not a number",
] as const;
export type FalseTrace = (typeof FALSE_TRACES)[number];

export interface Lie {
  readonly trace: Trace;
  /** Output element that deviates from a right answer. */
  readonly element: number;
  /** Where it is wrong first; nowhere in particular if that root has no preimage. */
  readonly wrong?: { readonly node: number; readonly element: number };
}

/** A false trace about a right answer. */
export function falseTrace(kind: FalseTrace, truth: Run, other: Run, dice: Dice): Lie {
  const element = dice.roll(ELEMENTS);
  const forged = alterElement(truth, OUTPUT, element, bitsAt(truth, OUTPUT, element) ^ BigInt(1 << dice.roll(23)));
  const node = dice.roll(OUTPUT);
  const inner = dice.roll(truth.memory.results[node]!.numel);
  switch (kind) {
    case "output":
      return { trace: trueTrace(forged), element, wrong: { node: OUTPUT, element } };
    case "not a number": {
      const wrong = { node: OUTPUT, element };
      return { trace: trueTrace(alterElement(truth, OUTPUT, element, NAN)), element, wrong };
    }
    case "tensor and output": {
      const altered = alterElement(forged, node, inner, bitsAt(truth, node, inner) ^ BigInt(1 << dice.roll(31)));
      return { trace: trueTrace(altered), element, wrong: { node, element: inner } };
    }
    case "tensor and all behind": {
      // True up to a node, then another run, whose later nodes follow from it rightly.
      const results = truth.memory.results.map((tree, i) => (i < node ? tree : other.memory.results[i]!));
      const trace = trueTrace({ ...truth, memory: { ...truth.memory, results } });
      const differing = [...truth.results[node]!.data.keys()].find(
        (i) => bitsAt(truth, node, i) !== bitsAt(other, node, i),
      )!;
      const outputs = Array.from({ length: ELEMENTS }, (_, i) => i);
      const shown = outputs.filter((i) => bitsAt(truth, OUTPUT, i) !== bitsAt(other, OUTPUT, i));
      return { trace, element: dice.of(shown), wrong: { node, element: differing } };
    }
    case "no preimage":
      return {
        trace: traceOfResults(forged, new Map([[node, `0x${"5a".repeat(31)}${node.toString(16).padStart(2, "0")}`]])),
        element,
      };
  }
}

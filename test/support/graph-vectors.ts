import { readFileSync } from "node:fs";

import { toHex, tensorBytes } from "../../src/audit/bytes.js";
import { compile } from "../../src/audit/compile.js";
import { commitGraph, contentId, listHash, modelContent } from "../../src/audit/content.js";
import { executeReference } from "../../src/audit/exec/reference/execute.js";
import { type AuditGraph, DTYPE_CODE, resultSize, type Tensor } from "../../src/audit/graph.js";
import { listTree, tensorTree } from "../../src/audit/tree.js";
import { dice, randomGraph } from "./graphs.js";
import { SHAPES } from "./node-shapes.js";
import { alterElement, bitsAt, type Case, caseOf, runGraph } from "./runs.js";
import { SAMPLE_GRAPH } from "./sample-graph.js";
import { noiseTensor } from "./tensors.js";
import { file } from "./vector-files.js";

/*
 * Published vectors of whole graphs: nodes.json, models.json, evidence.json (test/vectors/README.md).
 */

/** A tensor as committed. */
const shown = (tensor: Tensor): { dtype: number; bytes: string } => ({
  dtype: DTYPE_CODE[tensor.dtype],
  bytes: toHex(tensorBytes(tensor)),
});

function graphCase(name: string, graph: AuditGraph, inputs: readonly Tensor[]) {
  const { encodings, weightRoots } = commitGraph(graph);
  return {
    name,
    inputs: inputs.map(shown),
    weights: graph.weights.map((weight, i) => ({ ...shown(weight), root: toHex(weightRoots[i]!) })),
    nodes: encodings.map(toHex),
    results: executeReference(graph, inputs).map(shown),
  };
}

const inputsOf = (graph: AuditGraph, seed: number): Tensor[] =>
  graph.inputs.map(({ dtype, shape }, i) => noiseTensor(dtype, shape, seed + i));

const RANDOM_GRAPHS = 60;
/** Elements of a graph's tensors, so that the file stays small. */
const MOST_ELEMENTS = 900;

function nodes(): string {
  const random = Array.from(
    { length: 4 * RANDOM_GRAPHS },
    (_, seed) => [`random ${seed}`, randomGraph(seed, 3)] as const,
  );
  const shapes = Object.entries(SHAPES).map(([name, make], i) => [name, make(dice(i))] as const);
  const cases = [...random, ...shapes]
    .filter(([, graph]) => elements(graph) <= MOST_ELEMENTS)
    .map(([name, graph], i) => graphCase(name, graph, inputsOf(graph, 100 + i)));
  return file(
    "Graphs of docs/audit.md, sections 3 and 4: tensors as committed (dtype code, elements big-endian), nodes as encoded, and the result of every " +
      "node.",
    { graphs: cases },
  );
}

function elements(graph: AuditGraph): number {
  const all = [
    ...graph.inputs.map(({ shape }) => shape.reduce((n, d) => n * d, 1)),
    ...graph.weights.map((w) => w.data.length),
  ];
  return [...all, ...graph.nodes.map(resultSize)].reduce((n, size) => n + size, 0);
}

const MODELS = ["tract-linear-classifier", "tract-xgboost-regressor-tree", "tract-deconv-group"] as const;
const SHAPES_OF: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>> = {
  "tract-linear-classifier": { input: [1, 12] },
  "tract-xgboost-regressor-tree": { input: [1, 13] },
};

function modelCase(name: string, graph: AuditGraph, inputs: readonly Tensor[]) {
  const commitment = commitGraph(graph);
  const tolerances = graph.outputs.map((_, i) => ({ atol: 0x38d1b717 + i, rtol: 0x3727c5ac }));
  const choices = { profile: "tolerant", tolerances, maxProofBytes: 40000, maxProofGas: 2_000_000 } as const;
  const content = modelContent(graph, commitment, choices);
  const graphShown = graphCase(name, graph, inputs);
  const results = executeReference(graph, inputs);
  const roots = results.map((tensor) => tensorTree(tensor).root());
  const inputRoots = inputs.map((tensor) => tensorTree(tensor).root());
  return {
    ...graphShown,
    bound: graph.bound.map(({ tensor }) => shown(tensor)),
    model: {
      format: content.format,
      profile: content.profile,
      maxProofBytes: content.maxProofBytes,
      maxProofGas: content.maxProofGas,
      inputs: content.inputs.map((input) => ({
        ...input,
        lo: `0x${input.lo.toString(16)}`,
        hi: `0x${input.hi.toString(16)}`,
      })),
      outputs: content.outputs,
    },
    depth: content.depth,
    graphRoot: toHex(content.graphRoot),
    weightsRoot: toHex(content.weightsRoot),
    boundInputs: toHex(content.boundInputs),
    contentId: toHex(contentId(content)),
    inputsRoot: toHex(listHash(inputRoots)),
    traceRoot: toHex(listTree(roots).root()),
    outputsRoot: toHex(listHash(graph.outputs.map(({ node }) => roots[node]!))),
  };
}

function models(): string {
  const compiled = MODELS.map((name) => {
    const path = new URL(`../assets/conformance/models/${name}/model.onnx`, import.meta.url);
    const { graph } = compile(readFileSync(path), { shapes: SHAPES_OF[name] ?? {} });
    return modelCase(name, graph, inputsOf(graph, 7));
  });
  return file(
    "Models of docs/audit.md, section 5: what is in nodes.json, the bound inputs, what a registration adds, and all roots and ids of one claim " +
      "with its whole trace. The models are the compiler's graphs of test/assets/conformance/models.",
    { models: [modelCase("sample", SAMPLE_GRAPH, inputsOf(SAMPLE_GRAPH, 5)), ...compiled] },
  );
}

/** Bytes as hexadecimal strings, anywhere in a value. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return toHex(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plain(part)]));
}

function evidence(): string {
  const run = runGraph(SAMPLE_GRAPH, inputsOf(SAMPLE_GRAPH, 5));
  const cases: { name: string; verdict: string; facts: unknown; evidence: unknown }[] = [];
  const add = (name: string, verdict: string, { facts, evidence: given }: Case): void => {
    cases.push({ name, verdict, facts: plain(facts), evidence: plain(given) });
  };
  SAMPLE_GRAPH.nodes.forEach((node, index) => {
    const element = resultSize(node) - 1;
    add(`node ${index} (${node.label}), as it is`, "consistent", caseOf(run, index, element));
    const wrong = alterElement(run, index, element, bitsAt(run, index, element) ^ 1n);
    add(`node ${index} (${node.label}), last bit wrong`, "inconsistent", caseOf(wrong, index, element));
  });
  const good = caseOf(run, 1, 0);
  const change = (name: string, error: string, part: Partial<Case["evidence"]>): void => {
    add(name, error, { facts: good.facts, evidence: { ...good.evidence, ...part } });
  };
  change("no such node", "NodeIndexOutOfRange", { nodeIndex: 5 });
  change("another node's bytes", "NodeNotInGraph", { nodeIndex: 2 });
  change("an input root too many", "InputRootsMismatch", {
    inputRoots: [...good.evidence.inputRoots, new Uint8Array(32)],
  });
  change("no operand openings", "OperandOpeningsLength", { operandOpenings: new Uint8Array(0) });
  change("no such element", "ElementOutOfRange", { element: 8 });
  change("no such opening", "UnknownOpening", { operandOpenings: Uint8Array.of(7) });
  change("an opening without its leaves", "ElementNotOpened", {
    openings: good.evidence.openings.map((opening) => ({ ...opening, ranges: [] })),
  });
  change("a changed leaf", "LeavesNotInTensor", {
    openings: good.evidence.openings.map((opening) => ({
      ...opening,
      ranges: opening.ranges.map((range) => ({ ...range, leaves: range.leaves.with(0, range.leaves[0]! ^ 1) })),
    })),
  });
  change("another result root", "ResultNotInTrace", { result: { ...good.evidence.result, root: new Uint8Array(32) } });
  change("another result leaf", "ResultLeafNotInTensor", {
    result: { ...good.evidence.result, leaf: new Uint8Array(256) },
  });
  return file(
    "Evidence of docs/audit.md, section 6, about one run of the graph of encodings.json: facts, evidence, and the verdict of Arbiter.check: consistent, " +
      "inconsistent, or the name of the error that it reverts with. Fields are those of contracts/types/Evidence.sol.",
    { cases },
  );
}

/** Names and contents of the published vectors of whole graphs. */
export function graphVectors(): ReadonlyMap<string, string> {
  return new Map([
    ["nodes.json", nodes()],
    ["models.json", models()],
    ["evidence.json", evidence()],
  ]);
}

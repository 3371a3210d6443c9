import { newArray } from "../../audit/bytes.js";
import { executeFast } from "../../audit/exec/fast/execute.js";
import { type AuditGraph, type MapNode, resultDType, resultSize, type Tensor } from "../../audit/graph.js";
import { tensorTree } from "../../audit/tree.js";
import { compareWithAudit } from "../../dispute/examine.js";
import { traceOfTrees } from "../../dispute/trace.js";
import { drawBelow } from "../random.js";
import { lieImpossible, outputsOf, type Lie } from "./lie.js";

/** Draws before giving up: many elements never reach an output (a pooling window's losers, an unused corner). */
const TRIES = 48;

/** The graph with one node's result fixed; all later nodes compute from it. */
export function withResult(graph: AuditGraph, index: number, result: Tensor): AuditGraph {
  const coef: number[] = [];
  let stride = 1;
  for (const extent of [...result.shape].reverse()) {
    coef.unshift(stride);
    stride *= extent;
  }
  const weight = graph.weights.length;
  const fixed: MapNode = {
    kind: "map",
    fn: "copy",
    dtype: result.dtype,
    out: result.shape,
    operands: [
      {
        source: { kind: "weight", index: weight },
        dtype: result.dtype,
        numel: stride,
        base: 0,
        coef,
        guards: [],
        fill: 0n,
      },
    ],
    steps: [],
    label: "fixed",
  };
  return {
    ...graph,
    weights: [...graph.weights, result],
    nodes: graph.nodes.map((node, i) => (i === index ? fixed : node)),
  };
}

function altered(tensor: Tensor, element: number, by: number): Tensor {
  const data = newArray(tensor.dtype, tensor.data.length);
  for (let i = 0; i < data.length; i++) {
    const value = tensor.data[i];
    if (value !== undefined) data[i] = value;
  }
  data[element] = Number(tensor.data[element]) + by;
  return { ...tensor, data };
}

/**
 * Alters one element inside the network and computes everything after it honestly, so that every demand can be answered and
 * all of the trace is right but for this one element.
 */
export const alteredInner: Lie = ({ model, inputs }, claim, random) => {
  const { graph } = model;
  const results = model.audit(inputs);
  const outputs = new Set(graph.outputs.map(({ node }) => node));
  const inner = graph.nodes.flatMap((node, i) => (!outputs.has(i) && resultDType(node) === "f32" ? [i] : []));
  for (let tries = 0; tries < TRIES && inner.length > 0; tries++) {
    const node = inner[drawBelow(random, inner.length)];
    const [spec, result] = node === undefined ? [] : [graph.nodes[node], results[node]];
    if (node === undefined || spec === undefined || result === undefined) break;
    const element = drawBelow(random, resultSize(spec));
    const asserted = altered(result, element, 10 ** (2 + (tries % 5)));
    const rerun = executeFast(withResult(graph, node, asserted), inputs);
    const finding = compareWithAudit(model, outputsOf(graph, rerun), claim.outputs);
    if (finding?.verdict === "wrong")
      return { trace: traceOfTrees(rerun.map((each) => tensorTree(each))), finding, node };
  }
  throw lieImpossible("no inner element that was tried reaches an output");
};

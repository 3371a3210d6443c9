import type { ReduceFn } from "../graph.js";
import { bitsOf } from "./bits.js";
import { costOf, PROOF_LIMIT, withinLimits } from "./cost.js";
import { CompileError } from "./errors.js";
import { cloneOperand, mergeDims } from "./merge.js";
import { costNode, isView, type Memory, type RawNode, type RawOperand, type RawStep, type RawView } from "./raw.js";
import { product, rowMajor } from "./value.js";

/** Share of the proof limits that a reduction may take, so that an epilogue still fits. */
const SHARE = 0.85;
/** Graph size that is assumed while the graph is being built: its list proofs have 16 hashes. */
export const ASSUMED_NODES = 65_536;

const affordable = (node: RawNode): boolean => withinLimits(costOf(costNode(node), ASSUMED_NODES), SHARE);

/** What combines partial results; positions (`arg...`) cannot be combined. */
const COMBINE: Partial<Record<ReduceFn, "sum" | "max" | "min">> = {
  dot: "sum",
  sum: "sum",
  mean: "sum",
  max: "max",
  min: "min",
};

/**
 * Splits a reduction whose proof would exceed the limits into partial ones and one that combines them, each its own node
 * with its own rounding. Undefined where the node needs no split.
 *
 * @param append adds a node to the graph and gives its result.
 */
export function splitReduction(node: RawNode, append: (node: RawNode) => Memory): Memory | undefined {
  if (node.what.kind !== "reduce" || affordable(node)) return undefined;
  const { fn } = node.what;
  const combine = COMBINE[fn];
  const dim = node.red.findIndex((extent) => extent > 1);
  const terms = product(node.red);
  if (!combine || dim < 0) {
    throw new CompileError("COMPILE_LIMIT", `A ${fn} over ${terms} terms is too large to prove and cannot be split`);
  }
  const parts = choose(node, dim);
  const size = Math.floor(node.red[dim]! / parts);
  const reduce = (piece: RawNode): Memory => {
    mergeDims(piece);
    return splitReduction(piece, append) ?? append(piece);
  };
  const partials = reduce(piece(node, dim, size, parts));
  const covered = size * parts;
  const rest = covered < node.red[dim]! ? reduce(remainder(node, dim, covered)) : undefined;
  return combinePartials(node, combine, { partials, parts, rest, terms }, append);
}

/** Number of parts for dimension `dim`: an exact cut where one is near, else the fewest that fit. */
function choose(node: RawNode, dim: number): number {
  const extent = node.red[dim]!;
  const cost = costOf(costNode(node), ASSUMED_NODES);
  const excess = Math.ceil(Math.max(cost.bytes / PROOF_LIMIT.bytes, cost.gas / PROOF_LIMIT.gas));
  const least = Math.min(extent, Math.max(2, excess));
  const fits = (parts: number): boolean => affordable(piece(node, dim, Math.floor(extent / parts), parts));
  for (let parts = least; parts < Math.min(extent, 3 * least + 8); parts++) {
    if (extent % parts === 0 && fits(parts)) return parts;
  }
  // More parts are shorter ones, so the fewest that fit are found by halving; where even single terms do not fit, the
  // pieces are cut again along another dimension.
  if (!fits(extent)) return extent;
  let [low, high] = [least, extent];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Coefficients with `dim` cut in two: `outer` joins the outputs as their last, `dim` itself goes on with `size` terms. */
function cutView(operand: RawOperand, outRank: number, dim: number, size: number): RawOperand {
  const clone = cloneOperand(operand);
  if (!isView(clone)) return clone;
  for (const form of [clone, ...clone.guards]) form.coef.splice(outRank, 0, form.coef[outRank + dim]! * size);
  return clone;
}

/** All partial reductions of `size` terms, as one node with `parts` more results per element. */
function piece(node: RawNode, dim: number, size: number, parts: number): RawNode {
  const operands = node.operands.map((operand) => cutView(operand, node.out.length, dim, size));
  const fn = node.what.fn === "mean" ? "sum" : (node.what.fn as ReduceFn);
  return {
    ...node,
    what: { kind: "reduce", fn },
    out: [...node.out, parts],
    red: node.red.map((extent, d) => (d === dim ? size : extent)),
    operands: fn === "dot" ? operands.slice(0, 2) : operands,
  };
}

/** The terms from `covered` on, and the bias. */
function remainder(node: RawNode, dim: number, covered: number): RawNode {
  const at = node.out.length + dim;
  const operands = node.operands.map((operand, i) => {
    const clone = cloneOperand(operand);
    const isBias = node.what.fn === "dot" && i === 2;
    if (isView(clone) && !isBias) for (const form of [clone, ...clone.guards]) form.base += form.coef[at]! * covered;
    return clone;
  });
  const fn = node.what.fn === "mean" ? "sum" : (node.what.fn as ReduceFn);
  const red = node.red.map((extent, d) => (d === dim ? extent - covered : extent));
  return { ...node, what: { kind: "reduce", fn }, red, operands };
}

interface Partials {
  readonly partials: Memory;
  readonly parts: number;
  readonly rest: Memory | undefined;
  readonly terms: number;
}

function combinePartials(
  node: RawNode,
  combine: "sum" | "max" | "min",
  { partials, parts, rest, terms }: Partials,
  append: (node: RawNode) => Memory,
): Memory {
  const view = (memory: Memory, coef: number[]): RawView => ({ memory, base: 0, coef, guards: [], fill: 0n });
  const sums = view(partials, rowMajor([...node.out, parts]));
  const other = rest ? view(rest, [...rowMajor(node.out), 0]) : biasOf(node);
  const steps: RawStep[] = [];
  let operands: RawOperand[] = [sums];
  let fn: ReduceFn = combine;
  if (other && combine === "sum") {
    fn = "dot";
    operands = [sums, { memory: undefined, dtype: node.dtype, value: bitsOf(node.dtype, 1) }, other];
  } else if (other) {
    steps.push({ fn: combine as "max" | "min", dtype: node.dtype, chain: 0, operands: [other] });
  }
  if (node.what.fn === "mean") {
    const count: RawOperand = { memory: undefined, dtype: "f32", value: bitsOf("f32", terms) };
    steps.push({ fn: "div", dtype: "f32", chain: 0, operands: [count] });
  }
  const combined: RawNode = { ...node, what: { kind: "reduce", fn }, red: [parts], operands, steps };
  mergeDims(combined);
  return splitReduction(combined, append) ?? append(combined);
}

/** The bias of a dot, over the outputs and the one reduction dimension of the combining node. */
function biasOf(node: RawNode): RawOperand | undefined {
  const bias = node.what.fn === "dot" ? node.operands[2] : undefined;
  if (!bias) return undefined;
  const clone = cloneOperand(bias);
  const rank = node.out.length;
  if (isView(clone)) for (const form of [clone, ...clone.guards]) form.coef = [...form.coef.slice(0, rank), 0];
  return clone;
}

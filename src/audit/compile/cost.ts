import { type DType, DTYPE_BYTES, type MapFn, type ReduceFn } from "../graph.js";

/*
 * What it costs at most to prove one element of a node on-chain. An upper bound over all elements: reads are bounded by the
 * shape of the access pattern and the worst alignment to leaves, never by enumerating elements.
 */

/** Measured constants; everything else in this file is arithmetic. Bytes are calldata, all counted as non-zero. */
export const COST = {
  leafBytes: 256,
  /** Transaction, `Facts`, and the fixed part of `Evidence` with the result's leaf, ABI padding included. */
  evidenceBytes: 1_600,
  /** An opening: offset, root, two list heads. */
  openingBytes: 224,
  /** A range of leaves: offset, first, two list heads. */
  rangeBytes: 192,
  siblingBytes: 32,
  transactionGas: 21_000,
  /** EIP-7623: a transaction pays at least this for every non-zero byte of calldata ... */
  floorGasPerByte: 40,
  /** ... or this much and its execution. */
  gasPerByte: 16,
  /** Parsing, dispatch and the three list proofs. */
  baseGas: 90_000,
  operandGas: 6_000,
  guardGas: 1_500,
  leafGas: 260,
  siblingGas: 220,
  /** Reading one reduction term through a view and folding it in; sums at their worst, with all exponents there are. */
  termGas: { float: 250, integer: 190 },
  /** The same for order, by bytes of the element, 4 at least where there is no other word. */
  orderGas: { max: 38, min: 38, arg: 43 },
  rankGas: { term: 20, byte: 72 },
  /** A term behind guards has its address computed one by one ... */
  guardedTermGas: 500,
  /** ... or each row of them once, which short rows do not spread. */
  guardedRowGas: 2_500,
  /** Any function: a call of the contract that evaluates it. */
  cheapGas: 6_000,
  /** Functions that need more than a few words of arithmetic. */
  functionGas: { transcendental: 60_000, pow: 150_000, remainder: 30_000 },
} as const;

/** Most that one element may cost: half of what networks allow (docs/audit.md names the model's own maxima). */
export const PROOF_LIMIT = { bytes: 64 * 1024, gas: 8_000_000 };

export interface Cost {
  readonly bytes: number;
  readonly gas: number;
}

/** The address of an operand; its coefficients cover outputs, then reductions. */
export interface CostView {
  readonly numel: number;
  readonly base: number;
  readonly coef: readonly number[];
  readonly guards: readonly { base: number; divisor: number; stride: number; coef: readonly number[] }[];
}

export interface CostOperand {
  readonly dtype: DType;
  /** Undefined for an immediate. */
  readonly view: CostView | undefined;
  readonly weight: boolean;
}

export interface CostNode {
  readonly fn: MapFn | ReduceFn | "gather";
  readonly kind: "map" | "reduce" | "gather";
  readonly attrBytes: number;
  readonly dtype: DType;
  readonly out: readonly number[];
  readonly red: readonly number[];
  readonly operands: readonly CostOperand[];
  readonly steps: readonly { readonly fn: MapFn; readonly operands: readonly CostOperand[] }[];
}

/** What opening the leaves of one operand takes in the worst case. */
export interface Reads {
  readonly leaves: number;
  readonly ranges: number;
  readonly siblings: number;
}

export function treeDepth(leaves: number): number {
  return leaves <= 1 ? 0 : Math.ceil(Math.log2(leaves));
}

/** Leaves between two reads that are cheaper to open than a second range proof. */
export function mergeGap(depth: number): number {
  return Math.floor((COST.rangeBytes + COST.siblingBytes * depth) / COST.leafBytes);
}

function gcd(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}

/** How far the address moves along every dimension, coefficient and guards together. */
function strides(view: CostView): number[] {
  return view.coef.map((coef, d) =>
    view.guards.reduce((stride, guard) => stride + (guard.stride * guard.coef[d]!) / guard.divisor, coef),
  );
}

/** Beyond this many runs the alignments are not tried one by one: such reads are over any limit, but for very dense ones. */
export const MAX_RUNS = 2_048;

/** Bounds what one element reads through `view`. */
export function readsOf(view: CostView, dtype: DType, out: readonly number[], red: readonly number[]): Reads {
  const perLeaf = COST.leafBytes / DTYPE_BYTES[dtype];
  const count = Math.ceil(view.numel / perLeaf);
  const depth = treeDepth(count);
  const stride = strides(view);
  const dims = red
    .map((extent, d) => ({ extent, stride: stride[out.length + d]! }))
    .filter((dim) => dim.stride !== 0 && dim.extent > 1)
    .sort((a, b) => Math.abs(a.stride) - Math.abs(b.stride));
  // Dimensions without gaps between their reads make one run.
  let run = 1;
  while (dims[0] && Math.abs(dims[0].stride) <= run) {
    run += Math.abs(dims[0].stride) * (dims[0].extent - 1);
    dims.shift();
  }
  const runs = dims.reduce((n, dim) => n * dim.extent, 1);
  const worst = (starts: number): Reads => {
    const leaves = Math.min(count, starts * (Math.ceil((run - 1) / perLeaf) + 1));
    return bounded(leaves, Math.min(starts, leaves), depth);
  };
  const step = out.reduce((g, extent, d) => (extent > 1 ? gcd(Math.abs(stride[d]!), g) : g), perLeaf);
  const alignments = Number.isInteger(step) ? perLeaf / step : perLeaf;
  if (runs > MAX_RUNS || stride.some((s) => !Number.isInteger(s))) return worst(runs);
  let starts = [0];
  for (const dim of dims) {
    const next: number[] = [];
    for (const start of starts) for (let k = 0; k < dim.extent; k++) next.push(start + k * Math.abs(dim.stride));
    starts = next;
  }
  starts.sort((a, b) => a - b);
  // The lowest address decides the alignment; guards and negative strides shift it.
  const lowest = red.reduce(
    (at, extent, d) => at + Math.min(0, stride[out.length + d]! * (extent - 1)),
    view.guards.reduce((at, guard) => at + (guard.stride * guard.base) / guard.divisor, view.base),
  );
  let result: Reads = { leaves: 0, ranges: 0, siblings: 0 };
  const gap = mergeGap(depth);
  for (let a = 0; a < alignments; a++) {
    const shift = (((lowest + a * step) % perLeaf) + perLeaf) % perLeaf;
    let leaves = 0;
    let ranges = 0;
    let last = -Infinity;
    for (const start of starts) {
      const from = Math.floor((shift + start) / perLeaf);
      const to = Math.floor((shift + start + run - 1) / perLeaf);
      if (from > last + 1 + gap) {
        ranges++;
        leaves += to - from + 1;
      } else {
        leaves += Math.max(0, to - last);
      }
      last = Math.max(last, to);
    }
    leaves = Math.min(leaves, count);
    const reads = bounded(leaves, Math.min(ranges, leaves), depth);
    if (bytesOf(reads) > bytesOf(result)) result = reads;
  }
  return result;
}

/** A range of one leaf has one sibling a level, a longer one at most two. */
function bounded(leaves: number, ranges: number, depth: number): Reads {
  const longer = Math.min(ranges, leaves - ranges);
  return { leaves, ranges, siblings: ranges * depth + longer * Math.max(0, depth - 1) };
}

function bytesOf({ leaves, ranges, siblings }: Reads): number {
  return leaves * COST.leafBytes + ranges * COST.rangeBytes + siblings * COST.siblingBytes;
}

const TRANSCENDENTAL: ReadonlySet<string> = new Set<MapFn>([
  "exp", "log", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "asinh", "acosh", "atanh", "tanh", "sigmoid",
  "erf", "expm1", "log1p",
]); // prettier-ignore

function functionGas(fn: MapFn | "gather"): number {
  if (TRANSCENDENTAL.has(fn)) return COST.functionGas.transcendental;
  if (fn === "pow") return COST.functionGas.pow;
  return fn === "mod" || fn === "fmod" ? COST.functionGas.remainder : COST.cheapGas;
}

function termGas(fn: ReduceFn, dtype: DType): number {
  const width = DTYPE_BYTES[dtype];
  if (fn === "argkth") return COST.rankGas.term + COST.rankGas.byte * width;
  if (fn === "dot" || fn === "sum" || fn === "mean") return dtype === "f32" ? COST.termGas.float : COST.termGas.integer;
  return Math.max(4, width) * (fn === "max" || fn === "min" ? COST.orderGas[fn] : COST.orderGas.arg);
}

/** Walking a reduction behind guards, row by row or term by term. */
function guardedGas(red: readonly number[]): number {
  const terms = red.reduce((n, extent) => n * extent, 1);
  const rows = terms / (red.at(-1) ?? 1);
  return red.length === 0 ? COST.guardedTermGas : Math.max(terms * COST.guardedTermGas, rows * COST.guardedRowGas);
}

/** Bytes of an operand in the node's encoding (docs/audit.md, 3). */
function encodedOperand(operand: CostOperand, rank: number): number {
  if (!operand.view) return 11;
  const guards = operand.view.guards.length;
  return 15 + (operand.weight ? 32 : 0) + 4 * rank + (guards > 0 ? 8 : 0) + guards * (16 + 4 * rank);
}

/**
 * Upper bound of bytes and gas to prove any element of `node` in a graph of `nodeCount` nodes.
 *
 * @param inputs Unbound inputs of the model: every evidence lists their roots.
 */
export function costOf(node: CostNode, nodeCount: number, inputs = 0): Cost {
  const rank = node.out.length + node.red.length;
  const terms = node.red.reduce((n, extent) => n * extent, 1);
  const elements = node.out.reduce((n, extent) => n * extent, 1);
  const listDepth = treeDepth(nodeCount);
  const resultDepth = treeDepth(Math.ceil(elements / (COST.leafBytes / 8)));
  let encoding = 8 + 4 * rank + node.attrBytes;
  let bytes = COST.evidenceBytes + (2 * listDepth + resultDepth + inputs) * COST.siblingBytes;
  let gas: number = COST.baseGas + (2 * listDepth + resultDepth) * COST.siblingGas;
  /** What opening and reading one operand takes. */
  const read = (operand: CostOperand, red: readonly number[]): Cost => {
    const { view } = operand;
    if (!view) return { bytes: 0, gas: 0 };
    const reads = readsOf(view, operand.dtype, node.out, red);
    const list = operand.weight ? 0 : listDepth;
    const guarded = view.guards.length > 0 ? guardedGas(red) : 0;
    return {
      bytes: COST.openingBytes + list * COST.siblingBytes + bytesOf(reads),
      gas: reads.leaves * COST.leafGas + (reads.siblings + list) * COST.siblingGas + guarded,
    };
  };
  const reads = node.operands.map((operand, i) => read(operand, node.fn === "dot" && i === 2 ? [] : node.red));
  // Only the operand that is picked is opened.
  const opened = node.fn === "pick" ? [largest(reads)] : reads;
  opened.push(...node.steps.flatMap((step) => step.operands.map((operand) => read(operand, []))));
  for (const cost of opened) {
    bytes += cost.bytes;
    gas += cost.gas;
  }
  for (const operand of [...node.operands, ...node.steps.flatMap((step) => step.operands)]) {
    encoding += encodedOperand(operand, rank);
    gas += COST.operandGas + (operand.view?.guards.length ?? 0) * COST.guardGas;
  }
  gas +=
    node.kind === "reduce"
      ? terms * termGas(node.fn as ReduceFn, node.operands[0]!.dtype)
      : functionGas(node.fn as MapFn | "gather");
  for (const step of node.steps) {
    encoding += 4;
    gas += functionGas(step.fn);
  }
  bytes += encoding;
  const execution = COST.gasPerByte * bytes + gas;
  return { bytes, gas: COST.transactionGas + Math.max(COST.floorGasPerByte * bytes, execution) };
}

function largest(costs: readonly Cost[]): Cost {
  return costs.reduce((a, b) => ({ bytes: Math.max(a.bytes, b.bytes), gas: Math.max(a.gas, b.gas) }));
}

export function withinLimits(cost: Cost, share = 1): boolean {
  return cost.bytes <= PROOF_LIMIT.bytes * share && cost.gas <= PROOF_LIMIT.gas * share;
}

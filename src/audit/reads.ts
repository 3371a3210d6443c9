import { integerOf } from "./bytes.js";
import { type AuditNode, DTYPE_BYTES, type GatherNode, type Operand, type View } from "./graph.js";
import { rangeProofLength } from "./merkle.js";
import { LEAF, leafCount } from "./tree.js";
import { addressAt, createRuns, extentsOf, unravel } from "./view.js";
import { allOperands, pickedOperand } from "./wellformed.js";

/*
 * What the evaluation of one element reads, as leaves of tensors: the plan of its evidence (docs/audit.md, 6), without
 * any bytes or hashes.
 */

/** Leaves `[first, end)`. */
export interface LeafInterval {
  readonly first: number;
  readonly end: number;
}

/** The leaves of one tensor that an evidence opens, and which operands read them. */
export interface OpeningPlan {
  /** The tensor, as its first reader states it. */
  readonly view: View;
  /** Leaves of the tensor. */
  readonly count: number;
  /** Operand numbers. */
  readonly operands: readonly number[];
  /** Ranges that are opened with one proof each, ascending. */
  readonly ranges: readonly LeafInterval[];
}

/** Reads the bits of an element of what `view` reads: index operands of `gather` decide which other elements are read. */
export type ReadElement = (view: View, address: number) => bigint;

/** Bytes that an extra range costs in the ABI encoding, apart from leaves and proof: five words and its offset. */
export const RANGE_BYTES = 192;

/** Openings of the evidence for one element, one per tensor that is read, in the order of their first reader. */
export function planOpenings(node: AuditNode, element: number, readElement: ReadElement): readonly OpeningPlan[] {
  const plans = new Map<string, { view: View; operands: number[]; leaves: LeafInterval[] }>();
  leavesRead(node, element, readElement).forEach((leaves, number) => {
    if (leaves.length === 0) return;
    const view = allOperands(node)[number] as View;
    const key = `${view.source.kind} ${view.source.index}`;
    const plan = plans.get(key) ?? { view, operands: [], leaves: [] };
    plan.operands.push(number);
    plan.leaves.push(...leaves);
    plans.set(key, plan);
  });
  return [...plans.values()].map(({ view, operands, leaves }) => {
    const count = leafCount(view.numel, view.dtype);
    return { view, count, operands, ranges: joinRanges(normalise(leaves, count), count) };
  });
}

/** Leaves that each operand reads, by operand number; empty for immediates, fills and operands that are not picked. */
export function leavesRead(node: AuditNode, element: number, readElement: ReadElement): readonly LeafInterval[][] {
  const x = unravel(element, node.out);
  const single = (operand: Operand): LeafInterval[] => {
    const address = "guards" in operand ? addressAt(operand, x) : undefined;
    return address === undefined ? [] : [leafOf(operand, address)];
  };
  const own = (operand: Operand, number: number): LeafInterval[] => {
    if (node.kind === "reduce" && !(node.fn === "dot" && number === 2)) return leavesReduced(node, operand, x);
    if (node.kind === "gather" && number === 0) {
      const address = gatherAddress(node, x, readElement);
      return [leafOf(operand, address)];
    }
    if (node.fn === "pick" && pickedOperand(node, x) !== number) return [];
    return single(operand);
  };
  return [...node.operands.map(own), ...node.steps.flatMap(({ operands }) => operands.map(single))];
}

/** Address of the element that a `gather` yields at output index `x`. */
export function gatherAddress(node: GatherNode, x: readonly number[], readElement: ReadElement): number {
  const [data, ...indices] = node.operands;
  return indices.reduce(
    (address, operand, i) => {
      const { stride, extent } = node.indices[i]!;
      return address + stride * clampIndex(indexValue(operand, x, readElement), extent);
    },
    addressAt(data as View, x)!,
  );
}

/** The axis position that an index value means: negative ones count from the end, and all are clamped. */
export function clampIndex(value: bigint, extent: number): number {
  const j = value < 0n ? value + BigInt(extent) : value;
  return j < 0n ? 0 : j >= BigInt(extent) ? extent - 1 : Number(j);
}

function indexValue(operand: Operand, x: readonly number[], readElement: ReadElement): bigint {
  if (!("guards" in operand)) return integerOf(operand.value, operand.dtype);
  const address = addressAt(operand, x);
  return integerOf(address === undefined ? operand.fill : readElement(operand, address), operand.dtype);
}

function leafOf({ dtype }: Operand, address: number): LeafInterval {
  const leaf = Math.floor((address * DTYPE_BYTES[dtype]) / LEAF);
  return { first: leaf, end: leaf + 1 };
}

function leavesReduced(node: AuditNode, operand: Operand, x: readonly number[]): LeafInterval[] {
  if (!("guards" in operand)) return [];
  const leaves: LeafInterval[] = [];
  createRuns(
    operand,
    extentsOf(node),
    node.out.length,
  )(x, (_term, _step, count, address, stride) => {
    if (Math.abs(stride) * DTYPE_BYTES[operand.dtype] <= LEAF) {
      // Steps of a leaf or less touch every leaf between the ends.
      const [a, b] = [leafOf(operand, address), leafOf(operand, address + stride * (count - 1))];
      leaves.push({ first: Math.min(a.first, b.first), end: Math.max(a.end, b.end) });
    } else {
      for (let i = 0; i < count; i++) leaves.push(leafOf(operand, address + stride * i));
    }
  });
  return leaves;
}

/** Ascending intervals without overlap or contact, cut to the tensor: an ill-formed node may read outside it. */
function normalise(leaves: readonly LeafInterval[], count: number): LeafInterval[] {
  const sorted = leaves
    .map(({ first, end }) => ({ first: Math.max(0, first), end: Math.min(count, end) }))
    .filter(({ first, end }) => first < end)
    .sort((a, b) => a.first - b.first);
  const joined: { first: number; end: number }[] = [];
  for (const next of sorted) {
    const last = joined.at(-1);
    if (last !== undefined && next.first <= last.end) last.end = Math.max(last.end, next.end);
    else joined.push(next);
  }
  return joined;
}

/**
 * Opens the leaves of a gap too where that takes fewer bytes than a range of its own. The proof of a range is the sum of a
 * part due to its first leaf and a part due to its last, so each gap can be judged alone and the result is the smallest.
 */
function joinRanges(leaves: readonly LeafInterval[], count: number): LeafInterval[] {
  const ranges: { first: number; end: number }[] = [];
  for (const next of leaves) {
    const last = ranges.at(-1);
    if (last !== undefined) {
      const gap = LEAF * (next.first - last.end);
      const { right } = rangeProofLength(count, last.first, last.end - last.first);
      const { left } = rangeProofLength(count, next.first, next.end - next.first);
      if (gap <= RANGE_BYTES + 32 * (left + right)) {
        last.end = next.end;
        continue;
      }
    }
    ranges.push({ ...next });
  }
  return ranges;
}

import { numelOf } from "./bytes.js";
import { baseBytes, openingBytes, plannedRangeBytes, resultProofBytes } from "./evidence-size.js";
import { type AuditGraph, type AuditNode, DTYPE_BYTES, resultSize, type View } from "./graph.js";
import { depthOf, rangeProofLength } from "./merkle.js";
import { planOpenings, RANGE_BYTES } from "./reads.js";
import { LEAF, leafCount } from "./tree.js";
import { createRuns } from "./view.js";
import { allOperands, resultInfo } from "./wellformed.js";

/*
 * The largest evidence that any element of a node may need (docs/audit.md, 5, "Proof bytes"). Small nodes are looked at
 * element by element. For the others every operand is bounded on its own: guards taken to pass everywhere, one index for
 * each way that the reads can lie across leaves, and proofs of the greatest length. Reading more never shortens the best
 * evidence, so that is an upper bound.
 */

/** Where a node stands. */
export interface NodePlace {
  readonly nodeIndex: number;
  readonly nodeCount: number;
  /** Unbound inputs of the model. */
  readonly inputs: number;
  /** Length of the node's encoding. */
  readonly nodeBytes: number;
}

export interface ProofSize {
  /** Length of `abi.encode(evidence)`, at most. */
  readonly bytes: number;
  /** The element that needs as much, where every one was looked at: then `bytes` is exact. */
  readonly element?: number;
}

/** Reads or runs of reads that may be looked at one by one: a fraction of a second's work. */
const DEFAULT_BUDGET = 100_000;

/** Largest proof of any node of a graph, and which node that is. */
export function worstProof(graph: AuditGraph, encodings: readonly Uint8Array[]): ProofSize & { readonly node: number } {
  let worst: ProofSize & { node: number } = { bytes: 0, node: 0 };
  graph.nodes.forEach((node, nodeIndex) => {
    const nodeBytes = encodings[nodeIndex]!.length;
    const place = { nodeIndex, nodeCount: graph.nodes.length, inputs: graph.inputs.length, nodeBytes };
    const size = proofSize(node, place);
    if (size.bytes > worst.bytes) worst = { ...size, node: nodeIndex };
  });
  return worst;
}

/** Largest proof of any element of one node. What a `gather` reads is not known in advance: it is bounded. */
export function proofSize(node: AuditNode, place: NodePlace, budget = DEFAULT_BUDGET): ProofSize {
  const listProof = listSiblings(place.nodeIndex, place.nodeCount);
  const base = baseBytes({
    nodeBytes: place.nodeBytes,
    nodeProof: listProof,
    inputs: place.inputs,
    operands: allOperands(node).length,
    resultListProof: listProof,
  });
  if (node.kind !== "gather" && resultSize(node) * workOf(node) <= budget) return largest(node, place, base);

  const { numel, dtype } = resultInfo(node);
  let bytes = base + 32 * depthOf(leafCount(numel, dtype));
  allOperands(node).forEach((operand, number) => {
    if (!("guards" in operand)) return;
    bytes += openingBytes(tensorSiblings(operand, place.nodeCount));
    bytes += isReduced(node, number) ? boundRanges(operand, node.out, reduction(node), budget) : singleLeaf(operand);
  });
  return { bytes };
}

function largest(node: AuditNode, place: NodePlace, base: number): ProofSize {
  let worst = { bytes: 0, element: 0 };
  for (let element = 0, size = resultSize(node); element < size; element++) {
    let bytes = base + resultProofBytes(node, element);
    for (const plan of planOpenings(node, element, neverRead)) {
      bytes += openingBytes(tensorSiblings(plan.view, place.nodeCount)) + plannedRangeBytes(plan);
    }
    if (bytes > worst.bytes) worst = { bytes, element };
  }
  return worst;
}

/** Only index operands of `gather` are read to make a plan. */
const neverRead = (): bigint => 0n;

function listSiblings(index: number, count: number): number {
  const { left, right } = rangeProofLength(count, index, 1);
  return left + right;
}

/** Hashes that show the tensor's root to belong to the trace. */
function tensorSiblings({ source }: View, nodeCount: number): number {
  return source.kind === "node" ? listSiblings(source.index, nodeCount) : 0;
}

function reduction(node: AuditNode): readonly number[] {
  return node.kind === "reduce" ? node.red : [];
}

/** Whether an operand is read at every reduction index. */
function isReduced(node: AuditNode, operandNumber: number): boolean {
  const isBias = node.fn === "dot" && operandNumber === 2;
  return node.kind === "reduce" && operandNumber < node.operands.length && !isBias;
}

/** Roughly how many reads or runs of reads make up the plan of one element. */
function workOf(node: AuditNode): number {
  const red = reduction(node);
  const terms = numelOf(red);
  return allOperands(node).reduce((work, operand, number) => {
    if (!("guards" in operand) || !isReduced(node, number)) return work + 1;
    const [stride = 0, ...steps] = [operand, ...operand.guards].map(
      ({ coef }) => coef[node.out.length + red.length - 1] ?? 0,
    );
    const reach = operand.guards.reduce((sum, guard, g) => sum + (guard.stride * steps[g]!) / guard.divisor, stride);
    const single = Math.abs(reach) * DTYPE_BYTES[operand.dtype] > LEAF;
    return work + (single ? terms : terms / (red.at(-1) ?? 1));
  }, 0);
}

function singleLeaf({ numel, dtype }: View): number {
  return RANGE_BYTES + LEAF + 32 * depthOf(leafCount(numel, dtype));
}

/** Bound on the ranges that open what `view` reads over `red`, at any output index. */
function boundRanges(view: View, out: readonly number[], red: readonly number[], budget: number): number {
  const count = leafCount(view.numel, view.dtype);
  const depth = depthOf(count);
  const whole = RANGE_BYTES + LEAF * count;
  const apart = numelOf(red) * singleLeaf(view);
  const plain = withoutGuards(view);
  const unit = plain.scale * (LEAF / DTYPE_BYTES[view.dtype]);
  if (!Number.isSafeInteger(unit)) return Math.min(whole, apart);

  const starts = residues(plain, out, unit);
  const reads: View = { ...view, base: 0, coef: plain.coef.slice(out.length), guards: [] };
  const runs: { address: number; stride: number; count: number }[] = [];
  // A row is one run however it lies: rows alone decide what the bound costs to compute.
  if (starts.length * (numelOf(red) / (red.at(-1) ?? 1)) > budget) return Math.min(whole, apart);
  createRuns(reads, red, 0)([], (_term, _step, n, address, stride) => runs.push({ address, stride, count: n }));
  const points = runs.reduce((n, run) => n + (Math.abs(run.stride) <= unit ? 1 : run.count), 0);
  if (starts.length * points > budget) return Math.min(whole, apart);

  const bounds = starts.map((start) => {
    const leaves = runs.flatMap((run) => leavesOf(start + run.address, run.stride, run.count, unit));
    return rangesOf(leaves, depth);
  });
  return bounds.reduce((most, bytes) => Math.max(most, Math.min(bytes, whole, apart)), 0);
}

/** The address of a view as if its guards always passed, times `scale`, which makes it an integer at every index. */
function withoutGuards(view: View): { base: number; coef: number[]; scale: number } {
  const scale = view.guards.reduce((product, { divisor }) => product * divisor, 1);
  const share = (of: (guard: { base: number; coef: readonly number[] }) => number): number =>
    view.guards.reduce((sum, guard) => sum + (scale / guard.divisor) * guard.stride * of(guard), scale * of(view));
  return { base: share(({ base }) => base), coef: view.coef.map((_, d) => share(({ coef }) => coef[d]!)), scale };
}

/** All positions within a leaf, in units of `1 / unit` leaf, at which reads of some output index begin. */
function residues(plain: { base: number; coef: readonly number[] }, out: readonly number[], unit: number): number[] {
  const within = (at: number): number => ((at % unit) + unit) % unit;
  let reached = new Set([within(plain.base)]);
  out.forEach((extent, d) => {
    const next = new Set<number>();
    for (const from of reached) {
      for (let k = 0, at = from; k < extent; k++, at = within(at + plain.coef[d]!)) {
        if (k > 0 && at === from) break;
        next.add(at);
      }
    }
    reached = next;
  });
  return [...reached];
}

function leavesOf(address: number, stride: number, count: number, unit: number): [number, number][] {
  const leaf = (at: number): number => Math.floor(at / unit);
  if (Math.abs(stride) <= unit) {
    const ends = [leaf(address), leaf(address + stride * (count - 1))] as const;
    return [[Math.min(...ends), Math.max(...ends)]];
  }
  return Array.from({ length: count }, (_, i) => {
    const at = leaf(address + stride * i);
    return [at, at];
  });
}

/** Bytes of ranges over these leaves, wherever in the tensor they lie. */
function rangesOf(leaves: [number, number][], depth: number): number {
  const siblings = (n: number): number => (n === 1 ? depth : Math.max(0, 2 * depth - 1));
  const size = (n: number): number => RANGE_BYTES + LEAF * n + 32 * siblings(n);
  let bytes = 0;
  let current: [number, number] | undefined;
  for (const [from, to] of leaves.sort((a, b) => a[0] - b[0])) {
    if (current === undefined) {
      current = [from, to];
      continue;
    }
    const [first, last]: [number, number] = current;
    const joined = size(Math.max(last, to) - first + 1);
    if (from <= last + 1 || joined <= size(last - first + 1) + size(to - from + 1)) {
      current = [first, Math.max(last, to)];
    } else {
      bytes += size(last - first + 1);
      current = [from, to];
    }
  }
  return bytes + (current === undefined ? 0 : size(current[1] - current[0] + 1));
}

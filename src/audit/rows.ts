import { sameBytes } from "./bytes.js";
import { resultSize, type AuditGraph, type AuditNode, type Operand, type Tensor, type View } from "./graph.js";

/*
 * Whether a model answers several requests that are stacked along the first axis like each of them alone. Trying cannot show it: a
 * model may look at its neighbours only when one of them holds a certain value, and make an honest operator's answer wrong. So the
 * graphs are compared, that of one request and that of `count`: each node must be the same with one more index dimension in front,
 * which moves along whole requests in what depends on requests, and along nothing in weights.
 */

/** Splits the first extent where `count` requests lie in one dimension with the first one of each. */
function splitCoef(coef: readonly number[], isMerged: boolean, extent: number): readonly number[] {
  return isMerged ? [(coef[0] ?? 0) * extent, ...coef] : coef;
}

const same = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((x, i) => x === b[i]);

interface Stacking {
  readonly one: AuditGraph;
  readonly many: AuditGraph;
  readonly count: number;
}

/** Elements of what a view reads that belong to one request; 0 for weights, which all of them share. */
function rowOf({ source }: View, { inputs, nodes }: AuditGraph): number {
  if (source.kind === "weight") return 0;
  if (source.kind === "node") return resultSize(nodes[source.index]!);
  return inputs[source.index]!.shape.reduce((n, extent) => n * extent, 1);
}

/** Whether operand `b` of a node for many reads for request `r` what `a` reads for one, in the part of request `r`. */
function operandRepeats(a: Operand, b: Operand, merged: { is: boolean; extent: number }, graph: AuditGraph): boolean {
  if (a.dtype !== b.dtype) return false;
  if (!("guards" in a)) return !("guards" in b) && a.value === b.value;
  if (!("guards" in b) || a.source.kind !== b.source.kind || a.source.index !== b.source.index) return false;
  const moves = (coef: readonly number[], own: readonly number[], along: number): boolean =>
    same(splitCoef(coef, merged.is, merged.extent), [along, ...own]);
  return (
    a.base === b.base &&
    a.fill === b.fill &&
    moves(b.coef, a.coef, rowOf(a, graph)) &&
    a.guards.length === b.guards.length &&
    a.guards.every((guard, i) => {
      const { base, divisor, extent, stride, coef } = b.guards[i]!;
      const isEqual = guard.base === base && guard.divisor === divisor && guard.extent === extent;
      return isEqual && guard.stride === stride && moves(coef, guard.coef, 0);
    })
  );
}

/** What a node computes, apart from its extents and operands. */
function functionOf(node: AuditNode): string {
  const { kind, fn, dtype, steps } = node;
  const own = {
    map: () => [],
    reduce: () => (node.kind === "reduce" ? [node.red, node.argkth] : []),
    gather: () => (node.kind === "gather" ? node.indices : []),
  }[kind]();
  return JSON.stringify([kind, fn, dtype, own, steps.map((step) => [step.fn, step.dtype, step.chain])]);
}

function nodeRepeats(a: AuditNode, b: AuditNode, { one, count }: Stacking): boolean {
  const extent = a.out[0] ?? 1;
  const is = b.out.length === a.out.length && a.out.length > 0;
  const out = is ? [count * extent, ...a.out.slice(1)] : [count, ...a.out];
  const merged = { is, extent };
  const pairs = [[a.operands, b.operands], ...a.steps.map((step, i) => [step.operands, b.steps[i]?.operands ?? []])];
  return (
    functionOf(a) === functionOf(b) &&
    same(b.out, out) &&
    pairs.every(
      ([own = [], other = []]) =>
        own.length === other.length && own.every((operand, i) => operandRepeats(operand, other[i]!, merged, one)),
    )
  );
}

const bytesOf = ({ data }: Tensor): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** Whether a tensor of `count` requests has `count` times the first extent of one. */
const shapeRepeats = (a: readonly number[], b: readonly number[], count: number): boolean =>
  a.length > 0 && same(b, [count * a[0]!, ...a.slice(1)]);

/**
 * Whether `many` gives each of `count` stacked requests what `one` gives it alone. False where that is not plain from the graphs.
 *
 * @param one graph of a model @param many of the same file, with `count` times the first extent of every input
 */
export function rowsAreIndependent(one: AuditGraph, many: AuditGraph, count: number): boolean {
  const stacking = { one, many, count };
  const counts = ({ inputs, weights, nodes, outputs }: AuditGraph): number[] => [
    ...[inputs.length, weights.length, nodes.length, outputs.length],
  ];
  return (
    same(counts(one), counts(many)) &&
    one.inputs.every(({ shape }, i) => shapeRepeats(shape, many.inputs[i]!.shape, count)) &&
    one.outputs.every(
      ({ shape, node }, i) => node === many.outputs[i]!.node && shapeRepeats(shape, many.outputs[i]!.shape, count),
    ) &&
    one.nodes.every((node, i) => nodeRepeats(node, many.nodes[i]!, stacking)) &&
    one.weights.every((weight, i) => {
      const other = many.weights[i]!;
      return weight.dtype === other.dtype && sameBytes(bytesOf(weight), bytesOf(other));
    })
  );
}

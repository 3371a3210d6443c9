import { inconsistent } from "./errors.js";
import { axisExtent, type Factor, type Value } from "./value.js";
import { splitFactor } from "./view-ops.js";

/*
 * The index space of a node under construction. Lowerings name its axes by labels; views split axes into factors, so that a
 * label becomes one dimension per part of the common refinement of all its axes.
 */

export type Label = string | number;

/** An operand: the label of every axis of its value. Axes of extent 1 are broadcast along their label. */
export interface Labelled {
  readonly value: Value;
  readonly labels: readonly Label[];
}

/** One dimension of the index space: part `part` of `label`. */
export interface Dim {
  readonly label: Label;
  readonly part: number;
  readonly extent: number;
}

/** An operand whose axes are split as its labels are: what every part adds to address and guards. */
export interface Aligned extends Pick<Value, "memory" | "base" | "guards" | "fill"> {
  readonly parts: ReadonlyMap<Label, readonly Factor[]>;
}

export interface Space {
  /** Extents of the parts of every label, outermost first; those of extent 1 are left out. */
  readonly parts: ReadonlyMap<Label, readonly number[]>;
  readonly operands: readonly Aligned[];
}

/** The coarsest list of extents of which both lists are groupings; undefined where the digits interleave. */
export function refine(a: readonly number[], b: readonly number[]): number[] | undefined {
  const left = a.filter((extent) => extent !== 1);
  const right = b.filter((extent) => extent !== 1);
  const parts: number[] = [];
  let x = left.pop() ?? 1;
  let y = right.pop() ?? 1;
  while (x > 1 && y > 1) {
    if (x % y !== 0 && y % x !== 0) return undefined;
    const part = Math.min(x, y);
    parts.unshift(part);
    x /= part;
    y /= part;
    if (x === 1) x = left.pop() ?? 1;
    if (y === 1) y = right.pop() ?? 1;
  }
  return x === 1 && y === 1 ? parts : undefined;
}

/**
 * Finds the index space of operands. Where the factors of two axes with the same label interleave, `conflict` is the number
 * of an operand that must be copied first.
 */
export function layOut(
  operands: readonly Labelled[],
  extents: ReadonlyMap<Label, number>,
): Space | { conflict: number } {
  const parts = new Map<Label, number[]>();
  for (const [label, extent] of extents) parts.set(label, extent === 1 ? [] : [extent]);
  const sizes = new Map<Label, number>(extents);
  for (const { value, labels } of operands) {
    if (value.axes.length !== labels.length) throw inconsistent("An operand has the wrong number of dimensions");
    labels.forEach((label, axis) => {
      const extent = axisExtent(value.axes[axis]!);
      if (extent !== 1 || !sizes.has(label)) {
        const known = sizes.get(label) ?? 1;
        if (known !== 1 && known !== extent) throw inconsistent(`Extents ${known} and ${extent} do not fit together`);
        sizes.set(label, extent);
      }
    });
  }
  for (const [number, { value, labels }] of operands.entries()) {
    for (const [axis, label] of labels.entries()) {
      const own = value.axes[axis]!.map((factor) => factor.extent);
      if (axisExtent(value.axes[axis]!) === 1) {
        if (!parts.has(label)) parts.set(label, []);
        continue;
      }
      const known = parts.get(label);
      const common = known === undefined || known.length === 0 ? own : refine(known, own);
      if (common === undefined) return { conflict: number };
      parts.set(label, common);
    }
  }
  return { parts, operands: operands.map((operand) => align(operand, parts)) };
}

function align({ value, labels }: Labelled, parts: ReadonlyMap<Label, readonly number[]>): Aligned {
  const aligned = new Map<Label, Factor[]>();
  labels.forEach((label, axis) => {
    const factors = value.axes[axis]!;
    if (axisExtent(factors) === 1) return;
    const split = splitAxis(factors, parts.get(label)!);
    const seen = aligned.get(label);
    // A label that occurs twice in one operand reads a diagonal.
    aligned.set(label, seen ? split.map((factor, i) => addFactors(seen[i]!, factor)) : split);
  });
  const { memory, base, guards, fill } = value;
  return { memory, base, guards, fill, parts: aligned };
}

function splitAxis(factors: readonly Factor[], extents: readonly number[]): Factor[] {
  let next = 0;
  return factors.flatMap((factor) => {
    const own: number[] = [];
    for (let covered = 1; covered < factor.extent; covered *= own.at(-1)!) own.push(extents[next++]!);
    return splitFactor(factor, own);
  });
}

function addFactors(a: Factor, b: Factor): Factor {
  return { extent: a.extent, coef: a.coef + b.coef, guards: a.guards.map((g, i) => g + b.guards[i]!) };
}

/** What dimension `dim` adds to the operand's address and guards; undefined where it does not depend on it. */
export function factorAt(operand: Aligned, dim: Dim): Factor | undefined {
  const factor = operand.parts.get(dim.label)?.[dim.part];
  return factor && (factor.coef !== 0 || factor.guards.some((g) => g !== 0)) ? factor : undefined;
}

/** How far the address moves along `dim`, by coefficient and guards together. */
export function strideAt(operand: Aligned, dim: Dim): number {
  const factor = factorAt(operand, dim);
  if (!factor) return 0;
  return operand.guards.reduce(
    (stride, form, g) => stride + (form.stride * factor.guards[g]!) / form.divisor,
    factor.coef,
  );
}

/** All dimensions of the labels, in their order. */
export function dimsOf(labels: readonly Label[], space: Space): Dim[] {
  return labels.flatMap((label) => (space.parts.get(label) ?? []).map((extent, part) => ({ label, part, extent })));
}

/** Elements that the dimensions span of which the operand depends on. */
function coverage(operand: Aligned, dims: readonly Dim[]): number {
  return dims.reduce((n, dim) => (factorAt(operand, dim) ? n * dim.extent : n), 1);
}

/**
 * Reorders dimensions so that the operand among `leaders` that covers most of them is read in the order in which its memory
 * lies. Dimensions it does not depend on keep their place.
 */
export function followMemory(dims: readonly Dim[], leaders: readonly Aligned[]): Dim[] {
  let leader: Aligned | undefined;
  for (const operand of leaders) if (!leader || coverage(operand, dims) > coverage(leader, dims)) leader = operand;
  if (!leader) return [...dims];
  const chosen = leader;
  const moved = dims.filter((dim) => strideAt(chosen, dim) !== 0);
  moved.sort((a, b) => Math.abs(strideAt(chosen, b)) - Math.abs(strideAt(chosen, a)));
  let next = 0;
  return dims.map((dim) => (strideAt(chosen, dim) !== 0 ? moved[next++]! : dim));
}

import type { Guard, View } from "../../graph.js";
import { floatOf } from "../elements.js";
import type { Memory } from "./memory.js";

/*
 * A copy of what a view reads, with its padding written out: in it the view has no guards, so that the address of a term is the sum of
 * a part for the window and a part for the term.
 */

/** Dimensions along which an image is laid out as one: those of a guard, or unguarded ones that step over the same elements. */
interface Axis {
  /** By dimension: positions that one index moves. */
  readonly steps: ReadonlyMap<number, number>;
  /** Positions of the image; of these, `[from, to)` lie in the source, the first of them `offset` elements from the base. */
  readonly extent: number;
  readonly from: number;
  readonly to: number;
  readonly offset: number;
  /** Elements of the source that one position moves. */
  readonly stride: number;
}

export interface ImageLayout {
  readonly view: View;
  readonly numel: number;
  /** By dimension of the node's space: elements of the image that one index moves. Never negative. */
  readonly coef: readonly number[];
  /** Source element that the box starts at, at index 0 of all fixed dimensions, and the image element that it goes to. */
  readonly from: number;
  readonly to: number;
  /** Counts and steps in elements, outermost first; none where one element is copied. */
  readonly loops: readonly { readonly count: number; readonly source: number; readonly target: number }[];
  /** Whether the box holds nothing. */
  readonly isEmpty: boolean;
  /** Parts of the image around the box, which take the fill: the start and end of each. */
  readonly border: readonly number[];
}

/**
 * Lays out the image of a view over the dimensions `free` of a space, the others being fixed; undefined where there is none of this
 * kind (negative steps, divided guards, guards that share dimensions or move along fixed ones).
 *
 * @param inner dimension that is to come last in the image
 */
export function layOutImage(
  view: View,
  extents: readonly number[],
  free: readonly number[],
  inner: number | undefined,
): ImageLayout | undefined {
  const walked = free.filter((d) => extents[d]! > 1);
  let base = view.base;
  const axes: Axis[] = [];
  const guarded = new Set<number>();
  let passes = true;
  for (const guard of view.guards) {
    const dims = walked.filter((d) => guard.coef[d] !== 0);
    const isFixed = guard.coef.every((coef, d) => coef === 0 || dims.includes(d) || extents[d] === 1);
    if (guard.divisor !== 1 || !isFixed || dims.some((d) => guarded.has(d))) return undefined;
    if (dims.length === 0) {
      passes &&= guard.base >= 0 && guard.base < guard.extent;
      base += guard.stride * guard.base;
      continue;
    }
    dims.forEach((d) => guarded.add(d));
    // Where the view itself moves along the guard's dimensions, it must do so as the form does.
    const own = view.coef[dims[0]!]! / guard.coef[dims[0]!]!;
    if (!Number.isInteger(own) || dims.some((d) => view.coef[d] !== own * guard.coef[d]!)) return undefined;
    base -= own * guard.base;
    axes.push(guardAxis(guard, dims, extents, guard.stride + own));
  }
  const unguarded = walked.filter((d) => !guarded.has(d) && view.coef[d] !== 0);
  if (unguarded.some((d) => view.coef[d]! < 0)) return undefined;
  axes.push(...mergeOverlapping(unguarded, view, extents));
  const isLast = ({ steps }: Axis): boolean => inner !== undefined && steps.has(inner);
  axes.sort((a, b) => Number(isLast(a)) - Number(isLast(b)) || Math.abs(b.stride) - Math.abs(a.stride));

  if (axes.some(({ steps }) => [...steps.values()].some((step) => step < 0))) return undefined;

  const coef = extents.map(() => 0);
  const loops: { count: number; source: number; target: number }[] = [];
  let from = base;
  let to = 0;
  let numel = 1;
  for (const axis of [...axes].reverse()) {
    for (const [d, step] of axis.steps) coef[d] = step * numel;
    from += axis.offset;
    to += axis.from * numel;
    addLoop(loops, { count: axis.to - axis.from, source: axis.stride, target: numel });
    numel *= axis.extent;
  }
  const isEmpty = !passes || axes.some((axis) => axis.to <= axis.from);
  return {
    view,
    numel,
    coef,
    from,
    to,
    loops: loops.reverse(),
    isEmpty,
    border: isEmpty ? [0, numel] : borderOf(axes),
  };
}

function guardAxis(guard: Guard, dims: readonly number[], extents: readonly number[], stride: number): Axis {
  const steps = new Map(dims.map((d) => [d, guard.coef[d]!]));
  const { least, extent } = reach(steps, extents, guard.base);
  const first = Math.max(0, least);
  const behind = Math.min(guard.extent, least + extent);
  return { steps, extent, from: first - least, to: behind - least, offset: stride * first, stride };
}

/** Lowest position that the steps reach from `base`, and how many positions there are from it to the highest. */
function reach(
  steps: ReadonlyMap<number, number>,
  extents: readonly number[],
  base: number,
): { least: number; extent: number } {
  let least = base;
  let most = base;
  for (const [d, step] of steps) {
    const end = step * (extents[d]! - 1);
    if (end < 0) least += end;
    else most += end;
  }
  return { least, extent: most - least + 1 };
}

/** One axis for each dimension, but one for all whose elements interleave. */
function mergeOverlapping(dims: readonly number[], view: View, extents: readonly number[]): Axis[] {
  const groups: { dims: number[]; span: number }[] = [];
  for (const d of [...dims].sort((a, b) => view.coef[a]! - view.coef[b]!)) {
    const step = view.coef[d]!;
    const last = groups.at(-1);
    const span = step * (extents[d]! - 1);
    if (last !== undefined && step <= last.span) {
      last.dims.push(d);
      last.span += span;
    } else {
      groups.push({ dims: [d], span });
    }
  }
  return groups.map((group) => {
    const unit = group.dims.reduce((divisor, d) => gcd(divisor, view.coef[d]!), 0);
    const steps = new Map(group.dims.map((d) => [d, view.coef[d]! / unit]));
    const { least, extent } = reach(steps, extents, 0);
    return { steps, extent, from: 0, to: extent, offset: least * unit, stride: unit };
  });
}

/** The parts of an image outside of the box in it, in order. */
function borderOf(axes: readonly Axis[]): number[] {
  let parts: number[] = [];
  let size = 1;
  const add = (list: number[], start: number, end: number): void => {
    if (start === end) return;
    if (list.at(-1) === start) list[list.length - 1] = end;
    else list.push(start, end);
  };
  for (const { extent, from, to } of [...axes].reverse()) {
    const outer: number[] = [];
    add(outer, 0, from * size);
    if (parts.length > 0) {
      for (let i = from; i < to; i++) {
        for (let p = 0; p < parts.length; p += 2) add(outer, i * size + parts[p]!, i * size + parts[p + 1]!);
      }
    }
    add(outer, to * size, extent * size);
    parts = outer;
    size *= extent;
  }
  return parts;
}

function addLoop(
  loops: { count: number; source: number; target: number }[],
  loop: { count: number; source: number; target: number },
): void {
  const inner = loops.at(-1);
  if (inner !== undefined && loop.source === inner.source * inner.count && loop.target === inner.target * inner.count) {
    inner.count *= loop.count;
  } else if (loop.count !== 1) {
    loops.push(loop);
  }
}

function gcd(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}

/** An image, to be written before it is read: one of its layouts, at an offset of the source (that of the fixed dimensions). */
export interface Image {
  readonly address: number;
  /** @returns the largest finite magnitude in it */
  write(layout: number, offset: number): number;
}

/** Prepares images of one size of an f32 tensor that lies in the arena, as binary64 or binary32 numbers. */
export function createImage(layouts: readonly ImageLayout[], memory: Memory, width: 8 | 4): Image {
  const [{ numel, view }] = layouts as [ImageLayout];
  const { arena, kernels } = memory;
  const image = width === 8 ? arena.doubles(numel) : (arena.array("f32", numel) as Float32Array);
  const source = memory.load(view.source).byteOffset;
  const loops = layouts.map((layout) =>
    (layout.loops.length > 0 ? layout.loops : [{ count: 1, source: 1, target: 1 }]).flatMap((loop) => [
      loop.count,
      4 * loop.source,
      width * loop.target,
    ]),
  );
  const table = arena.words(Math.max(...loops.map(({ length }) => length)));
  const fill = floatOf(view.fill);
  return {
    address: image.byteOffset,
    write: (which, offset) => {
      const { border, isEmpty, from, to } = layouts[which]!;
      for (let part = 0; part < border.length; part += 2) image.fill(fill, border[part], border[part + 1]);
      if (!isEmpty) {
        table.set(loops[which]!);
        const depth = loops[which]!.length / 3;
        const box = [source + 4 * (from + offset), image.byteOffset + width * to, table.byteOffset, depth] as const;
        if (width === 8) kernels.widenBox(...box);
        else kernels.copyBox(...box);
      }
      const largest = kernels.takeLargest();
      return border.length > 0 && Number.isFinite(fill) ? Math.max(largest, Math.abs(fill)) : largest;
    },
  };
}

import type { View } from "../../graph.js";
import { createRuns, hasSafeAddresses, type RunVisitor } from "../../view.js";

/** Walks what a view reads in the box at an index of the fixed dimensions: every run of terms that read memory, in any order. */
export type Walker = (index: readonly number[], visit: RunVisitor) => void;

interface Loop {
  /** Positions of the dimension; of these, `[from, to)` are walked. */
  readonly extent: number;
  from: number;
  to: number;
  /** Elements and terms that one position moves. */
  readonly stride: number;
  readonly termStep: number;
}

/**
 * As `createRuns`, but in long runs where each guard bounds one dimension at most: they make the terms that read memory a box, whose longest
 * dimension is the run.
 */
export function createWalker(view: View, extents: readonly number[], fixed: number): Walker {
  const walked = extents.flatMap((extent, d) => (d >= fixed && extent > 1 ? [d] : []));
  const bounds = view.guards.map((guard) => walked.filter((d) => guard.coef[d] !== 0));
  const isBox = view.guards.every(
    ({ divisor, coef }, g) => divisor === 1 && bounds[g]!.length <= 1 && bounds[g]!.every((d) => coef[d]! > 0),
  );
  if (!isBox || !hasSafeAddresses(view, extents)) return createRuns(view, extents, fixed);

  const loops: Loop[] = [];
  let termStep = 1;
  for (const d of [...walked].reverse()) {
    const stride = view.guards.reduce((sum, guard) => sum + guard.stride * guard.coef[d]!, view.coef[d]!);
    loops.unshift({ extent: extents[d]!, from: 0, to: 0, stride, termStep });
    termStep *= extents[d]!;
  }
  const guards = view.guards.map((guard, g) => {
    const [d] = bounds[g]!;
    return {
      ...guard,
      loop: d === undefined ? undefined : loops[walked.indexOf(d)]!,
      step: d === undefined ? 0 : guard.coef[d]!,
    };
  });
  return (index, visit) => {
    let address = affine(view.base, view.coef, index);
    for (const loop of loops) {
      loop.from = 0;
      loop.to = loop.extent;
    }
    for (const { base, coef, extent, stride, loop, step } of guards) {
      const form = affine(base, coef, index);
      address += stride * form;
      if (loop === undefined) {
        if (form < 0 || form >= extent) return;
        continue;
      }
      loop.from = Math.max(loop.from, Math.ceil(-form / step));
      loop.to = Math.min(loop.to, Math.floor((extent - 1 - form) / step) + 1);
      if (loop.from >= loop.to) return;
    }
    visitBox(joined(loops), address, visit);
  };
}

function affine(base: number, coef: readonly number[], index: readonly number[]): number {
  let sum = base;
  for (let d = 0; d < index.length; d++) sum += coef[d]! * index[d]!;
  return sum;
}

/** A loop over some positions, the first of them at 0. */
interface Range {
  count: number;
  stride: number;
  termStep: number;
}

interface Box {
  readonly ranges: readonly Range[];
  readonly term: number;
  readonly offset: number;
}

/** The loops as few ranges, the longest last. */
function joined(loops: readonly Loop[]): Box {
  const ranges: Range[] = [];
  let term = 0;
  let offset = 0;
  for (const { from, to, stride, termStep } of loops) {
    term += from * termStep;
    offset += from * stride;
    const count = to - from;
    if (count === 1) continue;
    const outer = ranges.at(-1);
    if (outer?.stride === stride * count && outer.termStep === termStep * count) {
      ranges[ranges.length - 1] = { count: outer.count * count, stride, termStep };
    } else {
      ranges.push({ count, stride, termStep });
    }
  }
  // On a tie the innermost: its terms lie closest.
  let longest = ranges.length - 1;
  for (let r = longest - 1; r >= 0; r--) if (ranges[r]!.count > ranges[longest]!.count) longest = r;
  const run = ranges.splice(longest, 1);
  return { ranges: [...ranges, ...run], term, offset };
}

function visitBox({ ranges, term, offset }: Box, address: number, visit: RunVisitor): void {
  const last = ranges.length - 1;
  const run = ranges[last] ?? { count: 1, stride: 0, termStep: 1 };
  const walk = (depth: number, firstTerm: number, at: number): void => {
    if (depth >= last) {
      visit(firstTerm, run.termStep, run.count, at, run.stride);
      return;
    }
    const { count, stride, termStep } = ranges[depth]!;
    for (let i = 0; i < count; i++) walk(depth + 1, firstTerm + i * termStep, at + i * stride);
  };
  walk(0, term, address + offset);
}

import type { AuditNode, Guard, View } from "./graph.js";

/*
 * Where an operand reads (docs/audit.md, 3, "View"): the one place that turns index space positions into element addresses.
 * Coefficients stand for the output extents first, then the reduction extents; an index shorter than that is zero in the rest,
 * which is how epilogue operands and biases are read.
 */

/** Extents of a node's whole index space: outputs, then reductions. */
export function extentsOf(node: AuditNode): readonly number[] {
  return node.kind === "reduce" ? [...node.out, ...node.red] : node.out;
}

/** Row-major index of position `flat` in `extents`. */
export function unravel(flat: number, extents: readonly number[]): number[] {
  const index = new Array<number>(extents.length);
  for (let d = extents.length - 1, rest = flat; d >= 0; d--) {
    index[d] = rest % extents[d]!;
    rest = Math.floor(rest / extents[d]!);
  }
  return index;
}

/** Address that a view reads at index `x`, or undefined where a guard fails. Exact for any coefficients; may lie outside the tensor. */
export function addressAt(view: View, x: readonly number[]): number | undefined {
  if (!isSafe(view, x)) return wideAddressAt(view, x);
  let address = affine(view, x);
  for (const guard of view.guards) {
    const form = affine(guard, x);
    if (form < 0 || form % guard.divisor !== 0 || form / guard.divisor >= guard.extent) return undefined;
    address += guard.stride * (form / guard.divisor);
  }
  return address;
}

/**
 * Consecutive terms that read memory: term numbers `term + i * termStep` read addresses `address + i * stride`, `0 <= i < count`.
 * Terms are numbered row-major over the looped extents. Terms in no run read the fill.
 */
export type RunVisitor = (term: number, termStep: number, count: number, address: number, stride: number) => void;

/**
 * Prepares to walk the dimensions `fixed ..` of `extents` in row-major order. The walker takes the index in the dimensions
 * before `fixed` and calls its visitor with every run, in order of the first term. Dimensions that a view runs through
 * as if they were one make one long run.
 */
export function createRuns(
  view: View,
  extents: readonly number[],
  fixed: number,
): (index: readonly number[], visit: RunVisitor) => void {
  if (!hasSafeAddresses(view, extents)) return (index, visit) => walkTerms(view, index, extents.slice(fixed), visit);

  const loops = collapse(view, extents, fixed);
  const inner = loops.pop() ?? { extent: 1, coefs: [view, ...view.guards].map(() => 0) };
  const guards = view.guards.map((guard, g) => prepareGuard(guard, inner.coefs[g + 1]!));
  return (index, visit) => {
    const forms = [affine(view, index), ...view.guards.map((guard) => affine(guard, index))];
    const at = loops.map(() => 0);
    for (let firstTerm = 0; ; firstTerm += inner.extent) {
      solveRow(inner.extent, inner.coefs[0]!, forms, guards, firstTerm, visit);
      let d = loops.length - 1;
      for (; d >= 0; d--) {
        const { extent, coefs } = loops[d]!;
        const wraps = ++at[d]! === extent;
        const step = wraps ? 1 - extent : 1;
        for (let f = 0; f < forms.length; f++) forms[f]! += step * coefs[f]!;
        if (!wraps) break;
        at[d] = 0;
      }
      if (d < 0) return;
    }
  };
}

/** Sound bounds of the addresses that a view reads anywhere in `extents`; undefined if its guards never pass. */
export function addressBounds(view: View, extents: readonly number[]): { min: number; max: number } | undefined {
  const bounds = affineBounds(view, extents);
  for (const guard of view.guards) {
    const form = affineBounds(guard, extents);
    const from = Math.max(0, Math.ceil(form.min / guard.divisor));
    const to = Math.min(guard.extent - 1, Math.floor(form.max / guard.divisor));
    if (from > to) return undefined;
    bounds.min += Math.min(guard.stride * from, guard.stride * to);
    bounds.max += Math.max(guard.stride * from, guard.stride * to);
  }
  return bounds;
}

interface Affine {
  readonly base: number;
  readonly coef: readonly number[];
}

function affine({ base, coef }: Affine, x: readonly number[]): number {
  let sum = base;
  for (let d = 0; d < x.length; d++) sum += coef[d]! * x[d]!;
  return sum;
}

function affineBounds({ base, coef }: Affine, extents: readonly number[]): { min: number; max: number } {
  let min = base;
  let max = base;
  extents.forEach((extent, d) => {
    const reach = coef[d]! * (extent - 1);
    if (reach < 0) min += reach;
    else max += reach;
  });
  return { min, max };
}

/** Whether binary64 holds every address of a view in `extents` exactly, and all that it is computed from. */
export function hasSafeAddresses(view: View, extents: readonly number[]): boolean {
  return isSafe(
    view,
    extents.map((extent) => extent - 1),
  );
}

/** Whether no partial sum at or before index `x` can leave the integers that binary64 holds exactly. */
function isSafe(view: View, x: readonly number[]): boolean {
  const reach = ({ base, coef }: Affine): number =>
    x.reduce((sum, k, d) => sum + Math.abs(coef[d]!) * k, Math.abs(base));
  let address = reach(view);
  for (const guard of view.guards) {
    const form = reach(guard);
    address += Math.abs(guard.stride) * (form / guard.divisor + 1) + form + guard.divisor * guard.extent;
  }
  return address < 2 ** 52;
}

function wideAddressAt(view: View, x: readonly number[]): number | undefined {
  const wide = ({ base, coef }: Affine): bigint =>
    x.reduce((sum, k, d) => sum + BigInt(coef[d]!) * BigInt(k), BigInt(base));
  let address = wide(view);
  for (const guard of view.guards) {
    const form = wide(guard);
    const divisor = BigInt(guard.divisor);
    if (form < 0n || form % divisor !== 0n || form / divisor >= BigInt(guard.extent)) return undefined;
    address += BigInt(guard.stride) * (form / divisor);
  }
  return Number(address);
}

/** Term by term, for views whose numbers are too wide for the fast walk. No compiler makes them, but a graph may hold them. */
function walkTerms(view: View, index: readonly number[], loops: readonly number[], visit: RunVisitor): void {
  const terms = loops.reduce((n, extent) => n * extent, 1);
  for (let term = 0; term < terms; term++) {
    const address = addressAt(view, [...index, ...unravel(term, loops)]);
    if (address !== undefined) visit(term, 1, 1, address, 0);
  }
}

interface Loop {
  readonly extent: number;
  /** Of the address, then of each guard's form. */
  readonly coefs: readonly number[];
}

/** The looped dimensions, adjacent ones joined where every form advances through both as through one. */
function collapse(view: View, extents: readonly number[], fixed: number): Loop[] {
  const loops: Loop[] = [];
  for (let d = fixed; d < extents.length; d++) {
    const extent = extents[d]!;
    if (extent === 1) continue;
    const coefs = [view, ...view.guards].map(({ coef }) => coef[d]!);
    const outer = loops.at(-1);
    if (outer?.coefs.every((coef, f) => coef === coefs[f]! * extent)) {
      loops[loops.length - 1] = { extent: outer.extent * extent, coefs };
    } else {
      loops.push({ extent, coefs });
    }
  }
  return loops;
}

interface RowGuard extends Guard {
  /** Coefficient of the walked dimension. */
  readonly step: number;
  /** The form is divisible at most at positions congruent modulo `period`; `unit` is what its value must be a multiple of. */
  readonly period: number;
  readonly unit: number;
  /** Inverse of `step / unit` modulo `period`. */
  readonly inverse: number;
}

function prepareGuard(guard: Guard, step: number): RowGuard {
  const unit = gcd(Math.abs(step), guard.divisor);
  const period = guard.divisor / unit;
  return { ...guard, step, unit, period, inverse: inverseModulo(step / unit, period) };
}

/** Finds the positions of one row at which all guards pass: an interval of an arithmetic progression. */
function solveRow(
  extent: number,
  addressStep: number,
  forms: readonly number[],
  guards: readonly RowGuard[],
  firstTerm: number,
  visit: RunVisitor,
): void {
  let lo = 0;
  let hi = extent;
  let residue = 0;
  let modulus = 1;
  for (let g = 0; g < guards.length; g++) {
    const { step, divisor, extent: parts, unit, period, inverse } = guards[g]!;
    const form = forms[g + 1]!;
    const top = divisor * (parts - 1);
    if (step === 0) {
      if (form < 0 || form > top || form % divisor !== 0) return;
      continue;
    }
    if (step > 0) {
      lo = Math.max(lo, -floorDiv(form, step));
      hi = Math.min(hi, floorDiv(top - form, step) + 1);
    } else {
      lo = Math.max(lo, -floorDiv(top - form, -step));
      hi = Math.min(hi, floorDiv(form, -step) + 1);
    }
    if (lo >= hi) return;
    if (form % unit !== 0) return;
    if (period === 1) continue;
    const wanted = multiplyModulo(modulo(-form / unit, period), inverse, period);
    // Both progressions repeat after the least common multiple: a meeting point lies within one period, or nowhere.
    let meet = residue;
    for (let tries = 0; meet % period !== wanted; meet += modulus) if (++tries > period || meet >= hi) return;
    modulus = (modulus / gcd(modulus, period)) * period;
    residue = meet % modulus;
  }
  const first = lo + modulo(residue - lo, modulus);
  if (first >= hi) return;
  let address = forms[0]! + addressStep * first;
  let stride = addressStep * modulus;
  for (let g = 0; g < guards.length; g++) {
    const { step, divisor, stride: weight } = guards[g]!;
    address += weight * ((forms[g + 1]! + step * first) / divisor);
    stride += weight * ((step * modulus) / divisor);
  }
  visit(firstTerm + first, modulus, floorDiv(hi - 1 - first, modulus) + 1, address, stride);
}

/** Exact for any two safe integers, unlike rounding a quotient; b > 0. */
function floorDiv(a: number, b: number): number {
  return (a - modulo(a, b)) / b;
}

function modulo(a: number, b: number): number {
  const rest = a % b;
  return rest < 0 ? rest + b : rest;
}

/** a * b modulo m, for 0 <= a, b < m < 2^32. */
function multiplyModulo(a: number, b: number, m: number): number {
  return m <= 2 ** 26 ? (a * b) % m : Number((BigInt(a) * BigInt(b)) % BigInt(m));
}

function gcd(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}

/** Inverse of `a` modulo `m`, which share no factor; 0 for m = 1. */
function inverseModulo(a: number, m: number): number {
  let [r0, r1, s0, s1] = [m, modulo(a, m), 0, 1];
  while (r1 !== 0) {
    const q = floorDiv(r0, r1);
    [r0, r1, s0, s1] = [r1, r0 - q * r1, s1, s0 - q * s1];
  }
  return modulo(s0, m);
}

import { inconsistent } from "./errors.js";
import {
  axisExtent,
  emptyConstant,
  type Factor,
  normalise,
  product,
  requireRank,
  rowMajor,
  shapeOf,
  sizeOf,
  type Value,
} from "./value.js";

/*
 * Views compose without nodes. A function that returns undefined tells that the value cannot be expressed: its operand must
 * be copied first, after which every one of them succeeds.
 */

export function transpose(value: Value, perm: readonly number[]): Value {
  const rank = value.axes.length;
  if (perm.length !== rank || new Set(perm).size !== rank || perm.some((axis) => !value.axes[axis])) {
    throw inconsistent(`[${perm.join()}] is no permutation of ${rank} axes`);
  }
  return { ...value, axes: perm.map((axis) => value.axes[axis]!) };
}

/** Extents come from attributes and computed shapes: anything may be in them. */
function checkExtents(extents: readonly number[]): void {
  requireRank(extents.length);
  if (extents.some((extent) => !Number.isSafeInteger(extent) || extent < 0)) {
    throw inconsistent(`[${extents.join()}] is no shape`);
  }
}

/** Splits `factor` into parts, outermost first, whose extents multiply to its own. */
export function splitFactor(factor: Factor, extents: readonly number[]): Factor[] {
  const parts: Factor[] = [];
  let scale = 1;
  for (const extent of [...extents].reverse()) {
    parts.unshift({ extent, coef: factor.coef * scale, guards: factor.guards.map((g) => g * scale) });
    scale *= extent;
  }
  return parts;
}

export function reshape(value: Value, shape: readonly number[]): Value | undefined {
  checkExtents(shape);
  if (product(shape) !== sizeOf(value)) {
    throw inconsistent(`A tensor of shape [${shapeOf(value).join()}] cannot take shape [${shape.join()}]`);
  }
  if (product(shape) === 0) return emptyConstant(value.memory.dtype, shape);
  const flat = normalise({ ...value, axes: [value.axes.flat()] });
  // From the innermost digit outwards, cut the factors at the boundaries of the new axes.
  const axes: Factor[][] = shape.map(() => []);
  const rest = [...flat.axes[0]!];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    let wanted = shape[axis]!;
    while (wanted > 1) {
      const factor = rest.pop()!;
      if (wanted % factor.extent === 0) {
        axes[axis]!.unshift(factor);
        wanted /= factor.extent;
      } else if (factor.extent % wanted === 0) {
        const [outer, inner] = splitFactor(factor, [factor.extent / wanted, wanted]);
        axes[axis]!.unshift(inner!);
        rest.push(outer!);
        wanted = 1;
      } else {
        return undefined;
      }
    }
  }
  return normalise({ ...flat, axes });
}

/** Numpy-style broadcast of `value` to `shape`, aligned at the last axis. */
export function expand(value: Value, shape: readonly number[]): Value {
  checkExtents(shape);
  const missing = shape.length - value.axes.length;
  if (missing < 0) throw inconsistent(`Cannot broadcast [${shapeOf(value).join()}] to [${shape.join()}]`);
  if (product(shape) === 0) return emptyConstant(value.memory.dtype, shape);
  const still = value.guards.map(() => 0);
  const axes = shape.map((extent, i) => {
    const axis = i < missing ? [] : value.axes[i - missing]!;
    const own = axisExtent(axis);
    if (own === extent) return axis;
    if (own !== 1) throw inconsistent(`Cannot broadcast [${shapeOf(value).join()}] to [${shape.join()}]`);
    return [{ extent, coef: 0, guards: still }];
  });
  return normalise({ ...value, axes });
}

/** Repeats every element of an axis `inner` times, and the whole axis `outer` times. */
export function repeat(value: Value, axis: number, times: { outer?: number; inner?: number }): Value {
  const { outer = 1, inner = 1 } = times;
  checkExtents([outer, inner]);
  const still = value.guards.map(() => 0);
  const axes = value.axes.map((factors, i) =>
    i === axis
      ? [{ extent: outer, coef: 0, guards: still }, ...factors, { extent: inner, coef: 0, guards: still }]
      : factors,
  );
  const repeated = { ...value, axes };
  return outer === 0 || inner === 0 ? emptyConstant(value.memory.dtype, shapeOf(repeated)) : normalise(repeated);
}

/** What index `x` of an axis becomes: `x = (base + sum(coef * i)) / divisor`, a new axis for every `i`. */
export interface Substitution {
  readonly base: number;
  readonly axes: readonly { readonly extent: number; readonly coef: number }[];
  readonly divisor?: number;
  /** Read where `x` falls outside the axis or is no integer. */
  readonly fill?: bigint;
}

/**
 * Replaces one axis by the axes of `by`, in its place. This is slices, pads, windows and zero insertion in one.
 * Undefined where the axis has several factors, or fills conflict.
 */
export function substitute(value: Value, axis: number, by: Substitution): Value | undefined {
  checkExtents(by.axes.map(({ extent }) => extent));
  const divisor = by.divisor ?? 1;
  const factors = value.axes[axis];
  if (!factors) throw inconsistent(`A tensor of ${value.axes.length} dimensions has no axis ${axis}`);
  const size = axisExtent(factors);
  if (by.axes.some(({ extent }) => extent === 0)) {
    const shape = shapeOf(value);
    shape.splice(axis, 1, ...by.axes.map(({ extent }) => extent));
    return emptyConstant(value.memory.dtype, shape);
  }
  let low = by.base;
  let high = by.base;
  for (const { extent, coef } of by.axes) {
    if (coef < 0) low += coef * (extent - 1);
    else high += coef * (extent - 1);
  }
  const inside = divisor === 1 && low >= 0 && high < size;
  if (factors.length > 1) return inside ? substituteInside(value, axis, by) : undefined;
  const factor = factors[0] ?? { extent: 1, coef: 0, guards: value.guards.map(() => 0) };
  if (!inside) {
    if (value.guards.length > 0 && value.fill !== by.fill) return undefined;
    // A guard on an index that is a fraction has no affine form.
    if (divisor !== 1 && factor.guards.some((g) => g !== 0)) return undefined;
  }
  const guards = value.guards.map((form, g) => ({ ...form, base: form.base + factor.guards[g]! * by.base }));
  const replaced = by.axes.map(({ extent, coef }) => ({
    extent,
    coef: inside ? factor.coef * coef : 0,
    guards: factor.guards.map((g) => g * coef),
  }));
  if (inside) {
    const axes = value.axes.flatMap((other, i) => (i === axis ? replaced.map((f) => [f]) : [other]));
    return normalise({ ...value, axes, guards, base: value.base + factor.coef * by.base });
  }
  const axes = value.axes.flatMap((other, i) =>
    i === axis
      ? replaced.map((f, k) => [{ ...f, guards: [...f.guards, by.axes[k]!.coef] }])
      : [other.map((f) => ({ ...f, guards: [...f.guards, 0] }))],
  );
  return normalise({
    memory: value.memory,
    axes,
    base: value.base,
    guards: [...guards, { base: by.base, divisor, extent: size, stride: factor.coef }],
    fill: by.fill ?? 0n,
  });
}

/** The case of a factored axis: a run of indices that stays aligned with the factors. */
function substituteInside(value: Value, axis: number, by: Substitution): Value | undefined {
  const only = by.axes[0];
  if (by.axes.length !== 1 || only === undefined || (only.coef !== 1 && only.extent > 1)) return undefined;
  const [outer, ...inner] = value.axes[axis]!;
  const block = axisExtent(inner);
  const from = Math.floor(by.base / block);
  const to = Math.floor((by.base + only.extent - 1) / block);
  const shifted = (first: number, extent: number): Value => ({
    ...value,
    base: value.base + outer!.coef * first,
    guards: value.guards.map((form, g) => ({ ...form, base: form.base + outer!.guards[g]! * first })),
    axes: value.axes.map((other, i) => (i === axis ? [{ ...outer!, extent }, ...inner] : other)),
  });
  if (by.base % block === 0 && only.extent % block === 0) return normalise(shifted(from, only.extent / block));
  if (from !== to) return undefined;
  return substitute(normalise(shifted(from, 1)), axis, { ...by, base: by.base - from * block });
}

/** Elements `start, start + step, ...`, `count` of them, of one axis. */
export function slice(
  value: Value,
  axis: number,
  range: { start: number; count: number; step?: number },
): Value | undefined {
  return substitute(value, axis, { base: range.start, axes: [{ extent: range.count, coef: range.step ?? 1 }] });
}

/** `before` and `after` more elements with value `fill`; neither is negative. */
export function pad(
  value: Value,
  axis: number,
  by: { before: number; after: number; fill: bigint },
): Value | undefined {
  if (by.before === 0 && by.after === 0) return value;
  const extent = axisExtent(value.axes[axis]!) + by.before + by.after;
  return substitute(value, axis, { base: 0 - by.before, axes: [{ extent, coef: 1 }], fill: by.fill });
}

/**
 * Guards the whole value: an element whose indices do not satisfy `base + sum(coef * index) >= 0` reads `fill`, as in
 * triangular and causal masks. Undefined where fills conflict.
 *
 * @param coefs one per axis
 */
export function guardBy(
  value: Value,
  form: { base: number; coefs: readonly number[] },
  fill: bigint,
): Value | undefined {
  if (value.guards.length > 0 && value.fill !== fill) return undefined;
  let high = form.base;
  const axes = value.axes.map((factors, axis) => {
    const coef = form.coefs[axis]!;
    high += Math.max(0, coef * (axisExtent(factors) - 1));
    const steps = rowMajor(factors.map(({ extent }) => extent));
    return factors.map((factor, i) => ({ ...factor, guards: [...factor.guards, coef * steps[i]!] }));
  });
  const guard = { base: form.base, divisor: 1, extent: Math.max(1, high + 1), stride: 0 };
  return normalise({ ...value, axes, guards: [...value.guards, guard], fill });
}

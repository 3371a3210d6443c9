import { allocate, type ElementArray, type ElementType } from "../../onnx/element.js";
import { DEFAULT_LIMITS } from "../../onnx/limits.js";
import { CompileError } from "./errors.js";
import type { ConstMemory, Memory } from "./raw.js";

/** Dimensions of a tensor, as of those in the file. */
const MAX_RANK = DEFAULT_LIMITS.rank;

/** One digit of a logical axis' index, in a mixed radix: its extent and what it adds to the address and to each guard. */
export interface Factor {
  readonly extent: number;
  readonly coef: number;
  /** One coefficient per guard of the value. */
  readonly guards: readonly number[];
}

/** A guard without its coefficients, which lie in the factors (docs/audit.md, 3). */
export interface GuardForm {
  readonly base: number;
  readonly divisor: number;
  readonly extent: number;
  readonly stride: number;
}

/**
 * A tensor that need not exist: logical axes over some memory, read through an affine address with guards. An axis is a list
 * of factors, outermost first, so that reshapes and transposes compose without copying.
 */
export interface Value {
  readonly memory: Memory;
  readonly axes: readonly (readonly Factor[])[];
  readonly base: number;
  readonly guards: readonly GuardForm[];
  /** Element bits read where a guard fails; 0n without guards. */
  readonly fill: bigint;
}

export function product(numbers: readonly number[]): number {
  return numbers.reduce((n, x) => n * x, 1);
}

export function axisExtent(axis: readonly Factor[]): number {
  return axis.reduce((n, factor) => n * factor.extent, 1);
}

export function shapeOf(value: Value): number[] {
  return value.axes.map(axisExtent);
}

export function sizeOf(value: Value): number {
  return product(shapeOf(value));
}

export function rankOf(value: Value): number {
  return value.axes.length;
}

/** Every view costs time for each axis, even those of one element, which take no memory. */
export function requireRank(rank: number): void {
  if (rank > MAX_RANK) throw new CompileError("COMPILE_LIMIT", `A tensor of ${rank} dimensions, more than ${MAX_RANK}`);
}

/** Strides of a row-major tensor. */
export function rowMajor(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis]!;
  }
  return strides;
}

/** The whole of `memory` as a row-major tensor. */
export function plain(memory: Memory, shape: readonly number[]): Value {
  const strides = rowMajor(shape);
  const axes = shape.map((extent, axis) => [{ extent, coef: strides[axis]!, guards: [] }]);
  return normalise({ memory, axes, base: 0, guards: [], fill: 0n });
}

export function constant(dtype: ElementType, shape: readonly number[], data: ElementArray): Value {
  return plain({ kind: "const", dtype, numel: data.length, data }, shape);
}

/** A constant without elements, which only the compiler sees. */
export function emptyConstant(dtype: ElementType, shape: readonly number[]): Value {
  return constant(dtype, shape, allocate(dtype, 0));
}

export function isConstant(value: Value): value is Value & { memory: ConstMemory } {
  return value.memory.kind === "const";
}

/** All factors of a value, axes joined. */
export function factorsOf(value: Value): Factor[] {
  return value.axes.flat();
}

/** Whether two adjacent factors step like one of the product's extent. */
function mergeable(outer: Factor, inner: Factor): boolean {
  return (
    outer.coef === inner.coef * inner.extent && outer.guards.every((g, i) => g === inner.guards[i]! * inner.extent)
  );
}

/** Drops factors of extent 1 and joins those that step like one. */
function tidyAxis(axis: readonly Factor[]): Factor[] {
  const tidy: Factor[] = [];
  for (const factor of axis) {
    if (factor.extent === 1) continue;
    const last = tidy.at(-1);
    if (last && mergeable(last, factor)) tidy[tidy.length - 1] = { ...factor, extent: last.extent * factor.extent };
    else tidy.push(factor);
  }
  return tidy;
}

/**
 * The same value in its simplest form: guards that cannot fail are folded into the address, neighbouring factors that step
 * like one are joined.
 */
export function normalise(value: Value): Value {
  let { base } = value;
  let axes = value.axes;
  const kept: number[] = [];
  const forms: GuardForm[] = [];
  value.guards.forEach((form, g) => {
    const varying = axes.flat().filter(({ extent }) => extent !== 1);
    const coefs = varying.map((factor) => ({ extent: factor.extent, coef: factor.guards[g]! }));
    const whole = form.base % form.divisor === 0 && coefs.every(({ coef }) => coef % form.divisor === 0);
    const divisor = whole ? form.divisor : 1;
    let low = form.base;
    let high = form.base;
    for (const { extent, coef } of coefs) {
      if (coef < 0) low += coef * (extent - 1);
      else high += coef * (extent - 1);
    }
    if (whole && low >= 0 && high / divisor < form.extent) {
      base += (form.stride * form.base) / divisor;
      axes = axes.map((axis) =>
        axis.map((factor) => ({ ...factor, coef: factor.coef + (form.stride * factor.guards[g]!) / divisor })),
      );
    } else {
      kept.push(g);
      forms.push(form);
    }
  });
  if (kept.length < value.guards.length) {
    axes = axes.map((axis) => axis.map((factor) => ({ ...factor, guards: kept.map((g) => factor.guards[g]!) })));
  }
  return {
    memory: value.memory,
    axes: axes.map(tidyAxis),
    base,
    guards: forms,
    fill: forms.length === 0 ? 0n : value.fill,
  };
}

/** Whether the value reads every element of its memory in row-major order: it *is* that tensor. */
export function isWhole(value: Value): boolean {
  if (value.base !== 0 || value.guards.length > 0 || sizeOf(value) !== value.memory.numel) return false;
  const flat = normalise({ ...value, axes: [factorsOf(value)] }).axes[0]!;
  return flat.length === 0 || (flat.length === 1 && flat[0]!.coef === 1);
}

import type { DType, ReduceFn } from "../graph.js";
import { bitsOf } from "./bits.js";
import { readsOf } from "./cost.js";
import type { RawOperand, RawView } from "./raw.js";
import { type Aligned, type Dim, factorAt, followMemory, type Label } from "./space.js";
import { type Factor, product, type Value } from "./value.js";

/** The operand as a node states it, over dimensions `dims`. A constant that reads one element is an immediate. */
export function rawOperand(operand: Aligned, dims: readonly Dim[]): RawOperand {
  const { memory } = operand;
  const isFixed = operand.guards.length === 0 && dims.every((dim) => factorAt(operand, dim) === undefined);
  if (memory.kind === "const" && isFixed) {
    const dtype = memory.dtype as DType;
    return { memory: undefined, dtype, value: bitsOf(dtype, memory.data[operand.base]!) };
  }
  return rawView(operand, dims);
}

/** The operand as a view even where it reads one element, as a gather wants its first. */
export function rawView(operand: Aligned, dims: readonly Dim[]): RawView {
  const { memory } = operand;
  const factors = dims.map((dim) => factorAt(operand, dim));
  return {
    memory,
    base: operand.base + 0,
    // `+ 0` turns -0 into 0, which compares and prints alike on every path.
    coef: factors.map((factor) => (factor?.coef ?? 0) + 0),
    guards: operand.guards.map((form, g) => ({
      ...form,
      base: form.base + 0,
      coef: factors.map((factor) => (factor?.guards[g] ?? 0) + 0),
    })),
    fill: operand.fill,
  };
}

/**
 * The order in which a reduction visits its terms: as they lie in the memory of the computed operand it reads most, because
 * consecutive reads make short proofs and sums do not depend on order. Positions count for `arg...`, whose order is fixed.
 */
export function arrangeReduction(fn: ReduceFn, operands: readonly Aligned[], dims: readonly Dim[]): Dim[] {
  if (fn.startsWith("arg")) return [...dims];
  const computed = operands.filter(({ memory }) => memory.kind !== "const");
  return followMemory(dims, fn === "dot" ? computed.slice(0, 2) : computed);
}

/** Reads of at most this many leaves are never worth a copy. */
const FEW_LEAVES = 15;
/** A copy must shorten the reads at least this much ... */
const WORTHWHILE = 3;
/** ... and not be larger than this many times its source. */
const BLOW_UP = 2;

/**
 * The operand, or a copy of it, such that a reduction over `red` reads consecutive elements. Constants are re-laid always,
 * computed tensors only where it shortens proofs much, as for products of two activations.
 */
export function consecutive(
  operand: Aligned,
  out: readonly Dim[],
  red: readonly Dim[],
  copy: (value: Value) => Value,
): Aligned {
  const dims = [...out, ...red];
  const used = dims.filter((dim) => factorAt(operand, dim));
  const isConstant = operand.memory.kind === "const";
  const elements = product(used.map((dim) => dim.extent));
  const raw = rawOperand(operand, dims);
  if (raw.memory === undefined) return operand;
  const fits = elements <= BLOW_UP * operand.memory.numel;
  if (isConstant ? !(raw.guards.length > 0 || (fits && !isConsecutive(raw, out, red))) : !fits) return operand;
  if (!isConstant) {
    const reads = readsOf(
      { numel: operand.memory.numel, base: raw.base, coef: raw.coef, guards: raw.guards },
      operand.memory.dtype,
      out.map((dim) => dim.extent),
      red.map((dim) => dim.extent),
    );
    const terms = product(red.filter((dim) => factorAt(operand, dim)).map((dim) => dim.extent));
    const least = Math.ceil(terms / 64) + 1;
    if (reads.leaves <= FEW_LEAVES || reads.leaves <= WORTHWHILE * least) return operand;
  }
  const { memory, base, guards, fill } = operand;
  const copied = copy({ memory, base, guards, fill, axes: used.map((dim) => [factorAt(operand, dim)!]) });
  return realigned(copied, used, dims);
}

/** Whether the reduction's reads step through memory one by one. */
function isConsecutive(view: RawView, out: readonly Dim[], red: readonly Dim[]): boolean {
  let stride = 1;
  for (let d = red.length - 1; d >= 0; d--) {
    const coef = view.coef[out.length + d]!;
    if (coef === 0) continue;
    if (coef !== stride) return false;
    stride *= red[d]!.extent;
  }
  return true;
}

/** An operand again from a copy that has one axis for every dimension in `used`. */
function realigned(copy: Value, used: readonly Dim[], dims: readonly Dim[]): Aligned {
  const still = copy.guards.map(() => 0);
  const parts = new Map<Label, Factor[]>();
  for (const dim of dims) {
    const axis = used.indexOf(dim);
    const factor = axis < 0 ? undefined : copy.axes[axis]![0];
    const list = parts.get(dim.label) ?? [];
    list[dim.part] = factor ?? { extent: dim.extent, coef: 0, guards: still };
    parts.set(dim.label, list);
  }
  const { memory, base, guards, fill } = copy;
  return { memory, base, guards, fill, parts };
}

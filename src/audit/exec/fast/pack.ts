import type { Operand, TensorArray, View } from "../../graph.js";
import type { RunVisitor } from "../../view.js";
import { filled, type Walk } from "./blocks.js";
import { alongDims } from "./boxes.js";
import type { NumberArray } from "./integer-kernels.js";
import type { Memory } from "./memory.js";
import { createWalker } from "./walker.js";

/** Writes what an operand reads in the box at an index to the start of `target`, in order, as binary64. */
export type Packer = (index: readonly number[], target: Float64Array) => void;

/** Packs operands of f32 and of integers up to 32 bits; every element is exact in binary64. */
export function packer(operand: Operand, walk: Walk, memory: Memory): Packer {
  if (!("guards" in operand)) {
    const value = Number(filled(operand.dtype, 1, operand.value)[0]);
    return (_index, target) => target.fill(value, 0, walk.size);
  }
  const runs = createWalker(alongDims(operand, walk.dims), walk.extents, walk.fixed);
  const source = memory.load(operand.source);
  const fill = Number(filled(operand.dtype, 1, operand.fill)[0]);
  const isGuarded = operand.guards.length > 0;
  let into: Float64Array = new Float64Array(0);
  const visit: RunVisitor =
    operand.dtype === "f32"
      ? (term, termStep, count, address, stride) => {
          widenFloats(source as Float32Array, into, term, termStep, count, address, stride);
        }
      : (term, termStep, count, address, stride) => {
          widenIntegers(source as NumberArray, into, term, termStep, count, address, stride);
        };
  return (index, target) => {
    into = target;
    if (isGuarded) target.fill(fill, 0, walk.size);
    runs(index, visit);
  };
}

// Two functions with one body: each stays specialised to the arrays that it sees.
function widenFloats(
  source: Float32Array,
  target: Float64Array,
  term: number,
  termStep: number,
  count: number,
  address: number,
  stride: number,
): void {
  for (let i = 0; i < count; i++) {
    target[term] = source[address]!;
    term += termStep;
    address += stride;
  }
}

function widenIntegers(
  source: NumberArray,
  target: Float64Array,
  term: number,
  termStep: number,
  count: number,
  address: number,
  stride: number,
): void {
  for (let i = 0; i < count; i++) {
    target[term] = source[address]!;
    term += termStep;
    address += stride;
  }
}

/** Length of the runs in which a view is walked over these dimensions, were all its guards to pass. */
export function runLength(view: View, dims: readonly number[], extents: readonly number[]): number {
  const forms = [view, ...view.guards].map(({ coef }) => coef);
  let last = dims.length - 1;
  while (last >= 0 && extents[last] === 1) last--;
  if (last < 0) return 1;
  let length = extents[last]!;
  const inner = forms.map((coef) => coef[dims[last]!]!);
  for (let d = last - 1; d >= 0; d--) {
    if (extents[d] === 1) continue;
    if (!forms.every((coef, f) => coef[dims[d]!] === inner[f]! * length)) break;
    length *= extents[d]!;
  }
  return length;
}

/** Largest magnitude that an operand of numbers may read. */
export function largestMagnitude(operand: Operand, memory: Memory): number {
  if (!("guards" in operand)) return Math.abs(Number(filled(operand.dtype, 1, operand.value)[0]));
  const source: TensorArray = memory.load(operand.source);
  let largest = operand.guards.length > 0 ? Math.abs(Number(filled(operand.dtype, 1, operand.fill)[0])) : 0;
  for (let i = 0; i < source.length; i++) {
    const magnitude = Math.abs(source[i] as number);
    if (magnitude > largest) largest = magnitude;
  }
  return largest;
}

import { newArray } from "../../bytes.js";
import type { DType, Operand, TensorArray, View } from "../../graph.js";
import type { RunVisitor } from "../../view.js";
import { writeElement } from "../elements.js";
import { alongDims, type Boxes } from "./boxes.js";
import type { NumberArray } from "./integer-kernels.js";
import { isInArena, type Memory } from "./memory.js";
import { createWalker } from "./walker.js";

/** Gives what an operand reads in the box at an index, in order. */
export interface BlockReader {
  /** To be called before the first box of a run. */
  start(): void;
  /** The array lies in the arena and is valid until the next call. */
  read(index: readonly number[]): TensorArray;
}

/** The space that a reader walks: of `dims`, those after the first `fixed`. */
export type Walk = Pick<Boxes, "dims" | "extents" | "fixed" | "size">;

/** `numel` elements with the same bits. */
export function filled(dtype: DType, numel: number, bits: bigint): TensorArray {
  const array = newArray(dtype, numel);
  writeElement(array, dtype, 0, dtype === "bool" && bits !== 0n ? 1n : bits);
  (array as NumberArray).fill((array as NumberArray)[0]!);
  return array;
}

export function blockReader(operand: Operand, walk: Walk, memory: Memory): BlockReader {
  const scratch = memory.arena.array(operand.dtype, walk.size);
  if (!("guards" in operand)) {
    const value = filled(operand.dtype, 1, operand.value)[0]!;
    return { start: () => (scratch as NumberArray).fill(value as number), read: () => scratch };
  }
  const view = alongDims(operand, walk.dims);
  const runs = createWalker(view, walk.extents, walk.fixed);
  const source = memory.load(operand.source);
  const copy = runCopier(operand, source);
  const fill = filled(operand.dtype, 1, operand.fill)[0]!;
  const inPlace = isInArena(operand.source);
  let block: TensorArray = scratch;
  const visit: RunVisitor = (term, termStep, count, address, stride) => {
    // One run over the whole box needs no copy.
    if (inPlace && stride === 1 && count === walk.size) block = source.subarray(address, address + count);
    else copy(scratch, term, termStep, count, address, stride);
  };
  const read = (index: readonly number[]): TensorArray => {
    block = scratch;
    if (operand.guards.length > 0) (scratch as NumberArray).fill(fill as number);
    runs(index, visit);
    return block;
  };
  const isSteady = [view, ...view.guards].every(({ coef }) => coef.slice(0, walk.fixed).every((step) => step === 0));
  if (!isSteady) return { start: () => undefined, read };
  const first = new Array<number>(walk.fixed).fill(0);
  return { start: () => void read(first), read: () => block };
}

/** Writes over the elements of `target` at which the operand's guards pass, in the box at an index. */
export function blockPainter(
  operand: Operand,
  walk: Walk,
  memory: Memory,
): (index: readonly number[], target: TensorArray) => void {
  if (!("guards" in operand)) {
    const value = filled(operand.dtype, 1, operand.value)[0]!;
    return (_index, target) => (target as NumberArray).fill(value as number);
  }
  const runs = createWalker(alongDims(operand, walk.dims), walk.extents, walk.fixed);
  const source = memory.load(operand.source);
  const copy = runCopier(operand, source);
  return (index, target) => {
    runs(index, (term, termStep, count, address, stride) => {
      // The last operand of a pick has no guards: where another one is on top of it, its address may lie outside.
      const { from, to } = insideOf(source.length, count, address, stride);
      if (from < to) copy(target, term + from * termStep, termStep, to - from, address + from * stride, stride);
    });
  };
}

/** The part of a run whose addresses lie in `[0, length)`. */
function insideOf(length: number, count: number, address: number, stride: number): { from: number; to: number } {
  const last = length - 1;
  if (stride === 0) return address >= 0 && address <= last ? { from: 0, to: count } : { from: 0, to: 0 };
  const [low, high] = stride > 0 ? [-address, last - address] : [address - last, address];
  const step = Math.abs(stride);
  return { from: Math.max(0, Math.ceil(low / step)), to: Math.min(count, Math.floor(high / step) + 1) };
}

type RunCopier = (target: TensorArray, ...run: Parameters<RunVisitor>) => void;

/** From this length on, a call of the engine's own copy costs less than a loop. */
const LONG_RUN = 48;

function runCopier(view: View, source: TensorArray): RunCopier {
  const loop = view.dtype === "f32" ? copyFloats : copyElements;
  return (target, term, termStep, count, address, stride) => {
    if (count >= LONG_RUN && termStep === 1) {
      if (stride === 0) {
        (target as NumberArray).fill((source as NumberArray)[address]!, term, term + count);
        return;
      }
      if (stride === 1) {
        (target as NumberArray).set((source as NumberArray).subarray(address, address + count), term);
        return;
      }
    }
    loop(source as never, target as never, term, termStep, count, address, stride);
  };
}

// Two functions with one body: each stays specialised to the arrays that it sees.
function copyFloats(
  source: Float32Array,
  target: Float32Array,
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

function copyElements(
  source: NumberArray,
  target: NumberArray,
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

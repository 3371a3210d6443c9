import { arrayIn } from "../../bytes.js";
import { DTYPE_BYTES, type DType, type TensorArray } from "../../graph.js";
import type { Engine } from "./engine.js";

/** What kernels may read behind an array without harm: a whole number of vectors past the last element. */
const SLACK = 64;
const ALIGNMENT = 64;

/** Where a run's arrays lie in the kernels' memory, fixed before the first run: whoever is done with room gives it back. */
export interface Arena {
  /** Room for elements; its content is what the one before left there. */
  array(dtype: DType, numel: number): TensorArray;
  doubles(numel: number): Float64Array;
  words(numel: number): Uint32Array;
  /** Runs `body`, and frees the room that it took. */
  temporary<T>(body: () => T): T;
  /** Frees one array. */
  free(array: ArrayBufferView): void;
  /** Bytes in use at the worst moment. */
  peak(): number;
}

/** Thrown where the memory grew, which empties all arrays made before: the layout is made again. */
export class MemoryGrew extends Error {}

interface Hole {
  at: number;
  size: number;
}

export function createArena(engine: Engine): Arena {
  const { base } = engine;
  let end = alignUp(base);
  const start = end;
  let peak = end;
  /** Free room below `end`, by address. */
  const holes: Hole[] = [];
  const sizes = new Map<number, number>();
  let taken: number[] | undefined;

  const take = (bytes: number): number => {
    const size = alignUp(bytes + SLACK);
    const fit = holes.findIndex((hole) => hole.size >= size);
    let at: number;
    if (fit >= 0) {
      const hole = holes[fit]!;
      at = hole.at;
      hole.at += size;
      hole.size -= size;
      if (hole.size === 0) holes.splice(fit, 1);
    } else {
      // The last hole may reach to the end.
      const last = holes.at(-1);
      if (last !== undefined && last.at + last.size === end) {
        holes.pop();
        end = last.at;
      }
      at = end;
      end += size;
      if (end > peak) peak = end;
      if (engine.reach(end)) throw new MemoryGrew();
    }
    sizes.set(at, size);
    taken?.push(at);
    return at;
  };

  const release = (at: number): void => {
    const size = sizes.get(at);
    if (size === undefined) return;
    sizes.delete(at);
    let i = holes.findIndex((hole) => hole.at > at);
    if (i < 0) i = holes.length;
    holes.splice(i, 0, { at, size });
    for (const left of [i, i - 1]) {
      const [hole, next] = [holes[left], holes[left + 1]];
      if (hole === undefined || next === undefined || hole.at + hole.size !== next.at) continue;
      hole.size += next.size;
      holes.splice(left + 1, 1);
    }
  };

  // Room first: taking it may replace the buffer.
  const inMemory = (dtype: DType, numel: number): TensorArray => {
    const at = take(numel * DTYPE_BYTES[dtype]);
    return arrayIn(engine.buffer(), at, dtype, numel);
  };

  return {
    array: inMemory,
    doubles: (numel) => {
      const at = take(8 * numel);
      return new Float64Array(engine.buffer(), at, numel);
    },
    words: (numel) => {
      const at = take(4 * numel);
      return new Uint32Array(engine.buffer(), at, numel);
    },
    temporary: (body) => {
      const outer = taken;
      const own: number[] = [];
      taken = own;
      const result = body();
      taken = outer;
      own.forEach(release);
      return result;
    },
    free: (array) => release(array.byteOffset),
    peak: () => peak - start,
  };
}

function alignUp(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

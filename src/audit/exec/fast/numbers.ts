import type { Operand, TensorArray } from "../../graph.js";
import { numelOf } from "../../bytes.js";
import { filled } from "./blocks.js";
import type { NumberArray } from "./integer-kernels.js";
import type { Memory } from "./memory.js";
import { packer } from "./pack.js";
import { isView } from "./split.js";

/** Term k of lane l at `base + lanes[l] + terms[k]` of an array, in elements. */
export interface NumberTable {
  readonly lanes: Int32Array;
  readonly terms: Int32Array;
  /** The array and base at an index of the batch dimensions. */
  at(batch: readonly number[]): { readonly data: TensorArray; readonly base: number };
}

/** Elements that all indices of some dimensions move, row-major. */
export function elementOffsets(
  coef: readonly number[],
  dims: readonly number[],
  extents: readonly number[],
): Int32Array<ArrayBuffer> {
  let offsets = Int32Array.of(0);
  for (const d of dims) {
    const extent = extents[d]!;
    const next = new Int32Array(offsets.length * extent);
    for (let i = 0; i < offsets.length; i++) {
      for (let at = 0; at < extent; at++) next[i * extent + at] = offsets[i]! + at * coef[d]!;
    }
    offsets = next;
  }
  return offsets;
}

interface TableSpace {
  readonly extents: readonly number[];
  readonly lanes: readonly number[];
  readonly batch: readonly number[];
  readonly reduced: readonly number[];
}

/** Where the numbers of an operand lie; those of guarded views are read out first. */
export function numberTable(operand: Operand, space: TableSpace, memory: Memory): NumberTable {
  const { extents, lanes, batch, reduced } = space;
  const count = numelOf(lanes.map((d) => extents[d]!));
  const terms = numelOf(reduced.map((d) => extents[d]!));
  if (!isView(operand)) {
    const at = { data: filled(operand.dtype, 1, operand.value), base: 0 };
    return { lanes: new Int32Array(count), terms: new Int32Array(terms), at: () => at };
  }
  if (operand.guards.length === 0) {
    const data = memory.load(operand.source);
    return {
      lanes: elementOffsets(operand.coef, lanes, extents),
      terms: elementOffsets(operand.coef, reduced, extents),
      at: (index) => ({ data, base: index.reduce((sum, at, i) => sum + at * operand.coef[batch[i]!]!, operand.base) }),
    };
  }
  const dims = [...batch, ...lanes, ...reduced];
  const walk = { dims, extents: dims.map((d) => extents[d]!), fixed: batch.length, size: count * terms };
  const pack = packer(operand, walk, memory);
  const data = new Float64Array(walk.size);
  return {
    lanes: Int32Array.from({ length: count }, (_, l) => l * terms),
    terms: Int32Array.from({ length: terms }, (_, k) => k),
    at: (index) => {
      pack(index, data);
      return { data: data, base: 0 };
    },
  };
}

/** Where packed numbers go: lanes in groups of four, whose next term lies `termStep` numbers further on. */
export interface Panels {
  readonly data: Float64Array;
  readonly groupStep: number;
  readonly termStep: number;
  /** By lane: the sum of its finite magnitudes. */
  readonly sizes: Float64Array;
}

/** Packs the lanes `[first, first + used)` of a table as lanes 0 .. of the panels; the rest, up to `lanes`, as zeros. */
export function packLanes(
  table: NumberTable,
  { data, base }: { readonly data: TensorArray; readonly base: number },
  { first, used, lanes }: { readonly first: number; readonly used: number; readonly lanes: number },
  panels: Panels,
): void {
  for (let lane = 0; lane < lanes; lane++) {
    const to = (lane >> 2) * panels.groupStep + (lane & 3);
    if (lane >= used) {
      for (let k = 0, at = to; k < table.terms.length; k++, at += panels.termStep) panels.data[at] = 0;
      panels.sizes[lane] = 0;
    } else {
      const from = base + table.lanes[first + lane]!;
      panels.sizes[lane] = packLane(data as NumberArray, from, table.terms, panels.data, to, panels.termStep);
    }
  }
}

/** Packs one lane; returns the sum of its finite magnitudes. */
function packLane(
  source: NumberArray,
  from: number,
  terms: Int32Array,
  target: Float64Array,
  to: number,
  step: number,
): number {
  let size = 0;
  for (let k = 0; k < terms.length; k++) {
    const x = source[from + terms[k]!]!;
    target[to] = x;
    to += step;
    const magnitude = Math.abs(x);
    if (magnitude < Infinity) size += magnitude;
  }
  return size;
}

import type { Operand, ReduceNode, TensorArray } from "../../graph.js";
import { resultSize } from "../../graph.js";
import { blockReader, filled } from "./blocks.js";
import type { Memory } from "./memory.js";
import { numberTable } from "./numbers.js";
import { isView, movesAlong, type Split } from "./split.js";
import { extentsOf } from "../../view.js";

/** Biases of f32 sums. Without a bias all are -0, which changes no sum. */
export interface Biases {
  /** To be called before the first batch of a run. */
  start(): void;
  /** Writes the biases of lanes `first ..` at an index of the batch to `lanes`. */
  write(batch: readonly number[], first: number, lanes: Float64Array): void;
  /** Address of biases by result position, for those that differ by row; else 0. */
  readonly address: number;
  /** Bound on the finite magnitudes by result position. */
  largest(): number;
}

export function laneBiases(node: ReduceNode, split: Split, bias: Operand | undefined, memory: Memory): Biases {
  if (bias === undefined) {
    return { start: () => undefined, write: (_batch, _first, lanes) => lanes.fill(-0), address: 0, largest: () => 0 };
  }
  const differs = split.rows.some((d) => movesAlong(bias, d));
  if (!differs && (!isView(bias) || bias.guards.length === 0)) {
    const space = { extents: extentsOf(node), lanes: split.lanes, batch: split.batch, reduced: [] };
    const table = numberTable(bias, space, memory);
    return {
      start: () => undefined,
      write: (batch, first, lanes) => {
        const { data, base } = table.at(batch);
        const used = Math.min(lanes.length, table.lanes.length - first);
        for (let l = 0; l < lanes.length; l++) {
          lanes[l] = l < used ? (data[base + table.lanes[first + l]!] as number) : -0;
        }
      },
      address: 0,
      largest: () => 0,
    };
  }
  const reader = biasReader(node, bias, memory);
  let all: TensorArray = filled("f32", 1, 0n);
  let largest = 0;
  // Its block lies at one place in all runs.
  reader.start();
  const address = reader.read([]).byteOffset;
  return {
    start: () => {
      reader.start();
      all = reader.read([]);
      largest = 0;
      for (let i = 0; i < all.length; i++) {
        const magnitude = Math.abs((all as Float32Array)[i]!);
        if (magnitude > largest && magnitude < Infinity) largest = magnitude;
      }
    },
    write: () => undefined,
    address,
    largest: () => largest,
  };
}

/** Reads a bias at all result positions. */
export function biasReader(node: ReduceNode, bias: Operand, memory: Memory) {
  const dims = node.out.map((_, d) => d);
  return blockReader(bias, { dims, extents: node.out, fixed: 0, size: resultSize(node) }, memory);
}

import type { Source, Tensor, TensorArray } from "../../graph.js";
import type { Arena } from "./arena.js";
import type { Kernels } from "./engine.js";

/** What a node's work is prepared with: the arrays that it reads, room for more, and the kernels. */
export interface Memory {
  readonly arena: Arena;
  readonly kernels: Kernels;
  /** The array of a tensor: inputs and results of earlier nodes lie in the arena, weights where the graph has them. */
  load(source: Source): TensorArray;
}

/** Whether an array lies in the kernels' memory, so that its `byteOffset` is an address. */
export function isInArena(source: Source): boolean {
  return source.kind !== "weight";
}

/** A bool tensor with every true as 1, so that kernels may compute with the bytes; others as they are. */
export function canonicalBools({ dtype, data }: Tensor): TensorArray {
  if (dtype !== "bool" || (data as Uint8Array).every((byte) => byte <= 1)) return data;
  return (data as Uint8Array).map((byte) => (byte === 0 ? 0 : 1));
}

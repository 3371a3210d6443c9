import { newArray } from "../../bytes.js";
import type { AuditGraph, Source, Tensor, TensorArray } from "../../graph.js";

/** Tensors by source; results of nodes come and go. */
export interface Memory {
  load(source: Source): TensorArray;
  store(node: number, data: TensorArray): void;
  drop(node: number): void;
}

/** A bool tensor with every true as 1, so that kernels may compute with the bytes; others as they are. */
function canonicalBools({ dtype, data }: Tensor): TensorArray {
  if (dtype !== "bool" || (data as Uint8Array).every((byte) => byte <= 1)) return data;
  const canonical = newArray("bool", data.length) as Uint8Array;
  (data as Uint8Array).forEach((byte, i) => (canonical[i] = byte === 0 ? 0 : 1));
  return canonical;
}

export function createMemory(graph: AuditGraph, inputs: readonly Tensor[]): Memory {
  const tensors: Record<Source["kind"], (TensorArray | undefined)[]> = {
    input: inputs.map(canonicalBools),
    weight: graph.weights.map(canonicalBools),
    node: [],
  };
  return {
    load: ({ kind, index }) => tensors[kind][index]!,
    store: (node, data) => {
      tensors.node[node] = data;
    },
    drop: (node) => {
      tensors.node[node] = undefined;
    },
  };
}

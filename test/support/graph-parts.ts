import type { AuditGraph, AuditNode, DType, Source, Tensor, View } from "../../src/audit/graph.js";

/** Row-major view of a whole tensor with one dimension per given extent. */
export function rowMajor(source: Source, extents: readonly number[], rest: Partial<Omit<View, "source">> = {}): View {
  const coef = extents.map((_, d) => extents.slice(d + 1).reduce((n, extent) => n * extent, 1));
  return view(
    source,
    extents.reduce((n, extent) => n * extent, 1),
    coef,
    rest,
  );
}

/** A view of a tensor of `numel` elements. */
export function view(
  source: Source,
  numel: number,
  coef: readonly number[],
  rest: Partial<Omit<View, "source">> = {},
): View {
  return { source, dtype: "f32", numel, base: 0, coef, guards: [], fill: 0n, ...rest };
}

export const input = (index: number): Source => ({ kind: "input", index });
export const weight = (index: number): Source => ({ kind: "weight", index });
export const nodeResult = (index: number): Source => ({ kind: "node", index });

/** A graph over tensors that are given as inputs and weights. */
export function graphOf(nodes: AuditNode[], inputs: readonly Tensor[], weights: readonly Tensor[] = []): AuditGraph {
  const specs = inputs.map(({ dtype, shape }, i) => ({ name: `x${i}`, dtype, shape, lo: 0n, hi: 0n }));
  return { inputs: specs, weights, nodes, outputs: [], bound: [] };
}

/** A binary32 tensor of everyday numbers. */
export function floatTensor(shape: readonly number[], seed: number): Tensor {
  const data = new Float32Array(shape.reduce((n, extent) => n * extent, 1));
  for (let i = 0; i < data.length; i++) data[i] = Math.sin(seed + i * (1 + i / 1000));
  return { dtype: "f32", shape, data };
}

/** An integer tensor with the given values. */
export function integerTensor(dtype: Exclude<DType, "f32" | "f64" | "i64" | "u64">, values: readonly number[]): Tensor {
  const arrays = {
    u8: Uint8Array,
    i8: Int8Array,
    u16: Uint16Array,
    i16: Int16Array,
    i32: Int32Array,
    bool: Uint8Array,
    u32: Uint32Array,
  } as const;
  return { dtype, shape: [values.length], data: arrays[dtype].from(values) };
}

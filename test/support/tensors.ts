import fc from "fast-check";
import { newArray } from "../../src/audit/bytes.js";
import { DTYPE_BYTES, DTYPE_CODE, type DType, type Tensor } from "../../src/audit/graph.js";

export const DTYPES = Object.keys(DTYPE_CODE) as DType[];

/** Deterministic noise: bytes of a linear congruential generator. */
export function noise(seed: number, length: number): Uint8Array {
  let state = seed >>> 0;
  return Uint8Array.from({ length }, () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 24);
}

/** A tensor of any bits, made canonical where the dtype asks for it. */
export function noiseTensor(dtype: DType, shape: readonly number[], seed: number): Tensor {
  const numel = shape.reduce((n, extent) => n * extent, 1);
  const data = newArray(dtype, numel);
  const bytes = new Uint8Array(data.buffer);
  bytes.set(noise(seed, numel * DTYPE_BYTES[dtype]));
  if (dtype === "bool") bytes.forEach((byte, i) => (bytes[i] = byte & 1));
  if (data instanceof Float32Array) {
    const bits = new Uint32Array(data.buffer);
    bits.forEach((b, i) => {
      if ((b & 0x7fffffff) > 0x7f800000) bits[i] = 0x7fc00000;
    });
  }
  if (data instanceof Float64Array) {
    const bits = new BigUint64Array(data.buffer);
    bits.forEach((b, i) => {
      if ((b & ~(1n << 63n)) > 0x7ff0000000000000n) bits[i] = 0x7ff8000000000000n;
    });
  }
  return { dtype, shape, data };
}

/** Tensors of every dtype with up to `maxNumel` elements. */
export function anyTensor(maxNumel: number): fc.Arbitrary<Tensor> {
  return fc
    .record({ dtype: fc.constantFrom(...DTYPES), numel: fc.integer({ min: 1, max: maxNumel }), seed: fc.nat() })
    .map(({ dtype, numel, seed }) => noiseTensor(dtype, [numel], seed));
}

import { DTYPE_BYTES, type DType } from "../../graph.js";
import { roundHalfEven } from "./float-kernels.js";
import { NARROW, type NumberArray } from "./integer-kernels.js";
import type { Kernel } from "./kernel.js";

/*
 * Conversions over arrays; undefined where the reference has to do it (64-bit integers, mostly).
 */

function range(dtype: DType): [number, number] {
  const width = 8 * DTYPE_BYTES[dtype];
  return dtype.startsWith("i") ? [-(2 ** (width - 1)), 2 ** (width - 1) - 1] : [0, 2 ** width - 1];
}

function map(f: (x: number) => number): Kernel {
  return ([operand], result, n) => {
    const a = operand as NumberArray;
    const out = result as NumberArray;
    for (let i = 0; i < n; i++) out[i] = f(a[i]!);
  };
}

/** Copies elements of one dtype. */
export const copyKernel: Kernel = ([operand], out, n) => {
  (out as NumberArray).set((operand as NumberArray).subarray(0, n));
};

export function castKernel(from: DType, to: DType): Kernel | undefined {
  if (from === to) return copyKernel;
  const isNarrow = (dtype: DType): boolean => NARROW.has(dtype) || dtype === "bool";
  const isFloat = from === "f32" || from === "f64";
  if (isFloat && NARROW.has(to)) {
    const [min, max] = range(to);
    // NaN fails both comparisons, and Math.trunc leaves it; `|| 0` makes it 0.
    return map((x) => (x <= min ? min : x >= max ? max : Math.trunc(x) || 0));
  }
  if (isFloat && (to === "i64" || to === "u64")) {
    const [least, most] = to === "i64" ? [-(2n ** 63n), 2n ** 63n - 1n] : [0n, 2n ** 64n - 1n];
    const [min, limit] = [Number(least), Number(most)]; // Rounded up, to a power of two.
    return ([operand], out, n) => {
      const [a, results] = [operand as NumberArray, out as BigInt64Array];
      for (let i = 0; i < n; i++) {
        const x = a[i]!;
        results[i] = x >= limit ? most : x <= min ? least : BigInt(Math.trunc(x) || 0);
      }
    };
  }
  if (to === "bool" && (isFloat || isNarrow(from))) return map((x) => (x === 0 ? 0 : 1));
  // Storing wraps integers and rounds to binary32.
  const toFloat = to === "f32" || to === "f64";
  if ((isNarrow(from) && (isNarrow(to) || toFloat)) || (isFloat && toFloat)) return map((x) => x);
  if (isNarrow(from)) {
    return ([operand], out, n) => {
      for (let i = 0; i < n; i++) (out as BigInt64Array)[i] = BigInt((operand as NumberArray)[i]!);
    };
  }
  if ((from === "i64" || from === "u64") && NARROW.has(to)) {
    return ([operand], out, n) => {
      for (let i = 0; i < n; i++) {
        const low = Number(BigInt.asUintN(32, (operand as BigInt64Array)[i]!));
        (out as NumberArray)[i] = low;
      }
    };
  }
  return undefined;
}

export function quantizeKernel(to: DType): Kernel {
  const [min, max] = range(to);
  return ([values, scales, zeros], result, n) => {
    const [x, scale, zero, out] = [
      values as Float32Array,
      scales as Float32Array,
      zeros as NumberArray,
      result as NumberArray,
    ];
    for (let i = 0; i < n; i++) {
      const z = zero[i]!;
      const q = roundHalfEven(Math.fround(x[i]! / scale[i]!)) + z;
      out[i] = q >= max ? max : q <= min ? min : Number.isNaN(q) ? z : q;
    }
  };
}

export function dequantizeKernel(from: DType): Kernel | undefined {
  if (!NARROW.has(from)) return undefined;
  return ([quants, scales, zeros], result, n) => {
    const [q, scale, zero, out] = [
      quants as NumberArray,
      scales as Float32Array,
      zeros as NumberArray,
      result as Float32Array,
    ];
    for (let i = 0; i < n; i++) out[i] = Math.fround(q[i]! - zero[i]!) * scale[i]!;
  };
}

/** `where` over any one dtype. */
export const whereKernel: Kernel = ([condition, whenTrue, whenFalse], result, n) => {
  const [a, b, out] = [whenTrue as NumberArray, whenFalse as NumberArray, result as NumberArray];
  for (let i = 0; i < n; i++) out[i] = (condition as Uint8Array)[i] !== 0 ? a[i]! : b[i]!;
};

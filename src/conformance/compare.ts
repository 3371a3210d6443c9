import type { Tensor } from "../audit/graph.js";
import { isFloating } from "../audit/signatures.js";

/** Tolerance of ONNX's own backend tests. */
export const RTOL = 1e-3;
export const ATOL = 1e-7;
/** Room for elements near zero in outputs that are large elsewhere: honest float32 differs by this much of the largest element. */
const OF_LARGEST = 1e-6;

/** How two tensors compare: undefined difference means within the tolerance. */
export interface Comparison {
  readonly difference: string | undefined;
  readonly maxDeviation: number;
}

/** Compares an answer with the expected one, element by element. */
export function compareTensors(actual: Tensor, expected: Tensor): Comparison {
  const shape = expected.shape.join("x");
  if (actual.dtype !== expected.dtype || actual.shape.join("x") !== shape) {
    return {
      difference: `${actual.dtype}[${actual.shape.join("x")}] instead of ${expected.dtype}[${shape}]`,
      maxDeviation: Infinity,
    };
  }
  let largest = 0;
  for (const value of expected.data) {
    const magnitude = Math.abs(Number(value));
    if (magnitude > largest && magnitude !== Infinity) largest = magnitude;
  }
  const isFloat = isFloating(expected.dtype);
  const atol = isFloat ? Math.max(ATOL, OF_LARGEST * largest) : 0;
  const rtol = isFloat ? RTOL : 0;
  let maxDeviation = 0;
  let difference: string | undefined;
  for (let i = 0; i < expected.data.length; i++) {
    const [a, e] = [actual.data[i], expected.data[i]];
    if (a === e || Object.is(a, e)) continue;
    const deviation = Math.abs(Number(a) - Number(e));
    if (deviation > maxDeviation) maxDeviation = deviation;
    if (!(deviation <= atol + rtol * Math.abs(Number(e))))
      difference ??= `element ${i} is ${String(a)} instead of ${String(e)}`;
  }
  return { difference, maxDeviation };
}

/** Compares all outputs; the first difference names its output. */
export function compareAll(actual: readonly Tensor[], expected: readonly Tensor[]): Comparison {
  let maxDeviation = 0;
  for (const [i, want] of expected.entries()) {
    const got = actual[i];
    const one = got === undefined ? { difference: "missing", maxDeviation: Infinity } : compareTensors(got, want);
    maxDeviation = Math.max(maxDeviation, one.maxDeviation);
    if (one.difference !== undefined) return { difference: `output ${i}: ${one.difference}`, maxDeviation };
  }
  return { difference: undefined, maxDeviation };
}

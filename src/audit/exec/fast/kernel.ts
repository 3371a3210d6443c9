import type { DType, MapFn, TensorArray } from "../../graph.js";
import { readElement, writeElement } from "../elements.js";
import { scalar } from "../reference/scalar.js";

/** A scalar function over `n` elements: `out[i] = fn(operands[0][i], ...)`. NaN results may have any payload. All arrays lie in the arena. */
export type Kernel = (operands: readonly TensorArray[], out: TensorArray, n: number) => void;

/** Any function by the reference, element by element: for what is too rare to be worth more. */
export function referenceKernel(fn: MapFn, dtypes: readonly DType[], result: DType): Kernel {
  return (operands, out, n) => {
    for (let i = 0; i < n; i++) {
      const bits = operands.map((operand, k) => readElement(operand, dtypes[k]!, i));
      writeElement(out, result, i, scalar(fn, dtypes, result, bits));
    }
  };
}

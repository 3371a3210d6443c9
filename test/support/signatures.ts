import { DTYPE_CODE, type DType, type MapFn } from "../../src/audit/graph.js";
import { takesMap } from "../../src/audit/exec/signatures.js";

const DTYPES = Object.keys(DTYPE_CODE) as DType[];

/** Operand dtypes and result dtype of one use of a function. */
export interface Signature {
  readonly operands: readonly DType[];
  readonly result: DType;
}

/** Every signature of one to three operands that `fn` has. */
export function signaturesOf(fn: MapFn): Signature[] {
  const lists: DType[][] = DTYPES.flatMap((a) => [
    [a],
    ...DTYPES.flatMap((b) => [[a, b], ...DTYPES.map((c) => [a, b, c])]),
  ]);
  return lists
    .flatMap((operands) => DTYPES.map((result) => ({ operands, result })))
    .filter(({ operands, result }) => takesMap(fn, operands, result));
}

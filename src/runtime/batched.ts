import type { Tensor, TensorArray } from "../audit/graph.js";
import { TouchstoneError } from "../errors.js";
import type { Runtime } from "./runtime.js";

function concatenated(rows: readonly TensorArray[]): TensorArray {
  const [first] = rows;
  if (first === undefined) throw new TouchstoneError("BATCH_EMPTY", "A batch has at least one row.");
  const Array = first.constructor as new (length: number) => TensorArray;
  const all = new Array(first.length * rows.length);
  rows.forEach((row, i) => all.set(row as never, i * first.length));
  return all;
}

/**
 * Answers through batches of `size`, as a busy server does: the request is the last row, and each other row is the request
 * backwards, which lies in the same domain. Kernels choose other blockings for batches, so last bits differ.
 *
 * @param runtime one whose model leaves the first axis of every input open
 */
export function batched(runtime: Runtime, size: number): Runtime {
  const stacked = ({ dtype, shape, data }: Tensor): Tensor => {
    const filler = data.slice().reverse();
    const rows = [...new Array<TensorArray>(size - 1).fill(filler), data];
    return { dtype, shape: [(shape[0] ?? 1) * size, ...shape.slice(1)], data: concatenated(rows) };
  };
  const lastRow = ({ dtype, shape, data }: Tensor): Tensor => {
    if ((shape[0] ?? 0) % size !== 0) {
      throw new TouchstoneError("BATCH_REFUSED", `An output of shape [${shape.join()}] has no ${size} rows.`);
    }
    const rows = (shape[0] ?? 0) / size;
    return { dtype, shape: [rows, ...shape.slice(1)], data: data.slice(data.length - data.length / size) };
  };
  return {
    label: `${runtime.label} batch=${size}`,
    run: async (inputs) => (await runtime.run(inputs.map(stacked))).map(lastRow),
    release: () => runtime.release(),
  };
}

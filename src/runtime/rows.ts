import type { Tensor, TensorArray } from "../audit/graph.js";
import { internalError, TouchstoneError } from "../errors.js";

function concatenated(parts: readonly TensorArray[]): TensorArray {
  const [first] = parts;
  if (first === undefined) throw internalError("a batch has at least one row");
  const Array = first.constructor as new (length: number) => TensorArray;
  const all = new Array(first.length * parts.length);
  parts.forEach((part, i) => all.set(part as never, i * first.length));
  return all;
}

/** Requests of equal shapes as one: each input has those of all requests along its first axis. */
export function stack(requests: readonly (readonly Tensor[])[]): readonly Tensor[] {
  const [first = []] = requests;
  if (requests.length === 1) return first;
  return first.map(({ dtype, shape }, i) => ({
    dtype,
    shape: [(shape[0] ?? 1) * requests.length, ...shape.slice(1)],
    data: concatenated(requests.map((inputs) => inputs[i]!.data)),
  }));
}

/**
 * The outputs of stacked requests, request by request.
 * @throws TouchstoneError `BATCH_REFUSED` where an output has no rows for each of them.
 */
export function unstack(outputs: readonly Tensor[], count: number): Tensor[][] {
  for (const { shape } of outputs) {
    if (shape[0] === undefined || shape[0] % count !== 0) {
      throw new TouchstoneError("BATCH_REFUSED", `An output of shape [${shape.join()}] has no ${count} rows.`);
    }
  }
  return Array.from({ length: count }, (_, row) =>
    outputs.map(({ dtype, shape, data }) => {
      const size = data.length / count;
      return { dtype, shape: [shape[0]! / count, ...shape.slice(1)], data: data.slice(row * size, (row + 1) * size) };
    }),
  );
}

/** Whether two requests can be stacked. */
export const areAlike = (a: readonly Tensor[], b: readonly Tensor[]): boolean =>
  a.length === b.length &&
  a.every(({ dtype, shape }, i) => dtype === b[i]!.dtype && shape.join() === b[i]!.shape.join());

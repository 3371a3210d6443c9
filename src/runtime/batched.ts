import type { Tensor } from "../audit/graph.js";
import { stack, unstack } from "./rows.js";
import type { Runtime } from "./runtime.js";

const backwards = (tensor: Tensor): Tensor => ({ ...tensor, data: tensor.data.slice().reverse() });

/**
 * Answers through batches of `size`, as a busy server does: the request is the last row, and each other row is the request
 * backwards, which lies in the same domain. Kernels choose other blockings for batches, so last bits differ.
 *
 * @param runtime one whose model leaves the first axis of every input open
 */
export function batched(runtime: Runtime, size: number): Runtime {
  return {
    label: `${runtime.label} batch=${size}`,
    run: async (inputs) => {
      const fillers = new Array<readonly Tensor[]>(size - 1).fill(inputs.map(backwards));
      return unstack(await runtime.run(stack([...fillers, inputs])), size)[size - 1]!;
    },
    release: () => runtime.release(),
  };
}

import { newArray, numelOf } from "../audit/bytes.js";
import { writeElement } from "../audit/exec/elements.js";
import type { InputSpec, Tensor } from "../audit/graph.js";
import { TouchstoneError } from "../errors.js";
import { createSessionHost } from "./isolated.js";
import type { NativeOptions } from "./native.js";
import { stack } from "./rows.js";
import type { RuntimeModel } from "./runtime.js";

/** A model that somebody wants to serve natively. */
export interface Candidate {
  readonly runtime: RuntimeModel;
  readonly graph: { readonly inputs: readonly InputSpec[] };
}

function filledWith({ dtype, shape }: InputSpec, bits: bigint): Tensor {
  const data = newArray(dtype, numelOf(shape));
  for (let i = 0; i < data.length; i++) writeElement(data, dtype, i, bits);
  return { dtype, shape, data };
}

/**
 * Loads and runs a model in a process of its own, with the ends of its domain as inputs, before a role takes it into its own.
 *
 * @param batch most requests that will run together
 * @throws TouchstoneError `RUNTIME_DIED` where that process ended, `MODEL_REFUSED_BY_RUNTIME` where the file cannot be loaded.
 */
export async function vetInChild({ runtime, graph }: Candidate, options: NativeOptions, batch = 1): Promise<void> {
  const host = createSessionHost();
  try {
    const session = await host.load(runtime, options);
    for (const end of ["lo", "hi"] as const) {
      const inputs = graph.inputs.map((spec) => filledWith(spec, spec[end]));
      for (const count of new Set([1, batch])) {
        try {
          await session.run(stack(new Array<Tensor[]>(count).fill(inputs)));
        } catch (thrown) {
          // An input that the runtime refuses (an index out of range, say) harms nobody.
          if (thrown instanceof TouchstoneError && thrown.code === "RUNTIME_DIED") throw thrown;
        }
      }
    }
  } finally {
    host.close();
  }
}

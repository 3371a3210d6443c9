import type { PooledModel } from "../../runtime/pool.js";
import type { Runtime } from "../../runtime/runtime.js";
import type { Answerer } from "../../worker/worker.js";

/** Serves another model than the one that is paid for, made from its file by `variant`: fewer bits, or an older version. */
export function cheaperModel(
  variant: (bytes: Uint8Array) => Uint8Array,
  runtime: (model: PooledModel) => Promise<Runtime>,
): Answerer {
  return async ({ contentId, runtime: real }, inputs) => {
    const other = await runtime({ contentId, runtime: { ...real, bytes: variant(real.bytes) } });
    return other.run(inputs);
  };
}

import { answer } from "../audit/exec/fast/execute.js";
import type { Tensor } from "../audit/graph.js";
import type { PreparedModel } from "../models/prepared.js";
import type { Runtime } from "../runtime/runtime.js";
import type { Answerer } from "./worker.js";

/** The exact answer: outputs of the audit machine. */
export function auditAnswer({ graph }: PreparedModel, inputs: readonly Tensor[]): Tensor[] {
  return answer(graph, inputs);
}

/**
 * Answers with the production runtime; models whose profile is `exact` with the audit machine, because no tolerance covers
 * the last bits of native hardware there. Where the runtime has no answer (it refuses the model or the input, or an input
 * could end its process) the audit machine's is as good: a job is never missed for that.
 *
 * @param onRefusal told why the runtime did not answer
 */
export function nativeAnswerer(
  runtime: (model: PreparedModel) => Promise<Runtime>,
  onRefusal: (model: PreparedModel, reason: unknown) => void = () => undefined,
): Answerer {
  return async (model, inputs) => {
    if (model.manifest.profile === "exact") return auditAnswer(model, inputs);
    try {
      return await (await runtime(model)).run(inputs);
    } catch (reason) {
      onRefusal(model, reason);
      return auditAnswer(model, inputs);
    }
  };
}

/**
 * Answers jobs that lock more than `above` with the audit machine: its answer is never wrong, however an input was hunted to
 * amplify the noise of native hardware, and such jobs are worth the hunt. All others as `native` does.
 *
 * @param lockOf stake tokens that back a claim
 */
export function auditedAbove(above: bigint, lockOf: (claimId: string) => Promise<bigint>, native: Answerer): Answerer {
  return async (model, inputs, claimId) =>
    (await lockOf(claimId)) > above ? auditAnswer(model, inputs) : native(model, inputs, claimId);
}

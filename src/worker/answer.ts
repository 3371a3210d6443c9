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
 * the last bits of native hardware there.
 */
export function nativeAnswerer(runtime: (model: PreparedModel) => Promise<Runtime>): Answerer {
  return async (model, inputs) => {
    if (model.manifest.profile === "exact") return auditAnswer(model, inputs);
    return (await runtime(model)).run(inputs);
  };
}

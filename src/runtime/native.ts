import * as ort from "onnxruntime-node";

import { TouchstoneError, messageOf } from "../errors.js";
import { feedsOf, resultsOf, type OptimisationLevel, type Runtime, type RuntimeModel } from "./runtime.js";

export interface NativeOptions {
  /** Threads inside one operator; default 1, so that operators choose concurrency themselves. */
  readonly threads?: number;
  readonly optimisation?: OptimisationLevel;
  /** Whether threads wait for work by spinning: quicker answers, at the price of busy cores. Default true. */
  readonly spin?: boolean;
  /** Execution providers in order of preference, e.g. `["cuda", "cpu"]`. */
  readonly providers?: readonly string[];
}

/**
 * Loads a model into the native ONNX Runtime.
 * @throws TouchstoneError `MODEL_REFUSED_BY_RUNTIME` when the runtime cannot load the file.
 */
export async function createNativeRuntime(model: RuntimeModel, options: NativeOptions = {}): Promise<Runtime> {
  const { threads = 1, optimisation = "all", providers = ["cpu"], spin = true } = options;
  let session: ort.InferenceSession;
  try {
    const settings: ort.InferenceSession.SessionOptions = {
      executionProviders: [...providers],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      graphOptimizationLevel: optimisation,
      logSeverityLevel: 3,
      ...(spin ? {} : { extra: { session: { intra_op: { allow_spinning: "0" } } } }),
    };
    const { InferenceSession } = ort;
    const { bytes, path } = model;
    session = await (path === undefined
      ? InferenceSession.create(bytes, settings)
      : InferenceSession.create(path, settings));
  } catch (cause) {
    throw new TouchstoneError("MODEL_REFUSED_BY_RUNTIME", `ONNX Runtime cannot load the model: ${messageOf(cause)}`, {
      next: "Check the file with `touchstone model verify`, or serve it through the audit executor.",
      cause,
    });
  }
  return {
    label: `native/${providers.join("+")} threads=${threads} opt=${optimisation}`,
    run: async (inputs) => resultsOf(model, await session.run(feedsOf(ort, model, inputs))),
    release: () => session.release(),
  };
}

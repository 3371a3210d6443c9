import * as ort from "onnxruntime-web";

import { feedsOf, type OptimisationLevel, resultsOf, type Runtime, type RuntimeModel } from "./runtime.js";

/** Loads a model into the WebAssembly build of ONNX Runtime: other kernels, so other last bits than the native one. */
export async function createWasmRuntime(
  model: RuntimeModel,
  optimisation: OptimisationLevel = "all",
): Promise<Runtime> {
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = "error";
  const session = await ort.InferenceSession.create(model.bytes, {
    executionProviders: ["wasm"],
    graphOptimizationLevel: optimisation,
    logSeverityLevel: 3,
  });
  return {
    label: `wasm threads=1 opt=${optimisation}`,
    run: async (inputs) => resultsOf(model, await session.run(feedsOf(ort, model, inputs))),
    release: () => session.release(),
  };
}

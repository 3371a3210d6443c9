import * as ort from "onnxruntime-web";

import { feedsOf, resultsOf, type Runtime, type RuntimeModel } from "./runtime.js";

/** Loads a model into the WebAssembly build of ONNX Runtime: other kernels, so other last bits than the native one. */
export async function createWasmRuntime(model: RuntimeModel): Promise<Runtime> {
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = "error";
  const session = await ort.InferenceSession.create(model.bytes, { executionProviders: ["wasm"] });
  return {
    label: "wasm threads=1",
    run: async (inputs) => resultsOf(model, await session.run(feedsOf(ort, model, inputs))),
    release: () => session.release(),
  };
}

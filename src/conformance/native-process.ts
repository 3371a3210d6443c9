import { join } from "node:path";

import { createNativeRuntime } from "../runtime/native.js";
import { loadCase, type Case } from "./cases.js";

/*
 * Runs one case natively in a process of its own: some models abort the whole process inside ONNX Runtime, and a test folder
 * is anybody's input. Started by native.ts with a message channel.
 */
process.on("message", (each: Case) => {
  void answer(each).then((reply) => process.send?.(reply));
});

async function answer(each: Case): Promise<object> {
  try {
    const { model, inputs, outputNames } = loadCase(each);
    const feeds = inputs.flatMap(({ name, tensor }) => (tensor === undefined ? [] : [{ name, tensor }]));
    const runtime = await createNativeRuntime(
      { bytes: model, path: join(each.folder, each.file), inputNames: [], outputNames, bound: feeds },
      { optimisation: "disabled" },
    );
    const outputs = await runtime.run([]);
    await runtime.release();
    return { outputs };
  } catch (thrown) {
    return { failure: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}

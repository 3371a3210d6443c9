import { join } from "node:path";

import type { Tensor } from "../audit/graph.js";
import { messageOf } from "../errors.js";
import { createSessionHost } from "../runtime/isolated.js";
import { loadCase, type Case } from "./cases.js";

export type NativeAnswer = { readonly outputs: readonly Tensor[] } | { readonly failure: string };

/** Native answers from a child process: some models end the whole process, and a test folder is anybody's input. */
export function createNativeRunner(): { run(each: Case): Promise<NativeAnswer>; close(): void } {
  const host = createSessionHost();
  return {
    run: async (each) => {
      try {
        const { model, inputs, outputNames } = loadCase(each);
        const feeds = inputs.flatMap(({ name, tensor }) => (tensor === undefined ? [] : [{ name, tensor }]));
        const runtime = await host.load(
          { bytes: model, path: join(each.folder, each.file), inputNames: [], outputNames, bound: feeds },
          { optimisation: "disabled" },
        );
        const outputs = await runtime.run([]);
        await runtime.release();
        return { outputs };
      } catch (thrown) {
        return { failure: messageOf(thrown) };
      }
    },
    close: () => host.close(),
  };
}

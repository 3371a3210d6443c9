import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";

import type { Tensor } from "../audit/graph.js";
import type { Case } from "./cases.js";

export type NativeAnswer = { readonly outputs: readonly Tensor[] } | { readonly failure: string };

/** Longest time for one native run before its process is taken for hung. */
const TIMEOUT_MS = 120_000;

/** Native answers from a child process that is replaced when a model takes it down. */
export function createNativeRunner(): { run(each: Case): Promise<NativeAnswer>; close(): void } {
  let child: ChildProcess | undefined;
  const start = (): ChildProcess =>
    fork(fileURLToPath(new URL("native-process.ts", import.meta.url)), {
      // Whatever started this process, the child has to read TypeScript.
      execArgv: ["--import", import.meta.resolve("tsx")],
      serialization: "advanced",
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
  return {
    run: (each) => {
      const running = (child ??= start());
      return new Promise((resolve) => {
        const finish = (reply: NativeAnswer): void => {
          clearTimeout(timer);
          running.removeAllListeners();
          resolve(reply);
        };
        const timer = setTimeout(() => {
          running.kill("SIGKILL");
          child = undefined;
          finish({ failure: `no answer within ${TIMEOUT_MS / 1_000} s` });
        }, TIMEOUT_MS);
        running.once("message", (reply) => finish(reply as NativeAnswer));
        running.once("exit", (code, signal) => {
          child = undefined;
          finish({ failure: `ONNX Runtime ended its process (${signal ?? `code ${code}`})` });
        });
        running.send(each);
      });
    },
    close: () => child?.kill(),
  };
}

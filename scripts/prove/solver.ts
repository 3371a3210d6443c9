import { MessageChannel, receiveMessageOnPort, Worker } from "node:worker_threads";

import { TouchstoneError } from "../../src/errors.js";

/** An SMT solver that answers at once, as the compiler's callback wants it. */
export interface Solver {
  answer(query: string): string;
  close(): Promise<void>;
}

/** Effort that Z3 may spend on one query. A count, not a time, so that a slow machine proves what a fast one does. */
const EFFORT = 50_000_000;
/** For a machine that is stuck. */
const PATIENCE_MS = 300_000;

/** Z3 from npm. It only works asynchronously, so it runs in a thread for which this one waits. */
export function createSolver(): Solver {
  const { port1, port2 } = new MessageChannel();
  const ready = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(new URL("./z3-worker.mjs", import.meta.url), {
    workerData: { port: port2, ready },
    transferList: [port2],
    execArgv: [],
  });
  return {
    answer(query) {
      Atomics.store(ready, 0, 0);
      port1.postMessage(`(set-option :rlimit ${EFFORT})\n${query}`);
      Atomics.wait(ready, 0, 0, PATIENCE_MS);
      const message = receiveMessageOnPort(port1);
      if (message === undefined) {
        throw new TouchstoneError("SOLVER_SILENT", `Z3 gave no answer in ${PATIENCE_MS / 1000} s`, {
          next: "Run it again on a machine that does less.",
        });
      }
      return message.message as string;
    },
    async close() {
      port1.close();
      await worker.terminate();
    },
  };
}

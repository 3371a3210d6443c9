// Answers queries of the compiler's model checker with Z3, for a thread that waits: see solver.ts.
import { workerData } from "node:worker_threads";

import { init } from "z3-solver";

const { port, ready } = workerData;
const { Z3 } = await init();

port.on("message", async (query) => {
  const context = Z3.mk_context(Z3.mk_config());
  let answer;
  try {
    answer = await Z3.eval_smtlib2_string(context, query);
  } catch (error) {
    answer = `(error "${String(error)}")`;
  }
  Z3.del_context(context);
  port.postMessage(answer);
  Atomics.store(ready, 0, 1);
  Atomics.notify(ready, 0);
});

import { parentPort } from "node:worker_threads";

import type { Request } from "./isolated.js";
import { answer } from "./session-server.js";

/* Native sessions on a thread of their own. */

parentPort!.on("message", (request: Request) => {
  void answer(request).then((reply) => parentPort!.postMessage(reply));
});

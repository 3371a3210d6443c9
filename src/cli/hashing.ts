import type { Logger } from "pino";

import { createHashPool, type HashPool } from "../runtime/hashing/pool.js";

/** The hashing threads of a command. */
export function hashPool(log: Logger): HashPool {
  return createHashPool({
    onFailure: (err) =>
      log.warn({ event: "hashing-thread-failed", err }, "a hashing thread ended; its work goes on here"),
  });
}

import { isQueueInstalled } from "../../scripts/support/queue.js";

/** Skips a suite loudly where there is no server. */
export function requireQueue(context: Mocha.Context): void {
  if (isQueueInstalled()) return;
  console.warn("      SKIPPED: nats-server is not installed (Debian's nats-server)");
  context.skip();
}

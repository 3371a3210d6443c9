import type { Logger } from "pino";

import { TouchstoneError, messageOf } from "../errors.js";
import type { Metrics } from "../metrics.js";

/** What one look at the chain led to. */
export interface PassResult {
  readonly head: number;
  /** Whether anything was sent; if so the next look follows at once. */
  readonly acted: boolean;
}

export interface RoleOptions {
  readonly pass: () => Promise<PassResult>;
  readonly log: Logger;
  readonly pollMs: number;
  /** Aborts between passes; a pass that runs is finished first. */
  readonly signal: AbortSignal;
  readonly metrics?: Pick<Metrics, "head" | "lastPass" | "failures">;
}

const sleep = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
  });

/**
 * Runs a role until it is told to stop. Failures that may pass are logged and tried again, with growing pauses. Reports
 * `idle` with the head block whenever a pass finds nothing to do, so that a driver of chain time knows it may go on.
 */
export async function runRole({ pass, log, pollMs, signal, metrics }: RoleOptions): Promise<void> {
  let failures = 0;
  let idleAt = -1;
  while (!signal.aborted) {
    try {
      const { head, acted } = await pass();
      failures = 0;
      metrics?.head.set(head);
      metrics?.lastPass.setToCurrentTime();
      if (acted) continue;
      if (head !== idleAt) log.info({ event: "idle", head }, "idle");
      idleAt = head;
      await sleep(pollMs, signal);
    } catch (thrown) {
      failures++;
      const code = thrown instanceof TouchstoneError ? thrown.code : "UNEXPECTED";
      metrics?.failures.inc({ code });
      log.error({ event: "failed", code, err: thrown }, messageOf(thrown));
      await sleep(Math.min(pollMs * 2 ** failures, 30_000), signal);
    }
  }
}

/** Aborts on the first Ctrl-C or kill; a second one ends the process at once. */
export function untilStopped(): AbortSignal {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  return controller.signal;
}

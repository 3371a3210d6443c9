import type { Logger } from "pino";

import { TouchstoneError, messageOf } from "../errors.js";
import type { Metrics } from "../metrics.js";
import { isHeldBack } from "./limits.js";

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

/** How a step that fails is logged. */
export interface StepLog<T> {
  readonly log: Logger;
  readonly event: string;
  readonly message: string;
  /** Names what the step was about. */
  readonly about: (thing: T) => Readonly<Record<string, string>>;
}

/**
 * Takes a step for each of several things. One that fails is logged and must not keep the others waiting; what a limit of one's own
 * holds back is no fault. Both are tried again in the next pass.
 * @returns whether any step did something.
 */
export async function stepEach<T>(
  things: Iterable<T>,
  step: (thing: T) => Promise<boolean>,
  { log, event, message, about }: StepLog<T>,
): Promise<boolean> {
  let acted = false;
  for (const thing of things) {
    try {
      if (await step(thing)) acted = true;
    } catch (err) {
      if (isHeldBack(err)) log.warn({ event: "held-back", ...about(thing), code: err.code }, err.message);
      else log.error({ event, ...about(thing), err }, message);
    }
  }
  return acted;
}

/**
 * Takes steps one after the other, each told whether one before it did something. One that fails keeps none of the others waiting; the
 * first failure is thrown when all are taken. What a limit of one's own holds back is no fault here either.
 * @returns whether any step did something.
 */
export async function stepAll(
  steps: readonly ((acted: boolean) => boolean | Promise<boolean>)[],
  log: Logger,
): Promise<boolean> {
  let acted = false;
  const failures: unknown[] = [];
  for (const step of steps) {
    try {
      if (await step(acted)) acted = true;
    } catch (err) {
      if (isHeldBack(err)) log.warn({ event: "held-back", code: err.code }, err.message);
      else failures.push(err);
    }
  }
  if (failures.length > 0) throw failures[0];
  return acted;
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

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";

import { HASH } from "../../audit/merkle.js";
import type { RootSink } from "../../audit/roots.js";
import { rootOfParts, tensorTree } from "../../audit/tree.js";
import { createSlots, PART_BYTES, PART_HEIGHT, slotMemory, type Part } from "./slots.js";

/** A sink that hashes on threads of its own while the caller computes, and on the caller's where those are busy. */
export interface HashPool extends RootSink {
  /** Whether all that was added is hashed. */
  isIdle(): boolean;
  /** Ends the threads. A closed pool still works, on the caller's thread alone. */
  close(): Promise<void>;
}

/** Parts in flight: at least so many, and up to this share of the largest tensor, so that memory stays below the model's own. */
const LEAST_IN_FLIGHT = 8;
const SHARE_IN_FLIGHT = 1 / 3;

/** A tensor whose parts are being hashed. */
interface Pending {
  readonly height: number;
  readonly parts: Uint8Array;
}

/**
 * A pool whose threads start with the first tensor of more than one part, sleep while nothing is added, and do not keep the process
 * alive.
 *
 * @param options.threads besides the caller's
 * @param options.onFailure told when a thread ends by an error; the caller's thread does its work then
 */
export function createHashPool(options: { threads?: number; onFailure: (cause: unknown) => void }): HashPool {
  const memory = slotMemory();
  const slots = createSlots(memory);
  const owners = new Map<number, { pending: Pending; part: number }>();
  let pending: Pending[] = [];
  let inFlight = LEAST_IN_FLIGHT;
  let workers: { readonly worker: Worker; readonly exit: Promise<void> }[] | undefined;

  function start(): { readonly worker: Worker; readonly exit: Promise<void> } {
    // Whatever started this process, the thread has to read TypeScript.
    const execArgv = ["--import", pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href];
    const worker = new Worker(new URL("thread.ts", import.meta.url), { workerData: memory, execArgv });
    worker.on("error", options.onFailure);
    worker.unref();
    return { worker, exit: new Promise((resolve) => worker.once("exit", () => resolve())) };
  }

  const collect = (): void =>
    slots.collect((slot, root) => {
      const owner = owners.get(slot)!;
      owner.pending.parts.set(root, owner.part * HASH);
      owners.delete(slot);
    });

  /** Does a piece of the work, or waits until somebody else has done one. */
  function helpOrWait(): void {
    const seen = slots.finished();
    collect();
    if (owners.size > 0 && !slots.work()) slots.awaitFinished(seen);
    collect();
  }

  function publish(part: Part): number {
    for (;;) {
      collect();
      const slot = slots.publish(part, inFlight);
      if (slot !== undefined) return slot;
      helpOrWait();
    }
  }

  return {
    add: (tensor) => {
      const { dtype, data } = tensor;
      const host = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      const height = Math.min(PART_HEIGHT, tensorTree(tensor).depth);
      const count = Math.ceil(host.length / PART_BYTES);
      inFlight = Math.max(inFlight, Math.ceil(count * SHARE_IN_FLIGHT));
      if (count > 1) workers ??= Array.from({ length: options.threads ?? 1 }, start);
      const owner = { height, parts: new Uint8Array(count * HASH) };
      pending.push(owner);
      for (let part = 0; part < count; part++) {
        const slot = publish({ host: host.subarray(part * PART_BYTES, (part + 1) * PART_BYTES), dtype, height });
        owners.set(slot, { pending: owner, part });
      }
    },
    finish: () => {
      while (owners.size > 0) helpOrWait();
      const roots = pending.map(({ parts, height }) => rootOfParts(parts, height));
      pending = [];
      return roots;
    },
    isIdle: () => {
      collect();
      return owners.size === 0;
    },
    close: async () => {
      slots.close();
      const started = (workers ??= []);
      for (const { worker } of started) worker.ref();
      await Promise.all(started.map(({ exit }) => exit));
    },
  };
}

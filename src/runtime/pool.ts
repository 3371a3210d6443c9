import { TouchstoneError } from "../errors.js";
import { createSessionHost } from "./isolated.js";
import { createNativeRuntime, type NativeOptions } from "./native.js";
import type { OptimisationLevel, Runtime, RuntimeModel } from "./runtime.js";
import { createSessions, type Sessions } from "./sessions.js";
import { createWasmRuntime } from "./wasm.js";

/** How a role runs models. */
export interface RuntimeSettings {
  readonly engine: "native" | "wasm";
  /** Execution provider of the native runtime: cpu, cuda, ... */
  readonly provider: string;
  /** Threads inside one operator. */
  readonly threads: number;
  readonly optimisation: OptimisationLevel;
  /** Native sessions of each model; default 1, which computes on the process's own thread. More have a thread each. */
  readonly sessions?: number;
  /** Most requests in one run, of models that allow it; default 1. */
  readonly batch?: number;
  /** Whether the process's own thread stays free with one session, too; default no. */
  readonly offThread?: boolean;
}

/** What a pool must know of a model. */
export interface PooledModel {
  readonly contentId: string;
  readonly runtime: RuntimeModel;
  /** Whether so many requests may run together; default: they may not. */
  stacks?(count: number): boolean;
}

/** A session with a thread of its own. */
async function openOnThread(model: RuntimeModel, options: NativeOptions): Promise<Runtime> {
  const host = createSessionHost({ onThread: true });
  try {
    const session = await host.load(model, options);
    return {
      ...session,
      release: async () => {
        await session.release();
        host.close();
      },
    };
  } catch (thrown) {
    host.close();
    throw thrown;
  }
}

/**
 * Runtimes by model, loaded on first use and kept. The pool throws where a model must not be served by them; the audit machine
 * answers for it then: `RUNTIME_HAZARD` where an input may end the process, `MODEL_REFUSED_BY_RUNTIME` where the file cannot be
 * loaded, and whatever `vet` throws.
 *
 * @param vet looks at a model before it is loaded into this process; for models from elsewhere, `vetInChild`
 */
export function createRuntimePool<M extends PooledModel>(
  settings: RuntimeSettings,
  vet?: (model: M, options: NativeOptions, batch: number) => Promise<void>,
): (model: M) => Promise<Sessions> {
  const { threads, optimisation, engine, provider, sessions = 1 } = settings;
  const loaded = new Map<string, Promise<Sessions>>();
  const options: NativeOptions = { threads, optimisation, providers: [provider] };

  /** Most requests of a model that run together. A batch of any size up to it may come. */
  function largestBatch(model: M): number {
    let size = 1;
    while (size < (settings.batch ?? 1) && model.stacks?.(size + 1) === true) size++;
    return size;
  }

  async function load(model: M): Promise<Sessions> {
    const { runtime } = model;
    const batch = largestBatch(model);
    // It has one thread, the process's own.
    if (engine === "wasm") return createSessions(() => createWasmRuntime(runtime), { sessions: 1, batch });
    if (runtime.hazard !== undefined) {
      throw new TouchstoneError(
        "RUNTIME_HAZARD",
        `Some inputs may end a native session's process: ${runtime.hazard}.`,
        {
          next: "Nothing: the audit machine answers for this model.",
        },
      );
    }
    await vet?.(model, options, batch);
    const open = sessions === 1 && settings.offThread !== true ? createNativeRuntime : openOnThread;
    return createSessions(() => open(runtime, options), { sessions, batch });
  }
  return (model) => {
    const known = loaded.get(model.contentId);
    if (known !== undefined) return known;
    // A refusal is kept too: what ends one process would end the next one.
    const fresh = load(model);
    loaded.set(model.contentId, fresh);
    return fresh;
  };
}

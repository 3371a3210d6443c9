import { TouchstoneError } from "../errors.js";
import { createNativeRuntime, type NativeOptions } from "./native.js";
import type { OptimisationLevel, Runtime, RuntimeModel } from "./runtime.js";
import { createWasmRuntime } from "./wasm.js";

/** How a role runs models. */
export interface RuntimeSettings {
  readonly engine: "native" | "wasm";
  /** Execution provider of the native runtime: cpu, cuda, ... */
  readonly provider: string;
  /** Threads inside one operator. */
  readonly threads: number;
  readonly optimisation: OptimisationLevel;
}

/** What a pool must know of a model. */
export interface PooledModel {
  readonly contentId: string;
  readonly runtime: RuntimeModel;
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
  vet?: (model: M, options: NativeOptions) => Promise<void>,
): (model: M) => Promise<Runtime> {
  const { threads, optimisation, engine, provider } = settings;
  const loaded = new Map<string, Promise<Runtime>>();
  const options: NativeOptions = { threads, optimisation, providers: [provider] };
  async function load(model: M): Promise<Runtime> {
    const { runtime } = model;
    if (engine === "wasm") return createWasmRuntime(runtime);
    if (runtime.hazard !== undefined) {
      throw new TouchstoneError(
        "RUNTIME_HAZARD",
        `Some inputs may end a native session's process: ${runtime.hazard}.`,
        {
          next: "Nothing: the audit machine answers for this model.",
        },
      );
    }
    await vet?.(model, options);
    return createNativeRuntime(runtime, options);
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

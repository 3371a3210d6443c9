import { createNativeRuntime } from "./native.js";
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

/** Runtimes by model, loaded on first use and kept. */
export function createRuntimePool(settings: RuntimeSettings): (model: PooledModel) => Promise<Runtime> {
  const { threads, optimisation, engine, provider } = settings;
  const loaded = new Map<string, Promise<Runtime>>();
  return ({ contentId, runtime }) => {
    const known = loaded.get(contentId);
    if (known !== undefined) return known;
    const fresh =
      engine === "wasm"
        ? createWasmRuntime(runtime)
        : createNativeRuntime(runtime, { threads, optimisation, providers: [provider] });
    loaded.set(contentId, fresh);
    fresh.catch(() => loaded.delete(contentId));
    return fresh;
  };
}

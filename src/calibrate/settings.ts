import type { AuditGraph } from "../audit/graph.js";
import { TouchstoneError } from "../errors.js";
import { readModel } from "../onnx/model.js";
import { batched } from "../runtime/batched.js";
import { createNativeRuntime, type NativeOptions } from "../runtime/native.js";
import type { Runtime, RuntimeModel } from "../runtime/runtime.js";
import { createWasmRuntime } from "../runtime/wasm.js";
import { createRandom, generateInput } from "./inputs.js";
import { pruned } from "./variants/changed.js";
import { int8 } from "./variants/int8.js";
import { bf16, fp16, tf32 } from "./variants/rounded.js";

/** Loads a native session: into this process, or for files from elsewhere into another one. */
export type LoadNative = (model: RuntimeModel, options?: NativeOptions) => Promise<Runtime>;

/** A cheaper version of a model, loaded. */
export interface Substitute {
  readonly label: string;
  readonly runtime: Runtime;
}

const BATCH = 3;

/** Whether the file leaves the first axis of every unbound input open. */
function takesBatches({ bytes, inputNames }: RuntimeModel): boolean {
  const inputs = readModel(bytes).graph?.input ?? [];
  return inputNames.every((wanted) => {
    const type = inputs.find(({ name }) => name === wanted)?.type?.value;
    const first = type?.case === "tensorType" ? type.value.shape?.dim[0] : undefined;
    return first !== undefined && first.value.case !== "dimValue";
  });
}

/** A runtime that answers through batches, where the model allows that all the way to its outputs. */
async function batchedRuntime(model: RuntimeModel, graph: AuditGraph, load: LoadNative): Promise<Runtime[]> {
  if (!takesBatches(model)) return [];
  const runtime = batched(await load(model, { spin: false }), BATCH);
  const probe = graph.inputs.map((spec) => generateInput(spec, "constant", createRandom(1)));
  try {
    await runtime.run(probe);
    return [runtime];
  } catch {
    // Some files promise an open axis and have reshapes inside that fix it.
    await runtime.release();
    return [];
  }
}

/** Honest runtimes that stand for different hardware: other kernels, other orders of summation, other last bits. */
export async function honestRuntimes(
  model: RuntimeModel,
  graph: AuditGraph,
  load: LoadNative = createNativeRuntime,
): Promise<Runtime[]> {
  const settings = (["disabled", "basic", "extended", "all"] as const).flatMap((optimisation) =>
    [1, 2].map((threads) => ({ optimisation, threads, spin: false })),
  );
  const native = await Promise.all(
    [...settings, { optimisation: "all" as const, threads: 4, spin: false }].map((each) => load(model, each)),
  );
  const wasm = [await createWasmRuntime(model, "all"), await createWasmRuntime(model, "disabled")];
  return [...native, ...(await batchedRuntime(model, graph, load)), ...wasm];
}

/** The few settings that differ most from each other, for searches that must ask often. */
export async function fewRuntimes(model: RuntimeModel, load: LoadNative = createNativeRuntime): Promise<Runtime[]> {
  return [
    await load(model, { optimisation: "disabled" }),
    await load(model, { optimisation: "all" }),
    await createWasmRuntime(model),
  ];
}

/** The cheaper versions of a model that its runtime loads. */
export async function substitutesOf(
  model: RuntimeModel,
  load: LoadNative = createNativeRuntime,
): Promise<Substitute[]> {
  const made: Substitute[] = [];
  for (const [label, make] of Object.entries({ tf32, fp16, bf16, int8, pruned })) {
    try {
      made.push({ label, runtime: await load({ ...model, bytes: make(model.bytes) }) });
    } catch (thrown) {
      // A version that does not exist is none that anybody could serve.
      if (!(thrown instanceof TouchstoneError)) throw thrown;
    }
  }
  return made;
}

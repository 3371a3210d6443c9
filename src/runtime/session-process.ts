import { messageOf, TouchstoneError } from "../errors.js";
import { createNativeRuntime } from "./native.js";
import type { Reply, Request } from "./isolated.js";
import type { Runtime } from "./runtime.js";

/*
 * Holds native sessions in a process of its own, for isolated.ts: a file or an input that makes ONNX Runtime end its process
 * ends this one.
 */

const sessions = new Map<number, Promise<Runtime>>();

async function answer({ id, session, call }: Request): Promise<Reply> {
  try {
    if (call.kind === "load") {
      const loading = createNativeRuntime(call.model, call.options);
      sessions.set(session, loading);
      return { id, label: (await loading).label };
    }
    const runtime = await sessions.get(session)!;
    if (call.kind === "run") return { id, outputs: await runtime.run(call.inputs) };
    sessions.delete(session);
    await runtime.release();
    return { id };
  } catch (thrown) {
    const { code = "RUNTIME_FAILED", next } = thrown instanceof TouchstoneError ? thrown : {};
    return { id, failure: { code, message: messageOf(thrown), ...(next === undefined ? {} : { next }) } };
  }
}

process.on("message", (request: Request) => {
  void answer(request).then((reply) => process.send?.(reply));
});
// Whoever asked is gone, by whatever end.
process.on("disconnect", () => process.exit(0));

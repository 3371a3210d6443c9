import { messageOf, TouchstoneError } from "../errors.js";
import { createNativeRuntime } from "./native.js";
import type { Reply, Request } from "./isolated.js";
import type { Runtime } from "./runtime.js";

/** The native sessions that a child process or a thread holds for isolated.ts. */
const sessions = new Map<number, Promise<Runtime>>();

export async function answer({ id, session, call }: Request): Promise<Reply> {
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

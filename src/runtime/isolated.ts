import { fork, type ChildProcess } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";

import type { Tensor } from "../audit/graph.js";
import { TouchstoneError } from "../errors.js";
import type { NativeOptions } from "./native.js";
import type { Runtime, RuntimeModel } from "./runtime.js";

/*
 * Native sessions in a child process. ONNX Runtime is C++ that reads files and inputs of anybody: some of them end its process
 * (an integer division by zero, a malformed file), and nothing in the same process can prevent that.
 */

/** What is asked of the child: `session` is a number of the parent's choice. */
export interface Request {
  readonly id: number;
  readonly session: number;
  readonly call:
    | { readonly kind: "load"; readonly model: RuntimeModel; readonly options: NativeOptions }
    | { readonly kind: "run"; readonly inputs: readonly Tensor[] }
    | { readonly kind: "release" };
}

export interface Reply {
  readonly id: number;
  readonly label?: string;
  readonly outputs?: Tensor[];
  readonly failure?: { readonly code: string; readonly message: string; readonly next?: string };
}

/** A child process for native sessions; it starts with the first one, and again after it died. */
export interface SessionHost {
  /**
   * Loads a model in the child.
   * @throws TouchstoneError `RUNTIME_DIED` where the file ends the process, `MODEL_REFUSED_BY_RUNTIME` where it cannot be loaded.
   * The runtime's `run` throws `RUNTIME_DIED` where an input does; all sessions of that process are lost then.
   */
  load(model: RuntimeModel, options?: NativeOptions): Promise<Runtime>;
  /** Ends the child. */
  close(): void;
}

/** Whatever started this process, the child has to read TypeScript. */
const TSX = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;

/** Longest time for one answer before the process is taken for hung. */
const TIMEOUT_MS = 120_000;

interface Waiting {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: TouchstoneError) => void;
  readonly timer: NodeJS.Timeout;
}

interface Child {
  readonly process: ChildProcess;
  readonly waiting: Map<number, Waiting>;
}

function died(how: string): TouchstoneError {
  return new TouchstoneError("RUNTIME_DIED", `ONNX Runtime ended its process (${how}).`, {
    next: "Serve the model through the audit executor: this file or input is not safe for the native runtime.",
  });
}

export function createSessionHost(timeoutMs: number = TIMEOUT_MS): SessionHost {
  let current: Child | undefined;
  let count = 0;

  function start(): Child {
    const child: Child = {
      waiting: new Map(),
      process: fork(fileURLToPath(new URL("session-process.ts", import.meta.url)), {
        execArgv: ["--import", TSX],
        serialization: "advanced",
        stdio: ["ignore", "ignore", "ignore", "ipc"],
      }),
    };
    const end = (how: string): void => {
      if (current === child) current = undefined;
      for (const { reject, timer } of child.waiting.values()) {
        clearTimeout(timer);
        reject(died(how));
      }
      child.waiting.clear();
    };
    child.process.on("message", (reply) => settle(child, reply as Reply));
    child.process.on("exit", (code, signal) => end(signal ?? `code ${code}`));
    child.process.on("error", ({ message }) => end(message));
    return child;
  }

  function settle(child: Child, reply: Reply): void {
    const asked = child.waiting.get(reply.id);
    if (asked === undefined) return;
    child.waiting.delete(reply.id);
    clearTimeout(asked.timer);
    if (child.waiting.size === 0) hold(child, false);
    if (reply.failure === undefined) {
      asked.resolve(reply);
      return;
    }
    const { code, message, next } = reply.failure;
    asked.reject(new TouchstoneError(code, message, next === undefined ? {} : { next }));
  }

  /** An idle child does not keep its parent alive. */
  function hold({ process: child }: Child, isBusy: boolean): void {
    if (isBusy) {
      child.ref();
      child.channel?.ref();
    } else {
      child.unref();
      child.channel?.unref();
    }
  }

  function ask(child: Child, session: number, call: Request["call"]): Promise<Reply> {
    const id = ++count;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        child.process.kill("SIGKILL");
      }, timeoutMs);
      child.waiting.set(id, { resolve, reject, timer });
      hold(child, true);
      child.process.send({ id, session, call } satisfies Request);
    });
  }

  return {
    load: async (model, options = {}) => {
      const child = (current ??= start());
      const session = ++count;
      const { label = "" } = await ask(child, session, { kind: "load", model, options });
      const isGone = (): boolean => current !== child;
      return {
        label,
        run: async (inputs) => {
          if (isGone()) throw died("earlier");
          return (await ask(child, session, { kind: "run", inputs })).outputs ?? [];
        },
        release: async () => {
          if (!isGone()) await ask(child, session, { kind: "release" });
        },
      };
    },
    close: () => {
      current?.process.kill();
      current = undefined;
    },
  };
}

import { fork } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";

import type { Tensor } from "../audit/graph.js";
import { messageOf, TouchstoneError } from "../errors.js";
import type { NativeOptions } from "./native.js";
import type { Runtime, RuntimeModel } from "./runtime.js";

/*
 * Native sessions elsewhere than on the caller's thread. In a child process: ONNX Runtime is C++ that reads files and inputs of
 * anybody: some of them end its process (an integer division by zero, a malformed file), and nothing in the same process can
 * prevent that. On a thread: a session computes on the thread that asks it, and several are to compute at a time.
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

/** Where native sessions are: it starts with the first one, and again after it died. */
export interface SessionHost {
  /**
   * Loads a model there.
   * @throws TouchstoneError `RUNTIME_DIED` where the file ends the process, `MODEL_REFUSED_BY_RUNTIME` where it cannot be loaded.
   * The runtime's `run` throws `RUNTIME_DIED` where an input does; all sessions of that host are lost then.
   */
  load(model: RuntimeModel, options?: NativeOptions): Promise<Runtime>;
  /** Ends it. */
  close(): void;
}

/** A running child process or thread. */
interface Child {
  send(request: Request): void;
  /** An idle child does not keep its parent alive. */
  hold(isBusy: boolean): void;
  kill(): void;
}

interface Listeners {
  readonly reply: (reply: Reply) => void;
  readonly end: (how: string) => void;
}

/** Whatever started this process, the child has to read TypeScript. */
const TSX = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;

/** Longest time for one answer before the process is taken for hung. */
const TIMEOUT_MS = 120_000;

interface Waiting {
  readonly child: Child;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: TouchstoneError) => void;
  readonly timer: NodeJS.Timeout;
}

function startProcess({ reply, end }: Listeners): Child {
  const child = fork(fileURLToPath(new URL("session-process.ts", import.meta.url)), {
    execArgv: ["--import", TSX],
    serialization: "advanced",
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  child.on("message", (message) => reply(message as Reply));
  child.on("exit", (code, signal) => end(signal ?? `code ${code}`));
  child.on("error", ({ message }) => end(message));
  return {
    send: (request) => void child.send(request),
    hold: (isBusy) => {
      if (isBusy) {
        child.ref();
        child.channel?.ref();
      } else {
        child.unref();
        child.channel?.unref();
      }
    },
    kill: () => child.kill("SIGKILL"),
  };
}

function startThread({ reply, end }: Listeners): Child {
  const worker = new Worker(new URL("session-thread.ts", import.meta.url), { execArgv: ["--import", TSX] });
  worker.on("message", reply);
  worker.on("error", (thrown) => end(messageOf(thrown)));
  worker.on("exit", (code) => end(`code ${code}`));
  return {
    send: (request) => worker.postMessage(request),
    hold: (isBusy) => {
      if (isBusy) worker.ref();
      else worker.unref();
    },
    kill: () => {
      void worker.terminate();
    },
  };
}

function died(how: string): TouchstoneError {
  return new TouchstoneError("RUNTIME_DIED", `ONNX Runtime ended its process (${how}).`, {
    next: "Serve the model through the audit executor: this file or input is not safe for the native runtime.",
  });
}

export interface HostOptions {
  /** On a thread, which dies with the caller's process; by default in a process. */
  readonly onThread?: boolean;
  readonly timeoutMs?: number;
}

export function createSessionHost({ onThread = false, timeoutMs = TIMEOUT_MS }: HostOptions = {}): SessionHost {
  const waiting = new Map<number, Waiting>();
  let current: Child | undefined;
  let count = 0;

  function start(): Child {
    const child: Child = (onThread ? startThread : startProcess)({
      reply: (reply) => settle(child, reply),
      end: (how) => {
        if (current === child) current = undefined;
        for (const [id, asked] of waiting) {
          if (asked.child !== child) continue;
          waiting.delete(id);
          clearTimeout(asked.timer);
          asked.reject(died(how));
        }
      },
    });
    return child;
  }

  function settle(child: Child, reply: Reply): void {
    const asked = waiting.get(reply.id);
    if (asked === undefined) return;
    waiting.delete(reply.id);
    clearTimeout(asked.timer);
    if (waiting.size === 0) child.hold(false);
    if (reply.failure === undefined) {
      asked.resolve(reply);
      return;
    }
    const { code, message, next } = reply.failure;
    asked.reject(new TouchstoneError(code, message, next === undefined ? {} : { next }));
  }

  function ask(child: Child, session: number, call: Request["call"]): Promise<Reply> {
    const id = ++count;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => child.kill(), timeoutMs);
      waiting.set(id, { child, resolve, reject, timer });
      child.hold(true);
      child.send({ id, session, call });
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
      current?.kill();
      current = undefined;
    },
  };
}

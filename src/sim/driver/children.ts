import { spawn, type ChildProcess } from "node:child_process";
import { createWriteStream, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { childEnvironment } from "../../config/environment.js";

/** Root of the repository: children run there. */
export const ROOT = join(dirname(fileURLToPath(import.meta.url)), "../../..");

export interface ChildSpec {
  readonly name: string;
  /** Arguments for Node: a script and its own. */
  readonly args: readonly string[];
  /** Where it runs, if not in the repository. */
  readonly cwd?: string;
  /** The suite's settings for this process; it gets none of the driver's. */
  readonly settings: Readonly<Record<string, string>>;
  /** What others depend on is stopped after them. */
  readonly stopsLast?: boolean;
  /** Called for each line of standard output. */
  readonly onLine?: (line: string) => void;
}

export interface Child {
  readonly name: string;
  readonly pid: number;
  /** Exit code or signal; resolves when the process is gone. */
  readonly ended: Promise<string>;
  isRunning(): boolean;
  kill(signal: NodeJS.Signals): void;
}

/** All processes of one simulation. None outlives the driver: not after an error, Ctrl-C or kill -9. */
export interface Children {
  start(spec: ChildSpec): Child;
  /** Ends all processes, politely first. */
  stopAll(): Promise<void>;
}

/** How long a process may take to stop by itself. */
const GRACE_MS = 3_000;

async function stop(children: readonly Child[]): Promise<void> {
  for (const child of children) child.kill("SIGTERM");
  const late = setTimeout(() => {
    for (const child of children) child.kill("SIGKILL");
  }, GRACE_MS);
  await Promise.all(children.map(({ ended }) => ended));
  clearTimeout(late);
}

/** @param logs folder for what the processes print. */
export function createChildren(logs: string): Children {
  mkdirSync(logs, { recursive: true });
  const running = new Map<number, Child>();
  const last = new WeakSet<Child>();
  const reaper = spawn(process.execPath, [join(ROOT, "src/sim/driver/reaper.ts")], {
    cwd: ROOT,
    // In its own session, so that Ctrl-C does not end it before its work is done.
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  reaper.unref();
  const tellReaper = (line: string): void => void reaper.stdin.write(`${line}\n`);

  function watch(child: ChildProcess, pid: number, { name, onLine }: ChildSpec): Child {
    const log = createWriteStream(join(logs, `${name.replaceAll(/[^\w.-]+/g, "-")}.log`), { flags: "a" });
    child.stderr?.pipe(log, { end: false });
    if (child.stdout) {
      createInterface({ input: child.stdout }).on("line", (line) => {
        log.write(`${line}\n`);
        onLine?.(line);
      });
    }
    let alive = true;
    const ended = new Promise<string>((resolve) => {
      child.once("exit", (code, signal) => {
        alive = false;
        running.delete(pid);
        tellReaper(`-${pid}`);
        resolve(signal ?? String(code));
      });
    });
    const kill = (signal: NodeJS.Signals): void => {
      if (alive) process.kill(-pid, signal);
    };
    return { name, pid, ended, isRunning: () => alive, kill };
  }

  return {
    start: (spec) => {
      const child = spawn(process.execPath, [...spec.args], {
        cwd: spec.cwd ?? ROOT,
        env: childEnvironment(spec.settings),
        detached: true,
        stdio: ["ignore", "pipe", "pipe"],
      });
      // Without a pid the process never started; `exit` does not come then, `error` does.
      const pid = child.pid ?? -1;
      const watched = watch(child, pid, spec);
      child.once("error", () => child.emit("exit", 127, null));
      if (child.pid !== undefined) {
        running.set(pid, watched);
        if (spec.stopsLast === true) last.add(watched);
        tellReaper(`+${pid}`);
      }
      return watched;
    },
    stopAll: async () => {
      const all = [...running.values()];
      await stop(all.filter((child) => !last.has(child)));
      await stop(all);
      reaper.stdin.end();
    },
  };
}

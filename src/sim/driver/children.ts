import { spawn, type ChildProcess } from "node:child_process";
import { createWriteStream, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { childEnvironment } from "../../config/environment.js";
import { TouchstoneError } from "../../errors.js";

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
  /** Where everything is written that it prints. */
  readonly log: string;
  /** Exit code or signal; resolves when the process is gone and all that it printed was read. */
  readonly ended: Promise<string>;
  isRunning(): boolean;
  /**
   * The next line on standard output that matches.
   * @throws TouchstoneError `ROLE_ENDED` when the process ends without it.
   */
  prints(matches: (line: string) => boolean): Promise<string>;
  kill(signal: NodeJS.Signals): void;
}

/** All processes of one simulation. None outlives the driver: not after an error, Ctrl-C or kill -9. */
export interface Children {
  start(spec: ChildSpec): Child;
  /** Ends all processes, politely first. Nothing is started again from then on. */
  stopAll(): Promise<void>;
  isStopping(): boolean;
}

/** A process ended that others wait for. */
export function roleEnded({ name, log }: Pick<Child, "name" | "log">, how: string): TouchstoneError {
  return new TouchstoneError("ROLE_ENDED", `${name} ended by itself (${how}).`, { next: `${log} says why.` });
}

/** Ends what a process started and left behind. */
function endGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Nothing is left of it.
  }
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
  let stopping = false;
  const reaper = spawn(process.execPath, [join(ROOT, "src/sim/driver/reaper.ts")], {
    cwd: ROOT,
    // In its own session, so that Ctrl-C does not end it before its work is done.
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  reaper.unref();
  const tellReaper = (line: string): void => void reaper.stdin.write(`${line}\n`);

  function watch(child: ChildProcess, pid: number, { name, onLine }: ChildSpec): Child {
    const log = join(logs, `${name.replaceAll(/[^\w.-]+/g, "-")}.log`);
    const written = createWriteStream(log, { flags: "a" });
    const awaited = new Set<(line: string) => void>();
    child.stderr?.pipe(written, { end: false });
    if (child.stdout) {
      createInterface({ input: child.stdout }).on("line", (line) => {
        written.write(`${line}\n`);
        onLine?.(line);
        for (const hear of awaited) hear(line);
      });
    }
    // Without a pid it never started: `error` and `close` come then, and `exit` does not.
    let alive = child.pid !== undefined;
    child.once("error", () => undefined);
    child.once("exit", () => {
      alive = false;
      running.delete(pid);
      tellReaper(`-${pid}`);
      // Whatever it started would hold its output open.
      endGroup(pid);
    });
    const ended = new Promise<string>((resolve) => {
      child.once("close", (code, signal) => resolve(signal ?? String(code)));
    });
    const kill = (signal: NodeJS.Signals): void => {
      if (alive) process.kill(-pid, signal);
    };
    const prints = (matches: (line: string) => boolean): Promise<string> =>
      new Promise((resolve, reject) => {
        const hear = (line: string): void => {
          if (!matches(line)) return;
          awaited.delete(hear);
          resolve(line);
        };
        awaited.add(hear);
        void ended.then((how) => reject(roleEnded({ name, log }, how)));
      });
    return { name, pid, log, ended, isRunning: () => alive, prints, kill };
  }

  return {
    start: (spec) => {
      const child = spawn(process.execPath, [...spec.args], {
        cwd: spec.cwd ?? ROOT,
        env: childEnvironment(spec.settings),
        detached: true,
        stdio: ["ignore", "pipe", "pipe"],
      });
      const pid = child.pid ?? -1;
      const watched = watch(child, pid, spec);
      if (child.pid !== undefined) {
        running.set(pid, watched);
        if (spec.stopsLast === true) last.add(watched);
        tellReaper(`+${pid}`);
      }
      return watched;
    },
    isStopping: () => stopping,
    stopAll: async () => {
      stopping = true;
      const all = [...running.values()];
      await stop(all.filter((child) => !last.has(child)));
      await stop(all);
      reaper.stdin.end();
    },
  };
}

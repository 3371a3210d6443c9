import { z } from "zod";

import type { Child, Children } from "./children.js";

/** What the driver reads of a role's log lines; roles may say more. */
const logLine = z.looseObject({
  level: z.number(),
  msg: z.string().optional(),
  event: z.string().optional(),
  head: z.number().optional(),
});

export type LogLine = z.infer<typeof logLine>;

const ERROR_LEVEL = 50;

/** How long a supervised role stays away, and how often in a row. */
const REVIVE_MS = 5_000;
const MOST_REVIVALS = 10;

export interface RoleSpec {
  readonly name: string;
  readonly isHonest: boolean;
  /** Whether it is started again when it ends by itself, as docs/operations/touchstone-worker.service does. */
  readonly supervised?: boolean;
  readonly args: readonly string[];
  readonly settings: Readonly<Record<string, string>>;
  readonly onEvent?: (line: LogLine) => void;
}

/** One role in a process of its own; the driver knows it by its log lines only. */
export interface RoleProcess {
  readonly name: string;
  /** Whether it is one of the suite's own. */
  readonly isHonest: boolean;
  /** The newest block at which it reported to have nothing to do; -1 before its first report. */
  idleAt(): number;
  /** Whether it should take part now: neither stopped by the driver nor killed. */
  isExpected(): boolean;
  /** Of the process that runs now. */
  pid(): number;
  /** Set when it ended without the driver's doing; if it is supervised, again and again without ever having nothing to do. */
  failure(): string | undefined;
  /** How often it was started again because it ended by itself. */
  revivals(): number;
  /** What it logged as an error. */
  errors(): readonly LogLine[];
  last(): LogLine | undefined;
  /** Where everything is written that it prints. */
  log(): string;
  /**
   * The next line with this event that the process logs which runs now.
   * @throws TouchstoneError `ROLE_ENDED` when it ends without one.
   */
  says(event: string): Promise<LogLine>;
  /** Ends it; `SIGKILL` for a crash. Resolves when it is gone. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again with the same state. */
  restart(): void;
  /** Kills it and starts it again: it is expected all the while. */
  crash(): Promise<void>;
}

function parseLine(text: string): LogLine | undefined {
  try {
    return logLine.safeParse(JSON.parse(text)).data;
  } catch {
    // Not a log line: roles may print what they like.
    return undefined;
  }
}

export function startRole(children: Children, spec: RoleSpec): RoleProcess {
  let child: Child;
  let idle = -1;
  let expected = false;
  let crashing = false;
  let failure: string | undefined;
  let [revivals, inARow] = [0, 0];
  let last: LogLine | undefined;
  const errors: LogLine[] = [];

  function onLine(text: string): void {
    const line = parseLine(text);
    if (line === undefined) return;
    last = line;
    if (last.event === "idle" && last.head !== undefined) [idle, inARow] = [last.head, 0];
    if (last.level >= ERROR_LEVEL) errors.push(last);
    spec.onEvent?.(last);
  }

  function start(): Child {
    idle = -1;
    expected = true;
    const started = children.start({ ...spec, onLine });
    void started.ended.then((how) => onEnd(started, how));
    return started;
  }

  async function onEnd(ended: Child, how: string): Promise<void> {
    const isOurs = (): boolean => !expected || crashing || children.isStopping() || ended !== child;
    if (isOurs()) return;
    idle = -1;
    if (spec.supervised !== true || ++inARow > MOST_REVIVALS) {
      failure = how;
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, REVIVE_MS));
    // It may have been stopped meanwhile.
    if (isOurs()) return;
    revivals++;
    child = start();
  }

  child = start();
  return {
    name: spec.name,
    isHonest: spec.isHonest,
    idleAt: () => idle,
    isExpected: () => expected,
    pid: () => child.pid,
    failure: () => failure,
    revivals: () => revivals,
    errors: () => errors,
    last: () => last,
    log: () => child.log,
    says: async (event) => logLine.parse(JSON.parse(await child.prints((text) => parseLine(text)?.event === event))),
    stop: async (signal = "SIGTERM") => {
      expected = false;
      child.kill(signal);
      await child.ended;
    },
    restart: () => {
      child = start();
    },
    crash: async () => {
      crashing = true;
      idle = -1;
      child.kill("SIGKILL");
      await child.ended;
      // It may have been stopped meanwhile.
      if (expected && !children.isStopping()) child = start();
      crashing = false;
    },
  };
}

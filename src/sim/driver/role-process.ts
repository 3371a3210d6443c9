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

export interface RoleSpec {
  readonly name: string;
  readonly isHonest: boolean;
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
  /** Set when it ended without the driver's doing. */
  failure(): string | undefined;
  /** What it logged as an error. */
  errors(): readonly LogLine[];
  last(): LogLine | undefined;
  /** Ends it; `SIGKILL` for a crash. Resolves when it is gone. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again with the same state. */
  restart(): void;
  /** Kills it and starts it again: it is expected all the while. */
  crash(): Promise<void>;
}

export function startRole(children: Children, spec: RoleSpec): RoleProcess {
  let child: Child;
  let idle = -1;
  let expected = false;
  let crashing = false;
  let failure: string | undefined;
  let last: LogLine | undefined;
  const errors: LogLine[] = [];

  function onLine(text: string): void {
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      return;
    }
    const parsed = logLine.safeParse(json);
    if (!parsed.success) return;
    last = parsed.data;
    if (last.event === "idle" && last.head !== undefined) idle = last.head;
    if (last.level >= ERROR_LEVEL) errors.push(last);
    spec.onEvent?.(last);
  }

  function start(): Child {
    idle = -1;
    expected = true;
    const started = children.start({ ...spec, onLine });
    void started.ended.then((how) => {
      if (expected && !crashing && started === child) failure = how;
    });
    return started;
  }

  child = start();
  return {
    name: spec.name,
    isHonest: spec.isHonest,
    idleAt: () => idle,
    isExpected: () => expected,
    failure: () => failure,
    errors: () => errors,
    last: () => last,
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
      if (expected) child = start();
      crashing = false;
    },
  };
}

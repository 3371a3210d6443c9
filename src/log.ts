import { pino, type Logger, type LevelWithSilent } from "pino";

import { createRedactor } from "./printable.js";

export interface LogOptions {
  /** Is shown every line, whatever the level that is printed. */
  readonly see?: (level: number, line: Readonly<Record<string, unknown>>, message: string) => void;
  /** Addresses that errors of libraries may quote: no more of them is printed than the host. */
  readonly urls?: readonly string[];
}

/** Structured log of one role: one JSON object a line on standard output. */
export function createLogger(role: string, level: LevelWithSilent, { see, urls = [] }: LogOptions = {}): Logger {
  const redact = createRedactor(urls);
  return pino({
    hooks: {
      streamWrite: redact,
      ...(see === undefined
        ? {}
        : {
            logMethod(args, method, at) {
              const [line, message] = args as [unknown, unknown];
              if (typeof line === "object" && line !== null)
                see(at, line as Record<string, unknown>, typeof message === "string" ? message : "");
              method.apply(this, args);
            },
          }),
    },
    level,
    base: { role },
    timestamp: pino.stdTimeFunctions.isoTime,
    // Keys and passwords never reach a logger; this is the second lock on the same door.
    redact: ["*.privateKey", "*.password"],
  });
}

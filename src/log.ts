import { pino, type Logger, type LevelWithSilent } from "pino";

/**
 * Structured log of one role: one JSON object a line on standard output.
 *
 * @param see is shown every line, whatever the level that is printed
 */
export function createLogger(
  role: string,
  level: LevelWithSilent,
  see?: (level: number, line: Readonly<Record<string, unknown>>, message: string) => void,
): Logger {
  return pino({
    ...(see === undefined
      ? {}
      : {
          hooks: {
            logMethod(args, method, at) {
              const [line, message] = args as [unknown, unknown];
              if (typeof line === "object" && line !== null)
                see(at, line as Record<string, unknown>, typeof message === "string" ? message : "");
              method.apply(this, args);
            },
          },
        }),
    level,
    base: { role },
    timestamp: pino.stdTimeFunctions.isoTime,
    // Keys and passwords never reach a logger; this is the second lock on the same door.
    redact: ["*.privateKey", "*.password"],
  });
}

import { pino, type Logger, type LevelWithSilent } from "pino";

/** Structured log of one role: one JSON object a line on standard output. */
export function createLogger(role: string, level: LevelWithSilent): Logger {
  return pino({
    level,
    base: { role },
    timestamp: pino.stdTimeFunctions.isoTime,
    // Keys and passwords never reach a logger; this is the second lock on the same door.
    redact: ["*.privateKey", "*.password"],
  });
}

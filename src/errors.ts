import { printable } from "./printable.js";

const LONGEST = 4_000;

/** Names in a hostile model, or what a server answers, may be as long as a file: they are not to fill logs. */
export const shortened = (text: string): string =>
  text.length > LONGEST ? `${text.slice(0, LONGEST)}... (${text.length} characters)` : text;

/**
 * The error every part of the suite throws on purpose: a stable code for programs, a sentence for people, what to do next,
 * and whether the same call may succeed later.
 */
export class TouchstoneError extends Error {
  readonly code: string;
  /** What the reader should do now; printed under the message. */
  readonly next: string | undefined;
  readonly retryable: boolean;

  constructor(code: string, message: string, options: { next?: string; retryable?: boolean; cause?: unknown } = {}) {
    super(shortened(message), options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "TouchstoneError";
    this.code = code;
    this.next = options.next;
    this.retryable = options.retryable ?? false;
  }
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** Anything that was thrown, for people: its code, what happened and what to do now; a stack where nobody threw it on purpose. */
export function explain(thrown: unknown): string {
  const known = thrown instanceof TouchstoneError;
  const lines = [`error ${known ? thrown.code : "UNEXPECTED"}: ${printable(messageOf(thrown))}`];
  if (known && thrown.next !== undefined) lines.push(`  next: ${printable(thrown.next)}`);
  if (!known && thrown instanceof Error && thrown.stack) lines.push(thrown.stack);
  return `${lines.join("\n")}\n`;
}

/** A broken assumption inside the suite itself, never the caller's fault. */
export function internalError(what: string): TouchstoneError {
  return new TouchstoneError("INTERNAL", `Internal error: ${what}.`, {
    next: "Please report this with the log around it.",
  });
}

import { type CommanderError, InvalidArgumentError } from "commander";

import { explain, messageOf, TouchstoneError } from "../errors.js";

/** How a command talks: people read `line`s and progress, programs read one JSON object per line. */
export interface Io {
  readonly json: boolean;
  /** A line for people; silent with --json. */
  line(text?: string): void;
  /** The command's result: printed as JSON with --json, else through `render`. */
  result<T extends object>(value: T, render: (value: T) => string): void;
  /** Progress of long work on standard error; overwrites itself on a terminal. */
  progress(text: string): void;
}

export const toJson = (value: unknown): string =>
  JSON.stringify(value, (_key, v: unknown) => (typeof v === "bigint" ? v.toString() : v));

export function createIo(json: boolean): Io {
  const terminal = process.stderr.isTTY;
  return {
    json,
    line: (text = "") => {
      if (!json) process.stdout.write(`${text}\n`);
    },
    result: (value, render) => {
      process.stdout.write(`${json ? toJson(value) : render(value)}\n`);
    },
    progress: (text) => {
      if (json) return;
      process.stderr.write(terminal ? `\r\u001b[2K${text}` : `${text}\n`);
    },
  };
}

/** A duration in days with one decimal. */
export const days = (seconds: bigint): string => (Number(seconds) / 86_400).toFixed(1);

const USAGE = 2;

/**
 * A request that could not be understood. People were told by commander, unless a command itself refuses an argument.
 * @returns the exit code; 0 where it asked for help
 */
export function reportUsage(thrown: CommanderError, json: boolean): number {
  if (thrown.exitCode === 0) return 0;
  const message = thrown.code === "commander.help" ? "A command is missing." : thrown.message.replace(/^error: /, "");
  if (json) {
    const error = { code: "USAGE", message, next: "Add --help, without --json, for commands, arguments and options." };
    process.stdout.write(`${toJson({ error })}\n`);
  } else if (thrown instanceof InvalidArgumentError) process.stderr.write(`error: ${message}\n`);
  return USAGE;
}

/** @returns the exit code: 1 the work failed, 2 an option that a command itself refuses, 70 a fault of the program */
export function report(thrown: unknown, json: boolean): number {
  const known = thrown instanceof TouchstoneError;
  if (json) {
    const [code, next] = known ? [thrown.code, thrown.next] : ["UNEXPECTED", undefined];
    process.stdout.write(`${toJson({ error: { code, message: messageOf(thrown), next } })}\n`);
  } else {
    process.stderr.write(explain(thrown));
  }
  if (!known) return 70;
  return thrown.code === "OPTION_INVALID" ? USAGE : 1;
}

/** Columns padded to their widest cell. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, cell.length)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

import { CommanderError, InvalidArgumentError } from "commander";

import { secretUrls } from "../config/settings.js";
import { TouchstoneError } from "../errors.js";
import { createRedactor } from "../printable.js";
import { report } from "./io.js";
import { buildProgram } from "./program.js";

/** Exit code for a request that could not be understood. */
const USAGE = 2;

const hasLogin = (text: string): boolean => URL.canParse(text) && new URL(text).password !== "";
const redact = createRedactor([...secretUrls(), ...process.argv.filter(hasLogin)]);
// Whatever a library quotes, and whoever prints it: nothing secret of an address leaves this process as text.
for (const stream of [process.stdout, process.stderr]) {
  const write = stream.write.bind(stream) as (chunk: unknown, ...rest: unknown[]) => boolean;
  stream.write = (chunk: unknown, ...rest: unknown[]) =>
    write(typeof chunk === "string" ? redact(chunk) : chunk, ...rest);
}

const program = buildProgram();
const isJson = (): boolean => program.opts<{ json?: boolean }>().json ?? false;
// Node prints what nobody caught past these streams.
process.on("uncaughtException", (thrown) => process.exit(report(thrown, isJson())));
try {
  await program.parseAsync();
  // Providers keep timers; a command that has printed its result is over.
  process.exit(process.exitCode ?? 0);
} catch (thrown) {
  // Commander reports what it finds while parsing; an argument that a command itself refuses is still unsaid.
  if (thrown instanceof InvalidArgumentError) process.stderr.write(`error: ${thrown.message}\n`);
  if (thrown instanceof CommanderError) process.exit(thrown.exitCode === 0 ? 0 : USAGE);
  process.exit(report(thrown, isJson()) || (thrown instanceof TouchstoneError ? 1 : 70));
}

import { CommanderError, InvalidArgumentError } from "commander";

import { TouchstoneError } from "../errors.js";
import { report } from "./io.js";
import { buildProgram } from "./program.js";

/** Exit code for a request that could not be understood. */
const USAGE = 2;

const program = buildProgram();
try {
  await program.parseAsync();
  // Providers keep timers; a command that has printed its result is over.
  process.exit(process.exitCode ?? 0);
} catch (thrown) {
  // Commander reports what it finds while parsing; an argument that a command itself refuses is still unsaid.
  if (thrown instanceof InvalidArgumentError) process.stderr.write(`error: ${thrown.message}\n`);
  if (thrown instanceof CommanderError) process.exit(thrown.exitCode === 0 ? 0 : USAGE);
  const json = program.opts<{ json?: boolean }>().json ?? false;
  process.exit(report(thrown, json) || (thrown instanceof TouchstoneError ? 1 : 70));
}

import { CommanderError } from "commander";

import { secretUrls } from "../config/settings.js";
import { createRedactor } from "../printable.js";
import { known } from "./failure.js";
import { report, reportUsage } from "./io.js";
import { buildProgram } from "./program.js";

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
process.on("uncaughtException", (thrown) => process.exit(report(known(thrown), isJson())));
try {
  await program.parseAsync();
  // Providers keep timers; a command that has printed its result is over.
  process.exit(process.exitCode ?? 0);
} catch (thrown) {
  process.exit(thrown instanceof CommanderError ? reportUsage(thrown, isJson()) : report(known(thrown), isJson()));
}

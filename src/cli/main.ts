import { Command, CommanderError, InvalidArgumentError } from "commander";

import { TouchstoneError } from "../errors.js";
import { challengeCommands } from "./commands/challenge.js";
import { conformanceCommand } from "./commands/conformance.js";
import { jobCommands } from "./commands/job.js";
import { hubCommand } from "./commands/hub.js";
import { modelCommands } from "./commands/model.js";
import { operatorCommands } from "./commands/operator.js";
import { receiptCommands } from "./commands/receipt.js";
import { roleCommands } from "./commands/roles.js";
import { stakeCommands } from "./commands/stake.js";
import { createContext, type Context } from "./context.js";
import { report } from "./io.js";

/** Exit code for a request that could not be understood. */
const USAGE = 2;

function build(): Command {
  const program = new Command("touchstone")
    .description("Verifiable AI inference: operators stake on their answers, anyone can prove a wrong one on-chain.")
    .option("--json", "print results, progress and errors as JSON, one object a line")
    .showHelpAfterError("(add --help for the options)")
    .exitOverride();
  const context = (): Context => createContext(program);
  modelCommands(program, context);
  operatorCommands(program, context);
  stakeCommands(program, context);
  jobCommands(program, context);
  receiptCommands(program, context);
  challengeCommands(program, context);
  roleCommands(program, context);
  hubCommand(program, context);
  conformanceCommand(program, context);
  return program;
}

const program = build();
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

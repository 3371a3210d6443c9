import { Command } from "commander";

import { auditCommands } from "./commands/audit.js";
import { challengeCommands } from "./commands/challenge.js";
import { completionCommands } from "./commands/completion.js";
import { conformanceCommand } from "./commands/conformance.js";
import { deployCommands } from "./commands/deploy.js";
import { doctorCommand } from "./commands/doctor.js";
import { evidenceCommands } from "./commands/evidence.js";
import { hubCommand } from "./commands/hub.js";
import { jobCommands } from "./commands/job.js";
import { keyCommands } from "./commands/key.js";
import { modelCommands } from "./commands/model.js";
import { operatorCommands } from "./commands/operator.js";
import { receiptCommands } from "./commands/receipt.js";
import { simulateCommand } from "./commands/simulate.js";
import { stakeCommands } from "./commands/stake.js";
import { stateCommands } from "./commands/state.js";
import { watchCommand } from "./commands/watch.js";
import { workerCommands } from "./commands/worker.js";
import { createContext, type Context } from "./context.js";
import { completeHelp } from "./help.js";

/** The whole command line; nothing runs before it is parsed. */
export function buildProgram(): Command {
  const program: Command = new Command("touchstone")
    .description("Verifiable AI inference: operators stake on their answers, anyone can prove a wrong one on-chain.")
    .option("--json", "print results, progress and errors as JSON, one object a line")
    .showHelpAfterError("(add --help for the options)")
    // Programs are told in JSON what was wrong: see `reportUsage`.
    .configureOutput({
      writeErr: (text) => {
        if (program.opts<{ json?: boolean }>().json !== true) process.stderr.write(text);
      },
    })
    .exitOverride();
  const context = (): Context => createContext(program);
  modelCommands(program, context);
  operatorCommands(program, context);
  stakeCommands(program, context);
  jobCommands(program, context);
  receiptCommands(program, context);
  challengeCommands(program, context);
  workerCommands(program, context);
  watchCommand(program, context);
  auditCommands(program, context);
  stateCommands(program, context);
  evidenceCommands(program, context);
  hubCommand(program, context);
  keyCommands(program, context);
  deployCommands(program, context);
  doctorCommand(program, context);
  conformanceCommand(program, context);
  simulateCommand(program, context);
  completionCommands(program);
  completeHelp(program);
  return program;
}

import type { Command } from "commander";
import type { Logger } from "pino";

import { runRole, untilStopped } from "../../chain/role.js";
import { createEvidencer } from "../../dispute/evidence.js";
import { createGuard } from "../../dispute/guard.js";
import { TouchstoneError } from "../../errors.js";
import type { PreparedModel } from "../../models/prepared.js";
import { createRuntimePool, type RuntimeSettings } from "../../runtime/pool.js";
import { vetInChild } from "../../runtime/vet.js";
import { openState, roleState } from "../../store/state.js";
import { createWatcher } from "../../watchtower/watcher.js";
import { auditedAbove, nativeAnswerer } from "../../worker/answer.js";
import { createWorker } from "../../worker/worker.js";
import type { Context } from "../context.js";
import { hashPool } from "../hashing.js";
import { amount, integer } from "../parse.js";

interface RoleFlags extends RuntimeSettings {
  readonly poll: number;
  readonly state?: string;
}

interface WorkerFlags extends RoleFlags {
  readonly auditAbove: bigint;
}

const OPTIMISATIONS: readonly string[] = ["disabled", "basic", "extended", "all"];
const ENGINES: readonly string[] = ["native", "wasm"];

function oneOf(allowed: readonly string[]): (text: string) => string {
  return (text) => {
    if (allowed.includes(text)) return text;
    throw new TouchstoneError("OPTION_INVALID", `"${text}" is not one of ${allowed.join(", ")}.`);
  };
}

function withRoleOptions(command: Command): Command {
  return command
    .option("--engine <name>", `runtime: ${ENGINES.join(" or ")}`, oneOf(ENGINES), "native")
    .option("--provider <name>", "execution provider of the native runtime: cpu, cuda, ...", "cpu")
    .option("--threads <n>", "threads inside one operator", integer, 1)
    .option("--optimisation <level>", OPTIMISATIONS.join(", "), oneOf(OPTIMISATIONS), "all")
    .option("--poll <ms>", "pause between looks at the chain", integer, 1_000)
    .option("--state <file>", "state file (default: under TOUCHSTONE_HOME)");
}

/** Tells that the audit machine answers instead of the native runtime. */
function warnOfRefusals(log: Logger): (model: PreparedModel, reason: unknown) => void {
  return ({ contentId }, err) => {
    log.warn({ event: "native-refused", contentId, err }, "no native answer: the audit machine gives it");
  };
}

export function roleCommands(program: Command, context: () => Context): void {
  const worker = program.command("worker").description("answer jobs for an operator");
  withRoleOptions(worker.command("run").description("answer jobs, defend the answers, collect the fees"))
    .option(
      "--audit-above <tokens>",
      "answer jobs that lock more than this with the audit machine",
      amount,
      amount("1000"),
    )
    .addHelpText("after", "\nExample:\n  TOUCHSTONE_KEYSTORE=worker.json npx touchstone worker run --threads 4")
    .action(async (flags: WorkerFlags) => {
      const { settings, log: logger, ...rest } = context();
      const [suite, sender, catalogue] = [await rest.suite(), await rest.sender(), await rest.catalogue()];
      const log = logger("worker");
      const operator = await suite.profiles.operatorOf(sender.address);
      if (BigInt(operator) === 0n) {
        throw new TouchstoneError("NOT_A_WORKER", `${sender.address} is not the worker of any operator.`, {
          next: "Name it with `touchstone operator worker <address>` from the owner's key.",
        });
      }
      const state = openState(flags.state ?? roleState(settings.home, "worker", sender.address));
      const hashing = hashPool(log);
      const evidencer = createEvidencer(catalogue, hashing);
      const guard = createGuard({ suite, sender, state, evidencer, log });
      const lockOf = async (claimId: string): Promise<bigint> => (await suite.jobs.job(claimId)).lock;
      const native = nativeAnswerer(createRuntimePool<PreparedModel>(flags, vetInChild), warnOfRefusals(log));
      const answer = auditedAbove(flags.auditAbove, lockOf, native);
      const { pass } = createWorker({ suite, sender, state, catalogue, answer, guard, operator, log });
      log.info({ event: "started", operator, worker: sender.address }, "worker started");
      await runRole({ pass, log, pollMs: flags.poll, signal: untilStopped() });
      state.close();
      await hashing.close();
      log.info({ event: "stopped" }, "worker stopped");
    });

  withRoleOptions(
    program.command("watch").description("re-run published answers, challenge wrong ones, refute false challenges"),
  )
    .addHelpText("after", "\nExample:\n  TOUCHSTONE_KEYSTORE=watcher.json npx touchstone watch")
    .action(async (flags: RoleFlags) => {
      const { settings, log: logger, ...rest } = context();
      const [suite, sender, catalogue] = [await rest.suite(), await rest.sender(), await rest.catalogue()];
      const log = logger("watcher");
      const state = openState(flags.state ?? roleState(settings.home, "watcher", sender.address));
      const hashing = hashPool(log);
      const evidencer = createEvidencer(catalogue, hashing);
      const guard = createGuard({ suite, sender, state, evidencer, log });
      const watcher = createWatcher({
        suite,
        sender,
        state,
        catalogue,
        evidencer,
        guard,
        runtime: createRuntimePool<PreparedModel>(flags, vetInChild),
        log,
      });
      log.info({ event: "started", watcher: sender.address }, "watcher started");
      await runRole({ pass: watcher.pass, log, pollMs: flags.poll, signal: untilStopped() });
      state.close();
      await hashing.close();
      log.info({ event: "stopped" }, "watcher stopped");
    });
}

import { join } from "node:path";

import type { Command } from "commander";

import { runRole } from "../../chain/role.js";
import { createEvidencer } from "../../dispute/evidence.js";
import { createGuard } from "../../dispute/guard.js";
import { TouchstoneError } from "../../errors.js";
import type { PreparedModel } from "../../models/prepared.js";
import { createNativeRuntime } from "../../runtime/native.js";
import type { OptimisationLevel, Runtime } from "../../runtime/runtime.js";
import { createWasmRuntime } from "../../runtime/wasm.js";
import { openState } from "../../store/state.js";
import { createWatcher } from "../../watchtower/watcher.js";
import { nativeAnswerer } from "../../worker/answer.js";
import { createWorker } from "../../worker/worker.js";
import type { Context } from "../context.js";
import { integer } from "../parse.js";

interface RuntimeFlags {
  readonly threads: number;
  readonly optimisation: OptimisationLevel;
  readonly engine: "native" | "wasm";
  readonly provider: string;
}

interface RoleFlags extends RuntimeFlags {
  readonly poll: number;
  readonly state?: string;
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

/** Runtimes by model, loaded on first use. */
function runtimes(flags: RuntimeFlags): (model: PreparedModel) => Promise<Runtime> {
  const loaded = new Map<string, Promise<Runtime>>();
  return (model) => {
    const known = loaded.get(model.contentId);
    if (known !== undefined) return known;
    const { threads, optimisation, engine, provider } = flags;
    const fresh =
      engine === "wasm"
        ? createWasmRuntime(model.runtime)
        : createNativeRuntime(model.runtime, { threads, optimisation, providers: [provider] });
    loaded.set(model.contentId, fresh);
    fresh.catch(() => loaded.delete(model.contentId));
    return fresh;
  };
}

/** Aborts on the first Ctrl-C or kill; a second one ends the process at once. */
function untilStopped(): AbortSignal {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  return controller.signal;
}

export function roleCommands(program: Command, context: () => Context): void {
  const worker = program.command("worker").description("answer jobs for an operator");
  withRoleOptions(worker.command("run").description("answer jobs, defend the answers, collect the fees"))
    .addHelpText("after", "\nExample:\n  TOUCHSTONE_KEYSTORE=worker.json npx touchstone worker run --threads 4")
    .action(async (flags: RoleFlags) => {
      const { settings, log: logger, ...rest } = context();
      const [suite, sender, catalogue] = [await rest.suite(), await rest.sender(), await rest.catalogue()];
      const log = logger("worker");
      const operator = await suite.staking.operatorOf(sender.address);
      if (BigInt(operator) === 0n) {
        throw new TouchstoneError("NOT_A_WORKER", `${sender.address} is not the worker of any operator.`, {
          next: "Name it with `touchstone operator worker <address>` from the owner's key.",
        });
      }
      const state = openState(flags.state ?? join(settings.home, "state", `worker-${sender.address}.sqlite`));
      const evidencer = createEvidencer(catalogue);
      const guard = createGuard({ suite, sender, state, evidencer, log });
      const answer = nativeAnswerer(runtimes(flags));
      const { pass } = createWorker({ suite, sender, state, catalogue, answer, guard, operator, log });
      log.info({ event: "started", operator, worker: sender.address }, "worker started");
      await runRole({ pass, log, pollMs: flags.poll, signal: untilStopped() });
      state.close();
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
      const state = openState(flags.state ?? join(settings.home, "state", `watcher-${sender.address}.sqlite`));
      const evidencer = createEvidencer(catalogue);
      const guard = createGuard({ suite, sender, state, evidencer, log });
      const watcher = createWatcher({
        suite,
        sender,
        state,
        catalogue,
        evidencer,
        guard,
        runtime: runtimes(flags),
        log,
      });
      log.info({ event: "started", watcher: sender.address }, "watcher started");
      await runRole({ pass: watcher.pass, log, pollMs: flags.poll, signal: untilStopped() });
      state.close();
      log.info({ event: "stopped" }, "watcher stopped");
    });
}

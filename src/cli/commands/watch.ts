import type { Command } from "commander";

import { runRole } from "../../chain/role.js";
import { serveBeside } from "../../http/server.js";
import type { PreparedModel } from "../../models/prepared.js";
import { createRuntimePool, type RuntimeSettings } from "../../runtime/pool.js";
import { vetInChild } from "../../runtime/vet.js";
import { createIntake, createIntakeServer } from "../../watchtower/intake.js";
import { createWatcher } from "../../watchtower/watcher.js";
import type { Context } from "../context.js";
import { httpOptions, openRole, withRoleOptions, withRuntimeOptions, type RoleFlags } from "../role.js";

interface WatchFlags extends RoleFlags, RuntimeSettings {
  readonly once?: boolean;
}

/** Receipts that may wait to be checked. */
const INTAKE_LIMIT = 10_000;
/** Receipts that may be received at a time. */
const IN_FLIGHT = 64;

export function watchCommand(program: Command, context: () => Context): void {
  const watch = program
    .command("watch")
    .description("re-run published answers and receipts, challenge wrong ones, refute false challenges and reports");
  withRoleOptions(withRuntimeOptions(watch))
    .option("--once", "do all that is due now, and end")
    .option("--dry-run", "check everything, tell what would be sent, and send nothing")
    .addHelpText("after", "\nExample:\n  TOUCHSTONE_KEYSTORE=watcher.json npx touchstone watch --listen 127.0.0.1:8701")
    .action(async (flags: WatchFlags) => {
      const role = await openRole(context(), "watcher", flags);
      const { log, signal } = role;
      const runtime = createRuntimePool<PreparedModel>(flags, vetInChild);
      const watcher = createWatcher({ ...role, runtime });
      log.info({ event: "started", watcher: role.sender.address }, "watcher started");
      const intake = createIntake({ ...role, limit: INTAKE_LIMIT });
      const server = createIntakeServer(intake, httpOptions(role, flags, IN_FLIGHT));
      const at = flags.once === true ? undefined : flags.listen;
      const drained = await serveBeside(server, { at, log, signal });
      if (flags.once === true) while ((await watcher.pass()).acted);
      else await runRole({ pass: watcher.pass, log, pollMs: flags.poll, signal, metrics: role.metrics });
      await drained();
      await role.close();
    });
}

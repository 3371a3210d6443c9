import { join } from "node:path";

import { Argument, type Command } from "commander";

import { backupState, restoreState } from "../../store/backup.js";
import { lockFile } from "../../store/lock.js";
import { roleState, type RoleName } from "../../store/state.js";
import type { Context } from "../context.js";

interface Flags {
  readonly state?: string;
}

export function stateCommands(program: Command, context: () => Context): void {
  const state = program
    .command("state")
    .description("what a role keeps on disk: receipts, vouchers, accusations, transactions");
  const role = (): Argument => new Argument("<role>").choices(["worker", "watcher", "auditor", "client"]);

  async function placeOf(ctx: Context, name: RoleName, flags: Flags): Promise<{ path: string; account: string }> {
    const { address } = await ctx.wallet();
    return { path: flags.state ?? roleState(ctx.settings.home, name, address), account: address };
  }

  state
    .command("backup")
    .addArgument(role())
    .argument("<file>", "a new file")
    .option("--state <file>", "state file (default: under TOUCHSTONE_HOME)")
    .description("copy a role's state; the role may be running")
    .action(async (name: RoleName, file: string, flags: Flags) => {
      const ctx = context();
      const { path } = await placeOf(ctx, name, flags);
      backupState(path, file);
      ctx.io.result({ state: path, file }, (r) => `copied ${r.state} to ${r.file}`);
    });

  state
    .command("restore")
    .addArgument(role())
    .argument("<file>", "what `state backup` wrote")
    .option("--state <file>", "state file (default: under TOUCHSTONE_HOME)")
    .description("put a backup where a role looks for its state; never over a state that is there")
    .action(async (name: RoleName, file: string, flags: Flags) => {
      const ctx = context();
      const { path, account } = await placeOf(ctx, name, flags);
      const unlock = lockFile(join(ctx.settings.home, "state", `${account}.lock`), `The key ${account}`);
      restoreState(file, path);
      unlock();
      ctx.io.result({ state: path, file }, (r) => `restored ${r.state} from ${r.file}`);
    });
}

import { join } from "node:path";

import type { Command } from "commander";

import { createKey, listKeys, rotateKey } from "../../chain/keystore.js";
import type { Context } from "../context.js";
import { table } from "../io.js";
import { newPassword } from "../password.js";

export function keyCommands(program: Command, context: () => Context): void {
  const key = program.command("key").description("encrypted keys of this machine");
  const folderOf = (ctx: Context): string => join(ctx.settings.home, "keys");
  const PASSWORD =
    "\nThe password comes from TOUCHSTONE_KEYSTORE_PASSWORD_FILE or TOUCHSTONE_KEYSTORE_PASSWORD, else it is asked for.";

  key
    .command("new")
    .argument("<name>", "what it is for, e.g. worker")
    .description("make a key and keep it in an encrypted keystore that only you can read")
    .addHelpText("after", `${PASSWORD}\n\nExample:\n  npx touchstone key new worker`)
    .action(async (name: string) => {
      const ctx = context();
      const made = await createKey(folderOf(ctx), name, await newPassword(ctx.settings.key));
      ctx.io.result(made, (r) => `${r.address}\nUse it with TOUCHSTONE_KEYSTORE=${r.path}`);
    });

  key
    .command("list")
    .description("names and addresses of the keys; no password is needed")
    .action(() => {
      const ctx = context();
      const keys = listKeys(folderOf(ctx));
      ctx.io.result({ keys }, () =>
        keys.length === 0 ? "no keys" : table(keys.map(({ name, address }) => [name, address])),
      );
    });

  key
    .command("rotate")
    .argument("<name>", "a key of `touchstone key list`")
    .description("put a new key in its place; the old one stays beside it until nothing is its own any more")
    .addHelpText(
      "after",
      `${PASSWORD}\n\nA worker's key: propose and accept the new one afterwards, then restart the worker.`,
    )
    .action(async (name: string) => {
      const ctx = context();
      const { now, before } = await rotateKey(folderOf(ctx), name, await newPassword(ctx.settings.key));
      ctx.io.result({ now, before }, (r) =>
        [
          `${r.now.address} is ${r.now.name} now, ${r.before.address} is kept as ${r.before.name}`,
          `A worker's: TOUCHSTONE_KEYSTORE=<owner> npx touchstone operator worker ${r.now.address}`,
          `  then      TOUCHSTONE_KEYSTORE=${r.now.path} npx touchstone operator accept <owner's address>`,
        ].join("\n"),
      );
    });
}

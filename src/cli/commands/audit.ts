import type { Command } from "commander";
import { formatEther, ZeroAddress } from "ethers";

import { createAuditor } from "../../auditor/auditor.js";
import { joinAudits, quitAudits, standingOf } from "../../auditor/membership.js";
import { runRole } from "../../chain/role.js";
import { createHttp, serveBeside } from "../../http/server.js";
import type { Context } from "../context.js";
import { table } from "../io.js";
import { address, amount, currencyOption, id } from "../parse.js";
import { httpOptions, openRole, withRoleOptions, type RoleFlags } from "../role.js";

const tokens = (value: bigint): string => `${formatEther(value)} tokens`;

/** What an auditor's owner does once, and the role that audits. */
export function auditCommands(program: Command, context: () => Context): void {
  const audit = program.command("audit").description("be drawn to audit answers, and be paid for it");

  audit
    .command("join")
    .argument("<modelId>", "registration of the model", id)
    .option("--stake <tokens>", "set so much of the own stake aside for draws first", amount)
    .description("have this key's stake drawn for audits of a model, from the next epoch on")
    .addHelpText("after", "\nExample:\n  npx touchstone audit join 0x12..ef --stake 500")
    .action(async (modelId: string, flags: { readonly stake?: bigint }) => {
      const ctx = context();
      const [suite, sender] = [await ctx.suite(), await ctx.sender()];
      const joined = await joinAudits(suite, sender, { modelId, drawStake: flags.stake });
      ctx.io.result(joined, ({ drawStake, fromEpoch }) => `drawn by ${tokens(drawStake)} from epoch ${fromEpoch} on`);
    });

  audit
    .command("leave")
    .argument("<modelId>", "registration of the model", id)
    .description("be drawn no more from the next epoch on; audits that run go on")
    .addHelpText("after", "\nExample:\n  npx touchstone audit leave 0x12..ef")
    .action(async (modelId: string) => {
      const ctx = context();
      const [suite, sender] = [await ctx.suite(), await ctx.sender()];
      ctx.io.result(
        await quitAudits(suite, sender, modelId),
        ({ fromEpoch }) => `not drawn from epoch ${fromEpoch} on`,
      );
    });

  audit
    .command("status")
    .argument("<modelId>", "registration of the model", id)
    .option("--auditor <address>", "whose (default: this key's own)", address)
    .addOption(currencyOption("of the earnings"))
    .description("an auditor's chance to be drawn, its free stake, earnings and strikes")
    .addHelpText("after", "\nExample:\n  npx touchstone --json audit status 0x12..ef")
    .action(async (modelId: string, flags: { readonly auditor?: string; readonly currency: string }) => {
      const ctx = context();
      const suite = await ctx.suite();
      const auditor = flags.auditor ?? (await ctx.sender()).address;
      const standing = await standingOf(suite, { modelId, auditor, currency: flags.currency });
      ctx.io.result(standing, (s) =>
        table([
          ["auditor", s.auditor],
          ["weight", `${(100 * s.share).toFixed(1)}% of all auditors of the model`],
          ["free draw stake", `${tokens(s.freeDrawStake)}, ${tokens(s.auditStake)} for an audit`],
          ["earned, not collected", formatEther(s.earned)],
          ["strikes", `${s.strikes} in this epoch${s.jailed ? ", in jail" : ""}`],
        ]),
      );
    });

  const run = audit
    .command("run")
    .description("audit what this key, or the owner that it works for, is drawn for; report, and collect the pay");
  withRoleOptions(run)
    .addHelpText("after", "\nExample:\n  TOUCHSTONE_KEYSTORE=auditor.json npx touchstone audit run")
    .action(async (flags: RoleFlags) => {
      const role = await openRole(context(), "auditor", flags);
      const { suite, sender, log, signal, metrics } = role;
      const owner = await suite.profiles.operatorOf(sender.address);
      const auditor = owner === ZeroAddress ? sender.address : owner;
      const { pass } = createAuditor({ ...role, auditor });
      log.info({ event: "started", auditor, key: sender.address }, "auditor started");
      const server = createHttp(httpOptions(role, flags, 1), () => undefined);
      const drained = await serveBeside(server, { at: flags.listen, log, signal });
      await runRole({ pass, log, pollMs: flags.poll, signal, metrics });
      await drained();
      await role.close();
    });
}

import type { Command } from "commander";

import type { Context } from "../context.js";
import { diagnose } from "../doctor.js";
import { table } from "../io.js";
import { listen } from "../parse.js";

interface DoctorFlags {
  readonly listen: { host: string; port: number }[];
  readonly provider: string[];
}

export function doctorCommand(program: Command, context: () => Context): void {
  program
    .command("doctor")
    .description(
      "look at all that a role needs: versions, key, node, clock, deployment, balance, stake, models, providers, ports",
    )
    .option(
      "--listen <host:port>",
      "a port that a role shall listen at; may be repeated",
      (text, all: DoctorFlags["listen"]) => [...all, listen(text)],
      [],
    )
    .option(
      "--provider <name>",
      "an execution provider that is to be used; may be repeated",
      (text, all: string[]) => [...all, text],
      [],
    )
    .addHelpText(
      "after",
      "\nExit code 1 if anything fails.\n\nExample:\n  npx touchstone doctor --listen 127.0.0.1:8700 --provider cuda",
    )
    .action(async (flags: DoctorFlags) => {
      const ctx = context();
      const checks = await diagnose({
        settings: ctx.settings,
        address: async () => (await ctx.wallet()).address,
        ports: flags.listen,
        providers: flags.provider,
        now: Date.now,
      });
      const failed = checks.filter(({ state }) => state === "fail").length;
      if (failed > 0) process.exitCode = 1;
      ctx.io.result({ failed, checks }, () =>
        table(
          checks.flatMap(({ check, state, found, next }) => [
            [state, check, found],
            ...(next === undefined ? [] : [["", "", `next: ${next}`]]),
          ]),
        ),
      );
    });
}

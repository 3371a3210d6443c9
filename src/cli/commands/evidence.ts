import { existsSync, readFileSync } from "node:fs";

import type { Command } from "commander";

import { accusationsOf } from "../../dispute/accused.js";
import { messageOf, TouchstoneError } from "../../errors.js";
import { toWire } from "../../receipts/wire.js";
import { openState, roleState, type State } from "../../store/state.js";
import { exportBundle, importBundle } from "../../watchtower/bundle.js";
import { createIntake } from "../../watchtower/intake.js";
import { writeWhole } from "../../whole.js";
import type { Context } from "../context.js";
import { table } from "../io.js";
import { address, id } from "../parse.js";

interface Flags {
  readonly state?: string;
}

/** Receipts that may wait to be checked. */
const LIMIT = 10_000;

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as unknown;
  } catch (cause) {
    throw new TouchstoneError("BUNDLE_UNREADABLE", `${file} is no bundle: ${messageOf(cause)}`, { cause });
  }
}

export function evidenceCommands(program: Command, context: () => Context): void {
  program
    .command("accused")
    .argument("[operator]", "owner's address (default: that of the key, or the operator it works for)", address)
    .description("the challenges against an operator that are not over, and the time left to refute them")
    .action(async (named: string | undefined) => {
      const ctx = context();
      const suite = await ctx.suite();
      const own = async (): Promise<string> => {
        const { address: key } = await ctx.signer();
        const operator = await suite.profiles.operatorOf(key);
        return BigInt(operator) === 0n ? key : operator;
      };
      const operator = named ?? (await own());
      const challenges = await accusationsOf(suite, operator);
      ctx.io.result({ operator, challenges }, (r) =>
        r.challenges.length === 0
          ? `${operator} is not accused`
          : table([
              ["challenge", "claim", "status", "seconds left"],
              ...r.challenges.map((c) => [c.challengeId, c.claimId, c.status, String(c.secondsLeft)]),
              ["", "", "then", "touchstone challenge refute <challenge>"],
            ]),
      );
    });

  const evidence = program.command("evidence").description("what one watcher hands to another");

  async function withState<T>(ctx: Context, flags: Flags, work: (state: State) => Promise<T>): Promise<T> {
    const { address: account } = await ctx.signer();
    const state = openState(flags.state ?? roleState(ctx.settings.home, "watcher", account));
    try {
      return await work(state);
    } finally {
      state.close();
    }
  }

  evidence
    .command("export")
    .argument("<claimId>", "0x and 64 hex digits", id)
    .argument("<file>", "where to write it")
    .option("--state <file>", "the watcher's state file (default: under TOUCHSTONE_HOME)")
    .description("write all that another watcher needs to check and challenge a claim")
    .action(async (claimId: string, file: string, flags: Flags) => {
      const ctx = context();
      if (existsSync(file)) {
        throw new TouchstoneError("FILE_EXISTS", `${file} exists.`, { next: "Name a new file." });
      }
      const [suite, catalogue] = [await ctx.suite(), await ctx.catalogue()];
      const bundle = await withState(ctx, flags, (state) => exportBundle({ suite, state, catalogue }, claimId));
      writeWhole(file, `${toWire(bundle)}\n`);
      ctx.io.result({ claimId, file }, (r) => `wrote ${r.file}`);
    });

  evidence
    .command("import")
    .argument("<file>", "what `evidence export` wrote")
    .option("--state <file>", "the watcher's state file (default: under TOUCHSTONE_HOME)")
    .description("verify a bundle, and have its claim checked by the watcher with this key, which may be running")
    .action(async (file: string, flags: Flags) => {
      const ctx = context();
      const [suite, catalogue] = [await ctx.suite(), await ctx.catalogue()];
      const claimId = await withState(ctx, flags, (state) => {
        const intake = createIntake({ suite, state, catalogue, limit: LIMIT });
        return importBundle({ suite }, intake, readJson(file));
      });
      ctx.io.result({ claimId }, (r) => `${r.claimId} will be checked`);
    });
}

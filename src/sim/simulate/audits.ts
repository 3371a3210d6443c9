import type { Actor } from "../driver/actors.js";
import { joinAuditor, passLots } from "../driver/auditors.js";
import { auditorArgs, lazyAuditorArgs } from "../driver/processes.js";
import type { RoleProcess } from "../driver/role-process.js";
import type { World } from "../driver/world.js";
import { SeatStatus } from "../../auditor/protocol.js";
import type { AuditReport } from "../report/audits.js";

const TOKEN = 10n ** 18n;

/** Who audits, with how much stake set aside: a hundred for each audit that it can do at a time. */
const AUDITORS = {
  auditor: 600n * TOKEN,
  /** Commits to a report and then is gone until it is too late. */
  silent: 100n * TOKEN,
  /** Agrees with everybody, with a trace that it made up. */
  lazy: 100n * TOKEN,
} as const;

/** Auditors of a simulation, an honest one and two that are not. */
export interface Audits {
  /** Lets the blocks pass that decide which answers are audited; when the silent auditor has committed to a report, it is gone. */
  pass(): Promise<void>;
  /** The silent auditor is back when it is too late for the report that it owes. */
  comeBack(): Promise<void>;
}

/** Auditors stake and join; they are drawn from the next epoch on. */
export async function openAudits(world: World, modelId: string, seed: number): Promise<Audits> {
  const start = async (name: keyof typeof AUDITORS, args: readonly string[]): Promise<[Actor, RoleProcess]> => {
    const actor = await joinAuditor(world, { name, modelId, stake: AUDITORS[name] });
    return [actor, world.startRole({ name, actor, args })];
  };
  await start("auditor", auditorArgs());
  await start("lazy", lazyAuditorArgs(seed));
  const [{ address }, silent] = await start("silent", auditorArgs());
  const owed = async () =>
    (await world.ledger.seats()).find(({ auditor, status }) => auditor === address && status === SeatStatus.Committed);
  let state: "here" | "gone" | "back" = "here";
  return {
    pass: async () => {
      await passLots(world);
      if (state !== "here" || (await owed()) === undefined) return;
      await silent.stop();
      state = "gone";
    },
    comeBack: async () => {
      if (state !== "gone") return;
      const now = (await world.provider.getBlock("latest"))?.timestamp ?? 0;
      if (now <= ((await owed())?.reportDeadline ?? 0)) return;
      silent.restart();
      state = "back";
    },
  };
}

/** What is not as it should be: who works is paid, who does not report has a strike, and whose report is false loses its stake. */
export function problemsWithAudits({ auditors, problems }: AuditReport): string[] {
  const of = (name: keyof typeof AUDITORS) => auditors.find(({ auditor }) => auditor === name);
  const [honest, silent, lazy] = [of("auditor"), of("silent"), of("lazy")];
  return [
    ...problems,
    ...(honest === undefined || honest.paid === 0 ? ["the honest auditor was paid for nothing"] : []),
    ...(honest?.missed === 0 && honest.slashed === 0 ? [] : ["the honest auditor was punished"]),
    ...(silent?.missed === 1 ? [] : [`the silent auditor missed ${silent?.missed ?? 0} reports, not 1`]),
    ...(lazy?.slashed === 1 && lazy.paid === 0 ? [] : ["the lazy auditor was not slashed once, and never paid"]),
  ];
}

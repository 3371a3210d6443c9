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
  /** Commits to reports and then is gone until it is too late. To a wrong answer, which needs no waiting, it may report before. */
  silent: 600n * TOKEN,
  /** Agrees with everybody, with a trace that it made up. */
  lazy: 100n * TOKEN,
} as const;

/** Auditors of a simulation, an honest one and two that are not. */
export interface Audits {
  /** Lets the blocks pass that decide which answers are audited; when the silent auditor owes a report, it is gone. */
  pass(): Promise<void>;
  /** The silent auditor is back when it is too late for the reports that it owes. */
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
  /** When the last report is due that it has committed to and not made; undefined where it owes none. */
  const dueAt = async (): Promise<number | undefined> => {
    const [seats, challenges] = await Promise.all([world.ledger.seats(), world.ledger.challenges()]);
    const made = new Set(challenges.map(({ challengeId }) => challengeId));
    const owed = seats.filter(
      ({ auditor, status, report }) => auditor === address && status === SeatStatus.Committed && !made.has(report),
    );
    return owed.length === 0 ? undefined : Math.max(...owed.map(({ reportDeadline }) => reportDeadline));
  };
  let state: "here" | "gone" | "back" = "here";
  return {
    pass: async () => {
      await passLots(world);
      if (state !== "here" || (await dueAt()) === undefined) return;
      await silent.stop();
      state = "gone";
    },
    comeBack: async () => {
      if (state !== "gone") return;
      const now = (await world.provider.getBlock("latest"))?.timestamp ?? 0;
      if (now <= ((await dueAt()) ?? 0)) return;
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
    ...(silent !== undefined && silent.missed > 0 ? [] : ["the silent auditor missed no report"]),
    ...(lazy?.slashed === 1 && lazy.paid === 0 ? [] : ["the lazy auditor was not slashed once, and never paid"]),
  ];
}

import { renderTable } from "../../src/sim/report/format.js";
import type { SimulationReport } from "../../src/sim/simulate/report.js";
import type { StormReport } from "../../src/sim/simulate/storm.js";

export type Counts = Readonly<Record<string, number>>;

/** What became of one simulation in the storm. */
export interface Trial {
  readonly seed: number;
  readonly minutes: number;
  readonly jobs: number;
  readonly receipts: number;
  readonly frauds: number;
  readonly fraudsSlashed: number;
  readonly fraudsMissed: number;
  readonly falseSlashes: number;
  readonly storm: StormReport;
  /** Roles that ended by themselves and were started again. */
  readonly revived: Counts;
  /** Empty if all is well. */
  readonly problems: readonly string[];
}

/** What a whole soak came to. */
export interface Verdict {
  readonly ok: boolean;
  readonly minutes: number;
  readonly trials: readonly Trial[];
  readonly kills: Counts;
  readonly faults: Counts;
  readonly revived: Counts;
  readonly reorganisations: {
    readonly count: number;
    readonly blocks: number;
    readonly deepest: number;
    /** Transactions of honest roles that were taken back. */
    readonly lost: number;
  };
  /** MiB of the largest process of each kind. */
  readonly memory: Counts;
  /** What ended the soak before its time. */
  readonly failure: string | undefined;
}

const total = (counts: Counts): number => Object.values(counts).reduce((a, b) => a + b, 0);

function added(all: readonly Counts[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const counts of all) for (const [name, n] of Object.entries(counts)) sums[name] = (sums[name] ?? 0) + n;
  return sums;
}

export function trialOf(
  result: SimulationReport,
  { minutes, storm, revived }: Pick<Trial, "minutes" | "storm" | "revived">,
): Trial {
  const { seed, receipts, frauds, fraudsSlashed, fraudsMissed, falseSlashes, problems, operators } = result;
  return {
    ...{ seed, minutes, receipts, frauds, fraudsSlashed, fraudsMissed, falseSlashes, storm, revived, problems },
    jobs: operators.reduce((n, { jobs }) => n + jobs, 0),
  };
}

/** @param failure what ended the soak before its time; undefined if nothing did */
export function verdictOf(
  trials: readonly Trial[],
  { minutes, memory, failure }: Pick<Verdict, "minutes" | "memory" | "failure">,
): Verdict {
  const reorganisations = trials.flatMap(({ storm }) => storm.reorganisations);
  return {
    // A soak in which nothing was tried proves nothing.
    ok: failure === undefined && trials.length > 0 && trials.every(({ problems }) => problems.length === 0),
    ...{ minutes, trials, memory, failure },
    kills: added(trials.map(({ storm }) => storm.kills)),
    faults: added(trials.map(({ storm }) => storm.faults)),
    revived: added(trials.map(({ revived }) => revived)),
    reorganisations: {
      count: reorganisations.length,
      blocks: reorganisations.reduce((sum, { depth }) => sum + depth, 0),
      deepest: Math.max(0, ...reorganisations.map(({ depth }) => depth)),
      lost: reorganisations.reduce((sum, { lost }) => sum + lost, 0),
    },
  };
}

const list = (counts: Counts): string =>
  Object.entries(counts)
    .map(([name, n]) => `${name} ${n}`)
    .join(", ") || "none";

export function renderVerdict(verdict: Verdict): string[] {
  const { kills, faults, revived, reorganisations: r, memory } = verdict;
  return [
    ...renderTable([
      ["seed", "minutes", "jobs", "receipts", "frauds", "slashed", "missed", "false", "kills", "faults", "reorgs"],
      ...verdict.trials.map((t) =>
        [
          ...[t.seed, t.minutes.toFixed(1), t.jobs, t.receipts, t.frauds, t.fraudsSlashed, t.fraudsMissed],
          ...[t.falseSlashes, total(t.storm.kills), total(t.storm.faults), t.storm.reorganisations.length],
        ].map(String),
      ),
    ]),
    `  killed: ${list(kills)}`,
    `  ended by themselves, started again: ${list(revived)}`,
    `  endpoints: ${list(faults)}`,
    `  reorganisations: ${r.count} of ${r.blocks} blocks together, the deepest of ${r.deepest}; ${r.lost} transactions of honest roles were taken back`,
    `  memory, MiB: ${list(memory)}`,
    ...verdict.trials.flatMap(({ seed, problems }) => problems.map((each) => `  seed ${seed}: ${each}`)),
    ...(verdict.failure === undefined ? [] : [`  ended early: ${verdict.failure}`]),
    verdict.ok ? "  nothing lost, nothing done twice, no false slash, no missed fraud" : "  FAILED",
  ];
}

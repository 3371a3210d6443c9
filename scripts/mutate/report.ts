import type { Judgement } from "./judgements.js";
import type { Mutant } from "./mutants.js";
import type { Verdict } from "./records.js";

/** A share with the bounds between which it lies with 95% confidence. */
export interface Share {
  readonly share: number;
  readonly low: number;
  readonly high: number;
}

/** The 97.5% quantile of the normal distribution. */
const Z = 1.959963984540054;

/** Wilson's interval of a share of independent draws; without draws it says nothing. */
export function wilson(hits: number, draws: number): Share {
  if (draws === 0) return { share: 0, low: 0, high: 1 };
  const share = hits / draws;
  const scale = 1 + Z ** 2 / draws;
  const middle = (share + Z ** 2 / (2 * draws)) / scale;
  const half = (Z / scale) * Math.sqrt((share * (1 - share)) / draws + Z ** 2 / (4 * draws ** 2));
  return { share, low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}

/** What the verdicts on some mutants say together. */
interface Row extends Share {
  /** A folder, or all of them. */
  readonly name: string;
  readonly judged: number;
  readonly killed: number;
  readonly survived: number;
  /** Those of the survivors that somebody read and found to leave no gap. */
  readonly harmless: number;
  /** No compiler takes them, so no test had to; they count in no share. */
  readonly uncompiled: number;
  /** Ran into the time limit, or ended before a test; they count in no share. */
  readonly undecided: number;
}

export interface Summary {
  /** All mutants that the run chose from. */
  readonly population: number;
  readonly chosen: number;
  readonly folders: readonly Row[];
  readonly all: Row;
  readonly survivors: readonly Judged[];
}

interface Judged {
  readonly mutant: Mutant;
  readonly verdict: Verdict;
  /** Of a survivor. */
  readonly judgement?: Judgement | undefined;
}

export function summarise(population: number, chosen: number, judged: readonly Judged[]): Summary {
  const folders = [...Map.groupBy(judged, ({ mutant }) => mutant.folder)].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    population,
    chosen,
    folders: folders.map(([name, members]) => row(name, members)),
    all: row("all", judged),
    survivors: judged.filter(({ verdict }) => verdict === "survived"),
  };
}

function row(name: string, judged: readonly Judged[]): Row {
  const count = (wanted: Verdict) => judged.filter(({ verdict }) => verdict === wanted).length;
  const [killed, survived] = [count("killed"), count("survived")];
  return {
    ...{ name, judged: judged.length, killed, survived },
    harmless: judged.filter(({ verdict, judgement }) => verdict === "survived" && judgement !== undefined).length,
    ...{ uncompiled: count("uncompiled"), undecided: count("undecided") },
    ...wilson(killed, killed + survived),
  };
}

export function renderSummary({ population, chosen, folders, all, survivors }: Summary): string {
  const percent = (share: number) => `${(100 * share).toFixed(1)}%`;
  const line = ({ name, judged, killed, survived, harmless, uncompiled, undecided, share, low, high }: Row) => {
    const counts = [name, judged, killed, survived, harmless, uncompiled, undecided];
    return `| ${[...counts, percent(share), `${percent(low)} to ${percent(high)}`].join(" | ")} |`;
  };
  const told = (judgement?: Judgement) =>
    judgement === undefined ? "judged by nobody yet" : `${judgement.kind}: ${judgement.why}`;
  return [
    ...survivors.map(({ mutant, judgement }) => `survived ${renderMutant(mutant)}\n  ${told(judgement)}`),
    `${all.judged} of ${chosen} mutants judged, chosen from ${population}`,
    "| contracts | tried | killed | survived | harmless | not compiled | undecided | killed of those that compile and end | 95% confidence |",
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ...folders.map(line),
    line(all),
  ].join("\n");
}

export function renderMutant({ id, file, line, kind, before, after }: Mutant): string {
  return `${id} ${kind} ${file}:${line}\n  - ${before}\n  + ${after}`;
}

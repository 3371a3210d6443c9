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
export interface Summary extends Share {
  /** All mutants that the run chose from. */
  readonly population: number;
  readonly judged: number;
  readonly killed: number;
  readonly survived: number;
  /** No compiler takes them, so no test had to; they count in no share. */
  readonly uncompiled: number;
  /** Ran into the time limit, or ended before a test; they count in no share. */
  readonly undecided: number;
  readonly survivors: readonly Mutant[];
}

export function summarise(population: number, judged: readonly { mutant: Mutant; verdict: Verdict }[]): Summary {
  const of = (wanted: Verdict) => judged.filter(({ verdict }) => verdict === wanted);
  const [killed, survived] = [of("killed").length, of("survived").length];
  return {
    population,
    judged: judged.length,
    killed,
    survived,
    uncompiled: of("uncompiled").length,
    undecided: of("undecided").length,
    ...wilson(killed, killed + survived),
    survivors: of("survived").map(({ mutant }) => mutant),
  };
}

export function renderSummary(summary: Summary): string {
  const percent = (share: number) => `${(100 * share).toFixed(1)}%`;
  const { killed, survived, uncompiled, undecided, judged, population } = summary;
  return [
    ...summary.survivors.map((mutant) => `survived ${renderMutant(mutant)}`),
    `${judged} of ${population} mutants judged: ${killed} killed, ${survived} survived, ${uncompiled} not compiled, ${undecided} undecided (over the time limit, or ended before a test)`,
    `killed ${percent(summary.share)} of those that compile and end (95% confidence: ${percent(summary.low)} to ${percent(summary.high)})`,
  ].join("\n");
}

export function renderMutant({ id, file, line, kind, before, after }: Mutant): string {
  return `${id} ${kind} ${file}:${line}\n  - ${before}\n  + ${after}`;
}

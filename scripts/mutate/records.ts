import { existsSync, globSync, readFileSync } from "node:fs";

import { COVERING_TESTS } from "../probes/shards.js";
import { fingerprintOf, withImports } from "../support/fingerprint.js";
import { appendLine } from "../sweep/records.js";

export type Verdict = "killed" | "survived" | "uncompiled" | "undecided";

/** One line of the records. */
export interface MutantRecord {
  readonly id: string;
  readonly verdict: Verdict;
  readonly seconds: number;
  /** What the mutant's source was, and what the tests. */
  readonly source: string;
  readonly tests: string;
}

/** Code that decides what tests do. */
export const testsVersion = (): string => fingerprintOf(...withImports(globSync(COVERING_TESTS)));

/** What is known of the mutants of some sources. */
export interface Known {
  readonly verdict: Verdict;
  /** Whether it holds with the tests of now: a test may have learnt to kill a survivor since. */
  readonly current: boolean;
}

/**
 * What records say of each id while its source is the same. Of several lines the last counts; one that a kill cut short does not.
 * @param sources each id's source as it is now
 */
export function readVerdicts(file: string, sources: ReadonlyMap<string, string>, tests: string): Map<string, Known> {
  const verdicts = new Map<string, Known>();
  for (const line of existsSync(file) ? readFileSync(file, "utf8").split("\n") : []) {
    try {
      const record = JSON.parse(line) as MutantRecord;
      if (sources.get(record.id) !== record.source) continue;
      const lasting = record.verdict === "killed" || record.verdict === "uncompiled";
      verdicts.set(record.id, { verdict: record.verdict, current: lasting || record.tests === tests });
    } catch {
      continue;
    }
  }
  return verdicts;
}

export function appendVerdict(file: string, record: MutantRecord): void {
  appendLine(file, record);
}

import { existsSync, readFileSync } from "node:fs";

import { fingerprintOf } from "../support/fingerprint.js";
import { appendLine } from "../sweep/records.js";

export type Verdict = "killed" | "survived" | "uncompiled" | "undecided";

/** What the sources and the tests were. */
export interface Versions {
  readonly contracts: string;
  readonly tests: string;
}

/** One line of the records: a mutant, or (`baseline`) the unchanged tree under some tests. */
export interface MutantRecord extends Versions {
  readonly id: string;
  readonly verdict: Verdict;
  readonly seconds: number;
}

export function currentVersions(): Versions {
  return {
    contracts: fingerprintOf("contracts/**/*.sol"),
    tests: fingerprintOf("{src,test,deploy}/**/*.{ts,json}"),
  };
}

/**
 * What records say of each id that still holds: all of the same contracts, except that tests may have learnt since to kill a survivor.
 * A line that a kill cut short does not count.
 */
export function readVerdicts(file: string, now: Versions): Map<string, Verdict> {
  const verdicts = new Map<string, Verdict>();
  for (const line of existsSync(file) ? readFileSync(file, "utf8").split("\n") : []) {
    try {
      const { id, verdict, contracts, tests } = JSON.parse(line) as MutantRecord;
      const lasting = verdict === "killed" || verdict === "uncompiled";
      if (contracts === now.contracts && (lasting || tests === now.tests)) verdicts.set(id, verdict);
    } catch {
      continue;
    }
  }
  return verdicts;
}

export function appendVerdict(file: string, record: MutantRecord): void {
  appendLine(file, record);
}

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { fingerprintOf, withImports } from "../support/fingerprint.js";
import type { TestHits } from "./recorder.js";

/** Tests whose reach counts as coverage, unless others are named. */
export const COVERING_TESTS = ["test/{contracts,attacks,matrices}/**/*.test.ts"] as const;

/** Most test files of one process, so that little is lost when it is ended. */
const MOST_FILES = 8;

/** Tests of one folder that run in one process. */
export interface Shard {
  readonly name: string;
  readonly files: readonly string[];
}

/** Test files by folder, in parts of at most `MOST_FILES`. */
export function shardsOf(files: readonly string[]): Shard[] {
  return [...Map.groupBy([...files].sort(), (file) => dirname(file))].flatMap(([name, members]) =>
    Array.from({ length: Math.ceil(members.length / MOST_FILES) }, (_, i) => ({
      name: i === 0 ? name : `${name} ${i + 1}`,
      files: members.slice(i * MOST_FILES, (i + 1) * MOST_FILES),
    })),
  );
}

/** Where the hits of a shard are kept. Other contracts, tests or code that these use: another file. */
export function hitsFile(folder: string, { files }: Shard): string {
  const probes = "scripts/probes/{instrument,recorder,hardhat.config}.ts";
  return join(folder, `${fingerprintOf("contracts/**/*.sol", probes, ...withImports(files))}.json`);
}

export const readHits = (file: string): TestHits[] => JSON.parse(readFileSync(file, "utf8")) as TestHits[];

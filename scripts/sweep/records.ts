import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

import type { HardCase, Mismatch } from "./block.js";

/** One line of a results file: a block of operands that was compared. */
export interface BlockRecord {
  readonly function: string;
  readonly block: number;
  /** Of the code that was swept. */
  readonly code: string;
  readonly inputs: number;
  readonly undecided: number;
  readonly mismatches: readonly Mismatch[];
  readonly hard: readonly HardCase[];
  /** Processor time, in seconds. */
  readonly seconds: number;
}

export function recordsFile(folder: string, fn: string): string {
  return join(folder, `${fn}.jsonl`);
}

/** The records of one version of the code. A line that a kill cut short does not count. */
export function readRecords(file: string, code: string): BlockRecord[] {
  if (!existsSync(file)) return [];
  const byBlock = new Map<number, BlockRecord>();
  for (const line of readFileSync(file, "utf8").split("\n")) {
    try {
      const record = JSON.parse(line) as BlockRecord;
      if (record.code === code) byBlock.set(record.block, record);
    } catch {
      continue;
    }
  }
  return [...byBlock.values()].sort((a, b) => a.block - b.block);
}

/** Appends a line of its own, also after one that was cut short. */
export function appendLine(file: string, record: unknown): void {
  mkdirSync(dirname(file), { recursive: true });
  appendFileSync(file, `\n${JSON.stringify(record)}\n`);
}

export function appendRecord(file: string, record: BlockRecord): void {
  appendLine(file, record);
}

/** Random pairs of a function that were compared. */
export interface PairRecord {
  readonly function: string;
  /** Of the code that was compared. */
  readonly code: string;
  readonly seed: number;
  readonly pairs: number;
  readonly difference: unknown;
  readonly seconds: number;
}

export function pairsFile(folder: string): string {
  return join(folder, "pairs.jsonl");
}

/** The records of one version of the code, the last of each function. */
export function readPairs(file: string, code: string): PairRecord[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n");
  const records = lines.filter((line) => line !== "").map((line) => JSON.parse(line) as PairRecord);
  return [...new Map(records.filter((each) => each.code === code).map((each) => [each.function, each])).values()];
}

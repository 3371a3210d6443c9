import type { Shard } from "../support/flags.js";
import { checkBlock, type Outcome, shipped } from "./block.js";
import { checkExactBlock, EXACT, operandsOf, shippedExact } from "./exact.js";
import { fingerprint, type Swept } from "./fingerprint.js";
import { SWEPT, type SweptFn } from "./functions.js";
import { CHUNK, type Oracle } from "./oracle.js";
import { appendRecord, type BlockRecord, readRecords, recordsFile } from "./records.js";

/** Magnitudes in a block; each stands for two operands. */
const BLOCK = 2 ** 24;

/** Functions that can be swept. */
export const FUNCTIONS: readonly string[] = [...Object.keys(SWEPT), ...EXACT.keys()];

/** Which code decides a function's bits. */
export function kindOf(name: string): Swept {
  return EXACT.has(name) ? "exact" : "elementary";
}

/** How many operands a function has. */
export function operandsIn(name: string): number {
  return operandsOf(EXACT.get(name)?.from ?? "f32");
}

/** Compares a block of a function, by its first magnitude. */
function checker(oracle: Oracle, name: string): (first: number) => Outcome {
  if (EXACT.has(name)) {
    const execute = shippedExact(oracle, name);
    return (first) => checkExactBlock(oracle, name, execute, first, BLOCK / CHUNK);
  }
  const fn = name as SweptFn;
  const execute = shipped(oracle, fn);
  return (first) => checkBlock(oracle, fn, execute, first, BLOCK / CHUNK);
}

/** Compares the blocks of a shard that have no record yet, and records each. */
export function sweep(
  oracle: Oracle,
  fn: string,
  options: {
    readonly shard: Shard;
    readonly folder: string;
    readonly onBlock: (record: BlockRecord, left: number) => void;
  },
): void {
  const file = recordsFile(options.folder, fn);
  const code = fingerprint(kindOf(fn));
  const done = new Set(readRecords(file, code).map(({ block }) => block));
  const count = Math.ceil(operandsIn(fn) / (2 * BLOCK));
  const blocks = Array.from({ length: count }, (_, block) => block).filter(
    (block) => block % options.shard.count === options.shard.index - 1 && !done.has(block),
  );
  const check = checker(oracle, fn);
  blocks.forEach((block, i) => {
    const started = process.cpuUsage();
    const outcome = check(block * BLOCK);
    const { user, system } = process.cpuUsage(started);
    const record = {
      function: fn,
      block,
      code,
      ...outcome,
      hard: outcome.hard.sort((a, b) => Math.abs(a.distance) - Math.abs(b.distance)).slice(0, 32),
      seconds: (user + system) / 1e6,
    };
    appendRecord(file, record);
    options.onBlock(record, blocks.length - 1 - i);
  });
}

import type { Table } from "../bench/section.js";
import type { BlockRecord, PairRecord } from "./records.js";

export const SUMMARY_FILE = "snapshots/sweep.json";

/** Hard cases that a summary keeps. */
const HARDEST = 16;

export interface Summary {
  readonly function: string;
  readonly inputs: number;
  readonly mismatches: number;
  readonly undecided: number;
  readonly seconds: number;
  /** Bits of the operands whose values lie nearest to a midpoint, and log2 of how near, in units in the last place. */
  readonly hardest: readonly { readonly bits: string; readonly log2: number }[];
}

export function summarise(fn: string, records: readonly BlockRecord[]): Summary {
  const sum = (of: (record: BlockRecord) => number): number => records.reduce((total, record) => total + of(record), 0);
  const hardest = records
    .flatMap(({ hard }) => hard)
    .sort((a, b) => Math.abs(a.distance) - Math.abs(b.distance))
    .slice(0, HARDEST)
    .map(({ bits, distance }) => ({
      bits: `0x${bits.toString(16).padStart(8, "0")}`,
      log2: Math.round(Math.log2(Math.abs(distance)) * 10) / 10,
    }));
  return {
    function: fn,
    inputs: sum(({ inputs }) => inputs),
    mismatches: sum(({ mismatches }) => mismatches.length),
    undecided: sum(({ undecided }) => undecided),
    seconds: Math.round(sum(({ seconds }) => seconds)),
    hardest,
  };
}

/** As a table of docs/benchmarks.md. */
export function table(rows: readonly Summary[]): Table {
  return {
    title: "Every operand",
    remark:
      "The kernel of the shipped executor against double-double polynomials and sums of angles, near ties against fixed point; " +
      "undecided: share of operands that it leaves to exact arithmetic; nearest: the operand whose value lies nearest to a midpoint of two " +
      "binary32 numbers, and how near, in units in the last place; seconds of one shared core.",
    columns: ["function", "operands", "mismatches", "undecided", "nearest", "seconds"],
    rows: rows.map(({ function: fn, inputs, mismatches, undecided, hardest, seconds }) => {
      const share = inputs === 2 ** 32 ? "2^32" : `${((100 * inputs) / 2 ** 32).toFixed(1)}%`;
      const [first] = hardest;
      const near = first === undefined ? "" : `${first.bits}: 2^${first.log2}`;
      return [fn, share, mismatches, undecided === 0 ? "0" : (undecided / inputs).toExponential(1), near, seconds];
    }),
  };
}

/** Random pairs, as a table of docs/benchmarks.md. */
export function pairsTable(records: readonly PairRecord[]): Table {
  return {
    title: "Random pairs",
    remark:
      "Functions of two operands: any bits, near exponents, few bits, neighbours, special values and subnormals, against binary64 and integers " +
      "(`npm run sweep -- --pairs 100000000`).",
    columns: ["function", "pairs", "mismatches", "seconds"],
    rows: records.map(({ function: fn, pairs, difference, seconds }) => [
      fn,
      pairs,
      difference === null ? 0 : "found",
      Math.round(seconds),
    ]),
  };
}

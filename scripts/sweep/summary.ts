import type { DType } from "../../src/audit/graph.js";
import type { Table } from "../bench/section.js";
import { EXACT, operandsOf } from "./exact.js";
import type { Swept } from "./fingerprint.js";
import { PAIR_FUNCTIONS } from "./pairs.js";
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

/** What is committed in SUMMARY_FILE. */
export interface Summaries {
  /** Of the code that was swept. */
  readonly code: Readonly<Record<Swept, string>>;
  readonly functions: readonly Summary[];
  readonly pairs: readonly PairRecord[];
}

/**
 * Adds what is committed of the same code: records lie wherever a sweep ran, and need not be at hand. Of a function in both, the row of
 * more operands counts. `names` orders the functions.
 */
export function mergeSummaries(
  fresh: Summaries,
  committed: Summaries,
  names: { readonly functions: readonly string[]; readonly pairs: readonly string[] },
  kindOf: (fn: string) => Swept,
): Summaries {
  const isSame = (kind: Swept): boolean => committed.code[kind] === fresh.code[kind];
  const old = {
    functions: committed.functions.filter((row) => isSame(kindOf(row.function))),
    pairs: committed.pairs.filter(({ code }) => code === fresh.code.pairs),
  };
  return {
    code: fresh.code,
    functions: larger(names.functions, [...old.functions, ...fresh.functions], ({ inputs }) => inputs),
    pairs: larger(names.pairs, [...old.pairs, ...fresh.pairs], ({ pairs }) => pairs),
  };
}

/** The largest row of each name, the last of equals. */
function larger<T extends { readonly function: string }>(
  names: readonly string[],
  rows: readonly T[],
  sizeOf: (row: T) => number,
): T[] {
  return names.flatMap((name) =>
    rows
      .filter((row) => row.function === name)
      .sort((a, b) => sizeOf(a) - sizeOf(b))
      .slice(-1),
  );
}

const sum = (numbers: readonly number[]): number => Math.round(numbers.reduce((a, b) => a + b, 0));

function every(rows: readonly Summary[]): Table {
  return {
    title: "Every operand",
    remark:
      "The kernel of the shipped executor against double-double polynomials and sums of angles, near ties against fixed point; " +
      "undecided: share of operands that it leaves to exact arithmetic; nearest: the operand whose value lies nearest to a midpoint of two " +
      "binary32 numbers, and how near, in units in the last place; seconds of one shared core.",
    columns: ["function", "operands", "mismatches", "undecided", "nearest", "seconds"],
    rows: rows
      .filter((row) => !EXACT.has(row.function))
      .map(({ function: fn, inputs, mismatches, undecided, hardest, seconds }) => {
        const share = inputs === 2 ** 32 ? "2^32" : `${((100 * inputs) / 2 ** 32).toFixed(1)}%`;
        const [first] = hardest;
        const near = first === undefined ? "" : `${first.bits}: 2^${first.log2}`;
        return [fn, share, mismatches, undecided === 0 ? "0" : (undecided / inputs).toExponential(1), near, seconds];
      }),
  };
}

/** `neg, cast to i8`: by dtype of the operand. */
function byDType<T extends { readonly function: string }>(
  rows: readonly T[],
  dtypeOf: (name: string) => DType | undefined,
): [DType, readonly T[]][] {
  const groups = new Map<DType, T[]>();
  for (const row of rows) {
    const dtype = dtypeOf(row.function);
    if (dtype !== undefined) groups.set(dtype, [...(groups.get(dtype) ?? []), row]);
  }
  return [...groups];
}

function everyExact(rows: readonly Summary[]): Table {
  return {
    title: "Every operand of functions without a series",
    remark: "The same, against integer arithmetic on the bits: of every function of one operand of at most 32 bits.",
    columns: ["operand", "operands each", "mismatches", "seconds", "functions"],
    rows: byDType(rows, (name) => EXACT.get(name)?.from).map(([dtype, group]) => {
      const plain = group.map((row) => EXACT.get(row.function)!);
      const casts = plain.filter(({ fn }) => fn === "cast").map(({ to }) => to);
      const names = plain.filter(({ fn }) => fn !== "cast").map(({ fn }) => fn);
      const whole = group.every(({ inputs }) => inputs === operandsOf(dtype));
      const operands = operandsOf(dtype);
      return [
        dtype,
        whole ? (operands === 2 ** 32 ? "2^32" : operands) : "not all",
        sum(group.map(({ mismatches }) => mismatches)),
        sum(group.map(({ seconds }) => seconds)),
        [...names, ...(casts.length > 0 ? [`cast to ${casts.join(" ")}`] : [])].join(", "),
      ];
    }),
  };
}

function randomPairs(records: readonly PairRecord[]): Table {
  const found = (group: readonly PairRecord[]): number => group.filter(({ difference }) => difference !== null).length;
  const floats = records.filter((record) => record.function.endsWith("-f32"));
  const wholes = byDType(
    records.filter((record) => !floats.includes(record)),
    (name) => PAIR_FUNCTIONS.get(name)?.dtypes[0],
  );
  return {
    title: "Random pairs",
    remark:
      "Functions of two operands of one dtype, and fma: any bits, near exponents, few bits, neighbours, special values and subnormals, against binary64, " +
      "double-double (powers) and integers (`npm run sweep -- --pairs 100000000`). Of bytes, all pairs.",
    columns: ["operands", "pairs each", "mismatches", "seconds", "functions"],
    rows: [
      ...floats.map((record) => [
        "f32",
        record.pairs,
        found([record]),
        sum([record.seconds]),
        record.function.replace(/-.*/, ""),
      ]),
      ...wholes.map(([dtype, group]) => [
        dtype,
        Math.min(...group.map(({ pairs }) => pairs)),
        found(group),
        sum(group.map(({ seconds }) => seconds)),
        group.map((record) => record.function.replace(/-.*/, "")).join(" "),
      ]),
    ],
  };
}

/** As they stand in docs/benchmarks.md. */
export function sweepTables({ functions, pairs }: Summaries): Table[] {
  return [every(functions), everyExact(functions), randomPairs(pairs)];
}

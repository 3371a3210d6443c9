import type { RuntimeSettings } from "../../runtime/pool.js";
import { TouchstoneError } from "../../errors.js";
import { FRAUDS, isFraud, type Fraud } from "../frauds/frauds.js";
import { isLie, LIES, type LieName } from "../lies/lies.js";

/** Things that go wrong without anybody's bad will. */
export const FAULTS = {
  killed: "a worker is killed at random moments and started again",
  late: "a worker is not there before its deadline, and later is",
  absent: "an operator is drawn and not there before its deadline, and later is",
} as const;

export type Fault = keyof typeof FAULTS;

/** What is used beside jobs in native coin by operators with nothing but their own stake. */
export const USES = {
  delegation: "a delegator backs each operator, earns part of its fees and shares its slashes",
  tokens: "every other honest operator is paid in a token",
  receipts: "two operators sell answers by HTTP, paid by vouchers; one of them cheats",
  audits: "three auditors are drawn for answers; one goes silent, one agrees without working",
} as const;

export type Use = keyof typeof USES;

/** What an answer by receipt costs. */
export const RECEIPT_PRICE = 10n ** 14n;

export interface SimulationOptions {
  /** Honest operators, each with other runtime settings. */
  readonly workers: number;
  readonly frauds: readonly Fraud[];
  /** Multiples of the tolerance for the deviating operator, one job each. */
  readonly factors: readonly number[];
  readonly lies: readonly LieName[];
  readonly faults: readonly Fault[];
  /** Jobs that name nobody. */
  readonly draws: number;
  readonly uses: readonly Use[];
  readonly seed: number;
}

export const DEFAULTS = {
  workers: 6,
  frauds: Object.keys(FRAUDS),
  factors: [1.01, 1.02, 1.05, 1.1, 1.25, 1.5, 2, 4, 16],
  lies: Object.keys(LIES),
  faults: Object.keys(FAULTS),
  draws: 6,
  uses: Object.keys(USES),
  seed: 1,
} as const;

/** Settings that stand for different hardware: other kernels and orders of summation give other last bits. */
export const SETTINGS: readonly RuntimeSettings[] = [
  { engine: "native", provider: "cpu", threads: 1, optimisation: "all" },
  { engine: "native", provider: "cpu", threads: 1, optimisation: "disabled" },
  { engine: "wasm", provider: "cpu", threads: 1, optimisation: "all" },
  { engine: "native", provider: "cpu", threads: 2, optimisation: "all" },
  { engine: "native", provider: "cpu", threads: 1, optimisation: "basic" },
  { engine: "native", provider: "cpu", threads: 2, optimisation: "disabled" },
];

export const describeSettings = ({ engine, threads, optimisation }: RuntimeSettings): string =>
  engine === "wasm" ? "WebAssembly" : `native, ${threads} thread${threads === 1 ? "" : "s"}, ${optimisation}`;

const isUse = (name: string): name is Use => name in USES;
const isFault = (name: string): name is Fault => name in FAULTS;

function unknown(what: string, name: string, known: object): TouchstoneError {
  return new TouchstoneError("OPTION_INVALID", `There is no ${what} "${name}".`, {
    next: `Choose from ${Object.keys(known).join(", ")}, or none.`,
  });
}

/** Names from a comma-separated list; `none` is the empty list. */
export function namesOf(list: string): string[] {
  return list === "none" ? [] : list.split(",").map((name) => name.trim());
}

/** @throws TouchstoneError `OPTION_INVALID`. */
export function checkOptions(raw: {
  workers: number;
  frauds: readonly string[];
  factors: readonly number[];
  lies: readonly string[];
  faults: readonly string[];
  draws: number;
  uses: readonly string[];
  seed: number;
}): SimulationOptions {
  const { workers, factors, draws, seed } = raw;
  if (!Number.isSafeInteger(workers) || workers < 1) {
    throw new TouchstoneError("OPTION_INVALID", "There must be at least one honest worker.");
  }
  if (!Number.isSafeInteger(draws) || draws < 0) {
    throw new TouchstoneError("OPTION_INVALID", "The number of drawn jobs is a whole number, 0 for none.");
  }
  if (!factors.every((factor) => factor >= 1.01)) {
    throw new TouchstoneError("OPTION_INVALID", "Deviations are frauds from 1.01 times the tolerance upward.");
  }
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new TouchstoneError("OPTION_INVALID", "The seed is a whole number, not negative.");
  }
  const frauds = raw.frauds.map((name) => {
    if (!isFraud(name)) throw unknown("fraud", name, FRAUDS);
    return name;
  });
  const lies = raw.lies.map((name) => {
    if (!isLie(name)) throw unknown("false challenge", name, LIES);
    return name;
  });
  const faults = raw.faults.map((name) => {
    if (!isFault(name)) throw unknown("fault", name, FAULTS);
    return name;
  });
  const uses = raw.uses.map((name) => {
    if (!isUse(name)) throw unknown("use", name, USES);
    return name;
  });
  return { workers, frauds, factors, lies, faults, uses, draws, seed };
}

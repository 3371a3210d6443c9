import type { RuntimeSettings } from "../../runtime/pool.js";
import type { Fraud } from "../frauds/frauds.js";
import type { LieName } from "../lies/lies.js";

/** Command lines of the roles: honest ones are the suite's own commands. */

export const CLI = "bin/touchstone.mjs";
const DISHONEST = ["--import", "tsx", "src/sim/process.ts"];

const runtimeFlags = ({ engine, threads, optimisation }: RuntimeSettings): string[] => [
  "--engine",
  engine,
  "--threads",
  String(threads),
  "--optimisation",
  optimisation,
];

export const DEFAULT_RUNTIME: RuntimeSettings = { engine: "native", provider: "cpu", threads: 1, optimisation: "all" };

export const workerArgs = (runtime: RuntimeSettings): string[] => [CLI, "worker", "run", ...runtimeFlags(runtime)];

export const watcherArgs = (): string[] => [CLI, "watch", ...runtimeFlags(DEFAULT_RUNTIME)];

export const auditorArgs = (): string[] => [CLI, "audit", "run"];

/** An auditor that agrees without working. */
export const lazyAuditorArgs = (seed: number): string[] => [...DISHONEST, "auditor", "--seed", String(seed)];

export const fraudArgs = (fraud: Fraud, seed: number, factors: readonly number[] = []): string[] => [
  ...DISHONEST,
  "operator",
  "--fraud",
  fraud,
  "--seed",
  String(seed),
  ...(factors.length > 0 ? ["--factors", factors.join(",")] : []),
];

export const liarArgs = (lie: LieName, claimId: string, seed: number): string[] => [
  ...DISHONEST,
  "challenger",
  "--lie",
  lie,
  "--claim",
  claimId,
  "--seed",
  String(seed),
];

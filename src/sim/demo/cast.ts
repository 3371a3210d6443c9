import type { Fraud } from "../frauds/frauds.js";
import type { LieName } from "../lies/lies.js";

/** Who is who in the demo. */

export const PUBLISHER = "yann";
export const CONSUMER = "carol";
export const WATCHER = "watcher";
export const HONEST = ["ada", "grace", "alan"] as const;

/** Operators that lie about answers, and how. */
export const CHEATS = [
  { name: "mallory", fraud: "another" },
  { name: "trudy", fraud: "int8" },
  { name: "oscar", fraud: "stale" },
  { name: "eve", fraud: "copied" },
] as const satisfies readonly { name: string; fraud: Fraud }[];

/** Challengers that accuse falsely, and how. */
export const LIARS = [
  { name: "iago", lie: "inner" },
  { name: "sinon", lie: "garbage" },
  { name: "judas", lie: "leaf" },
] as const satisfies readonly { name: string; lie: LieName }[];

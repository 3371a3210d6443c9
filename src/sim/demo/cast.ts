import type { Fraud } from "../frauds/frauds.js";
import type { LieName } from "../lies/lies.js";

/** Who is who in the demo. */

export const PUBLISHER = "yann";
export const CONSUMER = "carol";
export const WATCHER = "watcher";
export const HONEST = ["ada", "grace", "alan"] as const;

/** The honest operator that also sells by receipt, and the one that is paid in tokens. */
export const SELLER = "ada";
export const PAID_IN_TOKENS = "grace";

/** Sells wrong answers by receipt. */
export const SWINDLER = { name: "lupin", fraud: "another" } as const satisfies { name: string; fraud: Fraud };

/** Who backs whom with how many tokens. */
export const PATRONS = [
  { name: "diana", operator: SELLER, tokens: 250n },
  { name: "fred", operator: SWINDLER.name, tokens: 250n },
] as const;

/** The honest operator that is drawn once and not there. */
export const ABSENT = "rip";

/** Is drawn to audit the answer of whoever answers in the end. */
export const AUDITOR = "hedy";

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

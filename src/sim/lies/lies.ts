import { garbageRoot } from "./garbage.js";
import { alteredInner } from "./inner.js";
import { oneBadLeaf } from "./leaf.js";
import type { Lie } from "./lie.js";

/** Ways to accuse falsely, with what people are told about them. */
export const LIES = {
  inner: { lie: alteredInner, about: "one inner element altered, everything after it computed from it" },
  garbage: { lie: garbageRoot, about: "a made-up root that nothing hashes to" },
  leaf: { lie: oneBadLeaf, about: "one made-up leaf at a random place" },
} as const satisfies Readonly<Record<string, { lie: Lie; about: string }>>;

export type LieName = keyof typeof LIES;

export const isLie = (name: string): name is LieName => name in LIES;

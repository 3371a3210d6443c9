import { createRandom } from "../calibrate/inputs.js";

/** Seeded random numbers for one purpose: the same seed and label give the same numbers in every process. */
export function randomFor(seed: number, label: string): () => number {
  // FNV-1a, so that labels that differ in one character give unrelated streams.
  let hash = 0x811c9dc5 ^ seed;
  for (let i = 0; i < label.length; i++) hash = Math.imul(hash ^ label.charCodeAt(i), 0x01000193);
  return createRandom(hash);
}

/** A whole number from 0 to `below - 1`. */
export const drawBelow = (random: () => number, below: number): number => Math.floor(random() * below);

export function drawBytes(random: () => number, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, () => drawBelow(random, 256));
}

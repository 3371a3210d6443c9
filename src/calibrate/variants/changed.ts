import { withWeights } from "./weights.js";

/** Share of each tensor's weights, the smallest, that pruning drops: the least that saves anything. */
const SHARE = 0.05;

function prune(values: Float32Array): Float32Array {
  const magnitudes = values.map(Math.abs).sort();
  const threshold = magnitudes[Math.floor(SHARE * magnitudes.length)] ?? 0;
  return values.map((x) => (Math.abs(x) < threshold ? 0 : x));
}

/** The model without 5% of its weights. */
export const pruned = (bytes: Uint8Array): Uint8Array => withWeights(bytes, prune);

/** Symmetric integer grid of `levels` steps either way. */
function toGrid(values: Float32Array, levels: number): Float32Array {
  const largest = values.reduce((m, x) => Math.max(m, Math.abs(x)), 0);
  const scale = largest / levels || 1;
  return values.map((x) => Math.round(x / scale) * scale);
}

/** An older version of the model: its largest layer was quantised, with 8 bits. */
export const stale = (bytes: Uint8Array): Uint8Array =>
  withWeights(
    bytes,
    (w) => toGrid(w, 127),
    (w, largest) => w.length === largest,
  );

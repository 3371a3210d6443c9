import type { MapFn } from "../../src/audit/graph.js";

/**
 * Binary32 operands, as bits, whose exact value lies closest to the middle of two binary32 numbers: where an implementation with
 * too few guard bits rounds wrongly.
 */
export const HARD_CASES: Partial<Record<MapFn, readonly bigint[]>> = {};

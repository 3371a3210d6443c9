import fc from "fast-check";
import type { Guard, View } from "../../src/audit/graph.js";

/** Index spaces of 0 to 5 small dimensions. */
export const anyExtents: fc.Arbitrary<number[]> = fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 5 });

function anyGuard(rank: number): fc.Arbitrary<Guard> {
  return fc.record({
    base: fc.integer({ min: -9, max: 9 }),
    divisor: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 6 })),
    extent: fc.integer({ min: 1, max: 9 }),
    stride: fc.integer({ min: -5, max: 40 }),
    coef: fc.array(fc.integer({ min: -4, max: 4 }), { minLength: rank, maxLength: rank }),
  });
}

/** Views of any shape: negative strides, divisors, several guards; mostly reaching outside any tensor. */
export function anyView(rank: number): fc.Arbitrary<View> {
  return fc.record({
    source: fc.constant({ kind: "input" as const, index: 0 }),
    dtype: fc.constant("f32" as const),
    numel: fc.constant(1000),
    base: fc.integer({ min: -20, max: 20 }),
    coef: fc.array(fc.integer({ min: -7, max: 7 }), { minLength: rank, maxLength: rank }),
    guards: fc.array(anyGuard(rank), { maxLength: 3 }),
    fill: fc.constant(0n),
  });
}

import { expect } from "chai";
import fc from "fast-check";
import type { View } from "../../src/audit/graph.js";
import { addressAt, addressBounds, createRuns, unravel } from "../../src/audit/view.js";
import { assertProperty } from "../support/fuzz.js";
import { anyExtents, anyView } from "../support/views.js";

/** The definition with unlimited integers. */
function plainAddress(view: View, x: readonly number[]): bigint | undefined {
  const form = (of: { base: number; coef: readonly number[] }): bigint =>
    x.reduce((sum, k, d) => sum + BigInt(of.coef[d]!) * BigInt(k), BigInt(of.base));
  let address = form(view);
  for (const guard of view.guards) {
    const value = form(guard);
    if (value < 0n || value % BigInt(guard.divisor) !== 0n) return undefined;
    const q = value / BigInt(guard.divisor);
    if (q >= BigInt(guard.extent)) return undefined;
    address += BigInt(guard.stride) * q;
  }
  return address;
}

function viewOf(parts: Partial<View>): View {
  const source = { kind: "input", index: 0 } as const;
  return { source, dtype: "f32", numel: 1000, base: 0, coef: [], guards: [], fill: 0n, ...parts };
}

function runsOf(view: View, extents: readonly number[], fixed: number, index: readonly number[]): number[][] {
  const runs: number[][] = [];
  createRuns(view, extents, fixed)(index, (...run) => runs.push(run));
  return runs;
}

const cases = anyExtents.chain((extents) =>
  fc.record({
    extents: fc.constant(extents),
    view: anyView(extents.length),
    fixed: fc.integer({ min: 0, max: extents.length }),
    at: fc.nat(),
  }),
);

describe("audit/view", () => {
  it("unravels row-major", () => {
    expect(unravel(23, [2, 3, 4])).to.deep.equal([1, 2, 3]);
    expect(unravel(0, [])).to.deep.equal([]);
  });

  it("walks exactly the addresses of the definition, for any guards and divisors", () => {
    assertProperty(
      fc.property(cases, ({ extents, view, fixed, at }) => {
        const outer = extents.slice(0, fixed);
        const loops = extents.slice(fixed);
        const terms = loops.reduce((n, extent) => n * extent, 1);
        const index = unravel(at % outer.reduce((n, extent) => n * extent, 1), outer);
        const walked = new Map<number, number>();
        for (const [term, termStep, count, address, stride] of runsOf(view, extents, fixed, index)) {
          for (let i = 0; i < count!; i++) {
            expect(walked.has(term! + i * termStep!)).to.equal(false);
            walked.set(term! + i * termStep!, address! + i * stride!);
          }
        }
        for (let term = 0; term < terms; term++) {
          const x = [...index, ...unravel(term, loops)];
          const expected = plainAddress(view, x);
          expect(addressAt(view, x)).to.equal(expected === undefined ? undefined : Number(expected));
          expect(walked.get(term)).to.equal(expected === undefined ? undefined : Number(expected));
        }
      }),
      5000,
    );
  });

  it("bounds the addresses", () => {
    assertProperty(
      fc.property(cases, ({ extents, view }) => {
        const bounds = addressBounds(view, extents);
        const terms = extents.reduce((n, extent) => n * extent, 1);
        for (let term = 0; term < terms; term++) {
          const address = addressAt(view, unravel(term, extents));
          if (address === undefined) continue;
          expect(address).to.be.within(bounds!.min, bounds!.max);
        }
      }),
      500,
    );
  });

  it("joins dimensions that are contiguous in memory into one run", () => {
    const window = viewOf({ base: 7, coef: [100, 30, 10, 1] });
    expect(runsOf(window, [2, 2, 3, 10], 1, [1])).to.deep.equal([[0, 1, 60, 107, 1]]);
  });

  it("cuts rows at the edges of a padded window", () => {
    const guard = { base: -1, divisor: 1, extent: 4, stride: 1, coef: [1, 1] };
    const padded = viewOf({ coef: [0, 0], guards: [guard] });
    expect(runsOf(padded, [4, 3], 1, [0])).to.deep.equal([[1, 1, 2, 0, 1]]);
    expect(runsOf(padded, [4, 3], 1, [3])).to.deep.equal([[0, 1, 2, 2, 1]]);
  });

  it("steps over the zeros of a transposed convolution", () => {
    const guard = { base: 0, divisor: 3, extent: 5, stride: 2, coef: [1] };
    expect(runsOf(viewOf({ coef: [0], guards: [guard] }), [20], 0, [])).to.deep.equal([[0, 3, 5, 0, 2]]);
  });

  it("visits one term where nothing is looped, and none where no guard passes", () => {
    expect(runsOf(viewOf({ base: 5 }), [], 0, [])).to.deep.equal([[0, 1, 1, 5, 0]]);
    const never = { base: -1, divisor: 1, extent: 1, stride: 0, coef: [0] };
    expect(runsOf(viewOf({ coef: [1], guards: [never] }), [4], 0, [])).to.deep.equal([]);
    expect(addressBounds(viewOf({ coef: [1], guards: [never] }), [4])).to.equal(undefined);
  });

  it("stays exact where forms exceed 2^53", () => {
    const big = 2 ** 31 - 1;
    const guard = { base: 1, divisor: 2 ** 32 - 1, extent: 2 ** 32 - 1, stride: 1, coef: [big, big, -big] };
    const view = viewOf({ base: 0, coef: [big, -big, 0], guards: [guard] });
    const last = 2 ** 32 - 2;
    for (const x of [
      [last, last, last],
      [last, last, last - 1],
      [0, 0, 0],
      [last, last - 1, last],
    ]) {
      const expected = plainAddress(view, x);
      expect(addressAt(view, x)).to.equal(expected === undefined ? undefined : Number(expected));
    }
    expect(runsOf({ ...view, guards: [] }, [2 ** 32 - 1, 2 ** 32 - 1, 3], 2, [last, last])).to.deep.equal([
      [0, 1, 1, 0, 0],
      [1, 1, 1, 0, 0],
      [2, 1, 1, 0, 0],
    ]);
  });
});

import { expect } from "chai";
import fc from "fast-check";

import { verdict } from "../../src/dispute/verdict.js";
import { assertProperty } from "../support/fuzz.js";

const bits = (x: number): bigint => BigInt(new Uint32Array(Float32Array.of(x).buffer)[0] ?? 0);
const NONE = { atol: 0n, rtol: 0n };

describe("verdict", () => {
  it("follows the table for finite values at the tolerance -1, 0, +1 unit in the last place", () => {
    const tolerance = { atol: bits(0.5), rtol: 0n };
    expect(verdict("f32", bits(1), bits(1.5), tolerance)).equal("right");
    expect(verdict("f32", bits(1), bits(1.5) - 1n, tolerance)).equal("right");
    expect(verdict("f32", bits(1), bits(1.5) + 1n, tolerance)).equal("wrong");
    expect(verdict("f32", bits(-4), bits(-5), { atol: 0n, rtol: bits(0.25) })).equal("right");
    expect(verdict("f32", bits(-4), bits(-5) + 1n, { atol: 0n, rtol: bits(0.25) })).equal("wrong");
  });

  it("treats NaN and infinities as the table says", () => {
    expect(verdict("f32", bits(NaN), bits(1), NONE)).equal("void");
    expect(verdict("f32", bits(NaN), bits(NaN), NONE)).equal("void");
    expect(verdict("f32", bits(Infinity), bits(Infinity), NONE)).equal("right");
    expect(verdict("f32", bits(Infinity), bits(-Infinity), NONE)).equal("void");
    expect(verdict("f32", bits(1), bits(NaN), NONE)).equal("wrong");
    expect(verdict("f32", bits(1), bits(Infinity), { atol: bits(3e38), rtol: bits(3e38) })).equal("wrong");
  });

  it("needs equality of integers, and takes -0 for 0 in floats", () => {
    expect(verdict("i64", 5n, 5n, NONE)).equal("right");
    expect(verdict("i64", 5n, 6n, { atol: bits(9), rtol: bits(9) })).equal("wrong");
    expect(verdict("f32", bits(0), bits(-0), NONE)).equal("right");
  });

  it("agrees with float64 where that is exact", () => {
    const small = fc.integer({ min: -1000, max: 1000 });
    const agrees = fc.property(small, small, fc.nat(500), fc.nat(3), (a, c, atol, rtol) => {
      const expected = Math.abs(c - a) <= atol + rtol * Math.abs(a) ? "right" : "wrong";
      expect(verdict("f32", bits(a), bits(c), { atol: bits(atol), rtol: bits(rtol) })).equal(expected);
    });
    assertProperty(agrees, 500);
  });
});

import { readFileSync } from "node:fs";

import { expect } from "chai";
import { TouchstoneError } from "../../../src/errors.js";
import { scalar } from "../../../src/audit/exec/reference/scalar.js";
import type { DType, MapFn } from "../../../src/audit/graph.js";
import { scalarVectors } from "../../support/scalar-vectors.js";
import { createRandom, floatBits, floatOf, randomBits } from "../../support/samples.js";
import { MAP_SIGNATURES } from "../../support/graphs.js";

const NAN = 0x7fc00000n;
const MINUS_ZERO = 0x80000000n;

/** A function of binary32 numbers, NaN and -0 told apart by `Object.is`. */
function f32(fn: MapFn, ...operands: number[]): number {
  const dtypes = operands.map((): DType => "f32");
  return floatOf(scalar(fn, dtypes, "f32", operands.map(floatBits)));
}

/** Equality that tells -0 from +0. */
function expectSame(actual: number, expected: number): void {
  expect(Object.is(actual, expected), `${Object.is(actual, -0) ? "-0" : actual}, not ${expected}`).to.equal(true);
}

function integer(fn: MapFn, dtype: DType, ...operands: bigint[]): bigint {
  return scalar(
    fn,
    operands.map(() => dtype),
    dtype,
    operands,
  );
}

describe("reference scalar functions", () => {
  it("rounds sums, products and quotients to nearest, ties to even", () => {
    expectSame(f32("add", 1, 2 ** -24), 1);
    expectSame(f32("add", 1 + 2 ** -23, 2 ** -24), 1 + 2 ** -22);
    expectSame(f32("mul", 2 ** -75, 2 ** -75), 0);
    expectSame(f32("mul", 1.5 * 2 ** -75, 2 ** -75), 2 ** -149);
    expectSame(f32("div", 1, 3), Math.fround(1 / 3));
    expectSame(f32("add", 3.4028234663852886e38, 2 ** 103), Infinity);
    expectSame(f32("fma", 1 + 2 ** -23, 1 + 2 ** -23, -1 - 2 ** -22), 2 ** -46);
  });

  it("gives zeros the signs of IEEE 754", () => {
    expectSame(f32("add", -0, -0), -0);
    expectSame(f32("add", 1, -1), 0);
    expectSame(f32("add", 0, -0), 0);
    expectSame(f32("mul", -(2 ** -149), 2 ** -149), -0);
    expectSame(f32("max", -0, 0), 0);
    expectSame(f32("min", 0, -0), -0);
    expectSame(f32("ceil", -0.5), -0);
    expectSame(f32("round", -0.5), -0);
    expectSame(f32("mod", -4, 2), 0);
    expectSame(f32("mod", 4, -2), -0);
    expectSame(f32("mod", -0, Infinity), -0);
    expectSame(f32("fmod", -4, 2), -0);
    for (const fn of [
      "sqrt",
      "sin",
      "tan",
      "asin",
      "atan",
      "sinh",
      "asinh",
      "atanh",
      "tanh",
      "erf",
      "expm1",
      "log1p",
    ] as const) {
      expectSame(f32(fn, -0), -0);
      expectSame(f32(fn, 0), 0);
    }
  });

  it("rounds halves to even", () => {
    const halves = [0.5, 1.5, 2.5, -1.5, 4194303.5, 8388609];
    expect(halves.map((x) => f32("round", x))).to.deep.equal([0, 2, 2, -2, 4194304, 8388609]);
  });

  it("takes the remainder's sign from the divisor (mod) or the dividend (fmod)", () => {
    expectSame(f32("mod", -5, 3), 1);
    expectSame(f32("mod", 5, -3), -1);
    expectSame(f32("fmod", -5, 3), -2);
    expectSame(f32("mod", -(2 ** -149), 2 ** 127), 2 ** 127);
    expectSame(f32("mod", -1, Infinity), Infinity);
    expectSame(f32("fmod", -1, Infinity), -1);
    expect(f32("mod", 1, 0)).to.be.NaN;
    expect(f32("fmod", Infinity, 2)).to.be.NaN;
    expectSame(f32("fmod", 2 ** 127, 3 * 2 ** -149), 2 ** -149);
  });

  it("has the special values of IEEE 754 pow", () => {
    expectSame(f32("pow", NaN, 0), 1);
    expectSame(f32("pow", 1, NaN), 1);
    expectSame(f32("pow", -1, Infinity), 1);
    expectSame(f32("pow", -0, -3), -Infinity);
    expectSame(f32("pow", -0, -2), Infinity);
    expectSame(f32("pow", -Infinity, 3), -Infinity);
    expect(f32("pow", -8, 1 / 3)).to.be.NaN;
    expectSame(f32("pow", -2, -149), -(2 ** -149));
    expectSame(f32("pow", -2, -151), -0);
    expectSame(f32("pow", 0.5, 3.4e38), 0);
    expectSame(f32("pow", 1 + 2 ** -23, 2 ** 31), Infinity);
  });

  it("decides powers that are midpoints of two numbers", () => {
    // 4097^2 = 2^24 + 2^13 + 1 needs 25 bits; 16777217 = 4097^2 - 2^13 is no power, but 5793^2 and 3^15 sit near 2^25 too.
    expectSame(f32("pow", 4097, 2), Math.fround(4097 * 4097));
    expectSame(f32("pow", 5791, 2), Math.fround(5791 * 5791));
    expectSame(f32("pow", 2 ** 20, 0.25), 32);
    expectSame(f32("pow", 81 * 2 ** 8, 0.75), 27 * 64);
    expect(scalar("pow", ["f32", "i64"], "f32", [floatBits(3), 15n])).to.equal(floatBits(14348907));
    expect(scalar("pow", ["f32", "i64"], "f32", [floatBits(-1), (1n << 63n) - 1n])).to.equal(floatBits(-1));
  });

  it("wraps integers and defines what division leaves open", () => {
    expect(integer("neg", "i8", 0x80n)).to.equal(0x80n);
    expect(integer("div", "i32", 0x80000000n, 0xffffffffn)).to.equal(0x80000000n);
    expect(integer("div", "i32", 7n, 0n)).to.equal(0n);
    expect(integer("mod", "i8", 0xfbn, 3n)).to.equal(1n);
    expect(integer("fmod", "i8", 0xfbn, 3n)).to.equal(0xfen);
    expect(integer("mod", "u8", 5n, 0n)).to.equal(0n);
    expect(integer("shl", "u8", 1n, 8n)).to.equal(0n);
    expect(integer("pow", "i16", 3n, 100n)).to.equal(3n ** 100n % 65536n);
    expect(integer("pow", "i8", 0xffn, 0xfdn)).to.equal(0xffn);
    expect(integer("pow", "i8", 2n, 0xffn)).to.equal(0n);
  });

  it("casts with saturation from floats and wrapping from integers", () => {
    const cast = (from: DType, to: DType, bits: bigint): bigint => scalar("cast", [from], to, [bits]);
    expect(cast("f32", "i8", floatBits(-1000))).to.equal(0x80n);
    expect(cast("f32", "u8", floatBits(-0.5))).to.equal(0n);
    expect(cast("f32", "i32", NAN)).to.equal(0n);
    expect(cast("f32", "u64", floatBits(Infinity))).to.equal((1n << 64n) - 1n);
    expect(cast("f32", "bool", NAN)).to.equal(1n);
    expect(cast("f32", "bool", MINUS_ZERO)).to.equal(0n);
    expect(cast("i32", "u8", 0xffffffffn)).to.equal(0xffn);
    expect(cast("i64", "f32", (1n << 24n) + 1n)).to.equal(floatBits(2 ** 24));
    expect(cast("i64", "f32", (1n << 60n) + (1n << 36n) + 1n)).to.equal(floatBits(2 ** 60 + 2 ** 37));
    expect(cast("bool", "f32", 2n)).to.equal(floatBits(1));
  });

  it("quantizes with round half even and saturation, and back with one difference", () => {
    const quantize = (x: number, scale: number, zero: bigint): bigint =>
      scalar("quantize", ["f32", "f32", "u8"], "u8", [floatBits(x), floatBits(scale), zero]);
    expect(quantize(2.5, 1, 10n)).to.equal(12n);
    expect(quantize(1e30, 1e-10, 10n)).to.equal(255n);
    expect(quantize(-Infinity, 1, 10n)).to.equal(0n);
    expect(quantize(NaN, 1, 10n)).to.equal(10n);
    expect(quantize(0, 0, 10n)).to.equal(10n);
    expect(scalar("dequantize", ["i8", "f32", "i8"], "f32", [0x80n, floatBits(0.5), 0x7fn])).to.equal(
      floatBits(-127.5),
    );
  });

  it("never yields bits that are not canonical", () => {
    const random = createRandom(7);
    for (const { fn, operands, result } of MAP_SIGNATURES) {
      for (const special of [0x7f800001n, 0xffffffffn]) {
        const bits = operands.map((dtype) =>
          dtype === "f32"
            ? special
            : dtype === "f64"
              ? (special << 32n) | 1n
              : dtype === "bool"
                ? 3n
                : randomBits(dtype, random),
        );
        const value = scalar(fn, operands, result, bits);
        if (result === "bool") expect(value <= 1n, `${fn} ${operands.join()}`).to.equal(true);
        if (result === "f64" && (value & ((1n << 63n) - 1n)) > 0x7ff0000000000000n)
          expect(value).to.equal(0x7ff8000000000000n);
        if (result === "f32" && (value & 0x7fffffffn) > 0x7f800000n) expect(value).to.equal(NAN);
      }
    }
  });

  it("refuses dtypes that a function does not take", () => {
    expect(() => scalar("sqrt", ["i32"], "i32", [4n])).to.throw(TouchstoneError, "sqrt does not take (i32) to i32");
    expect(() => scalar("add", ["f32", "i32"], "f32", [0n, 0n])).to.throw(TouchstoneError);
    expect(() => scalar("lt", ["bool", "bool"], "bool", [0n, 1n])).to.throw(TouchstoneError);
    expect(() => scalar("pow", ["i32", "f32"], "i32", [2n, 0n])).to.throw(TouchstoneError);
  });

  it("gives the values in test/vectors/scalars.json", () => {
    const path = new URL("../../vectors/scalars.json", import.meta.url);
    expect(readFileSync(path, "utf8") === scalarVectors(), "run tsx scripts/generate/scalar-vectors.ts").to.equal(true);
  });
});

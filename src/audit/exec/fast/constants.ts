import {
  atan,
  exp as fixedExp,
  ln2 as fixedLn2,
  log as fixedLog,
  pi as fixedPi,
  twoOverSqrtPi,
} from "../reference/fixed.js";

/*
 * Constants and tables of the binary64 functions, cut from the reference executor's fixed point: the same on every machine.
 */

const SCALE = 192;

/** The binary64 number nearest to `units` * 2^-scale: conversion of integers rounds to nearest, and scaling is exact. */
function toDouble(units: bigint, scale: number): number {
  return Number(units) * 2 ** -scale;
}

/** `units` * 2^-scale as the nearest whole multiple of 2^-bits, and the rest, in the same units. */
function splitUnits(units: bigint, scale: number, bits: number): { hi: bigint; lo: bigint } {
  const cut = BigInt(scale - bits);
  const hi = ((units + (1n << (cut - 1n))) >> cut) << cut;
  return { hi, lo: units - hi };
}

/** `units` * 2^-SCALE as a head that is a whole multiple of 2^-bits, and the rest. */
function split(units: bigint, bits: number): { hi: number; lo: number } {
  const { hi, lo } = splitUnits(units, SCALE, bits);
  return { hi: toDouble(hi, SCALE), lo: toDouble(lo, SCALE) };
}

/** log 2, in a head of 40 fractional bits and the rest: products of the head with an exponent are exact. */
export const { hi: LN2_HI, lo: LN2_LO } = split(fixedLn2(SCALE), 40);
export const INVERSE_LN2 = toDouble((1n << BigInt(2 * SCALE)) / fixedLn2(SCALE), SCALE);
export const PI = toDouble(fixedPi(SCALE), SCALE);
export const HALF_PI = PI / 2;
export const TWO_OVER_SQRT_PI = toDouble(twoOverSqrtPi(SCALE), SCALE);

/**
 * 2^e * 2/pi, whole multiples of 4 left out, for e = -24 .. 104 at e + 24: a head of 28 fractional bits in [-2, 2), a middle of 29
 * more, and the rest. Products of head and middle with an integer of 24 bits are exact.
 */
export const TURN_HEAD = new Float64Array(129);
export const TURN_MIDDLE = new Float64Array(129);
export const TURN_TAIL = new Float64Array(129);
{
  const bits = 320;
  const twoOverPi = (2n << BigInt(2 * bits)) / fixedPi(bits);
  for (let k = 0; k < 129; k++) {
    const turns = BigInt.asIntN(bits + 2, (twoOverPi << BigInt(k)) >> 24n);
    const { hi, lo } = splitUnits(turns, bits, 28);
    const middle = splitUnits(lo, bits, 57);
    TURN_HEAD[k] = toDouble(hi, bits);
    TURN_MIDDLE[k] = toDouble(middle.hi, bits);
    TURN_TAIL[k] = toDouble(middle.lo, bits);
  }
}

/** 2^k at `k + POWERS_ZERO`, for |k| <= POWERS_ZERO. */
export const POWERS_ZERO = 1000;
export const POWERS_OF_TWO = Float64Array.from({ length: 2 * POWERS_ZERO + 1 }, (_, i) => 2 ** (i - POWERS_ZERO));

/** atan(i/8) for i = 0 .. 8. */
export const ATAN_EIGHTHS = Float64Array.from({ length: 9 }, (_, i) => toDouble(atan(BigInt(i), 8n, SCALE), SCALE));

/** Nearest multiple of 2^-8 to 64/i, and minus its logarithm (head of 40 fractional bits, rest), for i up to 92: used from 45. */
export const LOG_INVERSE = new Float64Array(93);
export const LOG_HI = new Float64Array(93);
export const LOG_LO = new Float64Array(93);
for (let i = 45; i < 93; i++) {
  const inverse = Math.round((64 * 256) / i);
  const { hi, lo } = split(-fixedLog(BigInt(inverse), -8, SCALE), 40);
  LOG_INVERSE[i] = inverse / 256;
  LOG_HI[i] = hi;
  LOG_LO[i] = lo;
}

/**
 * Taylor coefficients of erf about i/8, i = 0 .. 32: row i holds ERF_DEGREE + 1 of them. With g = erf' the relation
 * g' = -2x g gives those of g, hence of erf; the constant term comes from the positive series.
 */
export const ERF_DEGREE = 12;
export const ERF_TAYLOR = ((): Float64Array => {
  const table = new Float64Array(33 * (ERF_DEGREE + 1));
  const s = BigInt(SCALE);
  for (let i = 0; i <= 32; i++) {
    const center = (BigInt(i) << s) / 8n;
    const square = (center * center) >> s;
    const { mantissa, shift } = fixedExp(-square, SCALE);
    const slope = (mantissa * twoOverSqrtPi(SCALE)) >> BigInt(SCALE - shift);
    let term = (center * slope) >> s;
    let value = term;
    for (let n = 3n; term !== 0n; n += 2n) {
      term = ((term * square) >> (s - 1n)) / n;
      value += term;
    }
    let [before, g] = [0n, slope];
    const row = i * (ERF_DEGREE + 1);
    table[row] = toDouble(value, SCALE);
    for (let n = 1n; n <= BigInt(ERF_DEGREE); n++) {
      table[row + Number(n)] = toDouble(g / n, SCALE);
      [before, g] = [g, (-2n * ((center * g) >> s) - 2n * before) / n];
    }
  }
  return table;
})();

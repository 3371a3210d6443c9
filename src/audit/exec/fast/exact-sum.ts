import { POWERS_OF_TWO, POWERS_ZERO } from "./constants.js";

/*
 * The exact sum of products of binary32 numbers, without big integers: a fixed-point number in limbs of 24 bits, each held
 * as a binary64 integer with room for carries. Finite terms only.
 */

/** Exponent of the first limb's unit: below the last place, as a binary64 number, of the smallest product, 2^-298. */
const UNIT = -360;
/** 360 + 256 bits of products, 31 of carries from 2^31 terms, 53 of the last piece. */
const LIMBS = 30;
const BASE = 2 ** 24;
const HALF_BASE = 2 ** 12;
/** A piece is below 2^48 and a limb holds 2^53. */
const TERMS_PER_CARRY = 30;

const limbs = new Float64Array(LIMBS);
const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);

/** Adds a binary64 number whose bits all lie at 2^-360 or above. */
function add(value: number): void {
  double[0] = value;
  const high = words[1]!;
  const field = (high >>> 20) & 0x7ff;
  if (field === 0) return; // A zero.
  const low = words[0]!;
  const top = (high & 0xfffff) | 0x100000;
  const position = field - 1075 - UNIT;
  const limb = Math.floor(position / 24);
  const weight = (high >>> 31 === 1 ? -1 : 1) * POWERS_OF_TWO[position - 24 * limb + POWERS_ZERO]!;
  limbs[limb]! += (low & 0xffffff) * weight;
  limbs[limb + 1]! += (((low >>> 24) | (top << 8)) & 0xffffff) * weight;
  limbs[limb + 2]! += (top >>> 16) * weight;
}

/** Brings every limb but the last into [0, 2^24). */
function carry(): void {
  for (let i = 0; i < LIMBS - 1; i++) {
    const over = Math.floor(limbs[i]! / BASE);
    limbs[i]! -= over * BASE;
    limbs[i + 1]! += over;
  }
}

/** Terms of a sum: `a[a0 + k*aStep] * b[b0 + k*bStep]` for 0 <= k < count. */
export interface Products {
  readonly a: Float64Array | Float32Array;
  readonly b: Float64Array | Float32Array;
  readonly a0: number;
  readonly aStep: number;
  readonly b0: number;
  readonly bStep: number;
  readonly count: number;
}

/**
 * RN((sum of products + bias) / divisor) for finite binary32 factors and bias.
 *
 * @param bias undefined for none, which differs from 0 where the sum is a zero
 * @param divisor a positive integer below 2^31
 */
export function exactSum(terms: Products, bias: number | undefined, divisor = 1): number {
  limbs.fill(0);
  const { a, b, aStep, bStep, count } = terms;
  let i = terms.a0;
  let j = terms.b0;
  for (let k = 0; k < count; k++) {
    add(a[i]! * b[j]!);
    i += aStep;
    j += bStep;
    if (k % TERMS_PER_CARRY === TERMS_PER_CARRY - 1) carry();
  }
  carry();
  if (bias !== undefined) add(bias);
  carry();

  const negative = limbs[LIMBS - 1]! < 0;
  if (negative) {
    for (let l = 0; l < LIMBS; l++) limbs[l] = -limbs[l]!;
    carry();
  }
  const cut = divisor === 1 ? 0 : divide(divisor);
  const magnitude = roundLimbs(cut);
  if (magnitude !== undefined) return negative ? -magnitude : magnitude;
  return allNegativeZeros(terms, bias) ? -0 : 0;
}

/** Divides the limbs by an integer below 2^31, half a limb at a time so that binary64 holds it all; returns the remainder. */
function divide(divisor: number): number {
  let rest = 0;
  for (let l = LIMBS - 1; l >= 0; l--) {
    const high = rest * HALF_BASE + Math.floor(limbs[l]! / HALF_BASE);
    rest = high % divisor;
    const low = rest * HALF_BASE + (limbs[l]! % HALF_BASE);
    rest = low % divisor;
    limbs[l] = Math.floor(high / divisor) * HALF_BASE + Math.floor(low / divisor);
  }
  return rest;
}

/** RN of the non-negative number in the limbs, plus a part below their unit if `cut` is not 0; undefined if it is zero. */
function roundLimbs(cut: number): number | undefined {
  let top = LIMBS - 1;
  while (top > 0 && limbs[top] === 0) top--;
  if (top === 0 && limbs[0] === 0) return cut === 0 ? undefined : 0;
  // Two limbs hold at least 25 bits; an odd bit below them stands for the rest, so that rounding meets no false tie.
  let sticky = cut !== 0;
  for (let l = top - 2; l >= 0 && !sticky; l--) sticky = limbs[l] !== 0;
  const head = limbs[top]! * BASE + (top > 0 ? limbs[top - 1]! : 0);
  const exponent = UNIT + 24 * (top - 1) - 1;
  return Math.fround((2 * head + (sticky ? 1 : 0)) * POWERS_OF_TWO[exponent + POWERS_ZERO]!);
}

function allNegativeZeros({ a, b, a0, aStep, b0, bStep, count }: Products, bias: number | undefined): boolean {
  if (bias !== undefined && !Object.is(bias, -0)) return false;
  for (let k = 0; k < count; k++) if (!Object.is(a[a0 + k * aStep]! * b[b0 + k * bStep]!, -0)) return false;
  return true;
}

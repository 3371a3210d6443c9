import { bitLength, decode, signed } from "../../src/audit/exec/reference/binary32.js";
import { createRandom, floatBits } from "./samples.js";

/** Sums are whole multiples of 2^-UNIT. */
const UNIT = 298;

function exactProduct(a: bigint, b: bigint): bigint {
  const [x, y] = [decode(a), decode(b)];
  if (x.kind !== "finite" || y.kind !== "finite") return 0n;
  return (signed(x) * signed(y)) << BigInt(x.exponent + y.exponent + UNIT);
}

/** Bits of +-mantissa * 2^exponent, which is a binary32 number. */
function bitsOf(mantissa: bigint, exponent: number): bigint {
  return floatBits(Number(mantissa) * 2 ** exponent);
}

/**
 * Two lists whose products and a bias sum up to the middle of two binary32 numbers, or to a tiny bit above or below it, or to a sum near 0:
 * where an approximate sum decides nothing, or decides wrongly if its error bound is too small.
 */
export function hostileTerms(count: number, seed: number): { a: bigint[]; b: bigint[]; bias: bigint } {
  const random = createRandom(seed);
  const spread = random() % 3 === 0 ? 40 : 3;
  const positive = random() % 2 === 0;
  const draw = (): bigint => {
    const unit = 1 + random() / 2 ** 32;
    const sign = !positive && random() % 2 === 0 ? -1 : 1;
    return floatBits(sign * unit * 2 ** ((random() % spread) - spread));
  };
  const a = Array.from({ length: count }, draw);
  const b = Array.from({ length: count }, draw);
  // At times large enough to outweigh all products.
  const bias = floatBits((random() / 2 ** 31 - 1) * 2 ** (random() % 12));
  const sum = a.reduce((total, bits, k) => total + exactProduct(bits, b[k]!), exactProduct(bias, floatBits(1)));
  const target = random() % 4 === 0 ? 0n : middleNear(sum, random() % 2 === 0);
  let missing = target - sum;
  // In pieces of 24 bits, each a binary32 number times one.
  while (missing !== 0n) {
    const magnitude = missing < 0n ? -missing : missing;
    const cut = BigInt(Math.max(0, bitLength(magnitude) - 24));
    const piece = missing < 0n ? -(magnitude >> cut) : magnitude >> cut;
    const exponent = Number(cut) - UNIT;
    // Both factors are small, so that they do not loosen bounds on the products.
    const half = Math.max(exponent + 3, -120);
    a.push(bitsOf(piece, half));
    b.push(bitsOf(1n, exponent - half));
    missing -= piece << cut;
  }
  const nudge = random() % 3;
  if (nudge > 0) {
    a.push(floatBits(nudge === 1 ? 2 ** -70 : -(2 ** -70)));
    b.push(floatBits(2 ** -70));
  }
  return { a, b, bias };
}

/** The middle between two neighbouring binary32 numbers next to `sum`. */
function middleNear(sum: bigint, above: boolean): bigint {
  const magnitude = sum < 0n ? -sum : sum;
  const cut = BigInt(Math.max(1, bitLength(magnitude) - 24));
  const units = (magnitude >> cut) + (above ? 1n : 0n);
  const middle = (units << cut) + (1n << (cut - 1n));
  return sum < 0n ? -middle : middle;
}

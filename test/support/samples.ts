import { DTYPE_BYTES, type DType } from "../../src/audit/graph.js";

/*
 * Element bits worth trying: the corners of every dtype, and random ones that favour what can go wrong.
 */

/** Uniform integers in [0, 2^32), from a 32-bit mixing generator (splitmix32). */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  };
}

const scratch = new DataView(new ArrayBuffer(8));

/** Bits of the binary32 number nearest to `value`. */
export function floatBits(value: number): bigint {
  scratch.setFloat32(0, value);
  return BigInt(Number.isNaN(value) ? 0x7fc00000 : scratch.getUint32(0));
}

/** The number that binary32 bits stand for. */
export function floatOf(bits: bigint): number {
  scratch.setUint32(0, Number(bits));
  return scratch.getFloat32(0);
}

const FLOAT_MAGNITUDES = [
  0x00000000, // zero
  0x00000001, // smallest subnormal
  0x00000002,
  0x00400000, // halfway subnormal
  0x007fffff, // largest subnormal
  0x00800000, // smallest normal
  0x00800001,
  0x33800000, // 2^-24, half a unit of 1
  0x34000000, // 2^-23, one unit of 1
  0x3effffff,
  0x3f000000, // 1/2
  0x3f000001,
  0x3f7fffff,
  0x3f800000, // 1
  0x3f800001,
  0x3fc00000, // 3/2
  0x3fc90fdb, // pi/2
  0x40000000, // 2
  0x40200000, // 5/2
  0x40490fdb, // pi
  0x42b17217, // largest argument of exp below infinity
  0x42b17218,
  0x42cff1b4, // where exp(-x) reaches the smallest subnormal
  0x42cff1b5,
  0x4afffffe, // 2^22 to 2^24: where fractions end
  0x4affffff,
  0x4b000000,
  0x4b7fffff,
  0x4b800000,
  0x4f000000, // 2^31, 2^32, 2^63, 2^64: ends of integer dtypes
  0x4effffff,
  0x4f800000,
  0x5f000000,
  0x5effffff,
  0x5f800000,
  0x7f000000,
  0x7f7fffff, // largest finite
  0x7f800000, // infinity
  0x7fc00000, // NaN, canonical and not
  0x7f800001,
  0x7fffffff,
].map(BigInt);

const FLOAT_EDGES = FLOAT_MAGNITUDES.flatMap((bits) => [bits, bits | 0x80000000n]);

/** Bits of a binary64 number. */
export function doubleBits(value: number): bigint {
  scratch.setFloat64(0, value);
  return scratch.getBigUint64(0);
}

/** Binary32 corners widened, the places where rounding to binary32 or to an integer decides, and their neighbours. */
const DOUBLE_EDGES = [
  ...FLOAT_MAGNITUDES.map((bits) => doubleBits(floatOf(bits))),
  ...[2 ** -150, 2 ** -149 + 2 ** -150, 2 ** -126 - 2 ** -150, 1 + 2 ** -24, 1 + 3 * 2 ** -24, 2 ** 128 - 2 ** 103]
    .map(doubleBits)
    .flatMap((bits) => [bits - 1n, bits, bits + 1n]),
  ...[2 ** 52 + 0.5, 2 ** 53 - 1, 2 ** 63, 2 ** 64, 2 ** 200, 2 ** 1023].map(doubleBits).flatMap((b) => [b - 1n, b]),
  ...[0x0000000000000001n, 0x000fffffffffffffn, 0x0010000000000000n, 0x7fefffffffffffffn],
  ...[0x7ff0000000000001n, 0x7ff8000000000001n, 0x7fffffffffffffffn],
].flatMap((bits) => [bits, bits | (1n << 63n)]);

/** Corner values of a dtype, as element bits; those of f32, f64 and bool include bits that are not canonical. */
export function edgeBits(dtype: DType): readonly bigint[] {
  if (dtype === "f32") return FLOAT_EDGES;
  if (dtype === "f64") return DOUBLE_EDGES;
  if (dtype === "bool") return [0n, 1n, 2n, 255n];
  const width = BigInt(8 * DTYPE_BYTES[dtype]);
  const half = 1n << (width - 1n);
  const around = [0n, 1n, 2n, 3n, 7n, 8n, 31n, 33n, half - 1n, half, half + 1n, -3n, -2n, -1n];
  return [...new Set(around.map((value) => BigInt.asUintN(Number(width), value)))];
}

/** Random element bits: corners, any bits, numbers near a power of two, small integers and their halves, usual activations. */
export function randomBits(dtype: DType, random: () => number): bigint {
  const edges = edgeBits(dtype);
  const choice = random() % 8;
  if (choice === 0) return edges[random() % edges.length]!;
  const any = (BigInt(random()) << 32n) | BigInt(random());
  if (dtype === "bool") return any & 1n;
  if (dtype === "f64") return choice < 4 ? any : doubleBits((random() / 2 ** 31 - 1) * 2 ** ((random() % 140) - 70));
  if (dtype !== "f32") {
    const bits = BigInt.asUintN(8 * DTYPE_BYTES[dtype], any);
    return choice < 4 ? bits : BigInt.asUintN(8 * DTYPE_BYTES[dtype], BigInt.asIntN(4, any));
  }
  const sign = any & 0x80000000n;
  switch (choice) {
    case 1:
    case 2:
      return BigInt.asUintN(32, any);
    case 3:
      return sign | ((BigInt(112 + (random() % 32)) << 23n) + (BigInt.asUintN(4, any) - 8n));
    case 4:
      return floatBits(((random() % 65) - 32) / 2);
    default:
      return floatBits((random() / 2 ** 31 - 1) * (choice === 5 ? 1 : choice === 6 ? 12 : 110));
  }
}

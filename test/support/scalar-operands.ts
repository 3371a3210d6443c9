import { DTYPE_BYTES, type DType, type MapFn } from "../../src/audit/graph.js";
import { createRandom, edgeBits, floatBits, randomBits } from "./samples.js";
import type { ScalarSignature } from "./scalars.js";

/*
 * Operands for differential tests of the scalar functions: every corner, the places where an implementation may change its
 * method, known hard arguments, and random ones.
 */

/** Binary32 magnitudes next to multiples of pi/2: the nearest that exist, down to 2^-29.9 of a quadrant, over all exponents. */
const NEAR_QUADRANTS = [
  0x6f79be45, 0x50a3e87f, 0x6ff9be45, 0x5123e87f, 0x437ce5f1, 0x7079be45, 0x6a1976f1, 0x53b146a6, 0x65898498,
  0x77584625, 0x4c2332e9, 0x4096cbe4, 0x6c55da58, 0x5c07bcd0, 0x474d246f, 0x723fa09a, 0x3fc90fda, 0x3fc90fdb,
  0x40490fda, 0x40490fdb, 0x4096cbe3, 0x3f490fda, 0x3f490fdb, 0x4016cbe4, 0x407b53d1, 0x407b53d2,
];

/** Powers of two and other round places around which series, reductions and saturations change over. */
const TURNS = [
  2 ** -126,
  2 ** -40,
  2 ** -25,
  2 ** -24,
  2 ** -13,
  2 ** -12,
  0.125,
  0.25,
  0.3,
  0.5,
  Math.LN2,
  Math.SQRT1_2,
  0.75,
  1,
  Math.SQRT2,
  2,
  Math.E,
  3,
  3.8325,
  4,
  8,
  9.01,
  16,
  16.6,
  17.3,
  32,
  64,
  87.33,
  88.7228,
  89.4159,
  103.28,
  103.97,
  128,
  2 ** 60,
  2 ** 63,
  2 ** 120,
  2 ** 121,
];

const around = (bits: number): number[] => [-2, -1, 0, 1, 2].map((step) => Math.max(0, bits + step));

const SPECIAL_MAGNITUDES = [...new Set([...NEAR_QUADRANTS, ...TURNS.flatMap((x) => around(Number(floatBits(x))))])].map(
  BigInt,
);

const bothSigns = (magnitudes: readonly bigint[]): bigint[] => magnitudes.flatMap((bits) => [bits, bits | 0x80000000n]);

/** Corners for functions of several f32 operands, all pairs (and triples at random) of which are tried. */
const PAIR_CORNERS = bothSigns(
  [
    0, 1, 0x007fffff, 0x00800000, 0x33800000, 0x3effffff, 0x3f000000, 0x3f7fffff, 0x3f800000, 0x3f800001, 0x40000000,
    0x40400000, 0x4b7fffff, 0x4b800000, 0x7f7fffff, 0x7f800000, 0x7fc00001,
  ].map(BigInt),
);

/** The same for f64, of which only comparisons take two. */
const DOUBLE_CORNERS = [
  0n,
  1n,
  0x000fffffffffffffn,
  0x0010000000000000n,
  0x3fefffffffffffffn,
  0x3ff0000000000000n,
  0x7fefffffffffffffn,
  0x7ff0000000000000n,
  0x7ff0000000000001n,
  0x7ff8000000000000n,
].flatMap((bits) => [bits, bits | (1n << 63n)]);

/** Exact powers that lie on midpoints, in the normal and in the subnormal range, and their neighbours. */
const POWERS: readonly (readonly [number, number])[] = [
  [4097, 2],
  [8191, 2],
  [257, 3],
  [11, 7],
  [66049, 1.5],
  [14641, 1.75],
  [14641, 0.25],
  [6561, 1.875],
  [3, 15],
  [3, 16],
  [3, -2],
  [4097 * 2 ** 30, 2],
  [4097 * 2 ** -80, 2],
  [257 * 2 ** -40, 3],
  [2 ** -75, 2],
  [3 * 2 ** -50, 3],
  [5 * 2 ** -75, 2],
  [2 ** 100, -1.5],
  [2 ** 100, -1.49],
  [4, -74.5],
  [4, -75],
  [2, -150],
  [2, -149],
  [2, 127],
  [2, 128],
  [0.5, -128],
  [16, 0.125],
  [2 ** -148, 0.25],
  [2 ** -149, 0.5],
  [1 + 2 ** -23, 0.5],
  [1 - 2 ** -24, 0.5],
  [1 + 2 ** -23, 2 ** 29],
  [1 - 2 ** -24, 2 ** 31],
  [0.1, 37.9],
  [0.1, 44.9],
  [10, 38.53],
  [1e-45, 0.9],
  [3.4e38, 1.0000001],
];

const floatLike = (bits: bigint, random: () => number): bigint => {
  // Uniform in the exponent where most functions are neither trivial nor saturated.
  const span = 0x43800000 - 0x30000000;
  return random() % 2 === 0 ? bits : BigInt(0x30000000 + (random() % span)) | (bits & 0x80000000n);
};

/** Random operands; one in four repeats the first operand, or its negative, so that sums cancel and comparisons tie. */
function randomOperands({ operands }: ScalarSignature, random: () => number): bigint[] {
  const draw = (i: number): bigint => {
    const bits = randomBits(operands[i]!, random);
    return operands[i] === "f32" ? floatLike(bits, random) : bits;
  };
  const first = draw(0);
  return operands.map((dtype, i) => {
    if (i === 0) return first;
    if (dtype === operands[0] && random() % 4 === 0)
      return dtype === "f32" ? first ^ BigInt((random() % 2) * 2 ** 31) : first;
    return draw(i);
  });
}

const PRECISION: Partial<Record<DType, bigint>> = { f32: 24n, f64: 53n };

/** Operands of casts from integers to floats: those around midpoints of two floats, next to even and odd ones. */
export function roundedIntegers({ fn, operands: [dtype = "f32"], result }: ScalarSignature): bigint[][] {
  const [precision, width] = [PRECISION[result], BigInt(8 * DTYPE_BYTES[dtype])];
  if (fn !== "cast" || precision === undefined || dtype in PRECISION || dtype === "bool") return [];
  const magnitudes = [1n, 2n, 7n].flatMap((dropped) => {
    const half = 1n << (dropped - 1n);
    return [1n, 3n].flatMap((halves) =>
      [-1n, 0n, 1n].map((step) => (1n << (precision + dropped - 1n)) + halves * half + step),
    );
  });
  const signed = dtype.startsWith("i");
  const fit = magnitudes.filter((value) => value < 1n << (width - (signed ? 1n : 0n)));
  return fit.flatMap((value) => (signed ? [[value], [BigInt.asUintN(Number(width), -value)]] : [[value]]));
}

/** Corner cases of one signature; those of single operands are complete, those of several are all pairs, or triples at random. */
function cornerCases(signature: ScalarSignature, random: () => number): bigint[][] {
  const { fn, operands } = signature;
  if (operands.length === 1) {
    const bits = [...edgeBits(operands[0]!)];
    if (operands[0] === "f32") bits.push(...bothSigns(SPECIAL_MAGNITUDES));
    return bits.map((x) => [x]);
  }
  const cornersOf = (dtype: DType): readonly bigint[] =>
    dtype === "f32" ? PAIR_CORNERS : dtype === "f64" ? DOUBLE_CORNERS : edgeBits(dtype);
  const corners = operands.map(cornersOf);
  if (operands.length === 3) {
    return Array.from({ length: 60 }, () => corners.map((list) => list[random() % list.length]!));
  }
  const pairs = corners[0]!.flatMap((x) => corners[1]!.map((y) => [x, y]));
  return fn === "pow" ? [...pairs, ...powerCases(signature)] : pairs;
}

function powerCases({ operands }: ScalarSignature): bigint[][] {
  if (operands[0] !== "f32") return [];
  if (operands[1] === "f32") {
    return POWERS.flatMap(([x, y]) => around(Number(floatBits(x))).map((bits) => [BigInt(bits), floatBits(y)])).flatMap(
      ([x, y]) => [
        [x!, y!],
        [x! | 0x80000000n, y!],
      ],
    );
  }
  return POWERS.filter(([, y]) => Number.isInteger(y) && Math.abs(y) < 128).map(([x, y]) => [
    floatBits(x),
    BigInt.asUintN(64, BigInt(y)),
  ]);
}

/** Corner cases and `count` random ones, the same for the same seed. */
export function scalarCases(signature: ScalarSignature, count: number, seed: number): bigint[][] {
  const random = createRandom(seed);
  return [...cornerCases(signature, random), ...Array.from({ length: count }, () => randomOperands(signature, random))];
}

/** Functions whose definition needs a series, and whose reference value takes a while. */
export const ELEMENTARY_FUNCTIONS: readonly MapFn[] = [
  "exp",
  "log",
  "sin",
  "cos",
  "tan",
  "asin",
  "acos",
  "atan",
  "sinh",
  "cosh",
  "asinh",
  "acosh",
  "atanh",
  "tanh",
  "sigmoid",
  "erf",
  "expm1",
  "log1p",
];

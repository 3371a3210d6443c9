import { readFileSync } from "node:fs";

import type { DType, MapFn } from "../../src/audit/graph.js";
import type { Summary } from "../../scripts/sweep/summary.js";
import { floatBits } from "./samples.js";

/**
 * Found by a search in binary64 and ranked at 220 bits, hardest first; the worst are 2^-34 of a unit in the last place off (log, acosh,
 * asinh), and 2^-52 for sigmoid of tiny operands, near 1/2. Those of sqrt are all whose root looks like a tie at 44 bits and is above it.
 */
const SEARCHED: Partial<Record<MapFn, readonly bigint[]>> = {
  sqrt: [0x3f2a177fn, 0x3f3302ben, 0x3f3b8bccn, 0x3f5ae03bn, 0x3f5f5fa5n, 0x3f6e9372n],
  exp: [
    0xc16912cdn,
    0xbbf0edf1n,
    0xc2b2e798n,
    0x377eff81n,
    0xbae0e25cn,
    0xb3000000n,
    0x39c6be5bn,
    0x38e69cc1n,
    0x383a3ef1n,
    0x3d1a274en,
    0x40315b33n,
    0x4001b249n,
  ],
  log: [
    0x65d890d3n,
    0x4c5d65a5n,
    0x4d604eben,
    0x41178febn,
    0x1f116ab8n,
    0x66a8c860n,
    0x3c413d3an,
    0x6f31a8ecn,
    0x38dcbe38n,
    0x4665a9a6n,
    0x5ee8984en,
    0x3bf86ef0n,
  ],
  sin: [
    0x73243f06n,
    0x46199998n,
    0x55cafb2an,
    0x67a9242bn,
    0x4371ade3n,
    0x5f208d82n,
    0x7a5aacdbn,
    0x6446cec0n,
    0x79d1f6d3n,
    0x61dfc847n,
    0x5dadd689n,
    0x4fb56937n,
  ],
  cos: [
    0x6115cb11n,
    0x59443c0an,
    0x5f18b878n,
    0x7a4b1a27n,
    0x5922aa80n,
    0x7908cd73n,
    0x61703976n,
    0x3c107fe6n,
    0x55e5235dn,
    0x39800000n,
    0x424790cen,
    0x3a544395n,
  ],
  tan: [
    0x5ffd33a4n,
    0x5d5873aen,
    0x408174ddn,
    0x7dae7426n,
    0x7714b423n,
    0x453c5846n,
    0x575852f8n,
    0x77cda26bn,
    0x3e19205en,
    0x40e67f59n,
    0x76eb0bdcn,
    0x79c42c65n,
  ],
  asin: [0x3f083a1an, 0x3de5fa1en, 0x3d07959cn, 0x3d09bf86n, 0x39e89768n, 0x3d17817cn, 0x3eb7f139n],
  acos: [
    0x39826222n,
    0x328885a3n,
    0xbc406ccdn,
    0x3c8a2f9bn,
    0xba9d5f75n,
    0x3b7d281bn,
    0xbe668cd1n,
    0xba66deedn,
    0x3a6a490fn,
    0xbe6dff37n,
    0xb3ddde97n,
    0x328885a4n,
  ],
  atan: [
    0x3d8d6b23n,
    0x3ad637fan,
    0x3b7c1bc9n,
    0x4c700518n,
    0x40357f1dn,
    0x4c700517n,
    0x3a27ba3bn,
    0x3aac434bn,
    0x3ee06db1n,
    0x48b90f72n,
    0x4a2367a3n,
    0x4c700519n,
  ],
  sinh: [0x3a1285ffn, 0x3b36aa1fn, 0x3f7df258n, 0x3d09c4d8n, 0x3f99144cn, 0x4288942bn],
  cosh: [0x3a6f7750n, 0x3d609528n, 0x3a87c3b6n, 0x3b43f588n, 0x39b504f3n, 0x4288942bn, 0x40fbfc54n, 0x3d6d8aben],
  asinh: [
    0x655890d3n,
    0x4ce04eben,
    0x4bdd65a5n,
    0x6628c860n,
    0x6eb1a8ecn,
    0x5e68984en,
    0x7967ec37n,
    0x662bbd63n,
    0x4e05f412n,
    0x3fe1a91fn,
    0x4041409bn,
    0x469142e5n,
  ],
  acosh: [
    0x655890d3n,
    0x4bdd65a5n,
    0x4ce04eben,
    0x6628c860n,
    0x6eb1a8ecn,
    0x5e68984en,
    0x7967ec37n,
    0x662bbd63n,
    0x4e05f412n,
    0x5d000341n,
    0x623467ban,
    0x542f989dn,
  ],
  atanh: [0x3a71e7a1n, 0x39b89ba2n, 0x3ad637ebn, 0x3ddc2ecen, 0x3dcd9576n, 0x3b06f2f9n],
  tanh: [0x3ac37de2n, 0x3eee0566n],
  sigmoid: [
    0xb3800000n,
    0x34000000n,
    0xb4400000n,
    0x34c00000n,
    0xb4a00000n,
    0xb4e00000n,
    0x35200000n,
    0xb5100000n,
    0xb5300000n,
    0x35600000n,
    0xb5500000n,
    0x35900000n,
  ],
  erf: [
    0x3940ead6n,
    0x39c0057dn,
    0x358e9d2dn,
    0x36aea466n,
    0x2baa320cn,
    0x2c2a320cn,
    0x2caa320cn,
    0x2d2a320cn,
    0x2daa320cn,
    0x2e2a320cn,
    0x2eaa320cn,
    0x2f2a320cn,
  ],
  expm1: [
    0x3dc252ddn,
    0x3a254e7an,
    0x34ca62c1n,
    0xb675cbfcn,
    0x33b504f3n,
    0xbb7b3b6cn,
    0x36322b1bn,
    0xb3800000n,
    0x40315b33n,
    0x4001b249n,
    0x37b61385n,
    0x4288942bn,
  ],
  log1p: [
    0x35400003n,
    0xb53ffffdn,
    0x65d890d3n,
    0x3efd81adn,
    0x3710001bn,
    0xb70fffe5n,
    0x55185f82n,
    0x41078febn,
    0x66a8c860n,
    0xbb0ec8c4n,
    0x6f31a8ecn,
    0x3770004bn,
  ],
};

const { functions } = JSON.parse(readFileSync(new URL("../../snapshots/sweep.json", import.meta.url), "utf8")) as {
  readonly functions: readonly Summary[];
};

/**
 * Binary32 operands, as bits, whose value lies closest to the middle of two binary32 numbers: where an implementation with too few
 * guard bits rounds wrongly. The hardest that the sweep met, and those of an earlier search.
 */
export const HARD_CASES: Partial<Record<MapFn, readonly bigint[]>> = Object.fromEntries(
  Object.entries(SEARCHED).map(([fn, searched]) => {
    const met = functions.find((each) => each.function === fn)?.hardest ?? [];
    return [fn, [...new Set([...searched, ...met.map(({ bits }) => BigInt(bits))])]];
  }),
);

const LEAST = 2 ** -149;
const LARGEST = 2 ** 128 - 2 ** 104;
/** Its square lies on a midpoint. */
const HALFWAY = 1 + 2 ** -12;

/** Exact ties to both sides, ties that a last place decides, the ends of the subnormals and of the range, far remainders. */
const TUPLES: Partial<Record<MapFn, readonly (readonly number[])[]>> = {
  add: [
    [2 ** 24, 1],
    [2 ** 24 + 2, 1],
    [2 ** 24, -0.5],
    [LARGEST, 2 ** 103],
    [LARGEST, 2 ** 103 - 2 ** 79],
    [2 ** -126, -LEAST],
  ],
  sub: [
    [2 ** 24, -1],
    [2 ** 25, 1],
    [1, 2 ** -25],
    [-LARGEST, 2 ** 103],
  ],
  mul: [
    [HALFWAY, HALFWAY],
    [HALFWAY, 1 + 3 * 2 ** -12],
    [2 ** -75, 2 ** -75],
    [3 * 2 ** -75, 2 ** -75],
    [2 ** -126, 1 - 2 ** -24],
    [2 ** 64, 2 ** 64 - 2 ** 39],
  ],
  div: [
    [1 - 2 ** -24, 1 - 2 ** -23],
    [1 + 2 ** -23, 1 - 2 ** -24],
    [2 ** -126 - LEAST, 2],
    [LEAST, 2],
    [3 * LEAST, 2],
    [LARGEST, 1 - 2 ** -24],
  ],
  fma: [
    [HALFWAY, HALFWAY, 0],
    [HALFWAY, HALFWAY, LEAST],
    [HALFWAY, HALFWAY, -LEAST],
    [HALFWAY, -HALFWAY, LEAST],
    [1 + 2 ** -23, 1 - 2 ** -24, -1],
    [2 ** -75, 2 ** -75, LEAST],
    [2 ** -75, 2 ** -75, -LEAST],
    [2 ** -75, -(2 ** -75), LEAST],
    [LARGEST, 1, 2 ** 103],
    [LARGEST, 1 + 2 ** -23, -LARGEST],
  ],
  pow: [
    [4097, 2],
    [4099, 2],
    [-161, 3],
    [2 ** -75, 2],
    [2 ** -50, 3],
    [3 * 2 ** -75, 2],
    [16785409, 0.5],
    [1 + 2 ** -23, 0.5],
    [1 - 2 ** -24, 0.25],
    [1 + 2 ** -23, 1.5],
    [1 - 2 ** -24, 2 ** 30],
    [1 + 2 ** -23, 2 ** 29],
  ],
  mod: [
    [-LEAST, 1],
    [LARGEST, 3],
    [-LARGEST, 3],
    [LARGEST, -LEAST],
    [1 - 2 ** -24, -1],
  ],
  fmod: [
    [LARGEST, 3],
    [-LARGEST, 3 * LEAST],
    [2 ** -126, 3 * LEAST],
    [1 + 2 ** -23, 1 - 2 ** -24],
  ],
};

/** The hard cases of a function for operands of these dtypes. */
export function hardOperands(fn: MapFn, operands: readonly DType[]): bigint[][] {
  if (operands.some((dtype) => dtype !== "f32")) return [];
  if (operands.length === 1) return (HARD_CASES[fn] ?? []).map((word) => [word]);
  return (TUPLES[fn] ?? []).filter(({ length }) => length === operands.length).map((tuple) => tuple.map(floatBits));
}

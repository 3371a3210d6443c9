import { newArray, numelOf } from "../audit/bytes.js";
import type { InputSpec, Tensor } from "../audit/graph.js";
import { isFloating } from "../audit/signatures.js";

/** Seeded random numbers in [0, 1): mulberry32. The seed is printed wherever it matters. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const scratch = new DataView(new ArrayBuffer(8));

function floatOf(dtype: "f32" | "f64", bits: bigint): number {
  if (dtype === "f32") scratch.setUint32(0, Number(bits));
  else scratch.setBigUint64(0, bits);
  return dtype === "f32" ? scratch.getFloat32(0) : scratch.getFloat64(0);
}

/** Kinds of generated input: where honest arithmetic differs most is not known beforehand. */
export const KINDS = ["random", "constant", "corner", "near-constant", "sparse"] as const;
export type Kind = (typeof KINDS)[number];

/** The domain of an input as numbers. */
export interface Range {
  readonly lo: number;
  readonly hi: number;
}

export function rangeOf(spec: InputSpec): Range {
  const { dtype, lo, hi } = spec;
  if (dtype === "f32" || dtype === "f64") return { lo: floatOf(dtype, lo), hi: floatOf(dtype, hi) };
  return { lo: Number(BigInt.asIntN(64, lo)), hi: Number(BigInt.asIntN(64, hi)) };
}

/** An input tensor of the numbers that `value` gives by position, brought into the domain. */
export function tensorOf(spec: InputSpec, value: (index: number) => number): Tensor {
  const { lo, hi } = rangeOf(spec);
  const data = newArray(spec.dtype, numelOf(spec.shape));
  for (let i = 0; i < data.length; i++) {
    const inside = Math.min(hi, Math.max(lo, value(i)));
    if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[i] = BigInt(Math.round(inside));
    else data[i] = isFloating(spec.dtype) ? inside : Math.round(inside);
  }
  return { dtype: spec.dtype, shape: spec.shape, data };
}

/** One input tensor of a kind inside its domain. */
export function generateInput(spec: InputSpec, kind: Kind, random: () => number): Tensor {
  const { lo, hi } = rangeOf(spec);
  const level = lo + random() * (hi - lo);
  const draw: Record<Kind, () => number> = {
    random: () => lo + random() * (hi - lo),
    constant: () => level,
    corner: () => (random() < 0.5 ? lo : hi),
    "near-constant": () => level + (random() - 0.5) * (hi - lo) * 1e-3,
    sparse: () => (random() < 0.9 ? 0 : lo + random() * (hi - lo)),
  };
  return tensorOf(spec, draw[kind]);
}

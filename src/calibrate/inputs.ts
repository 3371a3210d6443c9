import { newArray, numelOf } from "../audit/bytes.js";
import type { InputSpec, Tensor } from "../audit/graph.js";

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

/** One input tensor of a kind inside its domain. */
export function generateInput(spec: InputSpec, kind: Kind, random: () => number): Tensor {
  const numel = numelOf(spec.shape);
  const data = newArray(spec.dtype, numel);
  const { dtype } = spec;
  const isFloat = dtype === "f32" || dtype === "f64";
  const [lo, hi] = isFloat
    ? [floatOf(dtype, spec.lo), floatOf(dtype, spec.hi)]
    : [Number(BigInt.asIntN(64, spec.lo)), Number(BigInt.asIntN(64, spec.hi))];
  const level = lo + random() * (hi - lo);
  const draw: Record<Kind, () => number> = {
    random: () => lo + random() * (hi - lo),
    constant: () => level,
    corner: () => (random() < 0.5 ? lo : hi),
    "near-constant": () => Math.min(hi, Math.max(lo, level + (random() - 0.5) * (hi - lo) * 1e-3)),
    sparse: () => (random() < 0.9 ? Math.min(hi, Math.max(lo, 0)) : lo + random() * (hi - lo)),
  };
  for (let i = 0; i < numel; i++) {
    const value = draw[kind]();
    if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[i] = BigInt(Math.round(value));
    else data[i] = isFloat ? value : Math.round(value);
  }
  return { dtype: spec.dtype, shape: spec.shape, data };
}

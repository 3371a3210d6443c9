import type { DType, MapFn } from "../../src/audit/graph.js";
import { DTYPE_BYTES } from "../../src/audit/graph.js";
import { engineOf } from "../../src/audit/exec/fast/engine.js";
import { canonicalise } from "../../src/audit/exec/fast/float-kernels.js";
import { mapKernel } from "../../src/audit/exec/fast/map-kernel.js";
import type { Outcome } from "./block.js";
import { CHUNK, type Oracle } from "./oracle.js";

/*
 * Functions of one f32 operand whose values need no series: the oracle computes them from bits to bits with integers.
 */

const ARRAYS = {
  f32: Float32Array,
  bool: Uint8Array,
  u8: Uint8Array,
  i8: Int8Array,
  u16: Uint16Array,
  i16: Int16Array,
  u32: Uint32Array,
  i32: Int32Array,
} satisfies Partial<Record<DType, unknown>>;

type Result = keyof typeof ARRAYS;

const floats: readonly MapFn[] = ["copy", "neg", "abs", "sign", "floor", "ceil", "round", "sqrt"];
const casts: readonly Result[] = ["bool", "u8", "i8", "u16", "i16", "u32", "i32"];

/** By name, in the order of their numbers in assembly/exact.ts. Casts to 64 bits run on the reference executor and are left out. */
export const EXACT: ReadonlyMap<string, { readonly fn: MapFn; readonly dtype: Result }> = new Map<
  string,
  { readonly fn: MapFn; readonly dtype: Result }
>([
  ...floats.map((fn) => [fn, { fn, dtype: "f32" }] as const),
  ["isnan", { fn: "isnan", dtype: "bool" }],
  ["isinf", { fn: "isinf", dtype: "bool" }],
  ...casts.map((dtype) => [`cast-${dtype}`, { fn: "cast", dtype }] as const),
]);

type ResultArray = InstanceType<(typeof ARRAYS)[Result]>;

/** Writes the results of the operands `first`, first + 1, ... Tests plant errors here. */
export type ExecuteExact = (first: number, results: ResultArray) => void;

export function shippedExact(oracle: Oracle, name: string): ExecuteExact {
  const { fn, dtype } = EXACT.get(name)!;
  const kernel = mapKernel(fn, ["f32"], dtype, engineOf("best").kernels);
  const operands = new Float32Array(oracle.memory.buffer, oracle.operandsAt(), CHUNK);
  return (first, results) => {
    oracle.fill(first);
    kernel([operands], results, CHUNK);
    if (dtype === "f32") canonicalise(results);
  };
}

/** Compares `chunks` chunks of operands from the magnitude `first` on, of both signs. */
export function checkExactBlock(
  oracle: Oracle,
  name: string,
  execute: ExecuteExact,
  first: number,
  chunks: number,
): Outcome {
  const { dtype } = EXACT.get(name)!;
  const which = [...EXACT.keys()].indexOf(name);
  const results = new ARRAYS[dtype](oracle.memory.buffer, oracle.resultsAt(), CHUNK);
  const bytes = DTYPE_BYTES[dtype];
  const mismatches = [];
  for (let chunk = 0; chunk < 2 * chunks; chunk++) {
    const start = (first + (chunk >> 1) * CHUNK + (chunk & 1) * 2 ** 31) >>> 0;
    execute(start, results);
    oracle.checkExact(which, bytes, start, CHUNK);
    const raw = new Uint8Array(oracle.memory.buffer, oracle.resultsAt(), bytes * CHUNK);
    for (const { place, distance } of oracle.events()) {
      const got = raw.slice(bytes * place, bytes * (place + 1)).reduceRight((value, byte) => 256 * value + byte, 0);
      mismatches.push({ bits: start + place, got, expected: distance });
    }
  }
  return { inputs: 2 * chunks * CHUNK, undecided: 0, mismatches, hard: [] };
}

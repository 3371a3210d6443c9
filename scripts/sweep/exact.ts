import { arrayIn } from "../../src/audit/bytes.js";
import { canonicalise } from "../../src/audit/exec/fast/float-kernels.js";
import { engineOf } from "../../src/audit/exec/fast/engine.js";
import { mapKernel } from "../../src/audit/exec/fast/map-kernel.js";
import { readElement } from "../../src/audit/exec/elements.js";
import { DTYPE_BYTES, DTYPE_CODE, type DType, MAP_FN, type MapFn, type TensorArray } from "../../src/audit/graph.js";
import { isFloating, mapTakes } from "../../src/audit/signatures.js";
import type { Mismatch, Outcome } from "./block.js";
import { SWEPT } from "./functions.js";
import { CHUNK, type Oracle } from "./oracle.js";

/*
 * Functions of one operand of at most 32 bits whose values need no series: the oracle computes them from bits to bits with integers.
 */

interface ExactFunction {
  readonly fn: MapFn;
  readonly from: DType;
  readonly to: DType;
}

const DTYPES = Object.keys(DTYPE_CODE) as DType[];

/** All that ship. `pick` is left out: it chooses between operands by their guards, and copies. */
const FNS = (Object.keys(MAP_FN) as MapFn[]).filter((fn) => fn !== "pick" && !Object.hasOwn(SWEPT, fn));

/** By name: `neg-i8`, `cast-f32-u8`. */
export const EXACT: ReadonlyMap<string, ExactFunction> = new Map(
  FNS.flatMap((fn) =>
    DTYPES.filter((from) => DTYPE_BYTES[from] <= 4).flatMap((from) =>
      DTYPES.filter((to) => mapTakes(fn, [from], to)).map(
        (to) => [fn === "cast" ? `cast-${from}-${to}` : `${fn}-${from}`, { fn, from, to }] as const,
      ),
    ),
  ),
);

/** How many operands a dtype of at most 32 bits has. */
export function operandsOf(dtype: DType): number {
  return dtype === "bool" ? 2 : 2 ** (8 * DTYPE_BYTES[dtype]);
}

/** Writes the results of `count` operands `first`, first + 1, ... */
type ExecuteExact = (first: number, results: TensorArray, count: number) => void;

export function shippedExact(oracle: Oracle, name: string): ExecuteExact {
  const { fn, from, to } = EXACT.get(name)!;
  const kernel = mapKernel(fn, [from], to, engineOf("best").kernels);
  const bytes = DTYPE_BYTES[from];
  const operands = arrayIn(oracle.memory.buffer, oracle.operandsAt(), from, CHUNK);
  return (first, results, count) => {
    if (bytes === 4) oracle.fill(first);
    else oracle.fillNarrow(first, bytes, count);
    kernel([operands], results, count);
    if (isFloating(to)) canonicalise(results);
  };
}

/** Compares `count` operands, at most CHUNK at a time, from the bits `first` on. */
function checkChunk(oracle: Oracle, name: string, execute: ExecuteExact, first: number, count: number): Mismatch[] {
  const { fn, from, to } = EXACT.get(name)!;
  const signature = [MAP_FN[fn], DTYPE_CODE[from], DTYPE_CODE[to], Math.log2(DTYPE_BYTES[to])] as const;
  const results = arrayIn(oracle.memory.buffer, oracle.resultsAt(), to, count);
  execute(first, results, count);
  oracle.checkExact(...signature, first, count);
  return oracle.events().map(({ place }) => ({
    bits: first + place,
    got: Number(readElement(results, to, place)),
    expected: Number(BigInt.asUintN(64, oracle.exactBits(...signature, first + place))),
  }));
}

/** Compares `chunks` chunks of operands from the magnitude `first` on, of both signs; or all operands of a narrow dtype. */
export function checkExactBlock(
  oracle: Oracle,
  name: string,
  execute: ExecuteExact,
  first: number,
  chunks: number,
): Outcome {
  const all = operandsOf(EXACT.get(name)!.from);
  const narrow = all <= CHUNK;
  const firsts = narrow
    ? [0]
    : Array.from({ length: 2 * chunks }, (_, chunk) => first + (chunk >> 1) * CHUNK + (chunk & 1) * 2 ** 31);
  const mismatches = firsts.flatMap((start) => checkChunk(oracle, name, execute, start, narrow ? all : CHUNK));
  return { inputs: narrow ? all : 2 * chunks * CHUNK, undecided: 0, mismatches, hard: [] };
}

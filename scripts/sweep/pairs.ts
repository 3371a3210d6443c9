import { arrayIn } from "../../src/audit/bytes.js";
import { readElement } from "../../src/audit/exec/elements.js";
import { executeFast } from "../../src/audit/exec/fast/execute.js";
import {
  type AuditGraph,
  DTYPE_BYTES,
  DTYPE_CODE,
  type DType,
  MAP_FN,
  type MapFn,
  type TensorArray,
  type View,
} from "../../src/audit/graph.js";
import { mapTakes } from "../../src/audit/signatures.js";
import { compileAssembly } from "../support/assembly.js";
import { powerBits, powerConstants } from "./powers.js";

/*
 * Functions of two operands, and fma, at random ones: the shipped executor against assembly/pairs.ts.
 */

interface PairFunction {
  readonly fn: MapFn;
  readonly dtypes: readonly DType[];
  readonly result: DType;
}

const NARROW = (Object.keys(DTYPE_CODE) as DType[]).filter((dtype) => DTYPE_BYTES[dtype] <= 4);

/**
 * By name: `add-f32`. All of operands of one dtype of at most 32 bits, but powers of integers: those, like all functions of 64-bit integers, are
 * the reference executor's.
 */
export const PAIR_FUNCTIONS: ReadonlyMap<string, PairFunction> = new Map(
  (Object.keys(MAP_FN) as MapFn[])
    .filter((fn) => fn !== "pick")
    .flatMap((fn) =>
      NARROW.flatMap((dtype) => {
        const dtypes = Array.from({ length: fn === "fma" ? 3 : 2 }, () => dtype);
        const result = (["bool", dtype] as const).find((to) => mapTakes(fn, dtypes, to));
        if (result === undefined || (fn === "pow" && dtype !== "f32")) return [];
        return [[`${fn}-${dtype}`, { fn, dtypes, result }] as const];
      }),
    ),
);

export const PAIRS = 2 ** 16;

interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly leftAt: () => number;
  readonly rightAt: () => number;
  readonly thirdAt: () => number;
  readonly resultsAt: () => number;
  readonly constantsAt: () => number;
  readonly seed: (value: number) => void;
  readonly fill: (fn: number, dtype: number, bytes: number, most: number) => void;
  readonly firstDifference: (
    fn: number,
    dtype: number,
    bytes: number,
    width: number,
    start: number,
    end: number,
  ) => number;
  readonly isUndecided: (place: number) => number;
}

interface PairDifference {
  readonly operands: readonly bigint[];
  readonly got: bigint;
}

/** Writes the results of `results.length` pairs of operands. */
type ExecutePairs = (operands: readonly TensorArray[], results: TensorArray) => void;

/** The shipped executor on a graph of one node. */
export function shippedPairs({ fn, dtypes, result }: PairFunction): ExecutePairs {
  const view = (dtype: DType, index: number): View => ({
    source: { kind: "input", index },
    dtype,
    numel: PAIRS,
    base: 0,
    coef: [1],
    guards: [],
    fill: 0n,
  });
  const graph: AuditGraph = {
    inputs: dtypes.map((dtype, k) => ({ name: String(k), dtype, shape: [PAIRS], lo: 0n, hi: 0n })),
    weights: [],
    nodes: [{ kind: "map", fn, dtype: result, out: [PAIRS], operands: dtypes.map(view), steps: [], label: fn }],
    outputs: [],
    bound: [],
  };
  return (operands, results) => {
    const [answer] = executeFast(
      graph,
      operands.map((data, k) => ({ dtype: dtypes[k]!, shape: [PAIRS], data })),
    );
    // As bytes: a NaN that is stored as a number may change.
    const [from, to] = [answer!.data, results].map(
      (data) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    );
    to!.set(from!);
  };
}

export interface PairOracle {
  /** Compares `chunks` times PAIRS pairs, or the first `count` of each; the first pair on which the results are wrong, if there is one. */
  readonly compare: (
    name: string,
    seed: number,
    chunks: number,
    execute: ExecutePairs,
    count?: number,
  ) => PairDifference | undefined;
}

export async function createPairOracle(): Promise<PairOracle> {
  const binary = await compileAssembly("scripts/sweep/assembly/pairs.ts");
  const instance = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(binary)));
  const oracle = instance.exports as unknown as Exports;
  const buffer = oracle.memory.buffer;
  const constants = powerConstants();
  new Float64Array(buffer, oracle.constantsAt(), constants.length).set(constants);
  return {
    compare: (name, seed, chunks, execute, count = PAIRS) => {
      const { fn, dtypes, result } = PAIR_FUNCTIONS.get(name)!;
      const dtype = dtypes[0]!;
      const bytes = DTYPE_BYTES[dtype];
      const places = [oracle.leftAt(), oracle.rightAt(), oracle.thirdAt()].slice(0, dtypes.length);
      const operands = places.map((at) => arrayIn(buffer, at, dtype, count));
      const results = arrayIn(buffer, oracle.resultsAt(), result, count);
      const [code, most] = [DTYPE_CODE[dtype], dtype === "bool" ? 1 : 2 ** (8 * bytes) - 1];
      /** Whether a result next to a midpoint is right; `fill` makes few of these. */
      const isRight = (place: number): boolean => {
        if (fn !== "pow" || oracle.isUndecided(place) === 0) return false;
        const [x, y] = operands.map((operand) => Number(readElement(operand, dtype, place))) as [number, number];
        return Number(readElement(results, result, place)) === powerBits(x, y);
      };
      oracle.seed(seed);
      for (let chunk = 0; chunk < chunks; chunk++) {
        oracle.fill(MAP_FN[fn], code, bytes, most);
        execute(operands, results);
        const from = (start: number): number =>
          oracle.firstDifference(MAP_FN[fn], code, bytes, DTYPE_BYTES[result], start, count);
        for (let place = from(0); place >= 0; place = from(place + 1)) {
          if (isRight(place)) continue;
          return {
            operands: operands.map((operand) => readElement(operand, dtype, place)),
            got: readElement(results, result, place),
          };
        }
      }
      return undefined;
    },
  };
}

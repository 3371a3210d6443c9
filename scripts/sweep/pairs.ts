import { executeFast } from "../../src/audit/exec/fast/execute.js";
import type { AuditGraph, MapFn, View } from "../../src/audit/graph.js";
import { compileAssembly } from "../support/assembly.js";

/*
 * Functions of two f32 operands at random pairs, the shipped executor against assembly/pairs.ts.
 */

/** In the order of their numbers in assembly/pairs.ts. */
export const PAIR_FUNCTIONS = ["add", "sub", "mul", "div", "min", "max", "mod", "fmod", "prelu"] as const;
type PairFn = (typeof PAIR_FUNCTIONS)[number];

export const PAIRS = 2 ** 16;

interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly leftAt: () => number;
  readonly rightAt: () => number;
  readonly resultsAt: () => number;
  readonly seed: (value: number) => void;
  readonly fill: () => void;
  readonly firstDifference: (which: number) => number;
}

interface PairDifference {
  readonly x: number;
  readonly y: number;
  readonly got: number;
}

/** Writes the results of PAIRS pairs of operands. Tests plant errors here. */
export type ExecutePairs = (x: Float32Array, y: Float32Array, results: Float32Array) => void;

/** The shipped executor on a graph of one node. */
export function shippedPairs(fn: MapFn): ExecutePairs {
  const spec = { dtype: "f32", shape: [PAIRS], lo: 0n, hi: 0n } as const;
  const view = (index: number): View => ({
    source: { kind: "input", index },
    dtype: "f32",
    numel: PAIRS,
    base: 0,
    coef: [1],
    guards: [],
    fill: 0n,
  });
  const graph: AuditGraph = {
    inputs: [
      { ...spec, name: "x" },
      { ...spec, name: "y" },
    ],
    weights: [],
    nodes: [{ kind: "map", fn, dtype: "f32", out: [PAIRS], operands: [view(0), view(1)], steps: [], label: fn }],
    outputs: [],
    bound: [],
  };
  return (x, y, results) => {
    const [result] = executeFast(
      graph,
      [x, y].map((data) => ({ dtype: "f32", shape: [PAIRS], data }) as const),
    );
    const { buffer, byteOffset } = result!.data;
    // As bits: a NaN that is stored as a number may change.
    new Uint32Array(results.buffer, results.byteOffset, PAIRS).set(new Uint32Array(buffer, byteOffset, PAIRS));
  };
}

export interface PairOracle {
  /** Compares `chunks` times PAIRS pairs; the first pair on which the results are wrong, if there is one. */
  readonly compare: (fn: PairFn, seed: number, chunks: number, execute: ExecutePairs) => PairDifference | undefined;
}

export async function createPairOracle(): Promise<PairOracle> {
  const binary = await compileAssembly("scripts/sweep/assembly/pairs.ts");
  const instance = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(binary)));
  const oracle = instance.exports as unknown as Exports;
  const { buffer } = oracle.memory;
  const places = [oracle.leftAt(), oracle.rightAt(), oracle.resultsAt()] as const;
  const [x, y, results] = places.map((at) => new Float32Array(buffer, at, PAIRS)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const bits = places.map((at) => new Uint32Array(buffer, at, PAIRS));
  return {
    compare: (fn, seed, chunks, execute) => {
      oracle.seed(seed);
      for (let chunk = 0; chunk < chunks; chunk++) {
        oracle.fill();
        execute(x, y, results);
        const place = oracle.firstDifference(PAIR_FUNCTIONS.indexOf(fn));
        if (place >= 0) return { x: bits[0]![place]!, y: bits[1]![place]!, got: bits[2]![place]! };
      }
      return undefined;
    },
  };
}

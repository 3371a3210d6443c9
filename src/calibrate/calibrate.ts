import type { AuditGraph, Tensor } from "../audit/graph.js";
import type { Runtime } from "../runtime/runtime.js";
import { createRandom, generateInput, KINDS } from "./inputs.js";

/** Honest noise is kept this many times below the tolerance, and the tolerance this many times below the cheapest substitute. */
export const NOISE_MARGIN = 16;
export const SUBSTITUTE_MARGIN = 2;
/** Alarm level of self-tests and watchers, over the largest noise seen. */
const ALARM_MARGIN = 4;

/** Distance of one runtime from the audit answer, per output: largest over all inputs, and median over inputs of the largest element. */
export interface Distance {
  readonly label: string;
  readonly largest: readonly number[];
  readonly median: readonly number[];
}

export interface Proposal {
  readonly profile: "tolerant" | "exact";
  /** Per output; zero for `exact`. */
  readonly atol: readonly number[];
  /** Per output, as a fraction of the tolerance. */
  readonly noise: readonly number[];
  /** Why no tolerance fits, where none does. */
  readonly reason: string | undefined;
}

export interface Calibration {
  readonly seed: number;
  readonly inputs: number;
  /** Honest runtimes: engine and settings. */
  readonly honest: readonly Distance[];
  /** Cheaper versions of the model. */
  readonly substitutes: readonly Distance[];
  readonly proposal: Proposal;
}

export interface CalibrationRequest {
  readonly graph: AuditGraph;
  /** The exact answer: results of all nodes. */
  readonly audit: (inputs: readonly Tensor[]) => readonly Tensor[];
  readonly honest: readonly Runtime[];
  readonly substitutes: readonly { readonly label: string; readonly runtime: Runtime }[];
  /** Real inputs, where the publisher has some; they weigh like generated ones. */
  readonly supplied: readonly (readonly Tensor[])[];
  /** Generated inputs of each kind. */
  readonly perKind: number;
  readonly seed: number;
  readonly onProgress?: (done: number, total: number) => void;
}

function largestDifference(a: Tensor, b: Tensor): number {
  let largest = 0;
  for (let i = 0; i < a.data.length; i++) {
    const [x, y] = [Number(a.data[i]), Number(b.data[i])];
    const difference = Object.is(x, y) || x === y ? 0 : Math.abs(x - y);
    if (!(difference <= largest)) largest = difference;
  }
  return largest;
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

/** Keeps, for one runtime, the largest difference of every input and output. */
function createMeter(
  label: string,
  outputs: number,
): { add(audit: readonly Tensor[], got: readonly Tensor[]): void; distance(): Distance } {
  const samples: number[][] = Array.from({ length: outputs }, () => []);
  return {
    add: (audit, got) =>
      samples.forEach((list, k) => {
        const [a, b] = [audit[k], got[k]];
        list.push(a === undefined || b === undefined ? Infinity : largestDifference(a, b));
      }),
    distance: () => ({ label, largest: samples.map((s) => Math.max(0, ...s)), median: samples.map(median) }),
  };
}

/** Half of binary32's mantissa: tolerances are rounded so that they read well and cost few digits. */
const roundTolerance = (x: number): number => Number(x.toPrecision(2));

function propose(honest: readonly Distance[], substitutes: readonly Distance[], outputs: number): Proposal {
  const atol: number[] = [];
  const noise: number[] = [];
  for (let k = 0; k < outputs; k++) {
    const seen = Math.max(...honest.map(({ largest }) => largest[k] ?? Infinity));
    const cheapest = Math.min(...substitutes.map(({ median: m }) => m[k] ?? 0));
    const [least, most] = [NOISE_MARGIN * seen, cheapest / SUBSTITUTE_MARGIN];
    if (!(least < most)) {
      const reason =
        `output ${k}: ${NOISE_MARGIN} x honest noise is ${least.toPrecision(3)}, ` +
        `1/${SUBSTITUTE_MARGIN} of the cheapest substitute's error is ${most.toPrecision(3)}`;
      const zeros = new Array<number>(outputs).fill(0);
      return { profile: "exact", atol: zeros, noise: zeros, reason };
    }
    const tolerance = roundTolerance(seen === 0 ? most / NOISE_MARGIN : Math.sqrt(least * most));
    atol.push(tolerance);
    noise.push(Math.min(1, (ALARM_MARGIN * seen) / tolerance));
  }
  return { profile: "tolerant", atol, noise, reason: undefined };
}

/**
 * Measures how far honest runtimes and cheaper versions of a model are from its audit answer, and proposes a tolerance
 * between them: the geometric mean of 16 x the one and half of the other, or `exact` where there is no room.
 */
export async function calibrate(request: CalibrationRequest): Promise<Calibration> {
  const { graph, audit, honest, substitutes, supplied, perKind, seed } = request;
  const random = createRandom(seed);
  const generated = KINDS.flatMap((kind) =>
    Array.from({ length: perKind }, () => graph.inputs.map((spec) => generateInput(spec, kind, random))),
  );
  const all = [...supplied, ...generated];
  const outputs = graph.outputs.length;
  const meters = honest.map(({ label }) => createMeter(label, outputs));
  const cheap = substitutes.map(({ label }) => createMeter(label, outputs));
  for (const [n, inputs] of all.entries()) {
    const results = audit(inputs);
    const answer = graph.outputs.map(({ node }) => results[node]).filter((tensor) => tensor !== undefined);
    for (const [i, runtime] of honest.entries()) meters[i]?.add(answer, await runtime.run(inputs));
    for (const [i, { runtime }] of substitutes.entries()) cheap[i]?.add(answer, await runtime.run(inputs));
    request.onProgress?.(n + 1, all.length);
  }
  const honestDistances = meters.map((meter) => meter.distance());
  const cheapDistances = cheap.map((meter) => meter.distance());
  return {
    seed,
    inputs: all.length,
    honest: honestDistances,
    substitutes: cheapDistances,
    proposal: propose(honestDistances, cheapDistances, outputs),
  };
}

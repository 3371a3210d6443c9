import { answer } from "../audit/exec/fast/execute.js";
import type { AuditGraph, Tensor } from "../audit/graph.js";
import { TouchstoneError } from "../errors.js";
import type { Runtime } from "../runtime/runtime.js";
import { createMeter, type Distribution, distances, type Meter } from "./distribution.js";
import { huntRound, newHunt } from "./hunt.js";
import { createRandom, generateInput, KINDS } from "./inputs.js";
import { noisePrey } from "./prey.js";
import { propose, type Proposal } from "./propose.js";
import type { Substitute } from "./settings.js";

export interface Calibration {
  readonly seed: number;
  /** How many inputs of each kind. */
  readonly inputs: Readonly<Record<string, number>>;
  /** Honest runtimes: engine and settings. */
  readonly honest: readonly Distribution[];
  /** All of them together, by kind of input. */
  readonly kinds: readonly Distribution[];
  /** Cheaper versions of the model. */
  readonly substitutes: readonly Distribution[];
  readonly proposal: Proposal;
}

export interface CalibrationRequest {
  readonly graph: AuditGraph;
  /** Names of outputs that depend on a jump of rounded values. */
  readonly jumps: readonly string[];
  readonly honest: readonly Runtime[];
  readonly substitutes: readonly Substitute[];
  /** Real inputs, where the publisher has some; they weigh like generated ones. */
  readonly supplied: readonly (readonly Tensor[])[];
  /** Inputs that a long search for noise found. */
  readonly hunted: readonly (readonly Tensor[])[];
  /** Generated inputs of each kind. */
  readonly perKind: number;
  /** The search for the most deviating input: its rounds and the runtimes that it asks. */
  readonly search: { readonly rounds: number; readonly runtimes: readonly Runtime[] };
  readonly seed: number;
  readonly onProgress?: (text: string) => void;
}

interface Sample {
  readonly kind: string;
  readonly inputs: readonly Tensor[];
}

/** Inputs that a search found are judged by honest noise alone. */
const SEARCHED = "searched";
/** So are those of a search before, which also stay out of the honest runtimes' own distributions. */
const HUNTED = "hunted";
/** The noisiest inputs, with which the search begins. */
const STARTS = 12;

/**
 * Measures how far honest runtimes and cheaper versions of a model are from its audit answer, and proposes a tolerance
 * between them.
 */
export async function calibrate(request: CalibrationRequest): Promise<Calibration> {
  const { graph, honest, substitutes, supplied, perKind, seed, search, onProgress = () => undefined } = request;
  const outputs = graph.outputs.length;
  const meters = honest.map(({ label }) => createMeter(label, outputs));
  const cheap = substitutes.map(({ label }) => createMeter(label, outputs));
  const kinds = new Map<string, Meter>();
  const counts = new Map<string, number>();
  /** Largest honest distance so far, per output. */
  const seen = graph.outputs.map(() => 0);

  /** Returns the largest distance of an honest answer, per output. */
  async function measure({ kind, inputs }: Sample): Promise<number[]> {
    const noise = graph.outputs.map(() => 0);
    const audit = answer(graph, inputs);
    const ofKind = kinds.get(kind) ?? createMeter(kind, outputs);
    kinds.set(kind, ofKind);
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
    for (const [i, runtime] of honest.entries()) {
      const found = distances(audit, await runtime.run(inputs));
      if (kind !== HUNTED) meters[i]?.add(found);
      ofKind.add(found);
      found.forEach((x, k) => (noise[k] = Math.max(noise[k]!, x)));
    }
    if (kind === SEARCHED || kind === HUNTED) return noise;
    noise.forEach((x, k) => (seen[k] = Math.max(seen[k]!, x)));
    for (const [i, { runtime }] of substitutes.entries()) cheap[i]?.add(distances(audit, await runtime.run(inputs)));
    return noise;
  }

  const random = createRandom(seed);
  const generated = KINDS.flatMap((kind) =>
    Array.from({ length: perKind }, () => ({
      kind,
      inputs: graph.inputs.map((spec) => generateInput(spec, kind, random)),
    })),
  );
  const all = [...supplied.map((inputs) => ({ kind: "supplied", inputs })), ...generated];
  if (all.length === 0) {
    throw new TouchstoneError("INPUTS_MISSING", "Nothing can be measured without inputs.", {
      next: "Have some generated (--per-kind), or give real ones (--sample).",
    });
  }
  const measured: { inputs: readonly Tensor[]; noise: readonly number[] }[] = [];
  for (const [n, sample] of all.entries()) {
    measured.push({ inputs: sample.inputs, noise: await measure(sample) });
    onProgress(`measured ${n + 1} of ${all.length} inputs`);
  }

  const inUnits = (noise: readonly number[]): number => Math.max(...noise.map((x, k) => x / (seen[k] || 1)));
  const starts = measured
    .sort((a, b) => inUnits(b.noise) - inUnits(a.noise))
    .slice(0, STARTS)
    .map(({ inputs }) => inputs);
  const prey = noisePrey(graph, search.runtimes, [...seen]);
  let hunt = newHunt(seed);
  for (let round = 0; round < search.rounds; round++) {
    hunt = await huntRound(hunt, prey, starts);
    onProgress(`searched ${round + 1} of ${search.rounds} rounds`);
  }
  for (const { inputs } of hunt.best === undefined ? [] : [hunt.best, ...hunt.pool]) {
    await measure({ kind: SEARCHED, inputs });
  }

  for (const inputs of request.hunted) await measure({ kind: HUNTED, inputs });

  const found = {
    honest: meters.map((meter) => meter.distribution()),
    substitutes: cheap.map((meter) => meter.distribution()),
  };
  return {
    seed,
    inputs: Object.fromEntries(counts),
    ...found,
    kinds: [...kinds.values()].map((meter) => meter.distribution()),
    proposal: propose(graph, request.jumps, { ...found, hunted: kinds.get(HUNTED)?.distribution() }),
  };
}

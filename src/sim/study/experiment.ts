import { answer } from "../../audit/exec/fast/execute.js";
import type { Tensor } from "../../audit/graph.js";
import { createRandom, generateInput, KINDS } from "../../calibrate/inputs.js";
import type { Substitute } from "../../calibrate/settings.js";
import type { Runtime } from "../../runtime/runtime.js";
import { deviatingBy, neighbour } from "../frauds/deviating.js";
import { drawBelow } from "../random.js";
import { judge } from "./judge.js";
import type { Subject } from "./subject.js";

/** Multiples of the tolerance by which a fraud moves one element. */
export const FACTORS = [1.01, 1.02, 1.05, 1.1, 1.25, 1.5, 2, 4, 16, 256] as const;

interface Tally {
  answers: number;
  /** Verdict *wrong*. */
  wrong: number;
  /** Largest distance as a fraction of the tolerance; smallest for cheaper versions. */
  extreme: number;
}

/** What came of an experiment so far. Grows by one input at a time and can be stored between them. */
export interface Findings {
  readonly seed: number;
  /** Inputs answered. */
  inputs: number;
  readonly honest: Record<string, Tally>;
  readonly cheap: Record<string, Tally>;
  /** Cheaper versions by kind of input, all together. */
  readonly kinds: Record<string, Tally>;
  /** Frauds by multiple of the tolerance. */
  readonly frauds: Record<string, Tally>;
  /** The last number inside the tolerance and the first outside: how often decided so. */
  readonly boundary: { tried: number; right: number; wrong: number };
}

export const newFindings = (seed: number): Findings => ({
  seed,
  inputs: 0,
  honest: {},
  cheap: {},
  kinds: {},
  frauds: {},
  boundary: { tried: 0, right: 0, wrong: 0 },
});

export interface Experiment {
  readonly subject: Subject;
  readonly honest: readonly Runtime[];
  readonly substitutes: readonly Substitute[];
  /** Tolerance of every output. */
  readonly atol: readonly number[];
}

function count(
  tallies: Record<string, Tally>,
  name: string,
  wrong: boolean,
  ratio: number,
  extreme: "min" | "max",
): void {
  const tally = (tallies[name] ??= { answers: 0, wrong: 0, extreme: extreme === "min" ? Number.MAX_VALUE : 0 });
  tally.answers++;
  if (wrong) tally.wrong++;
  tally.extreme = Math[extreme](tally.extreme, Math.min(ratio, Number.MAX_VALUE));
}

/** The answer with one element of one output replaced. */
function withElement(outputs: readonly Tensor[], k: number, element: number, value: number): Tensor[] {
  return outputs.map((tensor, i) => {
    if (i !== k) return tensor;
    const data = tensor.data.slice();
    data[element] = value;
    return { ...tensor, data };
  });
}

/** Moves one element of the audit answer by multiples of the tolerance, and to both sides of it. */
function commitFrauds(findings: Findings, { atol }: Experiment, audit: readonly Tensor[], random: () => number): void {
  const tolerant = atol.flatMap((x, k) => (x > 0 ? [k] : []));
  const k = tolerant[drawBelow(random, tolerant.length)];
  if (k === undefined) return;
  const element = drawBelow(random, audit[k]!.data.length);
  const direction = random() < 0.5 ? 1 : -1;
  const exact = Number(audit[k]!.data[element]);
  const tolerance = { atol: Math.fround(atol[k]!), rtol: 0 };
  const decide = (value: number) => judge(audit, withElement(audit, k, element, value), atol);
  for (const factor of FACTORS) {
    const { verdict, ratio } = decide(deviatingBy(exact, tolerance, factor, direction));
    count(findings.frauds, String(factor), verdict === "wrong", ratio, "min");
  }
  const edge = deviatingBy(exact, tolerance, 1, direction);
  // On the tolerance itself is inside. Binary64 holds the difference exactly wherever it holds the sum.
  const onIt = Math.abs(edge - exact) === tolerance.atol;
  const [inside, outside] = onIt ? [edge, neighbour(edge, direction)] : [neighbour(edge, -direction), edge];
  findings.boundary.tried++;
  if (decide(inside).verdict === "right") findings.boundary.right++;
  if (decide(outside).verdict === "wrong") findings.boundary.wrong++;
}

/** Answers one more input with every runtime and judges all the answers. The input depends on the seed and its number only. */
export async function answerNext(findings: Findings, experiment: Experiment): Promise<void> {
  const { subject, honest, substitutes, atol } = experiment;
  const random = createRandom(Math.imul(findings.seed, 0x85ebca6b) ^ findings.inputs);
  const kind = KINDS[findings.inputs % KINDS.length] ?? "random";
  const inputs = subject.graph.inputs.map((spec) => generateInput(spec, kind, random));
  const audit = answer(subject.graph, inputs);
  for (const runtime of honest) {
    const { verdict, ratio } = judge(audit, await runtime.run(inputs), atol);
    count(findings.honest, runtime.label, verdict === "wrong", ratio, "max");
  }
  for (const { label, runtime } of substitutes) {
    const { verdict, ratio } = judge(audit, await runtime.run(inputs), atol);
    count(findings.cheap, label, verdict === "wrong", ratio, "min");
    count(findings.kinds, kind, verdict === "wrong", ratio, "min");
  }
  commitFrauds(findings, experiment, audit, random);
  findings.inputs++;
}

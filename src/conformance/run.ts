import { executeFast } from "../audit/exec/fast/execute.js";
import type { Tensor } from "../audit/graph.js";
import { TouchstoneError, messageOf } from "../errors.js";
import { compileCase, listCases, loadCase, type Case, type CompiledCase, type LoadedCase } from "./cases.js";
import type { Judge } from "./chain.js";
import { compareAll } from "./compare.js";
import type { NativeAnswer } from "./native.js";
import { proveTrace } from "./prove.js";

/** `refused`: the compiler says by name why not. `skipped`: the native runtime itself fails the test. */
export type Verdict = "proved" | "refused" | "failed" | "skipped";

export interface CaseReport {
  readonly name: string;
  readonly verdict: Verdict;
  readonly reason: string;
  readonly operators: readonly string[];
  readonly nodes: number;
  readonly elementsProved: number;
  readonly perturbationsRejected: number;
  /** Largest distance of the audit answer from the expected one. */
  readonly maxDeviation: number;
  readonly multiplyAdds: number;
  readonly traceBytes: number;
  /** Bounds on the dearest proof of any element: bytes of evidence, gas of the transaction. */
  readonly worstProofBytes: number;
  readonly worstProofGas: number;
}

export interface ConformanceReport {
  readonly total: number;
  readonly proved: number;
  readonly refused: number;
  readonly failed: number;
  readonly skipped: number;
  readonly seed: number;
  readonly tests: readonly CaseReport[];
}

export interface ConformanceOptions {
  readonly folder: string;
  readonly native: (each: Case) => Promise<NativeAnswer>;
  readonly judge: Judge;
  readonly seed: number;
  readonly filter?: (name: string) => boolean;
  readonly onCase?: (report: CaseReport, done: number, total: number) => void;
}

const NOTHING = {
  operators: [],
  nodes: 0,
  elementsProved: 0,
  perturbationsRejected: 0,
  maxDeviation: 0,
  multiplyAdds: 0,
  traceBytes: 0,
  worstProofBytes: 0,
  worstProofGas: 0,
};

const settled = (name: string, verdict: Verdict, reason: string): CaseReport => ({ ...NOTHING, name, verdict, reason });

const reasonOf = (thrown: unknown): string =>
  thrown instanceof TouchstoneError ? `${thrown.code}: ${thrown.message}` : messageOf(thrown);

/** Why the native runtime's answer does not count, if it does not. */
function nativeFault(answer: NativeAnswer, expected: readonly Tensor[]): string | undefined {
  if ("failure" in answer) return `the native runtime fails: ${answer.failure}`;
  const { difference } = compareAll(answer.outputs, expected);
  return difference === undefined ? undefined : `the native runtime's own answer differs: ${difference}`;
}

async function runCase(each: Case, { native, judge, seed }: ConformanceOptions): Promise<CaseReport> {
  const { name } = each;
  if (each.set === undefined) return settled(name, "skipped", "the model comes without a data set");
  let loaded: LoadedCase;
  let compiled: CompiledCase;
  try {
    loaded = loadCase(each);
  } catch (thrown) {
    return settled(name, "refused", reasonOf(thrown));
  }
  const operators = [...new Set(loaded.proto.graph?.node.map(({ opType }) => opType))].sort();
  const fault = nativeFault(await native(each), loaded.expected);
  if (fault !== undefined) return { ...settled(name, "skipped", fault), operators };
  try {
    compiled = compileCase(each, loaded);
  } catch (thrown) {
    // Only refusals by name count; anything else is a fault of ours.
    const verdict = thrown instanceof TouchstoneError && thrown.code !== "INTERNAL" ? "refused" : "failed";
    return { ...settled(name, verdict, reasonOf(thrown)), operators };
  }
  const { graph, inputs, report } = compiled;
  const size = {
    nodes: graph.nodes.length,
    multiplyAdds: report.multiplyAdds,
    traceBytes: report.traceBytes,
    worstProofBytes: Math.max(...report.costs.map(({ bytes }) => bytes)),
    worstProofGas: Math.max(...report.costs.map(({ gas }) => gas)),
  };
  try {
    const results = executeFast(graph, inputs);
    const outputs = graph.outputs.map(({ node, shape }) => ({ ...results[node]!, shape }));
    const { difference, maxDeviation } = compareAll(outputs, loaded.expected);
    const measured = { ...NOTHING, ...size, name, operators, maxDeviation };
    if (difference !== undefined) return { ...measured, verdict: "failed", reason: difference };
    const { fault: disagreement, ...proof } = await proveTrace({
      graph,
      inputs,
      results,
      costs: report.costs,
      judge,
      seed,
    });
    if (disagreement !== undefined) return { ...measured, ...proof, verdict: "failed", reason: disagreement };
    return { ...measured, ...proof, verdict: "proved", reason: "" };
  } catch (thrown) {
    return { ...settled(name, "failed", reasonOf(thrown)), ...size, operators };
  }
}

/** Compiles, runs, compares and proves every test of a folder, one after the other. */
export async function runConformance(options: ConformanceOptions): Promise<ConformanceReport> {
  const { folder, seed, filter = () => true, onCase } = options;
  const cases = listCases(folder).filter(({ name }) => filter(name));
  const tests: CaseReport[] = [];
  for (const each of cases) {
    const report = await runCase(each, options);
    tests.push(report);
    onCase?.(report, tests.length, cases.length);
  }
  const count = (verdict: Verdict): number => tests.filter((test) => test.verdict === verdict).length;
  return {
    total: tests.length,
    proved: count("proved"),
    refused: count("refused"),
    failed: count("failed"),
    skipped: count("skipped"),
    seed,
    tests,
  };
}

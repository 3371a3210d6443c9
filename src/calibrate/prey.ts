import { answer } from "../audit/exec/fast/execute.js";
import type { AuditGraph, Tensor } from "../audit/graph.js";
import type { Runtime } from "../runtime/runtime.js";
import { distances } from "./distribution.js";
import type { Prey } from "./hunt.js";

/**
 * What a search for noise maximises: the largest distance of any of `runtimes` from the audit answer, in units of `scale`.
 * @param scale of every output, such as its tolerance; outputs with a scale of 0 do not count
 */
export function noisePrey(graph: AuditGraph, runtimes: readonly Runtime[], scale: readonly number[]): Prey {
  const inUnits = (found: readonly number[]): number =>
    Math.max(0, ...found.map((x, k) => ((scale[k] ?? 0) > 0 ? x / (scale[k] ?? 1) : 0)));
  return {
    specs: graph.inputs,
    screen: async (inputs) => {
      const answers: Tensor[][] = [];
      for (const runtime of runtimes) answers.push(await runtime.run(inputs));
      const spreads = answers.flatMap((a, i) => answers.slice(i + 1).map((b) => inUnits(distances(a, b))));
      return { guess: Math.max(0, ...spreads), answers };
    },
    judge: (inputs, answers) => {
      const audit = answer(graph, inputs);
      return Math.max(0, ...answers.map((each) => inUnits(distances(audit, each))));
    },
  };
}

import { tensorBytes } from "../../../src/audit/bytes.js";
import { readElement } from "../../../src/audit/exec/elements.js";
import { createExecutor } from "../../../src/audit/exec/fast/execute.js";
import { evaluateElement } from "../../../src/audit/exec/reference/execute.js";
import { type AuditGraph, resultDType, resultSize, type Tensor } from "../../../src/audit/graph.js";
import { assertSameBytes, medianTimes, processClock } from "../measure.js";
import { loadModel } from "../models.js";
import type { Section } from "../section.js";
import { largestWorkingSet } from "../working-set.js";

/** Models, and how often each contender answers. */
const MODELS: readonly (readonly [name: string, rounds: number])[] = [
  ["mnist-8-cntk", 400],
  ["ultraface-rfb320", 40],
  ["super-resolution-10", 11],
];

/** Elements of each node that the reference executor computes again. */
const CHECKED = 24;

/** Throws unless some elements of every node, the same ones in every run, are the reference executor's. */
function assertReference(name: string, graph: AuditGraph, trace: readonly Tensor[], inputs: readonly Tensor[]): void {
  graph.nodes.forEach((node, i) => {
    const size = resultSize(node);
    for (let n = 0; n < Math.min(CHECKED, size); n++) {
      // Spread over the result, the last element too.
      const element = size - 1 - Math.floor((n * size) / CHECKED);
      const got = readElement(trace[i]!.data, resultDType(node), element);
      if (got !== evaluateElement(graph, trace, inputs, i, element)) {
        throw new Error(`${name}: node ${i}, element ${element} is not the reference's`);
      }
    }
  });
}

const sumsOf = (graph: AuditGraph): number =>
  graph.nodes.reduce(
    (count, node) =>
      node.kind === "reduce" && node.dtype === "f32" && ["dot", "sum", "mean"].includes(node.fn)
        ? count + resultSize(node)
        : count,
    0,
  );

export const section: Section = {
  run: async ({ conformance, say }) => {
    const rows: (string | number)[][] = [];
    for (const [name, rounds] of MODELS) {
      say(name);
      const { graph, inputs, multiplyAdds, native } = await loadModel(conformance, name);
      const [best, plain] = [createExecutor(graph), createExecutor(graph, "plain")];
      const trace = best.trace(inputs);
      assertReference(name, graph, trace, inputs);
      const outputs = plain.answer(inputs);
      const check = (answer: readonly Tensor[]): void => {
        answer.forEach((tensor, k) => assertSameBytes(name, tensorBytes(tensor), tensorBytes(outputs[k]!)));
      };
      check(graph.outputs.map(({ node }) => trace[node]!));
      const ms = await medianTimes(
        {
          native: () => native.run(inputs),
          best: () => best.answer(inputs),
          plain: () => plain.answer(inputs),
        },
        rounds,
        processClock,
      );
      check(best.answer(inputs));
      await native.release();
      const { undecided, peakBytes } = best.last;
      const workingSet = largestWorkingSet(graph);
      const speed = (time: number): string => ((2 * multiplyAdds) / time / 1e6).toFixed(1);
      rows.push([
        ...[name, ms.native.toFixed(2), ms.best.toFixed(2), `${(ms.best / ms.native).toFixed(1)}x`, speed(ms.best)],
        ...[ms.plain.toFixed(2), `${(ms.plain / ms.native).toFixed(1)}x`, speed(ms.plain)],
        (undecided / sumsOf(graph)).toExponential(1),
        ...[(workingSet / 1e6).toFixed(2), (peakBytes / 1e6).toFixed(2), `${(peakBytes / workingSet).toFixed(1)}x`],
      ]);
    }
    return [
      {
        title: "Answer alone",
        remark:
          "Milliseconds of processor time, medians, and multiples of the native runtime (ONNX Runtime, one thread, nothing fused). GFLOP/s of one " +
          "thread, two to a multiply-add. Undecided: sums that only the exact accumulator could round. A working set is what one node reads of inputs and " +
          "results, and its own result; memory is what the kernels use at most, beside the graph's own weights.",
        columns: [
          ...["model", "native", "answer", "", "GFLOP/s", "without relaxed SIMD", "", "GFLOP/s"],
          ...["undecided", "largest working set MB", "memory MB", ""],
        ],
        rows,
      },
    ];
  },
};

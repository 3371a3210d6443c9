import { toHex } from "../../../src/audit/bytes.js";
import { answer, executeFast } from "../../../src/audit/exec/fast/execute.js";
import { createInlineSink } from "../../../src/audit/roots.js";
import { commitRun } from "../../../src/audit/run.js";
import { listTree, tensorRoot } from "../../../src/audit/tree.js";
import { createHashPool } from "../../../src/runtime/hashing/pool.js";
import { runLight, type LightFigures } from "../light.js";
import { medianTimes } from "../measure.js";
import { loadModel } from "../models.js";
import type { Section, Table } from "../section.js";

const MODELS = ["ultraface-rfb320", "super-resolution-10"];
const LIGHT = ["light_resnet50", "light_vgg19"];
const ROUNDS = 7;

const rootOf = (roots: readonly Uint8Array[]): string => toHex(listTree(roots).root());
const times = (ratio: number): string => `${ratio.toFixed(1)}x`;
const megabytes = (bytes: number): number => Math.round(bytes / 1e6);

/** Answer and committed trace against the native runtime, all in one run. */
async function ratios(conformance: string): Promise<Table> {
  const rows: (string | number)[][] = [];
  for (const name of MODELS) {
    const { graph, inputs, native, traceBytes } = await loadModel(conformance, name);
    const pool = createHashPool({
      onFailure: (cause) => {
        throw cause;
      },
    });
    const inline = createInlineSink();
    const results = executeFast(graph, inputs);
    const truth = rootOf(results.map((tensor) => tensorRoot(tensor)));
    const assertRoot = (roots: readonly Uint8Array[]): void => {
      if (rootOf(roots) !== truth) throw new Error(`${name}: another trace root than that of plain hashing`);
    };
    const ms = await medianTimes(
      {
        native: () => native.run(inputs),
        answer: () => answer(graph, inputs),
        hash: () => {
          for (const tensor of results) inline.add(tensor);
          assertRoot(inline.finish());
        },
        one: () => assertRoot(commitRun(graph, inputs, inline).roots),
        two: () => assertRoot(commitRun(graph, inputs, pool).roots),
      },
      ROUNDS,
    );
    await pool.close();
    await native.release();
    rows.push([
      ...[name, ms.native.toFixed(1), ms.answer.toFixed(1), times(ms.answer / ms.native)],
      ...[ms.one.toFixed(1), times(ms.one / ms.native), ms.two.toFixed(1), times(ms.two / ms.native)],
      ...[(traceBytes / 1e6).toFixed(1), Math.round(traceBytes / 1e3 / ms.hash)],
    ]);
  }
  return {
    title: "Answer and committed trace",
    remark:
      `Milliseconds, median of ${ROUNDS}, and multiples of the native runtime (ONNX Runtime, one thread, nothing fused). ` +
      "The trace has every result of every node hashed; with two threads one computes and one hashes. Hashing is that of the whole trace alone, on one thread.",
    columns: [
      ...["model", "native", "answer", "", "with trace, 1 thread", "", "with trace, 2 threads", ""],
      ...["trace MB", "hashed MB/s"],
    ],
    rows,
  };
}

function lightTable(figures: readonly LightFigures[]): Table {
  return {
    title: "Large models with their trace",
    remark:
      "Each in a process of its own, two threads. A working set is what one node reads of inputs and results, and its own result. " +
      "Kernels: what inputs, results that are still to be read and room to work take of the kernels' memory at most. " +
      "Run: the most that the process held while it built the trace, above what it held before; besides the kernels' memory parts of tensors that wait to be hashed, and the outputs. " +
      "Before: Node, the loader of TypeScript, the compiled model and a hashing thread, much the same whatever the model.",
    columns: [
      ...["model", "nodes", "multiply-adds", "weights MB", "trace MB", "seconds", "trace root"],
      ...["largest working set MB", "kernels MB", "", "run MB", "", "before MB"],
    ],
    rows: figures.map((of) => [
      ...[of.name, of.nodes, of.multiplyAdds, megabytes(of.weightBytes), megabytes(of.traceBytes)],
      ...[of.seconds.toFixed(1), `${of.root.slice(0, 10)}...`],
      ...[(of.workingSet / 1e6).toFixed(1), (of.kernels / 1e6).toFixed(1), times(of.kernels / of.workingSet)],
      ...[(of.memory / 1e6).toFixed(1), times(of.memory / of.workingSet), Math.round(of.before / 1e6)],
    ]),
  };
}

export const section: Section = {
  run: async ({ conformance, say }) => {
    const table = await ratios(conformance);
    const light: LightFigures[] = [];
    for (const name of LIGHT) {
      say(name);
      light.push(await runLight(conformance, name));
    }
    return [table, lightTable(light)];
  },
};

/* Commits to one run of a large model and sends figures to light.ts, which starts it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { toHex } from "../../src/audit/bytes.js";
import { compile } from "../../src/audit/compile.js";
import { executorOf } from "../../src/audit/exec/fast/execute.js";
import type { Tensor } from "../../src/audit/graph.js";
import type { RootSink } from "../../src/audit/roots.js";
import { commitRun } from "../../src/audit/run.js";
import { listTree } from "../../src/audit/tree.js";
import { compareTensors } from "../../src/conformance/compare.js";
import { readTensorProto } from "../../src/onnx/model.js";
import { readTensor } from "../../src/onnx/tensor.js";
import { createHashPool } from "../../src/runtime/hashing/pool.js";
import { PART_BYTES } from "../../src/runtime/hashing/slots.js";
import type { LightFigures } from "./light.js";
import { largestWorkingSet } from "./working-set.js";

const [conformance, name] = process.argv.slice(2) as [string, string];
const fileOf = (ending: string): Uint8Array => new Uint8Array(readFileSync(join(conformance, "light", name + ending)));

/** The input that ONNX's own tests give these models: 0/n, 1/n, ... */
function ramp(shape: readonly number[]): Tensor {
  const count = shape.reduce((n, extent) => n * extent, 1);
  return { dtype: "f32", shape, data: Float32Array.from({ length: count }, (_, i) => i / count) };
}

const { graph, report } = compile(fileOf(".onnx"));
const inputs = graph.inputs.map(({ shape }) => ramp(shape));
const pool = createHashPool({
  onFailure: (cause) => {
    throw cause;
  },
});
// The thread and its engine are there before, whatever the model.
pool.add(ramp([PART_BYTES]));
while (!pool.isIdle()) await new Promise((resolve) => setTimeout(resolve, 20));
pool.finish();
let most = 0;
const measuring: RootSink = {
  add: (tensor) => {
    pool.add(tensor);
    globalThis.gc!();
    most = Math.max(most, process.memoryUsage.rss());
  },
  finish: () => pool.finish(),
};
globalThis.gc!();
const before = process.memoryUsage.rss();
const started = performance.now();
const { outputs, roots } = commitRun(graph, inputs, measuring);
const seconds = (performance.now() - started) / 1_000;

const expected = readTensor(readTensorProto(fileOf("_output_0.pb"))) as Tensor;
const { difference } = compareTensors(outputs[0]!, expected);
if (difference !== undefined) throw new Error(`${name}: ${difference}`);
const figures: LightFigures = {
  name,
  nodes: graph.nodes.length,
  multiplyAdds: report.multiplyAdds,
  weightBytes: graph.weights.reduce((sum, { data }) => sum + data.byteLength, 0),
  traceBytes: report.traceBytes,
  root: toHex(listTree(roots).root()),
  seconds,
  workingSet: largestWorkingSet(graph),
  kernels: executorOf(graph).last.peakBytes,
  memory: most - before,
  before,
};
await pool.close();
process.send!(figures, () => process.exit(0));

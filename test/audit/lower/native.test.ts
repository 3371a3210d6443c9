import { expect } from "chai";

import { compile } from "../../../src/audit/compile.js";
import { executeFast } from "../../../src/audit/exec/fast/execute.js";
import type { Tensor } from "../../../src/audit/graph.js";
import type { NodeProto } from "../../../src/onnx/gen/onnx_pb.js";
import { createNativeRuntime } from "../../../src/runtime/native.js";
import { difference, outputsOf } from "../../support/onnx-case.js";
import { f32, i64, info, model, node } from "../../support/onnx-model.js";

/** Operators of which the conformance folder has no test, against the native runtime. */
describe("lowering: against the native runtime", () => {
  const x = f32(
    Array.from({ length: 2 * 3 * 5 * 4 }, (_, i) => Math.sin(1.7 * i)),
    [2, 3, 5, 4],
  );

  async function compare(nodes: readonly NodeProto[], weights: Record<string, Tensor> = {}): Promise<void> {
    const bytes = model({ inputs: [info("x", "f32", x.shape)], outputs: ["y"], nodes, weights }, { opset: 18 });
    const runtime = await createNativeRuntime({ bytes, inputNames: ["x"], outputNames: ["y"], bound: [] });
    const { graph } = compile(bytes);
    const [native] = await runtime.run([x]);
    const [y] = outputsOf(graph, executeFast(graph, [x]));
    expect(difference(y!, native!)).to.equal(undefined);
    await runtime.release();
  }

  it("CenterCropPad crops and pads, by even and odd numbers of elements", async () => {
    for (const [rows, columns] of [
      [5, 4],
      [3, 7],
      [2, 6],
      [8, 1],
    ] as const) {
      const shape = i64([rows, columns]);
      await compare([node("CenterCropPad", ["x", "shape"], ["y"], { axes: [-2, 3] })], { shape });
    }
    await compare([node("CenterCropPad", ["x", "shape"], ["y"])], { shape: i64([1, 4, 2, 5]) });
  });

  it("GlobalLpPool takes norms", async () => {
    for (const p of [1, 2, 3]) await compare([node("GlobalLpPool", ["x"], ["y"], { p })]);
  });
});

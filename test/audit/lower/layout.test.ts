import { expect } from "chai";

import { compile } from "../../../src/audit/compile.js";
import { executeFast } from "../../../src/audit/exec/fast/execute.js";
import type { NodeProto } from "../../../src/onnx/gen/onnx_pb.js";
import { outputsOf } from "../../support/onnx-case.js";
import { f32, info, model, node } from "../../support/onnx-model.js";

const wave = (count: number, step: number): number[] => Array.from({ length: count }, (_, i) => Math.sin(i * step));

const CHANNELS = 96;
const SIZE = 20;

/** A model whose second operator reads what a pointwise convolution laid out with its channels last. */
function after(second: NodeProto, weights = {}): Uint8Array {
  const nodes = [node("Conv", ["x", "w"], ["h"]), second];
  const inputs = [info("x", "f32", [1, 3, SIZE, SIZE])];
  return model({
    inputs,
    outputs: ["y"],
    nodes,
    weights: { w: f32(wave(3 * CHANNELS, 0.7), [CHANNELS, 3, 1, 1]), ...weights },
  });
}

const same = (kernel: number, more = {}) => ({
  kernel_shape: [kernel, kernel],
  pads: [kernel, kernel, kernel, kernel].map((k) => (k - 1) / 2),
  ...more,
});

describe("lowering: layout of windows", () => {
  it("opens rows, not single elements, for large windows over one channel, without a further node", () => {
    const cases = [
      [after(node("Conv", ["h", "d"], ["y"], same(7, { group: CHANNELS })), { d: f32(wave(49 * CHANNELS, 0.3), [CHANNELS, 1, 7, 7]) }), 2],
      [after(node("MaxPool", ["h"], ["y"], same(7))), 2],
      [after(node("MaxPool", ["h"], ["y"], same(13))), 2],
      [after(node("AveragePool", ["h"], ["y"], same(7, { count_include_pad: 1 }))), 2],
    ] as const; // prettier-ignore
    for (const [bytes, nodes] of cases) {
      const { graph, report } = compile(bytes);
      expect(graph.nodes.length).to.equal(nodes);
      expect(Math.max(...report.costs.map((cost) => cost.bytes))).to.be.below(16 * 1024);
    }
  });

  it("leaves small windows over one channel, and windows over all channels, as they lie", () => {
    const depthwise = after(node("Conv", ["h", "d"], ["y"], same(3, { group: CHANNELS })), {
      d: f32(wave(9 * CHANNELS, 0.3), [CHANNELS, 1, 3, 3]),
    });
    const [first] = compile(depthwise).graph.nodes;
    expect(first!.out).to.deep.equal([SIZE * SIZE, CHANNELS]);
    const dense = after(node("Conv", ["h", "d"], ["y"], same(7)), {
      d: f32(wave(49 * CHANNELS, 0.3), [1, CHANNELS, 7, 7]),
    });
    expect(compile(dense).graph.nodes[0]!.out).to.deep.equal([SIZE * SIZE, CHANNELS]);
  });

  it("changes no value", () => {
    const d = f32(wave(49 * CHANNELS, 0.3), [CHANNELS, 1, 7, 7]);
    const x = f32(wave(3 * SIZE * SIZE, 1.1), [1, 3, SIZE, SIZE]);
    const { graph } = compile(after(node("Conv", ["h", "d"], ["y"], same(7, { group: CHANNELS })), { d }));
    const [y] = outputsOf(graph, executeFast(graph, [x]));
    const w = wave(3 * CHANNELS, 0.7).map(Math.fround);
    for (const [c, row, column] of [[0, 0, 0], [95, 19, 19], [40, 10, 3]] as const) {
      let sum = 0;
      for (let i = 0; i < 49; i++) {
        const [r, k] = [row + Math.floor(i / 7) - 3, column + (i % 7) - 3];
        if (r < 0 || k < 0 || r >= SIZE || k >= SIZE) continue;
        let hidden = 0;
        for (let m = 0; m < 3; m++) hidden += w[3 * c + m]! * Number(x.data[(m * SIZE + r) * SIZE + k]!);
        sum += Math.fround(hidden) * Number(d.data[49 * c + i]!);
      }
      expect(y!.data[(c * SIZE + row) * SIZE + column]).to.equal(Math.fround(sum));
    } // prettier-ignore
  });
});

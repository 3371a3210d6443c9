import { expect } from "chai";
import fc from "fast-check";

import { compile } from "../../../src/audit/compile.js";
import { PROOF_LIMIT } from "../../../src/audit/compile/cost.js";
import { chainDepth } from "../../../src/audit/content.js";
import { executeFast } from "../../../src/audit/exec/fast/execute.js";
import type { AuditGraph, Tensor } from "../../../src/audit/graph.js";
import { assertWellFormed } from "../../../src/audit/wellformed.js";
import type { NodeProto } from "../../../src/onnx/gen/onnx_pb.js";
import { assertProperty } from "../../support/fuzz.js";
import { outputsOf } from "../../support/onnx-case.js";
import { f32, float, i64, info, model, node } from "../../support/onnx-model.js";

/** Values that keep every operator of the random graphs finite and inexact. */
function noise(count: number, seed: number): number[] {
  let state = seed >>> 0;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

const run = (graph: AuditGraph, inputs: readonly Tensor[]): Tensor[] => outputsOf(graph, executeFast(graph, inputs));

/** Operators of one [2, 4, 6, 6] tensor to another of the same shape, and ones that move or join such tensors. */
const OPERATORS: readonly ((x: string, y: string, out: string) => NodeProto[])[] = [
  (x, _, out) => [node("Relu", [x], [out])],
  (x, _, out) => [node("Sigmoid", [x], [out])],
  (x, y, out) => [node("Add", [x, y], [out])],
  (x, y, out) => [node("Mul", [y, x], [out])],
  (x, _, out) => [node("Sub", [x, "channel"], [out])],
  (x, _, out) => [node("Conv", [x, "w3", "bias"], [out], { pads: [1, 1, 1, 1], kernel_shape: [3, 3] })],
  (x, _, out) => [node("Conv", [x, "w1"], [out], { kernel_shape: [1, 1] })],
  (x, _, out) => [node("MaxPool", [x], [out], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] })],
  (x, _, out) => [node("Transpose", [x], [out], { perm: [0, 1, 3, 2] })],
  (x, _, out) => [
    node("Transpose", [x], [`${out}_t`], { perm: [0, 2, 3, 1] }),
    node("MatMul", [`${out}_t`, "square"], [`${out}_m`]),
    node("Transpose", [`${out}_m`], [out], { perm: [0, 3, 1, 2] }),
  ],
  (x, _, out) => [
    node("Reshape", [x, "pairs"], [`${out}_p`]),
    node("Transpose", [`${out}_p`], [`${out}_s`], { perm: [0, 2, 1, 3, 4] }),
    node("Reshape", [`${out}_s`, "whole"], [out]),
  ],
  (x, _, out) => [node("ReduceMean", [x, "last"], [`${out}_m`]), node("Sub", [x, `${out}_m`], [out])],
  (x, y, out) => [
    node("Split", [x], [`${out}_a`, `${out}_b`], { axis: 1, num_outputs: 2 }),
    node("Split", [y], [`${out}_c`, `${out}_d`], { axis: 1, num_outputs: 2 }),
    node("Concat", [`${out}_a`, `${out}_d`], [out], { axis: 1 }),
  ],
];

const WEIGHTS: Record<string, Tensor> = {
  w3: f32(noise(144, 1), [4, 4, 3, 3]),
  w1: f32(noise(16, 2), [4, 4, 1, 1]),
  square: f32(noise(16, 3), [4, 4]),
  bias: f32(noise(4, 4)),
  channel: f32(noise(4, 5), [4, 1, 1]),
  pairs: i64([2, 2, 2, 6, 6]),
  whole: i64([2, 4, 6, 6]),
  last: i64([3]),
};

describe("compile: passes", function () {
  this.timeout(120_000);

  it("fusion, layout and folding change no bit of any intermediate result", () => {
    const step = fc.record({ kind: fc.nat(OPERATORS.length - 1), x: fc.nat(100), y: fc.nat(100) });
    assertProperty(
      fc.property(fc.array(step, { minLength: 1, maxLength: 8 }), fc.nat(), (steps, seed) => {
        const names = ["x"];
        const nodes = steps.flatMap(({ kind, x, y }, i) => {
          const made = OPERATORS[kind]!(names[x % names.length]!, names[y % names.length]!, `t${i}`);
          names.push(`t${i}`);
          return made;
        });
        const compiled = (outputs: readonly string[]): AuditGraph => {
          const inputs = [info("x", "f32", [2, 4, 6, 6])];
          const { graph } = compile(model({ inputs, outputs, nodes, weights: WEIGHTS }));
          assertWellFormed(graph, chainDepth(graph));
          return graph;
        };
        const input = [f32(noise(288, seed), [2, 4, 6, 6])];
        // Every result an output: nothing can be fused. Then each of them alone.
        const [last] = names.slice(-1) as [string];
        const all = run(compiled(names.slice(1)), input);
        expect(run(compiled([last]), input)[0]).to.deep.equal(all.at(-1));
      }),
      60,
    );
  });

  it("an output in the file's order is written by the convolution itself", () => {
    const nodes = [
      node("Conv", ["x", "w3", "bias"], ["c"], { pads: [1, 1, 1, 1], kernel_shape: [3, 3] }),
      node("Relu", ["c"], ["y"]),
    ];
    const { graph } = compile(
      model({ inputs: [info("x", "f32", [2, 4, 6, 6])], outputs: ["y"], nodes, weights: WEIGHTS }),
    );
    expect(graph.nodes.map(({ out }) => out)).to.deep.equal([[2, 4, 6, 6]]);
  });

  it("keeps a result that two nodes read", () => {
    const nodes = [node("Exp", ["x"], ["e"]), node("Sqrt", ["e"], ["a"]), node("Neg", ["e"], ["b"])];
    const { graph } = compile(model({ inputs: [info("x", "f32", [3])], outputs: ["a", "b"], nodes }));
    expect(graph.nodes.map(({ fn }) => fn)).to.deep.equal(["exp", "sqrt", "neg"]);
  });

  it("computes equal nodes once and stores equal weights once", () => {
    const nodes = [
      node("MatMul", ["x", "a"], ["p"]),
      node("MatMul", ["x", "b"], ["q"]),
      node("Exp", ["p"], ["s"]),
      node("Exp", ["q"], ["t"]),
    ];
    const weights = { a: f32(noise(16, 3), [4, 4]), b: f32(noise(16, 3), [4, 4]) };
    const { graph } = compile(model({ inputs: [info("x", "f32", [1, 4])], outputs: ["s", "t"], nodes, weights }));
    expect(graph.weights.length).to.equal(1);
  });

  it("drops what no output needs", () => {
    const nodes = [node("Exp", ["x"], ["y"]), node("MatMul", ["x", "big"], ["unused"])];
    const { graph } = compile(
      model({ inputs: [info("x", "f32", [1, 4])], outputs: ["y"], nodes, weights: { big: f32(noise(16, 1), [4, 4]) } }),
    );
    expect(graph.nodes.length).to.equal(1);
    expect(graph.weights).to.deep.equal([]);
  });

  it("gives one node to two outputs of the same name or value", () => {
    const nodes = [node("Exp", ["x"], ["y"]), node("Identity", ["y"], ["z"])];
    const { graph } = compile(model({ inputs: [info("x", "f32", [4])], outputs: ["y", "z"], nodes }));
    expect(graph.outputs.map((output) => output.node)).to.deep.equal([0, 0]);
  });

  it("commits outputs that are inputs, constants or repetitions", () => {
    const nodes = [node("Identity", ["x"], ["a"]), node("Expand", ["x", "wide"], ["b"])];
    const weights = { c: f32([1, 2]), wide: i64([2, 2]) };
    const { graph } = compile(model({ inputs: [info("x", "f32", [2])], outputs: ["a", "b", "c"], nodes, weights }));
    const outputs = run(graph, [f32([5, 6])]);
    expect(outputs.map(({ data }) => [...data])).to.deep.equal([
      [5, 6],
      [5, 6, 5, 6],
      [1, 2],
    ]);
  });
});

describe("compile: reductions beyond the proof limits", function () {
  this.timeout(120_000);

  const count = 40_009; // A prime: no equal parts.
  const values = noise(count, 9);

  function reduced(operator: string): { graph: AuditGraph; value: number } {
    const nodes = [node(operator, ["x"], ["y"], { keepdims: 0 })];
    const { graph, report } = compile(model({ inputs: [info("x", "f32", [count])], outputs: ["y"], nodes }));
    expect(report.worst.bytes).to.be.at.most(PROOF_LIMIT.bytes);
    return { graph, value: Number(run(graph, [f32(values)])[0]!.data[0]) };
  }

  const sum = values.reduce((a, b) => a + Math.fround(b), 0);

  it("sum and mean are sums of partial sums", () => {
    const { graph, value } = reduced("ReduceSum");
    expect(graph.nodes.length).to.equal(3);
    expect(Math.abs(value - sum)).to.be.lessThan(1e-4);
    expect(Math.abs(reduced("ReduceMean").value - sum / count)).to.be.lessThan(1e-9);
  });

  it("maximum and minimum stay exact", () => {
    const rounded = values.map(Math.fround);
    expect(reduced("ReduceMax").value).to.equal(rounded.reduce((a, b) => Math.max(a, b)));
    expect(reduced("ReduceMin").value).to.equal(rounded.reduce((a, b) => Math.min(a, b)));
  });

  it("a dot product keeps its bias", () => {
    const weights = { w: f32(noise(2 * count, 10), [count, 2]), c: f32([100, -100]) };
    const { graph, report } = compile(
      model({
        inputs: [info("x", "f32", [1, count])],
        outputs: ["y"],
        nodes: [node("Gemm", ["x", "w", "c"], ["y"])],
        weights,
      }),
    );
    expect(report.worst.bytes).to.be.at.most(PROOF_LIMIT.bytes);
    const [y] = run(graph, [f32(values, [1, count])]);
    [100, -100].forEach((bias, column) => {
      const exact = values.reduce((s, x, i) => s + Math.fround(x) * Number(weights.w.data[2 * i + column]), bias);
      expect(Math.abs(Number(y!.data[column]) - exact)).to.be.lessThan(1e-4);
    });
  });

  it("positions cannot be split and are refused by name", () => {
    const nodes = [node("ArgMax", ["x"], ["y"], { axis: 0 }, { name: "best" })];
    const bytes = model({ inputs: [info("x", "f32", [count])], outputs: ["y"], nodes });
    expect(() => compile(bytes)).to.throw(/Node "best" \(ArgMax, opset 21\): A argmax over 40009 terms is too large/);
  });

  it("a channel-wise mean copies once into the order it reads", () => {
    // Channels last in memory: without a copy every element would open 3,136 leaves.
    const nodes = [node("Conv", ["x", "w"], ["c"], { kernel_shape: [1, 1] }), node("GlobalAveragePool", ["c"], ["y"])];
    const weights = { w: f32(noise(64 * 3, 11), [64, 3, 1, 1]) };
    const { report } = compile(model({ inputs: [info("x", "f32", [1, 3, 56, 56])], outputs: ["y"], nodes, weights }));
    expect(report.nodes).to.equal(2);
    expect(report.worst.bytes).to.be.lessThan(20_000);
  });

  it("a float attribute that is whole is still a float", () => {
    const nodes = [node("LeakyRelu", ["x"], ["y"], {}, { attribute: [float("alpha", 2)] })];
    const { graph } = compile(model({ inputs: [info("x", "f32", [2])], outputs: ["y"], nodes }));
    expect([...run(graph, [f32([-1, 1])])[0]!.data]).to.deep.equal([-2, 1]);
  });
});

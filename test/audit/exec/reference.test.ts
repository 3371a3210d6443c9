import { expect } from "chai";
import fc from "fast-check";
import { readElement } from "../../../src/audit/exec/elements.js";
import { evaluateElement, executeReference } from "../../../src/audit/exec/reference/execute.js";
import { reduce } from "../../../src/audit/exec/reference/reduce.js";
import type { AuditGraph, AuditNode, DType, ReduceFn, Tensor, View } from "../../../src/audit/graph.js";
import { assertProperty } from "../../support/fuzz.js";
import { anyGraph } from "../../support/graphs.js";
import { floatBits, floatOf } from "../../support/samples.js";
import { noiseTensor } from "../../support/tensors.js";

function tensor(values: readonly number[], shape: readonly number[] = [values.length]): Tensor {
  return { dtype: "f32", shape, data: Float32Array.from(values) };
}

function graphOf(nodes: AuditNode[], inputs: readonly Tensor[], weights: readonly Tensor[] = []): AuditGraph {
  const specs = inputs.map(({ dtype, shape }, i) => ({ name: `x${i}`, dtype, shape, lo: 0n, hi: 0n }));
  return { inputs: specs, weights, nodes, outputs: [], bound: [] };
}

function view(source: View["source"], numel: number, coef: readonly number[], rest: Partial<View> = {}): View {
  return { source, dtype: "f32", numel, base: 0, coef, guards: [], fill: 0n, ...rest };
}

const input = (index: number) => ({ kind: "input", index }) as const;

function floats(fn: ReduceFn, ...lists: number[][]): number {
  return floatOf(
    reduce(
      fn,
      lists.map((): DType => "f32"),
      "f32",
      { lists: lists.map((list) => list.map(floatBits)) },
    ),
  );
}

describe("reference reductions", () => {
  it("round an exact sum once, whatever the spread", () => {
    expect(floats("sum", [2 ** 127, 2 ** -149, -(2 ** 127)])).to.equal(2 ** -149);
    expect(floats("dot", [2 ** 127, 2 ** -149, 2 ** 127], [2 ** 127, 2 ** -149, -(2 ** 127)])).to.equal(0);
    expect(floats("dot", [2 ** 127, 1, 2 ** 127], [2, 2 ** -149, -2])).to.equal(2 ** -149);
    expect(floats("sum", [1, 2 ** -24])).to.equal(1);
    expect(floats("sum", [1, 2 ** -24, 2 ** -149])).to.equal(1 + 2 ** -23);
    expect(floats("mean", [1, 2, 2])).to.equal(Math.fround(5 / 3));
    expect(floats("mean", [2 ** 127, 2 ** 127, 2 ** 127])).to.equal(2 ** 127);
  });

  it("know special terms and the sign of zero", () => {
    expect(Object.is(floats("sum", [-0, -0]), -0)).to.equal(true);
    expect(Object.is(floats("sum", [-0, 0]), 0)).to.equal(true);
    expect(Object.is(floats("dot", [-0, 1], [1, -0]), -0)).to.equal(true);
    expect(Object.is(floats("mean", [1, -1]), 0)).to.equal(true);
    expect(floats("sum", [Infinity, 1])).to.equal(Infinity);
    expect(floats("sum", [Infinity, -Infinity])).to.be.NaN;
    expect(floats("dot", [Infinity, 1], [0, 1])).to.be.NaN;
    expect(floats("sum", [3e38, 3e38, -3e38])).to.equal(Math.fround(3e38));
  });

  it("choose among equals, zeros and NaNs by the stated rules", () => {
    const at = (fn: ReduceFn, list: number[], more: { rank?: number; largest?: boolean } = {}): number =>
      Number(reduce(fn, ["f32"], "i64", { lists: [list.map(floatBits)], ...more }));
    expect(at("argmax", [1, 3, 3])).to.equal(1);
    expect(at("argmaxlast", [1, 3, 3])).to.equal(2);
    expect(at("argmin", [0, -0, 0])).to.equal(0);
    expect(at("argminlast", [0, -0, 0])).to.equal(2);
    expect(at("argmin", [1, NaN, -1, NaN])).to.equal(1);
    expect(at("argmaxlast", [1, NaN, Infinity, NaN])).to.equal(3);
    const list = [2, NaN, 1, 2, -0, 0];
    expect(list.map((_, rank) => at("argkth", list, { rank }))).to.deep.equal([4, 5, 2, 0, 3, 1]);
    expect(list.map((_, rank) => at("argkth", list, { rank, largest: true }))).to.deep.equal([1, 0, 3, 2, 4, 5]);
    expect(floats("max", [-0, 0, -1])).to.equal(0);
    expect(floats("min", [1, NaN])).to.be.NaN;
  });

  it("wrap integer sums into the result", () => {
    const value = reduce("dot", ["i8", "u8", "i32"], "i32", {
      lists: [
        [0x80n, 0xffn],
        [255n, 1n],
      ],
      bias: 0x80000000n,
    });
    expect(BigInt.asIntN(32, value)).to.equal(2n ** 31n - 128n * 255n - 1n);
  });
});

describe("reference executor", () => {
  it("convolves with padding, a bias and an epilogue", () => {
    const x = tensor([1, 2, 3, 4]);
    const w = tensor([1, 10, 100]);
    const conv: AuditNode = {
      kind: "reduce",
      fn: "dot",
      dtype: "f32",
      out: [4],
      red: [3],
      operands: [
        view(input(0), 4, [0, 0], { guards: [{ base: -1, divisor: 1, extent: 4, stride: 1, coef: [1, 1] }] }),
        view({ kind: "weight", index: 0 }, 3, [0, 1]),
        { source: { kind: "immediate" }, dtype: "f32", value: floatBits(0.5) },
      ],
      steps: [
        { fn: "sub", dtype: "f32", chain: 1, operands: [view(input(0), 4, [1])] },
        { fn: "cast", dtype: "i32", chain: 0, operands: [] },
      ],
      label: "conv",
    };
    const [result] = executeReference(graphOf([conv], [x], [w]), [x]);
    expect([...result!.data]).to.deep.equal([1 - 210.5, 2 - 321.5, 3 - 432.5, 4 - 43.5].map(Math.trunc));
  });

  it("picks the first operand in range and gathers with clamped indices", () => {
    const a = tensor([1, 2]);
    const b = tensor([3, 4, 5]);
    const at: Tensor = { dtype: "i8", shape: [4], data: Int8Array.of(-1, 9, -9, 1) };
    const concat: AuditNode = {
      kind: "map",
      fn: "pick",
      dtype: "f32",
      out: [5],
      operands: [
        view(input(0), 2, [0], { guards: [{ base: 0, divisor: 1, extent: 2, stride: 1, coef: [1] }] }),
        view(input(1), 3, [1], { base: -2 }),
      ],
      steps: [],
      label: "concat",
    };
    const gather: AuditNode = {
      kind: "gather",
      fn: "gather",
      dtype: "f32",
      out: [4],
      operands: [view({ kind: "node", index: 0 }, 5, [0]), view(input(2), 4, [1], { dtype: "i8" })],
      indices: [{ stride: 1, extent: 5 }],
      steps: [],
      label: "gather",
    };
    const inputs = [a, b, at];
    const graph = graphOf([concat, gather], inputs);
    const trace = executeReference(graph, inputs);
    expect([...trace[0]!.data]).to.deep.equal([1, 2, 3, 4, 5]);
    expect([...trace[1]!.data]).to.deep.equal([5, 5, 1, 2]);
    expect(evaluateElement(graph, trace, inputs, 1, 3)).to.equal(floatBits(2));
  });

  it("evaluates each element as the whole run does", () => {
    assertProperty(
      fc.property(anyGraph(4), fc.nat(), ({ graph, seed }, at) => {
        const inputs = graph.inputs.map(({ dtype, shape }, i) => noiseTensor(dtype, shape, seed + i));
        const trace = executeReference(graph, inputs);
        const node = at % trace.length;
        const { dtype, data } = trace[node]!;
        const element = at % data.length;
        expect(evaluateElement(graph, trace, inputs, node, element)).to.equal(readElement(data, dtype, element));
      }),
      40,
    );
  });

  it("refuses inputs of another dtype, shape or number, and nodes that are ill-formed", () => {
    const x = tensor([1, 2]);
    const node: AuditNode = {
      kind: "map",
      fn: "neg",
      dtype: "f32",
      out: [2],
      operands: [view(input(0), 2, [1])],
      steps: [],
      label: "neg",
    };
    const graph = graphOf([node], [x]);
    expect(() => executeReference(graph, [])).to.throw("0 inputs for a graph of 1");
    expect(() => executeReference(graph, [tensor([1, 2], [2, 1])])).to.throw("input x0 is f32[2,1], not f32[2]");
    expect(() => executeReference(graph, [{ ...x, dtype: "i32" }])).to.throw("input x0 is i32[2]");
    expect(() => executeReference(graphOf([{ ...node, out: [3] }], [x]), [x])).to.throw("node 0 (neg)");
    expect(() => evaluateElement(graph, [], [x], 0, 2)).to.throw("no element 2");
  });
});

import { expect } from "chai";

import { compile } from "../../../src/audit/compile.js";
import { executeFast } from "../../../src/audit/exec/fast/execute.js";
import { executeReference } from "../../../src/audit/exec/reference/execute.js";
import type { Tensor } from "../../../src/audit/graph.js";
import { outputsOf } from "../../support/onnx-case.js";
import { i64, info, model, node } from "../../support/onnx-model.js";
import { expectSameTrace } from "../../support/traces.js";

const f64 = (values: readonly number[], shape: readonly number[] = [values.length]): Tensor => ({
  dtype: "f64",
  shape,
  data: Float64Array.from(values),
});

const X = [1 / 3, -0, Infinity, NaN, 1e300, -(2 ** -149 + 2 ** -150)];

function run(bytes: Uint8Array): Tensor[] {
  const { graph } = compile(bytes);
  const given = [f64(X, [2, 3])];
  const trace = executeFast(graph, given);
  expectSameTrace(graph, trace, executeReference(graph, given));
  return outputsOf(graph, trace);
}

const inputs = [info("x", "f64", [2, 3])];

describe("lowering: float64", () => {
  it("is moved without a rounding: transposed, padded, joined, gathered, chosen", () => {
    const nodes = [
      node("Transpose", ["x"], ["t"]),
      node("Pad", ["t", "pads", "fill"], ["p"]),
      node("Concat", ["p", "p"], ["c"], { axis: 1 }),
      node("Gather", ["c", "at"], ["g"], { axis: 0 }),
      node("IsNaN", ["g"], ["nan"]),
      node("Where", ["nan", "fill", "g"], ["y"]),
    ];
    const weights = { pads: i64([0, 0, 1, 0]), fill: f64([0.1], []), at: i64([-1, 0]) };
    const [y] = run(model({ inputs, outputs: ["y"], nodes, weights }));
    expect(y!.dtype).to.equal("f64");
    expect([...y!.data]).to.deep.equal([0.1, 0.1, 0.1, 0.1, X[0], 0.1, X[0], 0.1]);
  });

  it("is compared: minimum, maximum, order, equality of zeros", () => {
    const nodes = [
      node("Min", ["x", "zero"], ["low"]),
      node("Max", ["x", "zero"], ["high"]),
      node("Less", ["x", "zero"], ["less"]),
      node("Equal", ["x", "zero"], ["equal"]),
      node("IsInf", ["x"], ["inf"], { detect_negative: 0 }),
    ];
    const outputs = ["low", "high", "less", "equal", "inf"];
    const [low, high, less, equal, inf] = run(model({ inputs, outputs, nodes, weights: { zero: f64([0], []) } }));
    expect([...low!.data]).to.deep.equal([0, -0, 0, NaN, 0, X[5]]);
    expect([...high!.data]).to.deep.equal([X[0], 0, Infinity, NaN, 1e300, 0]);
    expect([...less!.data]).to.deep.equal([0, 0, 0, 0, 0, 1]);
    expect([...equal!.data]).to.deep.equal([0, 1, 0, 0, 0, 0]);
    expect([...inf!.data]).to.deep.equal([0, 0, 1, 0, 0, 0]);
  });

  it("is cast: to binary32 with one rounding, to integers toward zero, from integers to the nearest", () => {
    const nodes = [
      node("Cast", ["x"], ["single"], { to: 1 }),
      node("Cast", ["x"], ["integer"], { to: 6 }),
      node("Cast", ["x"], ["truth"], { to: 9 }),
      node("Cast", ["big"], ["double"], { to: 11 }),
    ];
    const big = { dtype: "i64" as const, shape: [3], data: BigInt64Array.of(2n ** 53n + 1n, 2n ** 63n - 1n, -3n) };
    const outputs = ["single", "integer", "truth", "double"];
    const [single, integer, truth, double] = run(model({ inputs, outputs, nodes, weights: { big } }));
    expect([...single!.data]).to.deep.equal([Math.fround(1 / 3), -0, Infinity, NaN, Infinity, -(2 ** -148)]);
    expect([...integer!.data]).to.deep.equal([0, 0, 2 ** 31 - 1, 0, 2 ** 31 - 1, 0]);
    expect([...truth!.data]).to.deep.equal([1, 0, 1, 1, 1, 1]);
    expect([...double!.data]).to.deep.equal([2 ** 53, 2 ** 63, -3]);
  });

  it("is not computed with, nor reduced", () => {
    const operators = ["Add", "Mul", "Div", "Pow", "Mod", "Abs", "Exp", "Sqrt", "ReduceMax", "ArgMax", "CumSum"];
    for (const operator of operators) {
      const second =
        operator === "CumSum" ? ["axis"] : ["Add", "Mul", "Div", "Pow", "Mod"].includes(operator) ? ["x"] : [];
      const nodes = [node(operator, ["x", ...second], ["y"], operator === "Mod" ? { fmod: 1 } : {})];
      const bytes = model({ inputs, outputs: ["y"], nodes, weights: { axis: i64([0], []) } });
      expect(() => compile(bytes), operator).to.throw(/There is no \w+ of f64/);
    }
  });

  it("leaves no tolerance to outputs that were rounded before the cast", () => {
    const nodes = [
      node("Exp", ["z"], ["e"]),
      node("Cast", ["e"], ["y"], { to: 11 }),
      node("Cast", ["z"], ["w"], { to: 11 }),
    ];
    const { report } = compile(model({ inputs: [info("z", "f32", [2])], outputs: ["y", "w"], nodes }));
    expect(report.exactOutputs).to.deep.equal(["y"]);
  });
});

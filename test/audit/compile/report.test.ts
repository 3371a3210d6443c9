import { expect } from "chai";

import { compile } from "../../../src/audit/compile.js";
import type { CompileReport } from "../../../src/audit/compile/report.js";
import type { NodeProto } from "../../../src/onnx/gen/onnx_pb.js";
import { f32, i64, info, model, node } from "../../support/onnx-model.js";

function reportOf(nodes: readonly NodeProto[], outputs = ["y"], dtype: "f32" | "i32" = "f32"): CompileReport {
  const inputs = [info("x", dtype, [2, 3]), info("z", dtype, [2, 3])];
  return compile(model({ inputs, outputs, nodes, weights: { w: f32([1, 2, 3], [3, 1]), zero: i64([0], []) } })).report;
}

describe("compile: report", () => {
  it("counts nodes, multiply-adds, bytes and operators", () => {
    const report = reportOf([node("MatMul", ["x", "w"], ["p"]), node("Exp", ["p"], ["y"])]);
    expect(report).to.deep.include({ nodes: 1, multiplyAdds: 6, traceBytes: 8, weightBytes: 12 });
    expect(report.operators).to.deep.equal({ Exp: 1, MatMul: 1 });
    expect(report.costs.length).to.equal(1);
    expect(report.worst).to.deep.include({ ...report.costs[0], node: 0 });
  });

  it("120: finds jumps on rounded values upstream of an output, whose answers have to be exact", () => {
    const report = reportOf([
      node("MatMul", ["x", "w"], ["p"]),
      node("ArgMax", ["p"], ["best"], { axis: 0 }),
      node("Floor", ["x"], ["f"]),
      node("Exp", ["x"], ["e"]),
      node("Round", ["e"], ["unused"]),
    ], ["best", "f", "e"]); // prettier-ignore
    expect(report.discontinuities.map(({ fn, noisy, outputs }) => ({ fn, noisy, outputs }))).to.deep.equal([
      { fn: "argmax", noisy: true, outputs: [0] },
      { fn: "floor", noisy: false, outputs: [1] },
    ]);
    expect(report.exactOutputs).to.deep.equal(["best"]);
  });

  it("does not take continuous activations for jumps", () => {
    for (const operator of [
      "Relu",
      "LeakyRelu",
      "Elu",
      "Selu",
      "Celu",
      "HardSigmoid",
      "HardSwish",
      "Softplus",
      "Gelu",
    ]) {
      const report = reportOf([node("Exp", ["x"], ["e"]), node(operator, ["e"], ["y"])]);
      expect(report.discontinuities, operator).to.deep.equal([]);
    }
  });

  it("warns of integer divisors that are inputs, and refuses constant zeros", () => {
    const report = reportOf([node("Div", ["x", "z"], ["y"])], ["y"], "i32");
    expect(report.caveats.map(({ label }) => label)).to.deep.equal(["y (Div)"]);
    expect(reportOf([node("Div", ["x", "z"], ["y"])]).caveats).to.deep.equal([]);
    const cast = node("Cast", ["x"], ["c"], { to: 7 });
    expect(() => reportOf([cast, node("Div", ["c", "zero"], ["y"])])).to.throw(/division by the constant zero/);
  });
});

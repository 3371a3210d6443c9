import { expect } from "chai";

import { compile } from "../../../src/audit/compile.js";
import { CompileError } from "../../../src/audit/compile/errors.js";
import type { NodeProto } from "../../../src/onnx/gen/onnx_pb.js";
import { type AttributeValue, f32, i64, info, model, node } from "../../support/onnx-model.js";

function refusal(
  nodes: readonly NodeProto[],
  options: { opset?: number; x?: number[]; domain?: string } = {},
): CompileError {
  const inputs = [info("x", "f32", options.x ?? [2, 4])];
  const weights = { two: i64([2]), w: f32([1, 2, 3]), big: i64([2 ** 40]) };
  const domains = options.domain ? { [options.domain]: 1 } : {};
  const bytes = model({ inputs, outputs: ["y"], nodes, weights }, { opset: options.opset ?? 21, domains });
  try {
    compile(bytes);
  } catch (error) {
    if (error instanceof CompileError) return error;
    throw error;
  }
  throw new CompileError("COMPILE_MALFORMED", "it compiled");
}

const one = (
  operator: string,
  attributes: Record<string, AttributeValue> = {},
  inputs = ["x"],
  more: { domain?: string } = {},
): NodeProto[] => [node(operator, inputs, ["y"], attributes, { name: "here", ...more })];

describe("compile: refusals", () => {
  it("name node, operator, opset and reason, and what to do next", () => {
    const error = refusal(one("NonMaxSuppression"));
    expect(error.place).to.deep.equal({ node: "here", operator: "NonMaxSuppression", opset: 21 });
    expect(error.message).to.equal('Node "here" (NonMaxSuppression, opset 21): This operator has no lowering.');
    expect(error.next).to.match(/adding-an-operator/);
  });

  it("cover operators of other domains", () => {
    const error = refusal(one("Magic", {}, ["x"], { domain: "com.example" }), { domain: "com.example" });
    expect(error.place).to.deep.equal({ node: "here", operator: "com.example.Magic", opset: 1 });
  });

  it("cover opsets that are too old or too new, by number", () => {
    expect(refusal(one("Relu"), { opset: 6 }).reason).to.match(/Opset 6 is not supported, only 7 to/);
    expect(refusal(one("Relu"), { opset: 99 }).reason).to.match(/Opset 99/);
  });

  it("cover randomness, order and borders that belong to the runtime", () => {
    expect(refusal(one("TopK", { sorted: 0 }, ["x", "two"])).reason).to.match(/runtime's own choice/);
    expect(refusal(one("RandomNormalLike")).code).to.equal("COMPILE_OPERATOR");
  });

  it("cover types without arithmetic", () => {
    const error = refusal([
      node("Cast", ["w"], ["d"], { to: 11 }),
      node("Add", ["d", "d"], ["y"], {}, { name: "sum" }),
    ]);
    expect(error).to.deep.include({ code: "COMPILE_DTYPE" });
    expect(error.reason).to.match(/f64/);
  });

  it("cover models that contradict themselves", () => {
    const cases: [NodeProto[], RegExp][] = [
      [one("Add", {}, ["x", "w"]), /Shapes \[2,4\] and \[3\] do not broadcast/],
      [one("Relu", {}, ["nowhere"]), /"nowhere" is used before it is computed/],
      [one("Transpose", { perm: [0, 0] }), /\[0,0\] is no permutation/],
      [one("Softmax", { axis: 5 }), /Axis 5 of a tensor with 2 dimensions/],
      [one("Softmax", { axis: "last" }), /Attribute "axis" is not of type int/],
      [one("MatMul", {}, ["x", "w"]), /\[2,4\] and \[3\] do not multiply/],
      [one("Concat", { axis: 0 }, ["x", "w"]), /do not concatenate/],
      [one("Relu", {}, []), /Input 0 is missing/],
    ];
    for (const [nodes, reason] of cases) {
      const error = refusal(nodes);
      expect(error.reason).to.match(reason);
      expect(error.code).to.equal("COMPILE_MALFORMED");
      expect(error.place?.node).to.equal("here");
    }
  });

  it("cover sizes that no memory holds", () => {
    expect(refusal(one("Expand", {}, ["x", "big"]), { x: [1] }).code).to.equal("COMPILE_LIMIT");
    expect(refusal(one("OneHot", {}, ["x", "big", "w"])).code).to.equal("COMPILE_LIMIT");
    expect(refusal(one("LRN", { size: 2 ** 40 }), { x: [1, 2, 3, 4] }).code).to.equal("COMPILE_LIMIT");
  });
});

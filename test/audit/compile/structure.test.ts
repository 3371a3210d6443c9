import { create } from "@bufbuild/protobuf";
import { expect } from "chai";

import { compile, type CompileOptions } from "../../../src/audit/compile.js";
import { commitGraph } from "../../../src/audit/content.js";
import { executeFast } from "../../../src/audit/exec/fast/execute.js";
import type { Tensor } from "../../../src/audit/graph.js";
import {
  AttributeProtoSchema,
  FunctionProtoSchema,
  OperatorSetIdProtoSchema,
  StringStringEntryProtoSchema,
  TensorProtoSchema,
} from "../../../src/onnx/gen/onnx_pb.js";
import { outputsOf } from "../../support/onnx-case.js";
import { f32, graph as subgraph, i64, info, model, node } from "../../support/onnx-model.js";

function answers(bytes: Uint8Array, inputs: readonly Tensor[], options: CompileOptions = {}): (number | bigint)[][] {
  const { graph } = compile(bytes, options);
  return outputsOf(graph, executeFast(graph, inputs)).map(({ data }) => Array.from(data as ArrayLike<number | bigint>));
}

const bool = (value: number): Tensor => ({ dtype: "bool", shape: [], data: Uint8Array.of(value) });

describe("compile: control flow that folds", () => {
  const branch = (operator: string): ReturnType<typeof subgraph> =>
    subgraph({ outputs: ["r"], nodes: [node(operator, ["x"], ["r"])] });

  it("If takes the branch of a constant condition, which sees the names around it", () => {
    for (const [condition, expected] of [
      [1, -2],
      [0, 2],
    ] as const) {
      const nodes = [node("If", ["c"], ["y"], { then_branch: branch("Neg"), else_branch: branch("Abs") })];
      const bytes = model({ inputs: [info("x", "f32", [1])], outputs: ["y"], nodes, weights: { c: bool(condition) } });
      expect(answers(bytes, [f32([2])])).to.deep.equal([[expected]]);
    }
  });

  it("If on a computed condition is refused", () => {
    const nodes = [
      node("ReduceMax", ["x"], ["m"], { keepdims: 0 }),
      node("Greater", ["m", "m"], ["c"]),
      node("If", ["c"], ["y"], { then_branch: branch("Neg"), else_branch: branch("Abs") }),
    ];
    const bytes = model({ inputs: [info("x", "f32", [1])], outputs: ["y"], nodes });
    expect(() => compile(bytes))
      .to.throw(/computed/)
      .with.property("code", "COMPILE_DYNAMIC");
  });

  it("Loop is unrolled: carried state, scanned outputs, a condition that ends it", () => {
    const body = subgraph({
      inputs: [info("i", "i64", []), info("go", "bool", []), info("s", "f32", [1])],
      outputs: ["more", "t", "t2"],
      nodes: [node("Add", ["s", "x"], ["t"]), node("Mul", ["t", "t"], ["t2"]), node("Less", ["i", "two"], ["more"])],
    });
    const nodes = [node("Loop", ["trips", "", "start"], ["last", "squares"], { body })];
    const weights = { trips: i64([9], []), start: f32([0]), two: i64([2], []) };
    const bytes = model({ inputs: [info("x", "f32", [1])], outputs: ["last", "squares"], nodes, weights });
    expect(answers(bytes, [f32([3])])).to.deep.equal([[9], [9, 36, 81]]);
  });

  it("Scan runs over an axis, backwards too", () => {
    const body = subgraph({
      inputs: [info("s", "f32", [2]), info("e", "f32", [2])],
      outputs: ["t", "o"],
      nodes: [node("Add", ["s", "e"], ["t"]), node("Identity", ["t"], ["o"])],
    });
    const nodes = [
      node("Scan", ["start", "x"], ["last", "sums"], { body, num_scan_inputs: 1, scan_input_directions: [1] }),
    ];
    const bytes = model({
      inputs: [info("x", "f32", [3, 2])],
      outputs: ["last", "sums"],
      nodes,
      weights: { start: f32([0, 0]) },
    });
    expect(answers(bytes, [f32([1, 2, 3, 4, 5, 6], [3, 2])])).to.deep.equal([
      [9, 12],
      [5, 6, 8, 10, 9, 12],
    ]);
  });
});

describe("compile: local functions", () => {
  const scale = create(FunctionProtoSchema, {
    domain: "mine",
    name: "Scale",
    input: ["a", "b"],
    output: ["r"],
    attribute: ["by"],
    node: [
      node(
        "Constant",
        [],
        ["k"],
        {},
        {
          attribute: [create(AttributeProtoSchema, { name: "value_float", refAttrName: "by", type: 1 })],
        },
      ),
      node("Mul", ["a", "k"], ["r"]),
    ],
    opsetImport: [create(OperatorSetIdProtoSchema, { domain: "", version: 18n })],
  });

  it("are inlined with the attributes of the call", () => {
    const nodes = [
      node("Scale", ["x"], ["t"], { by: 2.5 }, { domain: "mine" }),
      node("Scale", ["t"], ["y"], { by: -0.5 }, { domain: "mine" }),
    ];
    const bytes = model(
      { inputs: [info("x", "f32", [1])], outputs: ["y"], nodes },
      { domains: { mine: 1 }, functions: [scale] },
    );
    expect(answers(bytes, [f32([4])])).to.deep.equal([[-5]]);
  });

  it("that call themselves are refused", () => {
    const loop = create(FunctionProtoSchema, {
      domain: "mine",
      name: "Scale",
      input: ["a"],
      output: ["r"],
      node: [node("Scale", ["a"], ["r"], { by: 1.5 }, { domain: "mine" })],
      opsetImport: [create(OperatorSetIdProtoSchema, { domain: "mine", version: 1n })],
    });
    const nodes = [node("Scale", ["x"], ["y"], { by: 2.5 }, { domain: "mine" })];
    const bytes = model(
      { inputs: [info("x", "f32", [1])], outputs: ["y"], nodes },
      { domains: { mine: 1 }, functions: [loop] },
    );
    expect(() => compile(bytes))
      .to.throw(/nest over 64 deep/)
      .with.property("code", "COMPILE_LIMIT");
  });
});

describe("compile: inputs", () => {
  const add = model({
    inputs: [info("ids", "i64", ["n"]), info("table", "f32", [3, 2])],
    outputs: ["rows", "shape"],
    nodes: [node("Gather", ["table", "ids"], ["rows"]), node("Shape", ["rows"], ["shape"])],
  });

  it("several of them, integers too, with shapes that the caller fixes", () => {
    const options = { shapes: { ids: [4] } };
    const inputs = [i64([2, 0, -1, 1]), f32([1, 2, 3, 4, 5, 6], [3, 2])];
    expect(answers(add, inputs, options)).to.deep.equal([
      [5, 6, 1, 2, 5, 6, 3, 4],
      [4n, 2n],
    ]);
  });

  it("an open shape is an error that names the input", () => {
    expect(() => compile(add))
      .to.throw(/Input "ids" has an open shape: \[\?\]/)
      .with.deep.include({ code: "COMPILE_SHAPE", inputs: ["ids"] });
  });

  it("shapes and values for inputs that do not exist, or do not fit, are errors", () => {
    const code = (options: CompileOptions): unknown => {
      try {
        compile(add, options);
      } catch (error) {
        return (error as { code: string }).code;
      }
      return undefined;
    };
    expect(code({ shapes: { idz: [1], ids: [1] } })).to.equal("COMPILE_MALFORMED");
    expect(code({ shapes: { ids: [1, 1] } })).to.equal("COMPILE_MALFORMED");
    expect(code({ shapes: { ids: [1], table: [3, 3] } })).to.equal("COMPILE_MALFORMED");
    expect(code({ shapes: { ids: [1.5] } })).to.equal("COMPILE_BIND");
    expect(code({ bound: { ids: f32([1]) } })).to.equal("COMPILE_MALFORMED");
  });

  const reshape = model({
    inputs: [info("x", "f32", [2, 3]), info("to", "i64", [2]), info("axes", "i64", [0])],
    outputs: ["y"],
    nodes: [node("Reshape", ["x", "to"], ["r"]), node("ReduceSum", ["r", "axes"], ["y"], { keepdims: 0 })],
  });

  it("that fix a shape are named, and bound by value", () => {
    expect(() => compile(reshape, { bound: { axes: i64([]) } }))
      .to.throw(/Node "r" \(Reshape, opset 21\): A shape or attribute depends on input "to"/)
      .with.deep.include({ code: "COMPILE_BIND", inputs: ["to"] });
    const bound = { to: i64([3, -1]), axes: i64([]) };
    const { graph } = compile(reshape, { bound });
    expect(graph.inputs.map(({ name }) => name)).to.deep.equal(["x"]);
    expect(graph.bound.map(({ name }) => name)).to.deep.equal(["to", "axes"]);
    expect(executeFast(graph, [f32([1, 2, 3, 4, 5, 6], [2, 3])]).at(-1)!.data[0]).to.equal(21);
    // The empty one has no tree; the other is part of the model's identity.
    const other = compile(reshape, { bound: { ...bound, to: i64([1, 6]) } }).graph;
    expect(commitGraph(graph).boundInputs).to.not.deep.equal(commitGraph(other).boundInputs);
  });

  it("of types that the audit graph has not are refused by their names", () => {
    const bytes = model({ inputs: [info("x", "f16", [1])], outputs: ["y"], nodes: [node("Neg", ["x"], ["y"])] });
    expect(() => compile(bytes))
      .to.throw(/Input "x" has elements of type float16/)
      .with.property("code", "COMPILE_DTYPE");
  });
});

describe("compile: weights", () => {
  it("in half precision are widened by a Cast, and computed with never", () => {
    const half = create(TensorProtoSchema, {
      name: "h",
      dims: [2n],
      dataType: 10,
      rawData: Uint8Array.of(0x00, 0x3e, 0x01, 0x00),
    });
    const cast = model({
      inputs: [info("x", "f32", [2])],
      outputs: ["y"],
      nodes: [node("Cast", ["h"], ["w"], { to: 1 }), node("Add", ["x", "w"], ["y"])],
      weights: { h: half },
    });
    expect(answers(cast, [f32([0, 0])])).to.deep.equal([[1.5, 2 ** -24]]);
    const direct = model({
      inputs: [info("x", "f32", [2])],
      outputs: ["y"],
      nodes: [node("Cast", ["x"], ["c"], { to: 10 }), node("Add", ["c", "h"], ["y"])],
      weights: { h: half },
    });
    expect(() => compile(direct))
      .to.throw(/half precision/)
      .with.property("code", "COMPILE_DTYPE");
  });

  it("in external files come through the caller", () => {
    const tensor = create(TensorProtoSchema, {
      dims: [1n],
      dataType: 1,
      dataLocation: 1,
      externalData: [create(StringStringEntryProtoSchema, { key: "location", value: "w.bin" })],
    });
    const bytes = model({
      inputs: [info("x", "f32", [1])],
      outputs: ["y"],
      nodes: [node("Mul", ["x", "w"], ["y"])],
      weights: { w: tensor },
    });
    const externalData = (): Uint8Array => Uint8Array.of(0, 0, 0x40, 0x40);
    expect(answers(bytes, [f32([2])], { externalData })).to.deep.equal([[6]]);
    expect(() => compile(bytes))
      .to.throw(/w\.bin/)
      .with.property("code", "ONNX_EXTERNAL_DATA");
  });

  it("that older files list among the inputs are no inputs", () => {
    const bytes = model({
      inputs: [info("x", "f32", [1]), info("w", "f32", [1])],
      outputs: ["y"],
      nodes: [node("Mul", ["x", "w"], ["y"])],
      weights: { w: f32([3]) },
    });
    expect(compile(bytes).graph.inputs.map(({ name }) => name)).to.deep.equal(["x"]);
  });
});

import { create } from "@bufbuild/protobuf";
import { expect } from "chai";

import { compile, type CompileOptions } from "../../../src/audit/compile.js";
import { BUDGET, createBudget } from "../../../src/audit/compile/budget.js";
import { CompileError } from "../../../src/audit/compile/errors.js";
import {
  type NodeProto,
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProtoSchema,
} from "../../../src/onnx/gen/onnx_pb.js";
import { f32, graph, i64, info, model, node, type GraphParts } from "../../support/onnx-model.js";

/** Small files that ask for much; what each takes without a budget is minutes, or more memory than there is. */

const MiB = 2 ** 20;

/** A weight in a file beside the model: as large as wanted, and of any file's size. */
function stored(dtype: "f32" | "u8" | "i64", ...shape: number[]): TensorProto {
  return create(TensorProtoSchema, {
    ...{ dims: shape.map(BigInt), dataType: { f32: 1, u8: 2, i64: 7 }[dtype], dataLocation: 1 },
    externalData: [create(StringStringEntryProtoSchema, { key: "location", value: "weights" })],
  });
}

const file = new Uint8Array(128 * MiB);
for (let i = 0; i < file.length; i += 4) file[i] = i >> 4;
const externalData = (): Uint8Array => file;

const chain = (operator: string, count: number, second: (x: string) => string[]): NodeProto[] =>
  Array.from({ length: count }, (_, k) => node(operator, [`v${k}`, ...second(`v${k}`)], [`v${k + 1}`]));

/** A loop of `rounds` that passes its state on, with `nodes` in its body that make `out` of `s`. */
const looped = (rounds: number, inner: Partial<GraphParts>, out = "s"): Partial<GraphParts> => ({
  weights: { trips: i64([rounds], []) },
  nodes: [
    node("Loop", ["trips", "", "x"], ["y"], {
      body: graph({
        inputs: [info("i", "i64", []), info("c", "bool", []), info("s", "f32", [1])],
        outputs: ["c", out],
        nodes: [],
        ...inner,
      }),
    }),
  ],
});

function refusalOf(parts: Partial<GraphParts>, options: CompileOptions = {}): CompileError {
  const inputs = [info("x", "f32", [1])];
  try {
    compile(model({ inputs, outputs: ["y"], nodes: [], ...parts }), options);
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    return error;
  }
  throw new CompileError("COMPILE_MALFORMED", "It compiles");
}

describe("compile: budget", function () {
  this.timeout(300_000);

  const y = node("Identity", ["x"], ["y"]);
  const bombs: Record<string, Partial<GraphParts>> = {
    "a product of constant 4096 x 4096 matrices": {
      weights: { m: stored("f32", 4096, 4096) },
      nodes: [node("MatMul", ["m", "m"], ["p"]), y],
    },
    "a chain of additions of 16 million elements": {
      weights: { v0: stored("f32", 16 * MiB) },
      nodes: [...chain("Add", 200, (x) => [x]), y],
    },
    "casts of 134 million elements": {
      weights: { v: stored("u8", 128 * MiB) },
      nodes: [...[1, 6, 12, 3, 1, 6, 12].map((to, i) => node("Cast", ["v"], [`c${i}`], { to })), y],
    },
    "functions of many elements": {
      weights: { v0: stored("f32", 4 * MiB) },
      nodes: [...chain("Tanh", 100, () => []), y],
    },
    "arithmetic of 64 bits": {
      weights: { v0: stored("i64", MiB) },
      nodes: [...chain("Mul", 100, (x) => [x]), y],
    },
    "sorts of many elements": {
      weights: { v: stored("f32", 64, 65536), k: i64([65536]) },
      nodes: [...Array.from({ length: 40 }, (_, i) => node("TopK", ["v", "k"], [`v${i}`, `p${i}`])), y],
    },
    "tables that lowerings make": {
      weights: { z: i64([0], []), n: i64([16_000_000], []), one: i64([1], []) },
      nodes: [...Array.from({ length: 60 }, (_, i) => node("Range", ["z", "n", "one"], [`r${i}`])), y],
    },
    "rounds without nodes, in loops in loops": looped(
      30_000,
      {
        nodes: [
          node("Loop", ["trips", "c", "s"], ["t"], {
            body: graph({
              inputs: [info("j", "i64", []), info("d", "bool", []), info("u", "f32", [1])],
              outputs: ["d", "u"],
              nodes: [],
            }),
          }),
        ],
      },
      "t",
    ),
    "initializers that every round declares again": looped(30_000, {
      weights: Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`w${i}`, f32([1])])),
    }),
    "a join of a million parts": {
      nodes: [
        node(
          "Concat",
          Array.from({ length: 1_000_000 }, () => "x"),
          ["y"],
          { axis: 0 },
        ),
      ],
    },
    "a product of thousands of factors": {
      nodes: [
        node(
          "Einsum",
          Array.from({ length: 5_000 }, () => "x"),
          ["y"],
          { equation: `${"i,".repeat(4_999)}i->i` },
        ),
      ],
    },
    "weights that read one file over and over": {
      weights: Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`w${i}`, stored("f32", 16 * MiB)])),
      nodes: [y],
    },
  };
  for (const [name, parts] of Object.entries(bombs)) {
    it(`stops ${name}`, () => {
      expect(refusalOf(parts, { externalData }).code).to.equal("COMPILE_BUDGET");
    });
  }

  it("stops shapes of many dimensions, which hold no more than one element", () => {
    const ones = Array.from({ length: 100_000 }, () => 1);
    const nodes = chain("Reshape", 1_000, () => ["shape"]);
    const reshaped = { nodes: [node("Identity", ["x"], ["v0"]), ...nodes, y], weights: { shape: i64(ones) } };
    for (const parts of [reshaped, { inputs: [info("x", "f32", ones)], nodes: [y] }]) {
      const { code, message } = refusalOf(parts);
      expect(code).to.equal("COMPILE_LIMIT");
      expect(message).to.include("100000 dimensions");
    }
    for (const [rank, compiles] of [
      [64, true],
      [65, false],
    ] as const) {
      const bytes = model({ inputs: [info("x", "f32", ones.slice(0, rank))], outputs: ["y"], nodes: [y] });
      if (compiles) compile(bytes);
      else expect(() => compile(bytes)).to.throw(CompileError, "65 dimensions");
    }
  });

  it("stops a loop over a large initializer of its own", () => {
    const body = graph({
      inputs: [info("i", "i64", []), info("c", "bool", []), info("s", "f32", [])],
      outputs: ["c_out", "s_out"],
      nodes: [
        node("Identity", ["c"], ["c_out"]),
        node("ReduceSum", ["w"], ["t"], { keepdims: 0 }),
        node("Add", ["s", "t"], ["s_out"]),
      ],
      weights: { w: stored("f32", MiB) },
    });
    const loop = node("Loop", ["trips", "", "zero"], ["y"], { body });
    const weights = { trips: i64([100_000], []), zero: f32([0], []) };
    expect(refusalOf({ nodes: [loop], weights }, { externalData }).code).to.equal("COMPILE_BUDGET");
  });

  it("is kept to the unit: what is left may be spent, one more may not", () => {
    const budget = createBudget({ work: 10, bytes: 5 });
    budget.spend({ work: 9, bytes: 5 });
    budget.spend({ work: 1 });
    expect(() => budget.spend({ work: 1 })).to.throw(/10 units of work/);
    expect(() => createBudget({ work: 1, bytes: 5 }).spend({ work: 0, bytes: 6 })).to.throw(/5 bytes/);
  });

  it("is told in the report, and the same every time", () => {
    const bytes = model({
      inputs: [info("x", "f32", [64])],
      outputs: ["y"],
      nodes: [node("MatMul", ["m", "m"], ["p"]), node("MatMul", ["p", "x"], ["y"])],
      weights: {
        m: f32(
          Array.from({ length: 64 * 64 }, (_, i) => i % 7),
          [64, 64],
        ),
      },
    });
    const { spent } = compile(bytes).report;
    expect(spent).to.deep.equal(compile(bytes).report.spent);
    expect(spent.work)
      .to.be.greaterThan(64 ** 3)
      .and.below(BUDGET.work / 100);
    expect(spent.bytes).to.be.at.least(4 * 64 * 64);
  });
});

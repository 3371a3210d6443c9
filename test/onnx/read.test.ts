import { create } from "@bufbuild/protobuf";
import { expect } from "chai";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

import type { OnnxTensor } from "../../src/onnx/element.js";
import { OnnxError } from "../../src/onnx/errors.js";
import {
  AttributeProtoSchema,
  type GraphProto,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProtoSchema,
} from "../../src/onnx/gen/onnx_pb.js";
import { externalLocations } from "../../src/onnx/external.js";
import { DEFAULT_LIMITS } from "../../src/onnx/limits.js";
import { readModel, readTensorProto, writeModel, writeTensorProto } from "../../src/onnx/model.js";
import { readTensor, writeTensor } from "../../src/onnx/tensor.js";
import { conformanceDir, describeConformance } from "../support/conformance.js";
import { graph, model, node } from "../support/onnx-model.js";

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof OnnxError) return error.code;
    throw error;
  }
  return "none";
}

const tensor = (fields: Partial<Omit<TensorProto, "$typeName">>): TensorProto => create(TensorProtoSchema, fields);

describe("onnx: reading models", () => {
  const model = (graph: GraphProto, irVersion = 8n): Uint8Array =>
    writeModel(create(ModelProtoSchema, { irVersion, graph }));

  it("keeps a model through write and read", () => {
    const node = create(NodeProtoSchema, { opType: "Relu", input: ["x"], output: ["y"] });
    const back = readModel(model(create(GraphProtoSchema, { name: "g", node: [node] })));
    expect(back.graph?.node[0]?.opType).to.equal("Relu");
  });

  it("names what is wrong with bytes that are no model", () => {
    const good = model(create(GraphProtoSchema, { name: "g" }));
    expect(codeOf(() => readModel(new Uint8Array()))).to.equal("ONNX_MALFORMED");
    expect(codeOf(() => readModel(good.subarray(0, good.length - 1)))).to.equal("ONNX_MALFORMED");
    expect(codeOf(() => readModel(new TextEncoder().encode("not a model at all")))).to.equal("ONNX_MALFORMED");
    expect(codeOf(() => readModel(model(create(GraphProtoSchema), 99n)))).to.equal("ONNX_UNSUPPORTED");
  });

  it("refuses nesting, sizes and counts beyond its limits without recursion", () => {
    let graph = create(GraphProtoSchema);
    for (let i = 0; i < 30; i++) {
      const attribute = create(AttributeProtoSchema, { name: "body", g: graph });
      graph = create(GraphProtoSchema, { node: [create(NodeProtoSchema, { attribute: [attribute] })] });
    }
    expect(codeOf(() => readModel(model(graph)))).to.equal("ONNX_LIMIT");
    const nodes = create(GraphProtoSchema, { node: Array.from({ length: 50 }, () => create(NodeProtoSchema)) });
    expect(codeOf(() => readModel(model(nodes), { ...DEFAULT_LIMITS, messages: 40 }))).to.equal("ONNX_LIMIT");
    expect(codeOf(() => readModel(model(nodes), { ...DEFAULT_LIMITS, fileBytes: 40 }))).to.equal("ONNX_LIMIT");
    const numbers = create(GraphProtoSchema, { initializer: [tensor({ floatData: Array<number>(50).fill(1) })] });
    expect(codeOf(() => readModel(model(numbers), { ...DEFAULT_LIMITS, values: 40 }))).to.equal("ONNX_LIMIT");
  });
});

describe("onnx: reading tensors", () => {
  const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

  it("reads raw data of every type", () => {
    const read = (dataType: number, raw: Uint8Array, n: number): OnnxTensor =>
      readTensor(tensor({ dataType, dims: [BigInt(n)], rawData: raw }));
    expect([...read(1, bytes(0, 0, 128, 63), 1).data]).to.deep.equal([1]);
    expect([...read(10, bytes(0, 0x3c, 1, 0, 0, 0xfc), 3).data]).to.deep.equal([1, 2 ** -24, -Infinity]);
    expect([...read(16, bytes(0x80, 0x3f, 0x20, 0xc0), 2).data]).to.deep.equal([1, -2.5]);
    expect([...read(9, bytes(0, 1, 7), 3).data]).to.deep.equal([0, 1, 1]);
    expect([...read(22, bytes(0xf1, 0x08), 3).data]).to.deep.equal([1, -1, -8]);
    expect([...read(21, bytes(0xf1), 2).data]).to.deep.equal([1, 15]);
    expect([...read(7, bytes(255, 255, 255, 255, 255, 255, 255, 255), 1).data]).to.deep.equal([-1n]);
  });

  it("reads typed fields", () => {
    const read = (fields: Partial<TensorProto>, n: number): unknown[] => [
      ...readTensor(tensor({ ...fields, dims: [BigInt(n)] })).data,
    ];
    expect(read({ dataType: 1, floatData: [1.5, -2] }, 2)).to.deep.equal([1.5, -2]);
    expect(read({ dataType: 3, int32Data: [-7] }, 1)).to.deep.equal([-7]);
    expect(read({ dataType: 10, int32Data: [0x3c00] }, 1)).to.deep.equal([1]);
    expect(read({ dataType: 12, uint64Data: [4294967295n] }, 1)).to.deep.equal([4294967295]);
    expect(read({ dataType: 22, int32Data: [0xf1, 0x08] }, 3)).to.deep.equal([1, -1, -8]);
  });

  it("refuses sizes that disagree, before it allocates", () => {
    const huge = 2n ** 31n - 1n;
    expect(codeOf(() => readTensor(tensor({ dataType: 1, dims: [huge] })))).to.equal("ONNX_MALFORMED");
    expect(codeOf(() => readTensor(tensor({ dataType: 1, dims: [huge, huge] })))).to.equal("ONNX_LIMIT");
    expect(codeOf(() => readTensor(tensor({ dataType: 1, dims: [-1n] })))).to.equal("ONNX_MALFORMED");
    expect(codeOf(() => readTensor(tensor({ dataType: 1, dims: [2n], rawData: bytes(1, 2, 3) })))).to.equal(
      "ONNX_MALFORMED",
    );
    expect(codeOf(() => readTensor(tensor({ dataType: 8, dims: [1n] })))).to.equal("ONNX_UNSUPPORTED");
    expect(codeOf(() => readTensor(tensor({ dataType: 77, dims: [1n] })))).to.equal("ONNX_UNSUPPORTED");
    expect(readTensor(tensor({ dataType: 1, dims: [huge, huge, 0n] })).data.length).to.equal(0);
  });

  it("lists the files of external data, those of subgraphs and functions too", () => {
    const external = (location: string): TensorProto =>
      create(TensorProtoSchema, {
        ...{ dims: [1n], dataType: 1, dataLocation: 1 },
        externalData: [create(StringStringEntryProtoSchema, { key: "location", value: location })],
      });
    const inner = graph({
      outputs: ["c"],
      nodes: [node("Identity", ["v"], ["c"])],
      weights: { v: external("b/inner") },
    });
    const branch = node("If", ["go"], ["y"], { then_branch: inner, else_branch: inner });
    const weights = { w: external("z"), u: external("a") };
    const read = readModel(model({ outputs: ["y"], nodes: [branch], weights }));
    expect(externalLocations(read)).to.deep.equal(["a", "b/inner", "z"]);
    const outside = readModel(model({ outputs: ["w"], nodes: [], weights: { w: external("../z") } }));
    expect(codeOf(() => externalLocations(outside))).to.equal("ONNX_EXTERNAL_DATA");
  });

  it("reads external data inside the model's folder only", () => {
    const external = (entries: Record<string, string>): TensorProto =>
      tensor({
        dataType: 1,
        dims: [1n],
        dataLocation: 1,
        externalData: Object.entries(entries).map(([key, value]) => ({
          $typeName: "onnx.StringStringEntryProto",
          key,
          value,
        })),
      });
    const load = (location: string): Uint8Array | undefined =>
      location === "weights/a.bin" ? bytes(9, 0, 0, 128, 63) : undefined;
    const code = (entries: Record<string, string>): string =>
      codeOf(() => readTensor(external(entries), { externalData: load }));
    expect([
      ...readTensor(external({ location: "weights/a.bin", offset: "1" }), { externalData: load }).data,
    ]).to.deep.equal([1]);
    for (const location of ["", "/etc/passwd", "../a.bin", "weights/../../a.bin", "C:a.bin", "a\\b", "missing"]) {
      expect(code({ location }), location).to.equal("ONNX_EXTERNAL_DATA");
    }
    expect(code({ location: "weights/a.bin", offset: "2" })).to.equal("ONNX_MALFORMED");
    expect(code({ location: "weights/a.bin", offset: "-1" })).to.equal("ONNX_MALFORMED");
    expect(code({ location: "weights/a.bin", length: "5" })).to.equal("ONNX_MALFORMED");
    expect(codeOf(() => readTensor(external({ location: "weights/a.bin" })))).to.equal("ONNX_EXTERNAL_DATA");
    // A runtime would take the last of two.
    const twice = external({ location: "weights/a.bin", offset: "1" });
    twice.externalData.push(...external({ location: "weights/b.bin" }).externalData);
    expect(codeOf(() => readTensor(twice, { externalData: load }))).to.equal("ONNX_MALFORMED");
  });

  it("writes what it reads", () => {
    const source: OnnxTensor = { dtype: "i64", shape: [2, 1], data: BigInt64Array.of(-5n, 7n) };
    const back = readTensor(readTensorProto(writeTensorProto(writeTensor(source, "t"))));
    expect(back).to.deep.equal(source);
    expect(codeOf(() => writeTensor({ dtype: "f16", shape: [1], data: Float32Array.of(1) }))).to.equal(
      "ONNX_UNSUPPORTED",
    );
  });
});

describeConformance("onnx: the conformance folder", function () {
  this.timeout(120_000);

  function* files(dir: string): Generator<string> {
    for (const name of readdirSync(dir)) {
      const path = join(dir, name);
      if (statSync(path).isDirectory()) yield* files(path);
      else yield path;
    }
  }

  it("reads every model and tensor", () => {
    let models = 0;
    for (const path of files(conformanceDir)) {
      if (path.endsWith(".onnx")) {
        const graph = readModel(readFileSync(path)).graph;
        expect(graph?.node.length, path).to.be.greaterThan(0);
        models++;
      } else if (path.endsWith(".pb")) {
        readTensor(readTensorProto(readFileSync(path)));
      }
    }
    expect(models).to.be.greaterThan(400);
  });
});

import { expect } from "chai";
import { create } from "@bufbuild/protobuf";

import { draftManifest } from "../../src/calibrate/draft.js";
import { prepareModel } from "../../src/models/prepared.js";
import { StringStringEntryProtoSchema, TensorProtoSchema } from "../../src/onnx/gen/onnx_pb.js";
import { info, model, node } from "../support/onnx-model.js";

const request = {
  ...{ name: "draft", licence: "MIT", shapes: {}, bound: {}, supplied: [] },
  ...{ perKind: 2, seed: 1, searchRounds: 1 },
};

describe("drafts of manifests", function () {
  this.timeout(120_000);

  it("leave models that could end a native session to the audit machine, without starting one", async () => {
    const bytes = model({
      inputs: [info("a", "i32", [2]), info("b", "i32", [2])],
      outputs: ["y"],
      nodes: [node("Div", ["a", "b"], ["y"], {}, { name: "quotient" })],
    });
    const { manifest, calibration } = await draftManifest({ ...request, bytes, domains: {} });
    expect(manifest.profile).to.equal("exact");
    expect(calibration.honest).to.deep.equal([]);
    expect(calibration.proposal.reason).to.match(/quotient \(Div\): A divisor of 0/);
    expect(prepareModel(bytes, manifest).runtime.hazard).to.match(/quotient/);
  });

  it("list the files that a model keeps weights in, and measure with them", async () => {
    const values = Float32Array.from({ length: 64 }, (_, i) => Math.sin(i) / 3);
    const files = new Map([["w/1.bin", new Uint8Array(values.buffer)]]);
    const w = create(TensorProtoSchema, {
      ...{ dims: [8n, 8n], dataType: 1, dataLocation: 1 },
      externalData: [create(StringStringEntryProtoSchema, { key: "location", value: "w/1.bin" })],
    });
    const nodes = [node("MatMul", ["x", "w"], ["p"]), node("Tanh", ["p"], ["y"])];
    const bytes = model({ inputs: [info("x", "f32", [1, 8])], outputs: ["y"], nodes, weights: { w } }, { opset: 17 });
    const data = (location: string) => files.get(location);
    const { manifest, calibration } = await draftManifest({
      ...request,
      bytes,
      data,
      domains: { x: { lo: -1, hi: 1 } },
    });
    expect(manifest.data).to.have.length(1);
    expect(manifest.data![0]).to.deep.include({ location: "w/1.bin", bytes: 256 });
    expect(calibration.honest.length).to.be.greaterThan(5);
    expect(calibration.substitutes.map(({ label }) => label)).to.include.members(["bf16", "int8"]);
    expect(prepareModel(bytes, manifest, { data }).contentId).to.match(/^0x/);
    const other = (): Uint8Array => new Uint8Array(256);
    expect(() => prepareModel(bytes, manifest, { data: other })).to.throw(/does not have the SHA-256/);
    expect(() => prepareModel(bytes, manifest)).to.throw(/w\/1\.bin" is not there/);
  });
});

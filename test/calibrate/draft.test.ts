import { expect } from "chai";
import { create } from "@bufbuild/protobuf";

import { draftManifest, type DraftRequest } from "../../src/calibrate/draft.js";
import { parseManifest } from "../../src/models/manifest.js";
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

  it("refuse domains that an input can't have, names of no input, and what no manifest takes, before they measure", async () => {
    const inputs = [info("x", "u8", [4]), info("z", "f32", [4])];
    const nodes = [node("Cast", ["x"], ["c"], { to: 1 }), node("Add", ["c", "z"], ["y"])];
    const bytes = model({ inputs, outputs: ["y"], nodes });
    const [x, z] = [
      { lo: 0, hi: 255 },
      { lo: -1, hi: 1 },
    ];
    const wrong: readonly [string, Partial<DraftRequest>][] = [
      // 300 as a byte would be 44, -1 would be 255.
      ["DOMAIN_INVALID", { domains: { x: { lo: 0, hi: 256 }, z } }],
      ["DOMAIN_INVALID", { domains: { x: { lo: -1, hi: 255 }, z } }],
      ["DOMAIN_INVALID", { domains: { x: { lo: 0.5, hi: 2 }, z } }],
      ["DOMAIN_INVALID", { domains: { z: { lo: 0, hi: 3.5e38 } } }],
      ["DOMAIN_INVALID", { domains: { z: { lo: -Infinity, hi: 1 } } }],
      ["DOMAIN_UNKNOWN", { domains: { z, X: x } }],
      ["NAME_INVALID", { name: "" }],
      ["NAME_INVALID", { name: "n".repeat(65) }],
      ["NAME_INVALID", { licence: "" }],
      ["INPUTS_MISSING", { perKind: 0 }],
    ];
    for (const [code, each] of wrong) {
      const asked = draftManifest({ ...request, bytes, domains: { x, z }, ...each });
      const thrown = await asked.catch((error: unknown) => error);
      expect(thrown, JSON.stringify(each)).to.have.property("code", code);
    }
    const asked = { ...request, name: "n".repeat(64), perKind: 1, searchRounds: 0 };
    const { manifest } = await draftManifest({ ...asked, bytes, domains: { x, z } });
    expect(parseManifest(JSON.stringify(manifest)).inputs).to.deep.include({
      ...{ name: "x", dtype: "u8", shape: [4], lo: "0x0", hi: "0xff" },
    });
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

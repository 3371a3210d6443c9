import { expect } from "chai";

import { parseManifest } from "../../src/models/manifest.js";
import { TouchstoneError } from "../../src/errors.js";

const hash = `0x${"11".repeat(32)}`;
const file = { sha256: hash, cid: "", bytes: 1 };

/** What is wrong with a manifest of a model whose weights lie in these files; undefined where nothing is. */
function faultOf(...locations: readonly string[]): string | undefined {
  const data = locations.map((location) => ({ location, ...file }));
  const names = { format: 1, name: "m", licence: "MIT", profile: "exact" };
  const output = { name: "y", dtype: "f32", shape: [1], atol: 0, rtol: 0, noise: 0 };
  try {
    parseManifest(JSON.stringify({ ...names, file, data, inputs: [], bound: [], outputs: [output] }));
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof TouchstoneError) || thrown.code !== "MANIFEST_INVALID") throw thrown;
    return thrown.message;
  }
}

describe("manifests", () => {
  it("take files of weights beside the model and below", () => {
    expect(faultOf("model.onnx.data", "w/1.bin", "w/2.bin", "w.bin", "./v.bin")).to.equal(undefined);
  });

  it("refuse files outside the model's folder", () => {
    for (const location of ["../w.bin", "/etc/passwd", "a/../../w.bin", "c:w.bin", "a\\b", ""]) {
      expect(faultOf(location), location).to.include("data.0.location: lies outside the model's folder");
    }
  });

  it("refuse two names of one file: a runtime would read other weights than the compiler", () => {
    for (const locations of [
      ["model.onnx"],
      ["./model.onnx"],
      ["Model.ONNX"],
      ["model.onnx/w.bin"],
      ["w.bin", "./w.bin"],
      ["a/w.bin", "a//w.bin"],
      ["w.bin", "W.bin"],
      ["caf\u00e9", "cafe\u0301"],
      ["a", "a/w.bin"],
      ["."],
    ]) {
      expect(faultOf(...locations), locations.join()).to.include("data: two names of one file");
    }
  });
});

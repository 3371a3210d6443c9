import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { create } from "@bufbuild/protobuf";
import { expect } from "chai";

import type { HuntReport } from "../../src/calibrate/hunter.js";
import { parseManifest } from "../../src/models/manifest.js";
import { StringStringEntryProtoSchema, TensorProtoSchema } from "../../src/onnx/gen/onnx_pb.js";
import { assetsDir } from "../support/conformance.js";
import { info, model, node } from "../support/onnx-model.js";

const MODEL = join(assetsDir, "mnist-8-cntk/model.onnx");
const digit = (k: number): string => join(assetsDir, `mnist-8-cntk/test_data_set_${k}/input_0.pb`);

function touchstone(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, ["bin/touchstone.mjs", ...args], (error, out, err) => {
      resolve({ code: typeof error?.code === "number" ? error.code : 0, out, err });
    });
  });
}

describe("touchstone model calibrate and hunt", () => {
  const folder = mkdtempSync(join(tmpdir(), "touchstone-calibrate-"));
  const [manifest, svg, state] = ["m.json", "m.svg", "hunt.json"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const calibrate = [
    ...["model", "calibrate", MODEL, "--name", "digits", "--licence", "MIT", "--out", manifest, "--svg", svg],
    ...["--per-kind", "2", "--search", "1"],
  ];
  after(() => rmSync(folder, { recursive: true }));

  it("writes nothing for a sample outside the domain", async () => {
    const { code, err } = await touchstone(...calibrate, "--domain", "Input3=0:1", "--sample", digit(0));
    expect(code).to.equal(1);
    expect(err).to.include("error SAMPLE_INVALID: Sample 1").and.include("next: ");
    expect(existsSync(manifest) || existsSync(svg)).to.equal(false);
  });

  it("says before it measures that its result can't be kept", async () => {
    for (const option of ["--out", "--svg"]) {
      const nowhere = ["--domain", "Input3=0:255", option, join(folder, "nothing", "here")];
      const { code, err } = await touchstone(...calibrate, ...nowhere);
      expect(code).to.equal(1);
      expect(err).to.include("error FILE_UNWRITABLE").and.not.include("measured");
    }
  });

  it("prints distributions, proposes a tolerance and draws them", async () => {
    const { code, out } = await touchstone(
      ...calibrate,
      "--domain",
      "Input3=0:255",
      "--sample",
      digit(0),
      "--sample",
      digit(1),
    );
    expect(code).to.equal(0);
    expect(out).to.match(/^honest +native\/cpu threads=1 opt=disabled /m);
    for (const name of ["tf32", "fp16", "bf16", "int8", "pruned"])
      expect(out).to.match(new RegExp(`^cheaper +${name} `, "m"));
    expect(out).to.match(/^inputs: 2 supplied, 2 random, /m);
    const [, atol] = /^profile tolerant, atol ([0-9.e-]+), noise level /m.exec(out)!;
    expect(parseManifest(readFileSync(manifest, "utf8")).outputs[0]!.atol).to.equal(Number(atol));
    expect(readFileSync(svg, "utf8")).to.include(`tolerance ${Number(atol)}`);
  });

  it("hunts, and goes on from the file", async () => {
    const hunt = async (): Promise<HuntReport> => {
      const args = ["model", "hunt", MODEL, manifest, "--state", state, "--minutes", "0.01"];
      const { code, out } = await touchstone("--json", ...args);
      expect(code, out).to.equal(0);
      return JSON.parse(out) as HuntReport;
    };
    const [first, second] = [await hunt(), await hunt()];
    expect(first.ratio).to.be.above(0);
    expect(second.ratio).to.be.at.least(first.ratio);
    expect(second.judged).to.be.above(first.judged);
    expect(second.cpuSeconds).to.be.above(first.cpuSeconds);
  });

  it("hunts in models with weights beside them, and calibrates with what was found", async () => {
    const beside = join(folder, "beside");
    mkdirSync(beside);
    const [path, found, own] = ["model.onnx", "hunt.json", "m.json"].map((name) => join(beside, name));
    writeFileSync(
      join(beside, "w.bin"),
      Float32Array.from({ length: 64 }, (_, i) => Math.sin(i) / 3),
    );
    const w = create(TensorProtoSchema, {
      ...{ dims: [8n, 8n], dataType: 1, dataLocation: 1 },
      externalData: [create(StringStringEntryProtoSchema, { key: "location", value: "w.bin" })],
    });
    const nodes = [node("MatMul", ["x", "w"], ["p"]), node("Tanh", ["p"], ["y"])];
    writeFileSync(path!, model({ inputs: [info("x", "f32", [1, 8])], outputs: ["y"], nodes, weights: { w } }));
    const named = ["--name", "beside", "--licence", "MIT", "--out", own!, "--domain", "x=-1:1"];
    const again = ["model", "calibrate", path!, ...named, "--per-kind", "1", "--search", "0"];
    for (const args of [
      again,
      ["model", "hunt", path!, own!, "--state", found!, "--minutes", "0.001"],
      [...again, "--hunted", found!],
    ]) {
      const { code, err } = await touchstone(...args);
      expect(code, err).to.equal(0);
    }
  });
});

import { execFile } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { externalDataIn } from "../../src/models/external-data.js";
import { assetsDir } from "../support/conformance.js";

const MODEL = join(assetsDir, "mnist-8-cntk/model.onnx");

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command line as a user does. */
function touchstone(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, ["bin/touchstone.mjs", ...args], (error, out, err) => {
      resolve({ code: typeof error?.code === "number" ? error.code : 0, out, err });
    });
  });
}

describe("touchstone model inspect", () => {
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "touchstone-inspect-"));
  });

  after(() => {
    rmSync(folder, { recursive: true });
  });

  it("prints a summary and one line a node", async () => {
    const { code, out } = await touchstone("model", "inspect", MODEL);
    expect(code).to.equal(0);
    expect(out).to.match(/^nodes +5$/m);
    expect(out).to.match(/^multiply-adds +786,560$/m);
    expect(out).to.match(/^operators +3 Add, 2 Conv, /m);
    expect(out).to.match(/^costliest proof +node 2, Convolution110/m);
    const [, listing = ""] = out.split("\n\n");
    expect(listing.trim().split("\n")).to.have.length(6);
    expect(listing).to.match(/^0 +reduce dot +f32 +a28 b28 c8 \| d5 e5 +Input3\[/m);
  });

  it("gives the same as JSON, and draws", async () => {
    const svg = join(folder, "graph.svg");
    const { out } = await touchstone("--json", "model", "inspect", MODEL, "--svg", svg);
    const report = JSON.parse(out) as Record<string, unknown> & { graph: unknown[]; worst: { node: number } };
    expect(report).to.include({ nodes: 5, multiplyAdds: 786_560, weightBytes: 23_976, svg });
    expect(report["exactOutputs"]).to.deep.equal([]);
    expect(report.graph).to.have.length(5);
    expect(report.worst.node).to.equal(2);
    expect(readFileSync(svg, "utf8")).to.match(/^<svg [^>]*>/);
  });

  it("takes shapes that a file leaves open, and refuses those that it does not have", async () => {
    const open = join(assetsDir, "tract-keras-mlp/model.onnx");
    expect((await touchstone("model", "inspect", open)).err).to.include("COMPILE_SHAPE");
    const shape = "main_input_input=3x100";
    expect((await touchstone("model", "inspect", open, "--shape", shape)).out).to.match(/^input .*: f32 3×100$/m);
    const wrong = await touchstone("model", "inspect", MODEL, "--shape", "Input3=1x1x14x14");
    expect(wrong.code).to.equal(1);
    expect(wrong.err).to.include("COMPILE_MALFORMED");
    expect((await touchstone("model", "inspect", MODEL, "--shape", "Input3=1x-2")).code).to.equal(2);
    expect((await touchstone("model", "inspect", MODEL, "--shape", "Other=1")).code).to.equal(1);
  });

  it("ends with a named error for what is no model and what cannot be written", async () => {
    const path = join(folder, "no.onnx");
    writeFileSync(path, "\u001b[2J this is no model");
    const none = await touchstone("--json", "model", "inspect", path);
    expect(none.code).to.equal(1);
    expect((JSON.parse(none.out) as { error: { code: string } }).error.code).to.equal("ONNX_MALFORMED");
    const missing = await touchstone("model", "inspect", join(folder, "missing.onnx"));
    expect(missing.err).to.include("FILE_UNREADABLE");
    const steering = await touchstone("model", "inspect", join(folder, "\u001b[2J"));
    expect(steering.err).not.to.include("\u001b");
    const unwritable = await touchstone("model", "inspect", MODEL, "--svg", join(folder, "no/where.svg"));
    expect(unwritable.err).to.include("FILE_UNWRITABLE");
  });
}).timeout(300_000);

describe("external data", () => {
  let outside: string;
  let folder: string;

  beforeEach(() => {
    outside = mkdtempSync(join(tmpdir(), "touchstone-outside-"));
    folder = mkdtempSync(join(outside, "model-"));
    writeFileSync(join(outside, "secret"), "secret");
    copyFileSync(join(outside, "secret"), join(folder, "weights.bin"));
  });

  afterEach(() => {
    rmSync(outside, { recursive: true });
  });

  it("is read from the model's folder, once", () => {
    const load = externalDataIn(folder);
    expect(new TextDecoder().decode(load("weights.bin"))).to.equal("secret");
    rmSync(join(folder, "weights.bin"));
    expect(load("weights.bin")).to.have.length(6);
  });

  it("is not there where the path or a link leaves the folder, or names none of its files", () => {
    symlinkSync(join(outside, "secret"), join(folder, "link"));
    symlinkSync(outside, join(folder, "up"));
    const load = externalDataIn(folder);
    const away = ["../secret", "link", "up/secret", join(outside, "secret"), ".", "missing", "weights.bin/x", "\0"];
    expect(existsSync(join(folder, "link"))).to.equal(true);
    for (const location of away) expect(load(location), location).to.equal(undefined);
  });

  it("takes links that stay inside", () => {
    symlinkSync("weights.bin", join(folder, "alias"));
    expect(externalDataIn(folder)("alias")).to.have.length(6);
  });
});

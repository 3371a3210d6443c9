import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { draftManifest, runtimeModelOf } from "../../src/calibrate/draft.js";
import { largestOf, medianOf } from "../../src/calibrate/distribution.js";
import { createHunter } from "../../src/calibrate/hunter.js";
import { prepareModel } from "../../src/models/prepared.js";
import { assetsDir } from "../support/conformance.js";
import { f32, info, model, node } from "../support/onnx-model.js";

const request = {
  name: "m",
  licence: "MIT",
  shapes: {},
  bound: {},
  supplied: [],
  perKind: 3,
  searchRounds: 2,
  seed: 11,
};

describe("calibration", () => {
  it("of a trained model finds a tolerance between honest and cheap, and repeats", async () => {
    const bytes = new Uint8Array(readFileSync(join(assetsDir, "mnist-rten/model.onnx")));
    const ask = () => draftManifest({ ...request, bytes, domains: { input: { lo: -1, hi: 1 } } });
    const { calibration, manifest } = await ask();
    const { honest, substitutes, proposal, kinds, inputs } = calibration;
    expect(proposal.profile).to.equal("tolerant");
    const tolerance = proposal.atol[0]!;
    for (const each of honest) expect(16 * largestOf(each, 0), each.label).to.be.below(tolerance);
    for (const each of substitutes) expect(medianOf(each, 0), each.label).to.be.above(2 * tolerance);
    expect(honest.map(({ label }) => label).join())
      .to.include("wasm")
      .and.include("threads=4")
      .and.include("opt=disabled");
    expect(substitutes.map(({ label }) => label)).to.deep.equal(["tf32", "fp16", "bf16", "int8", "pruned"]);
    expect(kinds.map(({ label }) => label))
      .to.deep.equal(Object.keys(inputs))
      .and.to.include("searched");
    expect(inputs).to.deep.include({ random: 3, constant: 3, corner: 3, "near-constant": 3, sparse: 3 });
    expect(prepareModel(bytes, manifest).manifest.outputs[0]!.atol).to.equal(tolerance);
    expect((await ask()).calibration).to.deep.equal(calibration);
  });

  it("counts what a hunt found, which goes on from its file", async () => {
    const folder = mkdtempSync(join(tmpdir(), "hunt-"));
    const bytes = new Uint8Array(readFileSync(join(assetsDir, "mnist-rten/model.onnx")));
    const path = join(folder, "hunt.json");
    const ask = (huntFile: string) =>
      draftManifest({ ...request, bytes, domains: { input: { lo: -1, hi: 1 } }, searchRounds: 0, huntFile });
    try {
      const missing = await ask(path).catch((error: unknown) => error);
      expect(missing).to.have.property("code", "HUNT_MISSING");
      const { graph } = prepareModel(
        bytes,
        (await draftManifest({ ...request, bytes, domains: { input: { lo: -1, hi: 1 } } })).manifest,
      );
      const options = { graph, model: runtimeModelOf(graph, bytes), atol: [0.001], path, seed: 2, starts: [] };
      const hunter = await createHunter(options);
      await hunter.search(0);
      await hunter.search(0);
      const { ratio, judged, cpuSeconds } = hunter.report();
      await hunter.release();
      expect(ratio)
        .to.be.above(0)
        .and.below(1 / 16);
      const again = await createHunter({ ...options, seed: 3 });
      expect(again.report()).to.deep.include({ ratio, judged, cpuSeconds, seed: 2 });
      await again.release();
      const { proposal, kinds } = (await ask(path)).calibration;
      expect(proposal.rooms[0]!.hunted).to.be.at.least(ratio * 0.001 * (1 - 1e-12));
      expect(kinds.map(({ label }) => label)).to.include("hunted");
      const foreign = await createHunter({ ...options, atol: [0.002] }).catch((error: unknown) => error);
      expect(foreign).to.have.property("code", "HUNT_FOREIGN");
      const exact = await createHunter({ ...options, atol: [0] }).catch((error: unknown) => error);
      expect(exact).to.have.property("code", "HUNT_EXACT");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("refuses samples that no job may have", async () => {
    const bytes = new Uint8Array(readFileSync(join(assetsDir, "mnist-rten/model.onnx")));
    const image = (level: number) => f32(new Array<number>(784).fill(level), [1, 1, 28, 28]);
    for (const sample of [[image(1.5)], [image(NaN)], [f32([1])], [], [image(1), image(1)]]) {
      const ask = draftManifest({ ...request, bytes, domains: { input: { lo: -1, hi: 1 } }, supplied: [sample] });
      expect(await ask.catch((error: unknown) => error)).to.have.property("code", "SAMPLE_INVALID");
    }
  });

  it("answers through batches where the file leaves the first axis open", async () => {
    const weights = {
      w: f32(
        Array.from({ length: 640 }, (_, i) => Math.sin(i)),
        [64, 10],
      ),
    };
    const labels = async (batch: number | string) => {
      const bytes = model({
        inputs: [info("x", "f32", [batch, 64])],
        outputs: ["y"],
        nodes: [node("MatMul", ["x", "w"], ["y"])],
        weights,
      });
      const { calibration } = await draftManifest({
        ...request,
        bytes,
        shapes: { x: [1, 64] },
        domains: { x: { lo: -1, hi: 1 } },
        searchRounds: 0,
      });
      return calibration.honest.map(({ label }) => label).join();
    };
    expect(await labels("n")).to.include("batch=3");
    expect(await labels(1)).to.not.include("batch");
  });
});

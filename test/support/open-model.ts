import { FORMAT } from "../../src/audit/content.js";
import type { Tensor } from "../../src/audit/graph.js";
import { createRandom } from "../../src/calibrate/inputs.js";
import { cidOf } from "../../src/models/cid.js";
import { sha256 } from "../../src/models/files.js";
import { prepareModel, type PreparedModel } from "../../src/models/prepared.js";
import { f32, info, model, node } from "./onnx-model.js";

const [INPUTS, HIDDEN, OUTPUTS] = [24, 40, 5];
/** What the tolerance of the model allows; last bits of its answers differ by a thousandth of it. */
export const NOISE = 1e-4;

/** Two dense layers whose file leaves the first axis open: it takes batches. */
export async function openModel(): Promise<PreparedModel> {
  const random = createRandom(3);
  const weight = (...shape: number[]): Tensor =>
    f32(
      Array.from({ length: shape.reduce((n, extent) => n * extent, 1) }, () => random() - 0.5),
      shape,
    );
  const bytes = model({
    inputs: [info("x", "f32", ["n", INPUTS])],
    outputs: ["y"],
    nodes: [node("Gemm", ["x", "W", "b"], ["h"]), node("Relu", ["h"], ["r"]), node("Gemm", ["r", "V", "c"], ["y"])],
    weights: { W: weight(INPUTS, HIDDEN), b: weight(HIDDEN), V: weight(HIDDEN, OUTPUTS), c: weight(OUTPUTS) },
  });
  return prepareModel(bytes, {
    ...{ format: FORMAT, name: "open", licence: "none", profile: "tolerant", bound: [] },
    file: { sha256: sha256(bytes), cid: await cidOf(bytes), bytes: bytes.length },
    inputs: [{ name: "x", dtype: "f32", shape: [1, INPUTS], lo: "0xbf800000", hi: "0x3f800000" }],
    outputs: [{ name: "y", dtype: "f32", shape: [1, OUTPUTS], atol: NOISE, rtol: 0, noise: 1 }],
  });
}

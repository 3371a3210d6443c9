import { readFileSync } from "node:fs";
import { join } from "node:path";

import { tensorFromBytes } from "../audit/bytes.js";
import type { Tensor } from "../audit/graph.js";
import { parseManifest, type Manifest } from "../models/manifest.js";
import { readTensorProto } from "../onnx/model.js";
import { readTensor } from "../onnx/tensor.js";
import { TouchstoneError } from "../errors.js";

export interface Digit {
  /** What a person reads. */
  readonly digit: number;
  readonly image: Tensor;
}

export interface DigitModel {
  readonly bytes: Uint8Array;
  readonly manifest: Manifest;
  readonly digits: readonly Digit[];
}

/** What the images of the data sets show, in order. */
const SHOWN = [2, 0, 9];

function readImage(path: string): Tensor {
  const { dtype, shape, data } = readTensor(readTensorProto(readFileSync(path)));
  if (dtype !== "f32") throw new TouchstoneError("DIGIT_TYPE", `${path} holds ${dtype} elements.`);
  return { dtype, shape, data };
}

/**
 * The trained digit recogniser that comes with the repository, its calibrated manifest and real handwritten digits.
 * @param root the repository's.
 */
export function readDigitModel(root: string): DigitModel {
  const folder = join(root, "assets/models/mnist-8-cntk");
  return {
    bytes: new Uint8Array(readFileSync(join(folder, "model.onnx"))),
    manifest: parseManifest(readFileSync(join(folder, "manifest.json"), "utf8")),
    digits: SHOWN.map((digit, k) => ({ digit, image: readImage(join(folder, `test_data_set_${k}/input_0.pb`)) })),
  };
}

/** The class that an answer names: the largest score. */
export function classOf(scores: readonly number[]): number {
  return scores.indexOf(Math.max(...scores));
}

/** Scores of an answer, from its published bytes. */
export function scoresOf(output: Uint8Array): number[] {
  const count = output.length / 4;
  return [...tensorFromBytes(output, "f32", [count]).data].map(Number);
}

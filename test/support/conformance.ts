import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import type { Tensor } from "../../src/audit/graph.js";
import { readTensorProto } from "../../src/onnx/model.js";
import { readTensor } from "../../src/onnx/tensor.js";

/**
 * The folder of third-party test data, which lies beside the repository and is not part of it. TOUCHSTONE_CONFORMANCE
 * points elsewhere.
 */
export const conformanceDir = resolve(
  process.env["TOUCHSTONE_CONFORMANCE"] ?? join(dirname(fileURLToPath(import.meta.url)), "../../../shared/conformance"),
);

const present = existsSync(conformanceDir);
if (!present) console.warn(`SKIPPING conformance tests: no folder ${conformanceDir}`);

/** `describe` for tests that need the conformance folder; skipped, loudly, where it is absent. */
export const describeConformance = present ? describe : describe.skip;

/** One model with the inputs and outputs of one data set. */
export interface ConformanceCase {
  readonly name: string;
  readonly model: Uint8Array;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
}

/** Folders of `conformance/node` or `conformance/models` that hold a model. */
export function caseNames(kind: "node" | "models"): string[] {
  const root = join(conformanceDir, kind);
  return readdirSync(root).filter((name) => existsSync(join(root, name, "model.onnx")));
}

/** A tensor as a data set stores it; types that the audit machine has no name for keep theirs. */
export function readTensorFile(path: string): { tensor: Tensor; name: string } {
  const proto = readTensorProto(readFileSync(path));
  return { tensor: readTensor(proto) as Tensor, name: proto.name };
}

export function readCase(kind: "node" | "models", name: string, set = 0): ConformanceCase {
  const root = join(conformanceDir, kind, name);
  const data = join(root, `test_data_set_${set}`);
  const files = (prefix: string): Tensor[] => {
    const tensors: Tensor[] = [];
    for (let i = 0; existsSync(join(data, `${prefix}_${i}.pb`)); i++) {
      tensors.push(readTensorFile(join(data, `${prefix}_${i}.pb`)).tensor);
    }
    return tensors;
  };
  return { name, model: readFileSync(join(root, "model.onnx")), inputs: files("input"), outputs: files("output") };
}

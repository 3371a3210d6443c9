import { expect } from "chai";

import { OnnxError } from "../../src/onnx/errors.js";
import { readModel, readTensorProto } from "../../src/onnx/model.js";
import { readTensor } from "../../src/onnx/tensor.js";
import { fuzzCases, fuzzSeed } from "../support/fuzz.js";
import { mutateBytes, seededDraw, seedFiles } from "../support/mutate.js";

/** Reads everything in a file, whatever it is; anything but a named error escapes. */
function outcome(read: () => void): string {
  try {
    read();
    return "read";
  } catch (error) {
    if (error instanceof OnnxError) return error.code;
    throw error;
  }
}

describe("onnx: mutated files", function () {
  this.timeout(1_200_000);

  const mutate = (suffix: string, usual: number, read: (bytes: Uint8Array) => void): void => {
    const seeds = seedFiles(suffix);
    const draw = seededDraw(fuzzSeed);
    const cases = fuzzCases(usual);
    console.log(`      ${cases} mutations of ${seeds.length} files, FUZZ_SEED=${fuzzSeed}`);
    const seen = new Set<string>();
    for (let i = 0; i < cases; i++) {
      const bytes = mutateBytes(seeds[draw(seeds.length)]!, draw);
      seen.add(outcome(() => read(bytes)));
    }
    expect([...seen]).to.include.members(["read", "ONNX_MALFORMED"]);
  };

  it("models are read or refused by name", () => {
    mutate(".onnx", 40_000, (bytes) => {
      for (const tensor of readModel(bytes).graph!.initializer) readTensor(tensor);
    });
  });

  it("tensors are read or refused by name", () => {
    mutate(".pb", 40_000, (bytes) => readTensor(readTensorProto(bytes)));
  });
});

import { expect } from "chai";
import { join } from "node:path";

import { compile } from "../../../src/audit/compile.js";
import { CompileError } from "../../../src/audit/compile/errors.js";
import { chainDepth } from "../../../src/audit/content.js";
import { resultSize, type Tensor } from "../../../src/audit/graph.js";
import { assertWellFormed } from "../../../src/audit/wellformed.js";
import { OnnxError } from "../../../src/onnx/errors.js";
import { readModel, writeModel } from "../../../src/onnx/model.js";
import { caseNames } from "../../support/conformance.js";
import { fuzzCases, fuzzSeed } from "../../support/fuzz.js";
import { type Draw, mutateBytes, mutateModel, seededDraw, seedFiles, seedsDir } from "../../support/mutate.js";
import { type OnnxCase, readCase } from "../../support/onnx-case.js";

/** Compiles, binding what the compiler asks for, and checks what comes out; the code of the error that it refuses with. */
function outcome(bytes: Uint8Array, shapes: Record<string, number[]>, given: ReadonlyMap<string, Tensor>): string {
  const bound: Record<string, Tensor> = {};
  for (let round = 0; ; round++) {
    try {
      const open = Object.fromEntries(Object.entries(shapes).filter(([name]) => !(name in bound)));
      const { graph } = compile(bytes, { shapes: open, bound });
      if (graph.nodes.every((node) => resultSize(node) < 100_000)) assertWellFormed(graph, chainDepth(graph));
      return "compiled";
    } catch (error) {
      if (error instanceof OnnxError) return error.code;
      if (!(error instanceof CompileError)) throw error;
      const wanted = error.inputs.filter(
        (name) => error.code === "COMPILE_BIND" && given.has(name) && !(name in bound),
      );
      if (wanted.length === 0 || round > 4) return error.code;
      for (const name of wanted) bound[name] = given.get(name)!;
    }
  }
}

describe("compile: mutated models", function () {
  this.timeout(1_200_000);

  it("changed bytes are compiled or refused by name", () => {
    const seeds = seedFiles(".onnx");
    const draw = seededDraw(fuzzSeed);
    const cases = fuzzCases(8_000);
    console.log(`      ${cases} mutations of ${seeds.length} files, FUZZ_SEED=${fuzzSeed}`);
    for (let i = 0; i < cases; i++) outcome(mutateBytes(seeds[draw(seeds.length)]!, draw), {}, new Map());
  });

  it("changed nodes and shapes are compiled or refused by name, and what compiles is well-formed", () => {
    const sources = caseNames(join(seedsDir, "node")).map((name) => readCase(join(seedsDir, "node", name)));
    const draw = seededDraw(fuzzSeed);
    const cases = fuzzCases(4_000);
    console.log(`      ${cases} mutations of ${sources.length} models, FUZZ_SEED=${fuzzSeed}`);
    const seen = new Set<string>();
    for (let i = 0; i < cases; i++) seen.add(mutated(sources[draw(sources.length)]!, draw));
    expect([...seen]).to.include.members(["compiled", "COMPILE_MALFORMED", "COMPILE_DTYPE", "COMPILE_LIMIT"]);
  });
});

function mutated(source: OnnxCase, draw: Draw): string {
  const model = readModel(source.model);
  const names = model.graph!.input.map(({ name }) => name);
  const given = new Map(names.flatMap((name, i) => (source.inputs[i] ? [[name, source.inputs[i]] as const] : [])));
  const shapes: Record<string, number[]> = {};
  for (const [name, { shape }] of given) shapes[name] = [...shape];
  mutateModel(model, shapes, draw);
  return outcome(writeModel(model), shapes, given);
}

import { existsSync } from "node:fs";
import { join } from "node:path";

import { expect } from "chai";

import { compile } from "../../src/audit/compile.js";
import { executeFast } from "../../src/audit/exec/fast/execute.js";
import type { AuditGraph, Tensor } from "../../src/audit/graph.js";
import { rowsAreIndependent } from "../../src/audit/rows.js";
import { createRandom, tensorOf } from "../../src/calibrate/inputs.js";
import { compileCase, listCases, loadCase } from "../../src/conformance/cases.js";
import { areAlike, stack, unstack } from "../../src/runtime/rows.js";
import { type GraphParts, f32, i64, info, model, node } from "../support/onnx-model.js";

/** Whether a model of one input `x` of `shape` takes two and three requests at a time. */
function takes(parts: Pick<GraphParts, "nodes" | "weights">, shape: readonly number[] = [1, 4]): boolean[] {
  const bytes = model({ inputs: [info("x", "f32", ["n", ...shape.slice(1)])], outputs: ["y"], ...parts });
  const graphOf = (count: number): AuditGraph =>
    compile(bytes, { shapes: { x: [count * shape[0]!, ...shape.slice(1)] } }).graph;
  return [2, 3].map((count) => rowsAreIndependent(graphOf(1), graphOf(count), count));
}

describe("independent rows", () => {
  const weights = { W: f32([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [4, 3]) };

  it("are those of layers that map rows", () => {
    const nodes = [
      node("MatMul", ["x", "W"], ["h"]),
      node("Relu", ["h"], ["r"]),
      node("Softmax", ["r"], ["y"], { axis: 1 }),
    ];
    expect(takes({ nodes, weights })).to.deep.equal([true, true]);
    expect(takes({ nodes, weights }, [2, 4])).to.deep.equal([true, true]);
  });

  it("are not those of a reduction, a reversal or a shift along the first axis", () => {
    const axis = { axes: i64([0]), a: i64([0]), b: i64([-1000]), c: i64([-1]), s: i64([-1]) };
    const reduced = [node("ReduceMax", ["x", "axes"], ["m"]), node("Sub", ["x", "m"], ["y"])];
    expect(takes({ nodes: reduced, weights: { axes: axis.axes } })).to.deep.equal([false, false]);
    const reversed = [node("Slice", ["x", "c", "b", "a", "s"], ["y"])];
    expect(takes({ nodes: reversed, weights: axis })).to.deep.equal([false, false]);
    expect(takes({ nodes: [node("CumSum", ["x", "a0"], ["y"])], weights: { a0: i64([0], []) } })).to.deep.equal([
      false,
      false,
    ]);
  });

  it("are not those of a model that looks at how many there are", () => {
    const nodes = [
      node("Shape", ["x"], ["s"]),
      node("Gather", ["s", "zero"], ["n"], { axis: 0 }),
      node("Cast", ["n"], ["f"], { to: 1 }),
      node("Mul", ["x", "f"], ["y"]),
    ];
    expect(takes({ nodes, weights: { zero: i64([0], []) } })).to.deep.equal([false, false]);
  });

  it("are not those of a model that trips over a neighbour of one value only, which no trial would find", () => {
    // y = x + 1000 where any row holds 0.123 in its last place.
    const nodes = [
      node("Gather", ["x", "last"], ["c"], { axis: 1 }),
      node("Equal", ["c", "magic"], ["e"]),
      node("Cast", ["e"], ["f"], { to: 1 }),
      node("ReduceMax", ["f", "rows"], ["m"]),
      node("Mul", ["m", "thousand"], ["t"]),
      node("Add", ["x", "t"], ["y"]),
    ];
    const weights = { rows: i64([0]), last: i64([3]), magic: f32([0.123], [1]), thousand: f32([1000], [1]) };
    expect(takes({ nodes, weights })).to.deep.equal([false, false]);
  });

  it("give stacked requests what each gives alone, in every third-party model that is said to have them", function () {
    this.timeout(120_000);
    const folder = join("..", "shared", "conformance", "models");
    const cases = listCases(existsSync(folder) ? folder : join("test", "assets", "conformance", "models"));
    const random = createRandom(7);
    const found: string[] = [];
    for (const each of cases) {
      let loaded;
      let one: AuditGraph;
      let many: AuditGraph;
      try {
        loaded = loadCase(each);
        one = compileCase(each, loaded).graph;
        const shapes = Object.fromEntries(
          one.inputs.map(({ name, shape: [n = 1, ...rest] }) => [name, [3 * n, ...rest]]),
        );
        const bound = Object.fromEntries(one.bound.map(({ name, tensor }) => [name, tensor]));
        many = compile(loaded.model, { shapes, bound }).graph;
      } catch {
        continue;
      }
      if (!rowsAreIndependent(one, many, 3)) continue;
      found.push(each.folder.split("/").pop()!);
      if (one.nodes.some(({ out }) => out.reduce((n, extent) => n * extent, 1) > 100_000)) continue;
      const requests = Array.from({ length: 3 }, () =>
        one.inputs.map((spec) => tensorOf(spec, () => Math.floor(random() * 2))),
      );
      const outputsOf = (graph: AuditGraph, inputs: readonly Tensor[]): Tensor[] => {
        const results = executeFast(graph, inputs);
        return graph.outputs.map(({ node: index, shape }) => ({ ...results[index]!, shape }));
      };
      const together = unstack(outputsOf(many, stack(requests)), 3);
      expect(together).to.deep.equal(
        requests.map((inputs) => outputsOf(one, inputs)),
        each.folder,
      );
      expect(areAlike(requests[0]!, requests[1]!)).to.equal(true);
    }
    console.log(`      ${found.length} of ${cases.length} models: ${found.join(", ")}`);
    expect(found).to.include("tract-keras-mlp");
  });
});

import { expect } from "chai";
import { getBytes } from "ethers";

import { tensorBytes, toHex } from "../../src/audit/bytes.js";
import { executeFast } from "../../src/audit/exec/fast/execute.js";
import { type GraphCase, graphOf, type ModelCase, published, tensorOf } from "../support/published.js";
import {
  address,
  contentId,
  graphRoot,
  listHash,
  listRoot,
  longestChain,
  run,
  tensorRoot,
} from "../support/second/graph.js";
import { apply } from "../support/second/scalars.js";

/*
 * The published vectors against a second implementation that was written from docs/audit.md alone, and the fast executor.
 */

const { graphs } = published("nodes.json") as { graphs: readonly GraphCase[] };
const { models } = published("models.json") as { models: readonly ModelCase[] };

describe("a second implementation of docs/audit.md", function () {
  this.timeout(120_000);

  it("gives every published scalar", () => {
    const { functions } = published("scalars.json") as {
      functions: readonly { fn: string; code: number; operands: number[]; result: number; cases: string[][] }[];
    };
    for (const { fn, code, operands, result, cases } of functions) {
      for (const row of cases) {
        const bits = row.map(BigInt);
        expect(
          apply(code, operands, result, bits.slice(0, -1)),
          `${fn}(${operands.join()}) of ${row.join(" ")}`,
        ).to.equal(bits.at(-1));
      }
    }
  });

  it("reads every published address", () => {
    const { cases } = published("views.json") as {
      cases: readonly {
        name: string;
        extents: number[];
        base: number;
        coef: number[];
        guards: { base: number; divisor: number; extent: number; stride: number; coef: number[] }[];
        addresses: (number | null)[];
      }[];
    };
    const wide = (list: readonly number[]): bigint[] => list.map(BigInt);
    for (const { name, extents, base, coef, guards, addresses } of cases) {
      const view = {
        base: BigInt(base),
        coef: wide(coef),
        guards: guards.map((guard) => ({
          base: BigInt(guard.base),
          divisor: BigInt(guard.divisor),
          extent: BigInt(guard.extent),
          stride: BigInt(guard.stride),
          coef: wide(guard.coef),
        })),
      };
      let place = 0;
      const visit = (x: number[]): void => {
        if (x.length < extents.length) {
          for (let i = 0; i < extents[x.length]!; i++) visit([...x, i]);
          return;
        }
        const at = address(view, x);
        expect(at === undefined ? null : Number(at), `${name} at ${x.join()}`).to.equal(addresses[place++]);
      };
      visit([]);
      expect(place).to.equal(addresses.length);
    }
  });

  for (const { name, inputs, weights, nodes, results } of [...graphs, ...models]) {
    it(`runs ${name}`, () => {
      const computed = run(nodes, inputs, weights);
      computed.forEach((result, i) => expect(result, `node ${i}`).to.deep.equal(results[i]));
      expect(computed.length).to.equal(results.length);
      for (const weight of weights) expect(tensorRoot(weight)).to.equal(weight.root);
    });
  }

  for (const model of models) {
    it(`finds the ids of ${model.name}`, () => {
      const { nodes, weights, bound, results, inputs } = model;
      expect(graphRoot(nodes)).to.equal(model.graphRoot);
      expect(listRoot(weights.map(tensorRoot))).to.equal(model.weightsRoot);
      const depth = longestChain(results);
      expect(depth).to.equal(model.depth);
      expect(contentId(model.model, { nodes, weights, bound, depth })).to.equal(model.contentId);
      expect(listHash(inputs.map(tensorRoot))).to.equal(model.inputsRoot);
      expect(listRoot(results.map(tensorRoot))).to.equal(model.traceRoot);
      expect(listHash(model.model.outputs.map(({ node }) => tensorRoot(results[node]!)))).to.equal(model.outputsRoot);
    });
  }

  it("meets every function in published graphs or scalars", () => {
    const { functions } = published("scalars.json") as { functions: readonly { code: number }[] };
    const own = graphs.flatMap(({ nodes }) => nodes.map((node) => getBytes(node)[1]!));
    const met = new Set([...functions.map(({ code }) => code), ...own]);
    const codes = [...Array(57).keys()].filter((code) => code > 0 && ![31, 50, 51].includes(code));
    for (const code of [...codes, ...Array.from({ length: 10 }, (_, i) => 64 + i), 96]) expect(met).to.include(code);
  });
});

describe("the fast executor", () => {
  for (const each of [...graphs, ...models]) {
    it(`runs ${each.name}`, () => {
      executeFast(graphOf(each), each.inputs.map(tensorOf)).forEach((result, i) => {
        expect(toHex(tensorBytes(result)), `node ${i}`).to.equal(each.results[i]!.bytes);
      });
    });
  }
});

import { readFileSync } from "node:fs";
import { expect } from "chai";
import { commitmentVectors } from "../support/commitment-vectors.js";
import { graphVectors } from "../support/graph-vectors.js";
import { SAMPLE_GRAPH } from "../support/sample-graph.js";
import { assertWellFormed } from "../../src/audit/wellformed.js";

describe("audit/vectors", () => {
  for (const [name, content] of [...commitmentVectors(), ...graphVectors()]) {
    it(`${name} is what scripts/generate/vectors.ts writes`, () => {
      const published = readFileSync(new URL(`../vectors/${name}`, import.meta.url), "utf8");
      expect(published === content, "run: tsx scripts/generate/vectors.ts, and look at the difference").to.equal(true);
    });
  }

  it("show a graph that is well-formed", () => assertWellFormed(SAMPLE_GRAPH, 3));
});

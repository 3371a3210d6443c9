import { expect } from "chai";

import { compile } from "../../src/audit/compile.js";
import type { AuditGraph } from "../../src/audit/graph.js";
import { type Distribution, NOT_FINITE, QUANTILES } from "../../src/calibrate/distribution.js";
import { type Measured, propose } from "../../src/calibrate/propose.js";
import { f32, info, model, node } from "../support/onnx-model.js";

const noHunt: Pick<Measured, "hunted"> = { hunted: undefined };

/** The same distance for every input. */
const always = (label: string, ...distances: number[]): Distribution => ({
  label,
  outputs: distances.map((x) => QUANTILES.map(() => x)),
});

function graphOf(...outputs: string[]): AuditGraph {
  const bytes = model({
    inputs: [info("x", "f32", [1, 4])],
    outputs,
    nodes: [
      node("MatMul", ["x", "w"], ["product"]),
      node("Identity", ["x"], ["same"]),
      node("Transpose", ["x"], ["turned"], { perm: [1, 0] }),
      node("Relu", ["x"], ["clipped"]),
    ],
    weights: {
      w: f32(
        Array.from({ length: 16 }, (_, i) => i),
        [4, 4],
      ),
    },
  });
  return compile(bytes).graph;
}

describe("proposed tolerance", () => {
  const graph = graphOf("product");
  const room = (noise: number, error: number) =>
    propose(graph, [], {
      honest: [always("quiet", 0), always("noisy", noise)],
      substitutes: [always("cheap", error)],
      hunted: undefined,
    });

  it("lies between 16 times the noise and half of the error", () => {
    const { profile, atol, noise, rooms } = room(1, 200);
    expect(profile).to.equal("tolerant");
    expect(atol[0]).to.equal(40);
    expect(noise[0]).to.equal(4 / 40);
    expect(rooms[0]).to.deep.equal({ noise: 1, noisiest: "noisy", error: 200, cheapest: "cheap", hunted: 0 });
  });

  for (const [error, profile] of [
    [31.99, "exact"],
    [32, "exact"],
    [33, "tolerant"],
  ] as const) {
    it(`is ${profile} where noise and error are ${error} times apart`, () => {
      expect(room(1, error).profile).to.equal(profile);
    });
  }

  for (const [hunted, tolerance] of [
    [0, 40],
    [2.5, 40],
    [2.6, 42],
    [6.1, 98],
    [6.25, undefined],
  ] as const) {
    it(`is at least 16 times a hunted noise of ${hunted}`, () => {
      const measured = { honest: [always("noisy", 1)], substitutes: [always("cheap", 200)] };
      const { profile, atol, noise, reason } = propose(graph, [], { ...measured, hunted: always("hunted", hunted) });
      if (tolerance === undefined) {
        expect(profile).to.equal("exact");
        expect(reason).to.include("on a hunted input");
        return;
      }
      expect(atol[0])
        .to.equal(tolerance)
        .and.at.least(16 * hunted);
      expect(noise[0]).to.equal((4 * Math.max(1, hunted)) / tolerance);
    });
  }

  it("says why there is no room, with the numbers", () => {
    expect(room(1, 20).reason)
      .to.include("noisy")
      .and.include("cheap")
      .and.include("they must be 32 times apart and are 20 times");
    expect(room(NOT_FINITE, 20).profile).to.equal("exact");
    const none = propose(graph, [], { honest: [always("noisy", 1)], substitutes: [], ...noHunt });
    expect(none.reason).to.include("no cheaper version");
  });

  it("takes the median of cheaper versions and the largest of honest runtimes", () => {
    const spread = (label: string, scale: number) => ({ label, outputs: [QUANTILES.map((q) => scale * q)] });
    const { rooms } = propose(graph, [], {
      honest: [spread("h", 1)],
      substitutes: [spread("c", 1000), spread("d", 600)],
      ...noHunt,
    });
    expect(rooms[0]).to.deep.include({ noise: 1, error: 300, cheapest: "d" });
  });

  it("is exact below a jump, whatever was measured", () => {
    const found = { honest: [always("h", 1e-9)], substitutes: [always("c", 1)], ...noHunt };
    expect(propose(graph, ["product"], found)).to.deep.include({ profile: "exact", atol: [0] });
  });

  it("is zero for outputs that are only moved, beside others", () => {
    const found = { honest: [always("h", 1e-6, 0, 0)], substitutes: [always("c", 1, 0, 0)], ...noHunt };
    const { profile, atol } = propose(graphOf("product", "same", "turned"), [], found);
    expect(profile).to.equal("tolerant");
    expect(atol[0]).to.be.above(16e-6).and.below(0.5);
    expect(atol.slice(1)).to.deep.equal([0, 0]);
    expect(
      propose(graphOf("clipped"), [], { honest: [always("h", 0)], substitutes: [always("c", 0)], ...noHunt }).profile,
    ).to.equal("exact");
  });
});

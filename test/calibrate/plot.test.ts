import { expect } from "chai";

import type { Calibration } from "../../src/calibrate/calibrate.js";
import { NOT_FINITE, QUANTILES } from "../../src/calibrate/distribution.js";
import { plotCalibration } from "../../src/calibrate/plot.js";

const row = (label: string, ...scales: number[]) => ({
  label,
  outputs: scales.map((scale) => QUANTILES.map((q) => (scale === NOT_FINITE ? scale : scale * q))),
});

const calibration: Calibration = {
  seed: 1,
  inputs: { random: 2 },
  honest: [row("native <1>", 1e-6, 0)],
  kinds: [row("random", 1e-6, 0)],
  substitutes: [row("fp16", 1e-2, NOT_FINITE)],
  proposal: {
    profile: "tolerant",
    atol: [3e-4, 0],
    noise: [0.02, 0],
    rooms: [
      { noise: 1e-6, noisiest: "native <1>", error: 5e-3, cheapest: "fp16", hunted: 0 },
      { noise: 0, noisiest: "native <1>", error: 1, cheapest: "fp16", hunted: 0 },
    ],
    reason: undefined,
  },
};
const draw = (made = calibration) => plotCalibration(made, { title: "a & b", outputs: ["y", "z"] });

describe("plot of a calibration", () => {
  it("is the same for the same calibration", () => {
    expect(draw()).to.equal(draw(structuredClone(calibration)));
  });

  it("is well-formed and holds only finite places, also for zeros and what is not a number", () => {
    const svg = draw();
    expect(svg).to.include("a &amp; b").and.include("native &lt;1&gt;").and.include("not a number");
    expect(svg).to.not.match(/NaN|Infinity|undefined|e\+|<1>/);
    for (const tag of ["g", "svg", "text", "title"]) {
      const count = (pattern: RegExp): number => svg.match(pattern)?.length ?? 0;
      expect(count(new RegExp(`<${tag}[ >]`, "g")), tag).to.equal(count(new RegExp(`</${tag}>`, "g")));
    }
  });

  it("marks tolerance and noise level where there is a tolerance, and the room for it", () => {
    expect(draw().match(/tolerance 0.0003/g)).to.have.length(1);
    expect(draw().match(/noise level 0.000006/g)).to.have.length(1);
    expect(draw().match(/#dcfce7/g)).to.have.length(1);
    const exact = {
      ...calibration.proposal,
      profile: "exact" as const,
      atol: [0, 0],
      noise: [0, 0],
      reason: "no room",
    };
    expect(draw({ ...calibration, proposal: exact }))
      .to.include("profile exact: no room")
      .and.not.include("tolerance 0");
  });

  it("says so where all answers are equal, instead of an empty panel", () => {
    const silent = {
      ...calibration,
      honest: [row("h", 0, 1e-6)],
      kinds: [row("k", 0, 1e-6)],
      substitutes: [row("c", 0, 1)],
    };
    expect(draw(silent).match(/equals the exact one/g)).to.have.length(1);
  });

  it("wraps a long reason", () => {
    const reason = "because ".repeat(60).trim();
    const svg = draw({ ...calibration, proposal: { ...calibration.proposal, profile: "exact", atol: [0, 0], reason } });
    expect(svg.match(/>[^<]*because[^<]*</g)!.length).to.be.above(3);
    expect(svg.match(/because/g)).to.have.length(60);
  });

  it("places larger distances further right", () => {
    const x = (svg: string, name: string): number =>
      Number(new RegExp(`<path d="M([0-9.]+),[^>]*/><text class="mark"[^>]*>${name}`).exec(svg)?.[1]);
    expect(x(draw(), "tolerance")).to.be.above(x(draw(), "noise level"));
  });
});

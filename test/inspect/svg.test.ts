import { expect } from "chai";

import type { AuditGraph } from "../../src/audit/graph.js";
import { cutRuns, type Edge } from "../../src/inspect/cut.js";
import { layOutPicture, type Placed } from "../../src/inspect/layout.js";
import { pictureOf } from "../../src/inspect/picture.js";
import { drawSvg } from "../../src/inspect/svg.js";
import { longGraph, plainReport } from "../support/graph-report.js";

/** Names of elements in the order in which they open and close; fails where they do not match. */
function checkNesting(svg: string): void {
  const open: string[] = [];
  for (const [, close, name, self] of svg.matchAll(/<(\/?)([a-zA-Z]+)[^>]*?(\/?)>/g)) {
    if (self === "/") continue;
    if (close === "/") expect(open.pop()).to.equal(name);
    else open.push(name!);
  }
  expect(open).to.deep.equal([]);
}

const overlap = (a: Placed, b: Placed): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

function draw(count: number): { svg: string; items: readonly Placed[] } {
  const { graph, report } = longGraph(count);
  const picture = pictureOf(graph, report);
  return { svg: drawSvg(picture, { title: "long", subtitle: `${count} nodes` }), items: layOutPicture(picture).items };
}

describe("inspect: graph as a picture", () => {
  it("cuts a sequence where least crosses", () => {
    // Two blocks of ten, one wire between them.
    const block = (at: number): Edge[] => Array.from({ length: 9 }, (_, i) => [at + i, at + 9] as const);
    const edges: Edge[] = [...block(0), ...block(12), [9, 12], [9, 10], [10, 11], [11, 12]];
    expect(cutRuns(22, edges, 9)).to.deep.equal([0, 10]);
    expect(cutRuns(5, [], 9)).to.deep.equal([0]);
    expect(cutRuns(0, [], 9)).to.deep.equal([]);
    expect(cutRuns(7, [], 1)).to.deep.equal([0, 1, 2, 3, 4, 5, 6]);
  });

  for (const count of [1, 5, 40, 200]) {
    it(`draws ${count} nodes, none over another`, () => {
      const { svg, items } = draw(count);
      checkNesting(svg);
      const titles = items.flatMap(({ box }) => (box?.tone === "map" ? [box.name] : []));
      expect(titles).to.have.members(Array.from({ length: count }, (_, i) => `n${i}`));
      items.forEach((a, i) => items.slice(i + 1).forEach((b) => expect(overlap(a, b)).to.equal(false)));
    });
  }

  it("draws larger graphs as runs of nodes, and says so", () => {
    const { svg, items } = draw(5_000);
    checkNesting(svg);
    expect(svg).to.include("5000 nodes, drawn as");
    const groups = items.filter(({ box }) => box?.tone === "group");
    expect(groups.length).to.be.within(40, 80);
    expect(svg.length).to.be.lessThan(1_000_000);
  }).timeout(20_000);

  it("is the same picture every time", () => {
    expect(draw(60).svg).to.equal(draw(60).svg);
  });

  it("marks the most expensive proof, and jumps by what they jump on", () => {
    const { graph } = longGraph(3);
    const report = plainReport(graph, {
      worst: { node: 2, bytes: 1, gas: 1 },
      discontinuities: [
        { label: "add 1 (Add)", fn: "add", noisy: true, outputs: [0] },
        { label: "add 2 (Add)", fn: "floor", noisy: false, outputs: [0] },
      ],
    });
    const tags = pictureOf(graph, report).boxes.map((box) => box.tags);
    expect(tags).to.deep.equal([[], ["noisy jump"], ["costliest"]]);
  });

  it("shows every input and output, read or not", () => {
    const { graph, report } = longGraph(30);
    const more: AuditGraph = { ...graph, inputs: [...graph.inputs, { ...graph.inputs[0]!, name: "unread" }] };
    const ends = layOutPicture(pictureOf(more, report)).items.map(({ box }) => box?.name);
    expect(ends).to.include.members(["x", "unread", "y"]);
  });

  it("puts no markup of a model's names into the document", () => {
    const { graph } = longGraph(2);
    const evil = `"><script>alert(1)</script>&amp;\u0000\ud800\u202e`;
    const nodes = graph.nodes.map((node) => ({ ...node, label: evil }));
    const named = { ...graph, nodes, outputs: [{ ...graph.outputs[0]!, name: evil }] };
    const svg = drawSvg(pictureOf(named, plainReport(named)), { title: evil, subtitle: "" });
    checkNesting(svg);
    expect(svg).not.to.include("<script");
    expect(svg.replaceAll("\n", "")).not.to.match(/\p{Cc}/u);
    expect(svg.isWellFormed()).to.equal(true);
  });
});

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { updateDocument } from "../../scripts/bench/document.js";
import { assertSameBytes, medianTimes } from "../../scripts/bench/measure.js";
import { renderText } from "../../scripts/bench/render.js";
import type { Report } from "../../scripts/bench/section.js";

const report: Report = {
  name: "sample",
  command: "npm run bench -- sample",
  date: "2026-01-02",
  tables: [{ title: "Speeds", columns: ["what", "MB/s"], rows: [["leaves", 1234.5]] }],
};

describe("bench", () => {
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), "bench-"))));
  after(() => rmSync(folder, { recursive: true }));

  it("lets contenders take turns and leaves the first turn out", async () => {
    const turns: string[] = [];
    const times = await medianTimes({ a: () => turns.push("a"), b: () => Promise.resolve(turns.push("b")) }, 2);
    expect(turns.join("")).to.equal("ababab");
    expect(times.a).to.be.within(0, 1000);
  });

  it("refuses to measure what computes other bits", () => {
    expect(() => assertSameBytes("x", new Uint8Array([1]), new Uint8Array([1]))).not.to.throw();
    expect(() => assertSameBytes("x", new Uint8Array([1]), new Uint8Array([2]))).to.throw("other bits");
    expect(() => assertSameBytes("x", new Uint8Array([1]), new Uint8Array([1, 0]))).to.throw("other bits");
  });

  it("renews its part of a document and nothing else, with machine, date and command", async () => {
    const file = join(folder, "figures.md");
    writeFileSync(file, "# Figures\n\nKept.\n\n<!-- bench sample -->\n\nold\n\n<!-- end sample -->\n\nKept too.\n");
    await updateDocument(file, report, "one core");
    const once = readFileSync(file, "utf8");
    expect(once)
      .to.match(/^# Figures\n\nKept\.\n/)
      .and.match(/\nKept too\.\n$/);
    expect(once).to.include("`npm run bench -- sample`, 2026-01-02: one core.").and.include("| leaves | 1,234.5 |");
    expect(once).not.to.include("old");
    await updateDocument(file, report, "one core");
    expect(readFileSync(file, "utf8")).to.equal(once);
  });

  it("puts a picture beside the document", async () => {
    const file = join(folder, "pictured.md");
    writeFileSync(file, "<!-- bench sample -->\n\n<!-- end sample -->\n");
    const [table] = report.tables;
    const picture = { file: "speeds.svg", svg: "<svg/>" };
    await updateDocument(file, { ...report, tables: [{ ...table!, picture }] }, "one core");
    expect(readFileSync(file, "utf8")).to.include("![Speeds](speeds.svg)");
    expect(readFileSync(join(folder, "speeds.svg"), "utf8")).to.equal("<svg/>");
  });

  it("says which lines a document lacks", async () => {
    const file = join(folder, "empty.md");
    writeFileSync(file, "# Figures\n");
    const failure = await updateDocument(file, report, "one core").catch(String);
    expect(failure).to.include("<!-- bench sample -->");
  });

  it("aligns figures for a terminal", () => {
    expect(renderText(report)).to.include("  what       MB/s\n  leaves  1,234.5");
  });
});

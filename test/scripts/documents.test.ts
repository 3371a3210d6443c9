import { readFileSync } from "node:fs";

import { expect } from "chai";

import { compareDocument } from "../../scripts/bench/document.js";
import { SUMMARY_FILE, type Summaries, sweepTables } from "../../scripts/sweep/summary.js";
import { openStudy } from "../../scripts/tolerances/files.js";
import { PARTS } from "../../scripts/tolerances/report.js";

describe("tables in documents", () => {
  const study = openStudy("docs/tolerances");
  for (const [name, tables] of Object.entries(PARTS)) {
    it(`of tolerances, ${name}: what is stored in docs/tolerances`, async () => {
      const { stands, expected } = await compareDocument("docs/tolerances.md", name, tables(study));
      expect(stands, "npm run tolerances -- report").to.equal(expected);
    });
  }

  it("of the sweep: what is stored in snapshots", async () => {
    const summaries = JSON.parse(readFileSync(SUMMARY_FILE, "utf8")) as Summaries;
    const { stands, expected } = await compareDocument("docs/benchmarks.md", "sweep", sweepTables(summaries));
    expect(stands, "npm run sweep -- --summary").to.equal(expected);
  });
});

import { readFileSync } from "node:fs";

import { expect } from "chai";

const page = readFileSync("test/regressions/README.md", "utf8");
const rows = [...page.matchAll(/^\|([^|]+)\| `(test\/[^`]+)` +\|([^|]+)\|$/gm)];

describe("test/regressions/README.md", () => {
  it("names tests that are there", () => {
    expect(rows.length).to.be.above(0);
    expect(rows.length).to.equal(page.split("\n").filter((line) => line.startsWith("|")).length - 2);
    for (const [, bug, path, title] of rows) {
      expect(readFileSync(path!, "utf8"), bug).to.include(title!.trim());
    }
  });
});

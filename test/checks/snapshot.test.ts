import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { expectSnapshot } from "../../scripts/checks/snapshot.js";

describe("expectSnapshot", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "touchstone-snapshots-"));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it("writes sorted keys, and decimal text for bigint", () => {
    expectSnapshot("gas/dot", { b: 2n ** 64n, a: [{ d: true, c: null }] }, { folder, update: true });
    expect(readFileSync(join(folder, "gas/dot.json"), "utf8")).to.equal(
      '{\n  "a": [\n    {\n      "c": null,\n      "d": true\n    }\n  ],\n  "b": "18446744073709551616"\n}\n',
    );
  });

  it("accepts the committed value in any key order", () => {
    expectSnapshot("abi", { a: 1, b: "2" }, { folder, update: true });
    expectSnapshot("abi", { b: 2n, a: 1 }, { folder, update: false });
  });

  it("refuses another value, saying how to update", () => {
    expectSnapshot("abi", { a: 1 }, { folder, update: true });
    expect(() => expectSnapshot("abi", { a: 2 }, { folder, update: false })).to.throw(/UPDATE_SNAPSHOTS=1/);
  });

  it("refuses a missing file", () => {
    expect(() => expectSnapshot("none", {}, { folder, update: false })).to.throw(/does not exist/);
  });
});

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { writeWhole } from "../../src/whole.js";

describe("whole files", () => {
  const folder = mkdtempSync(join(tmpdir(), "touchstone-whole-"));
  after(() => rmSync(folder, { recursive: true }));
  const at = (name: string): string => join(folder, name);

  it("are written over what is there, and over what a process that died left half-written", () => {
    const partial = `${at("a")}.${process.pid}.partial`;
    writeFileSync(partial, "ha");
    writeWhole(at("a"), "half");
    writeWhole(at("a"), "whole", 0o600);
    expect(readFileSync(at("a"), "utf8")).to.equal("whole");
    expect(statSync(at("a")).mode & 0o777).to.equal(0o600);
    expect(readdirSync(folder)).to.deep.equal(["a"]);
  });

  it("leave nothing where they can't be written", () => {
    mkdirSync(at("folder"));
    for (const path of [at("folder"), join(at("nothing"), "here")]) expect(() => writeWhole(path, "text")).to.throw();
    expect(readdirSync(folder).sort()).to.deep.equal(["a", "folder"]);
  });
});

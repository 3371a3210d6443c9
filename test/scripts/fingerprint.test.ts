import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { expect } from "chai";

import { fingerprintOf, withImports } from "../../scripts/support/fingerprint.js";

describe("fingerprints", () => {
  const folder = mkdtempSync(join(tmpdir(), "touchstone-fingerprint-"));
  after(() => rmSync(folder, { recursive: true }));
  const at = (name: string): string => join(folder, name);
  const write = (name: string, text: string): void => {
    mkdirSync(dirname(at(name)), { recursive: true });
    writeFileSync(at(name), text);
  };

  it("follow imports of every form, round circles too, and no packages", () => {
    write(
      "a.ts",
      'import { b,\n  c } from "./deep/b.js";\nimport "./c.js";\nimport x from "chai";\nawait import("./d.js");',
    );
    write("deep/b.ts", 'export { a } from "../a.js";\nexport type { E } from "../e.js";');
    write("c.ts", 'import { gone } from "./gone.js";\nimport data from "./data.json" with { type: "json" };');
    for (const name of ["d.ts", "e.ts", "data.json", "other.ts"]) write(name, "");
    const found = withImports([at("a.ts")]);
    expect(found).to.have.members(["a.ts", "deep/b.ts", "c.ts", "d.ts", "e.ts", "data.json"].map(at));
    const before = fingerprintOf(...found);
    write("other.ts", "changed");
    expect(fingerprintOf(...withImports([at("a.ts")]))).to.equal(before);
    write("e.ts", "changed");
    expect(fingerprintOf(...withImports([at("a.ts")]))).to.not.equal(before);
  });
});

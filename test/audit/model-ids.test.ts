import { execFileSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

import { expect } from "chai";

import { conformanceDir, describeConformance } from "../support/conformance.js";
import { BESIDE, COMMITTED, type ModelId, modelIds } from "../support/model-ids.js";
import { published } from "../support/published.js";

const known = new Map((published("model-ids.json") as { models: ModelId[] }).models.map((each) => [each.name, each]));

const FREEZE = "Format 1 is frozen: what gives a known model another id is another format, or a fault.";

function expectKnown(ids: readonly ModelId[], least: number): void {
  expect(ids.length).to.be.at.least(least);
  for (const each of ids) expect(each, FREEZE).to.deep.equal(known.get(each.name));
}

/** Ids of the committed models, from a process of its own. */
function printedBy(node: string): ModelId[] {
  const args = ["--import", "tsx", "scripts/generate/model-ids.ts", "--print", ...COMMITTED];
  return JSON.parse(execFileSync(node, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] })) as ModelId[];
}

/** A Node of another major version than this one, somewhere on the PATH. */
function otherNode(): { path: string; version: string } | undefined {
  const major = (version: string): string => version.split(".")[0]!;
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    const path = join(folder, "node");
    try {
      accessSync(path, constants.X_OK);
      const version = execFileSync(path, ["--version"], { encoding: "utf8" }).trim();
      if (major(version) !== major(process.version)) return { path, version };
    } catch {
      continue;
    }
  }
  return undefined;
}

describe("ids of known models", function () {
  this.timeout(300_000);
  const other = otherNode();
  if (other === undefined) console.warn(`SKIPPING ids on another Node: none but ${process.version} is on the PATH`);

  it("are as committed", () => expectKnown(modelIds(COMMITTED), 8));

  it("are the same in another process", () => expectKnown(printedBy(process.execPath), 8));

  (other === undefined ? it.skip : it)(`are the same on Node ${other?.version ?? "of another version"}`, () =>
    expectKnown(printedBy(other!.path), 8),
  );
});

describeConformance("ids of models beside the repository", function () {
  this.timeout(300_000);

  it("are as committed", () => {
    const ids = modelIds(BESIDE.map((name) => join(conformanceDir, name)));
    expectKnown(ids, 50);
    expect([...known.keys()].filter((name) => !ids.some((each) => each.name === name))).to.deep.equal([]);
  });
});

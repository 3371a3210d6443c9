import { readFileSync } from "node:fs";

import { expect } from "chai";

const LAST = 120;

const page = readFileSync("docs/attacks.md", "utf8");
const rows = [...page.matchAll(/^\| (\d+) +\|([^|]+)\|([^|]+)\|([^|]+)\|$/gm)].map(
  ([, number, attack, defence, tests]) => ({
    number: Number(number),
    attack: attack!.trim(),
    defence: defence!.trim(),
    tests: [...tests!.matchAll(/`([^`]+)`/g)].map(([, path]) => `test/${path!}`),
  }),
);

/** Whether a test's name, or the number in a table of tests, begins with this number, alone or among others. */
const names = (source: string, number: number) => new RegExp(`["\`](\\d+, )*${number}(, \\d+)*(:|",)`).test(source);

describe("docs/attacks.md", () => {
  it("lists every number, with a defence and tests", () => {
    expect(rows.map(({ number }) => number)).to.deep.equal(Array.from({ length: LAST }, (_, i) => i + 1));
    for (const { number, attack, defence, tests } of rows) {
      expect(attack, `${number}: attack`).to.not.equal("");
      expect(defence, `${number}: defence`).to.not.equal("");
      expect(tests, `${number}: tests`).to.not.deep.equal([]);
    }
  });

  it("names tests that are there", () => {
    for (const { number, tests } of rows) {
      for (const path of tests) {
        expect(names(readFileSync(`${path}.test.ts`, "utf8"), number), `${number}: ${path}`).to.equal(true);
      }
    }
  });

  it("a number that no test has would be missed", () => {
    expect(names(readFileSync("test/attacks/stake.test.ts", "utf8"), 119)).to.equal(false);
  });
});

import { readFileSync } from "node:fs";

import { expect } from "chai";

import * as client from "../../src/client/index.js";
import { expectSnapshot } from "../../scripts/checks/snapshot.js";

describe("touchstone/client", () => {
  it("exports what the snapshot says, values and types", async () => {
    const source = readFileSync("src/client/index.ts", "utf8");
    const types = [...source.matchAll(/\btype (?:\{ )?(\w+)/g)].map(([, name]) => name!);
    expectSnapshot("client", { values: Object.keys(client).sort(), types: types.sort() });
    // By its published name too, as a program that depends on the package writes it.
    const name = "touchstone/client";
    expect(Object.keys((await import(name)) as object).sort()).to.deep.equal(Object.keys(client).sort());
  });

  it("isClear says yes above twice the tolerance and no at or below it", () => {
    const scores = (...values: number[]) => ({
      dtype: "f32" as const,
      shape: [1, values.length],
      data: Float32Array.from(values),
    });
    const tolerance = { atol: 0.25, rtol: 0 };
    expect(client.isClear(scores(0, 1.5, 1), tolerance), "exactly twice").to.equal(false);
    expect(client.isClear(scores(0, 1.5, 0.875), tolerance)).to.equal(true);
    expect(client.isClear(scores(0, 1.5, 1.125), tolerance)).to.equal(false);
    expect(client.isClear(scores(2, 2), { atol: 0, rtol: 0 }), "a tie").to.equal(false);
    expect(client.isClear(scores(2, 1), { atol: 0, rtol: 0 })).to.equal(true);
    expect(client.isClear(scores(100, 90), { atol: 0, rtol: 0.04 }), "100 - 90 is about twice 4.2").to.equal(true);
    expect(client.isClear(scores(100, 92), { atol: 0, rtol: 0.04 })).to.equal(false);
    expect(client.isClear(scores(Number.NaN, 1), tolerance)).to.equal(false);
    expect(client.isClear(scores(5, 1), { atol: 0, rtol: 0.5 })).to.equal(false);
  });
});

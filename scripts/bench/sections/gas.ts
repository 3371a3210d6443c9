import { readFileSync } from "node:fs";

import type { Section, Table } from "../section.js";

type Figures = Readonly<Record<string, string | number>>;

/** A committed snapshot, checked by the tests of test/gas. */
function snapshot(name: string): unknown {
  return JSON.parse(readFileSync(`snapshots/gas/${name}.json`, "utf8"));
}

const number = (value: string | number | undefined): number => Number(value ?? NaN);

function gasTable(title: string, name: string): Table {
  const figures = snapshot(name) as Figures;
  return {
    title,
    columns: ["step", "gas"],
    rows: Object.entries(figures).map(([name, gas]) => [name, number(gas)]),
  };
}

/** Figures of the gas snapshots: what `npm test -- test/gas/*.test.ts` measures and compares. */
export const section: Section = {
  run: () => {
    const arbiter = snapshot("arbiter") as Record<string, { transaction: string; execution: string; calldata: number }>;
    const scalars = snapshot("scalars") as {
      codeBytes: Record<string, number>;
      functions: Record<string, { median: string; most: string }>;
    };
    return Promise.resolve([
      gasTable("Refutations, whole transactions", "refutations"),
      {
        title: "Arbiter, by what is recomputed",
        remark:
          "Calldata in bytes, gas of a transaction that does nothing but ask the Arbiter, gas of the Arbiter's own call.",
        columns: ["element", "calldata", "transaction", "execution"],
        rows: Object.entries(arbiter).map(([name, of]) => [
          name,
          of.calldata,
          number(of.transaction),
          number(of.execution),
        ]),
      },
      gasTable("Opening a challenge, by trace length", "opening"),
      gasTable("Steps of a challenge", "challenges"),
      gasTable("Supplies", "supplies"),
      gasTable("Steps of a job", "jobs"),
      {
        title: "Scalar functions on-chain",
        columns: ["function", "median gas", "most gas"],
        rows: Object.entries(scalars.functions).map(([name, of]) => [name, number(of.median), number(of.most)]),
      },
      {
        title: "Code of the scalar libraries",
        columns: ["contract", "bytes"],
        rows: Object.entries(scalars.codeBytes).map(([name, bytes]) => [name, bytes]),
      },
    ]);
  },
};

import { readdirSync, readFileSync } from "node:fs";

import type { Section, Table } from "../section.js";

const FOLDER = "snapshots/gas";

/** What the files are called in tables, the most wanted ones first; others follow under their own names. */
const TITLES: Readonly<Record<string, string>> = {
  refutations: "Refutations",
  arbiter: "Recomputing one element",
  opening: "Opening a challenge, by trace length",
  challenges: "Steps of a challenge",
  supplies: "Supplies",
  jobs: "Steps of a job",
};

const REMARKS: Readonly<Record<string, string>> = {
  arbiter: "`transaction` does nothing but ask the Arbiter; `execution` is the Arbiter's call alone.",
};

type Leaf = string | number;
type Node = { readonly [key: string]: Leaf | Node };

const isLeaf = (value: Leaf | Node): value is Leaf => typeof value !== "object";
const keysOf = (value: Leaf | Node): string => (isLeaf(value) ? "" : Object.keys(value).join());

/** A table where all entries hold the same figures, else one for each entry. */
function tablesOf(title: string, figures: Node): Table[] {
  const entries = Object.entries(figures).sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true }));
  const values = entries.map(([, value]) => value);
  if (values.every(isLeaf)) {
    return [{ title, columns: ["", "gas"], rows: entries.map(([name, value]) => [name, Number(value)]) }];
  }
  const [first] = values;
  const uniform = values.every(
    (value) => !isLeaf(value) && keysOf(value) === keysOf(first!) && Object.values(value).every(isLeaf),
  );
  if (!uniform) return entries.flatMap(([name, value]) => tablesOf(`${title}: ${name}`, value as Node));
  const columns = Object.keys(first as Node);
  const rows = entries.map(([name, value]) => [name, ...columns.map((column) => Number((value as Node)[column]))]);
  return [{ title, columns: ["", ...columns], rows }];
}

/** Figures of the committed snapshots: what the tests of test/gas measure and compare. Calldata is in bytes. */
export const section: Section = {
  run: () => {
    const names = readdirSync(FOLDER).map((file) => file.replace(/\.json$/, ""));
    const known = Object.keys(TITLES).filter((name) => names.includes(name));
    const ordered = [...known, ...names.filter((name) => !(name in TITLES)).sort()];
    const tables = ordered.flatMap((name) => {
      const figures = JSON.parse(readFileSync(`${FOLDER}/${name}.json`, "utf8")) as Node;
      const remark = REMARKS[name];
      return tablesOf(TITLES[name] ?? name, figures).map((table) =>
        remark === undefined ? table : { ...table, remark },
      );
    });
    return Promise.resolve(tables);
  },
};
